// Combines violations for a readable report: one per call, program and action.
import type { ReportedViolation } from '../supervise/report.js';

/** A collection of violations. */
interface ViolationSummary {
  /** Adds a violation; its `count` is added to that of the first similar one. */
  add(violation: ReportedViolation): void;
  /** The first violation of each kind, with the number of calls, in the order of occurrence. */
  list(): readonly ReportedViolation[];
}

/** Two violations are similar if their ABI, call, program, action and position in the profile are equal. */
export function summarizeViolations(): ViolationSummary {
  const kinds = new Map<string, ReportedViolation>();
  return {
    add(violation) {
      const { arch, number, program, action, starting, at } = violation;
      const key = JSON.stringify([arch, number, program, action, starting, at?.line, at?.column]);
      const first = kinds.get(key);
      const count = (first?.count ?? 0) + violation.count;
      kinds.set(key, { ...(first ?? violation), count });
    },
    list: () => [...kinds.values()],
  };
}
