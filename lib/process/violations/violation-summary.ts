// Gathers violations for a report that people read: one for each call, program and answer.
import type { ReportedViolation } from '../supervise/report.js';

/** Violations that are gathered. */
interface ViolationSummary {
  /** Takes one more; its `count` is added to that of the first one like it. */
  add(violation: ReportedViolation): void;
  /** The first of each kind, with the number of calls, in the order in which they came. */
  list(): readonly ReportedViolation[];
}

/** Two violations are alike where ABI, call, program and answer are, and the place in the profile that says so. */
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
