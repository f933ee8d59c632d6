// A parsed and checked file of Firecracker's seccompiler, before it is resolved for an architecture.
import type { Diagnostic, Location } from '../../../util/errors.js';
import type { Action } from '../../../kernel/action.js';
import type { Condition } from '../../../policy/policy.js';

/** One entry of `filter`. */
export interface FirecrackerRule {
  /** The call, by name. */
  readonly syscall: string;
  /** Combined with AND; `dword` is a width of 32. */
  readonly conditions: readonly Condition[];
  /** The position of the rule. */
  readonly at: Location;
}

/** The filter of one category of threads. */
export interface FirecrackerFilter {
  /**
   * The source of its keys: Firecracker with `default_action` and `filter_action`, or rust-vmm's crate with
   * `mismatch_action` and `match_action`. The crate compares a `dword` by 32 bits with every operator, and kills the process
   * on other architectures.
   */
  readonly dialect: 'firecracker' | 'seccompiler';
  /** The action if no rule matches. */
  readonly defaultAction: Action;
  /** The action if one does. */
  readonly filterAction: Action;
  /** Combined with OR. */
  readonly rules: readonly FirecrackerRule[];
  /** The position of the filter. */
  readonly at: Location;
}

/** A whole file. */
export interface FirecrackerFile {
  /** The path it was read from, or `<string>`, `<buffer>`, `<object>`. */
  readonly file: string;
  /** Filters by category, usually `vmm`, `api` and `vcpu`. */
  readonly filters: ReadonlyMap<string, FirecrackerFilter>;
  /** Warnings for readers of the file. */
  readonly warnings: readonly Diagnostic[];
}
