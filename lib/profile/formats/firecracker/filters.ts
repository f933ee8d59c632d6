// A file of Firecracker's seccompiler, parsed and checked, before it is resolved for an architecture.
import type { Diagnostic, Location } from '../../../util/errors.js';
import type { Action } from '../../../kernel/action.js';
import type { Condition } from '../../../policy/policy.js';

/** One entry of `filter`. */
export interface FirecrackerRule {
  /** The call, by name. */
  readonly syscall: string;
  /** Bound by AND; `dword` is a width of 32. */
  readonly conditions: readonly Condition[];
  /** Where the rule is. */
  readonly at: Location;
}

/** The filter of one category of threads. */
export interface FirecrackerFilter {
  /**
   * Whose keys it has: Firecracker's `default_action` and `filter_action`, or `mismatch_action` and `match_action` of
   * rust-vmm's crate, which compares a `dword` by 32 bits with every operator, and kills the process on other architectures.
   */
  readonly dialect: 'firecracker' | 'seccompiler';
  /** When no rule matches. */
  readonly defaultAction: Action;
  /** When one does. */
  readonly filterAction: Action;
  /** Bound by OR. */
  readonly rules: readonly FirecrackerRule[];
  /** Where the filter is. */
  readonly at: Location;
}

/** A whole file. */
export interface FirecrackerFile {
  /** The path it was read from, or `<string>`, `<buffer>`, `<object>`. */
  readonly file: string;
  /** Filters by category, as a rule `vmm`, `api` and `vcpu`. */
  readonly filters: ReadonlyMap<string, FirecrackerFilter>;
  /** What a reader of the file should know. */
  readonly warnings: readonly Diagnostic[];
}
