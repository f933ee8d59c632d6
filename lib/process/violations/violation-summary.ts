// Combines violations for a readable report: one for each call, program and action.
import type { ReportedViolation } from '../supervise/report.js';

/** Violations that are gathered. */
interface ViolationSummary {
  /** Adds a violation; its `count` is added to that of the first similar one. */
  add(violation: ReportedViolation): void;
  /** The first of each kind, with the number of calls, in the order in which they came. */
  list(): readonly ReportedViolation[];
}

/** Two violations are similar if ABI, call, program and action are equal, and so is the position in the profile. */
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
