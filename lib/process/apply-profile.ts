// The main entry: a profile in, the running process confined.
import {
  COMPILE_OPTIONS,
  isPolicy,
  policyOf,
  type AnyProfile,
  type CompileOptions,
} from '../filter/compile-profile.js';
import { compilePolicy } from '../filter/compile.js';
import { UsageError, type Diagnostic } from '../util/errors.js';
import { givenOptions, ownOptions, pickOptions } from '../util/options.js';
import type { Policy } from '../policy/policy.js';
import { withTraps } from '../policy/with-traps.js';
import { load, LOAD_FLAGS, notifies, type LoadedFilter, type LoadOptions } from './load.js';
import { closeRings, liveRings } from './rings.js';
import {
  checkReportOnly,
  REPORT_OPTIONS,
  type ReportedViolation,
  type ViolationReportOptions,
} from './supervise/report.js';
import { tryProfile, type ReportedProfile } from './trace/try-profile.js';
import type { Own } from '../util/own.js';
import { runningTarget, type Capabilities } from './machine/running-target.js';
import type { Violations } from './violations/violations.js';

/** How `applyProfile` resolves, compiles and loads. */
export interface ApplyOptions extends Omit<CompileOptions, 'arch' | 'kernel' | 'capabilities'>, LoadOptions {
  /** What `caps` conditions look at: names, or `bounding` for this process's bounding set. Default: none. */
  readonly capabilities?: Capabilities;
  /** Report what the profile refuses to this listener, which `onViolation` made. The refusals stay what they are. */
  readonly violations?: Violations;
}

/** How `applyProfile` tries a profile. */
export interface TryProfileOptions
  extends
    Omit<CompileOptions, 'arch' | 'kernel' | 'capabilities'>,
    Pick<ApplyOptions, 'capabilities'>,
    Omit<ViolationReportOptions, 'reportOnly' | 'onViolation'> {
  /** Report what the profile would refuse, and let it happen. */
  readonly reportOnly: true;
  /** Hears of the calls that the profile would refuse. Calls of one kind share an event: docs/report-only.md. */
  readonly onViolation: (violation: ReportedViolation) => void;
}

/**
 * Parses, resolves, compiles and verifies a profile and loads it into the running process: all of its threads, unless
 * `scope` says otherwise. Resolved for the running kernel and architecture.
 *
 * Before the load, what the running Node depends on is looked at: a profile that refuses it is refused, with the names
 * of the calls. Node 22 and later keeps io_uring rings open. Where the profile refuses io_uring, the kernel takes no operation
 * off them any more: what libuv does on them is done by epoll_ctl, in a handler of SIGSYS.
 *
 * With `reportOnly`, nothing is loaded and nothing refused: a tracer looks at the calls of this process, of all its threads and
 * of the processes that they start, and `onViolation` hears of those that the profile would refuse, until `reports.stop()`.
 *
 * Throws ProfileError, CompileError, VerificationError, LoadError, UsageError; nothing has changed then.
 */
export function applyProfile(
  profile: AnyProfile | Policy,
  options: TryProfileOptions & { readonly reportOnly: true },
): ReportedProfile;
export function applyProfile(profile: AnyProfile | Policy, options?: ApplyOptions): LoadedFilter;
export function applyProfile(
  profile: AnyProfile | Policy,
  options: ApplyOptions | TryProfileOptions = {},
): LoadedFilter {
  const own = ownOptions<ApplyOptions & Partial<TryProfileOptions>>(
    options,
    [...COMPILE_HERE, 'capabilities', 'scope', 'violations', ...REPORT_OPTIONS],
    LOAD_FLAGS,
  );
  const { capabilities, force = false } = own;
  const rest = givenOptions<CompileOptions>(own, COMPILE_HERE);
  const violations = listenerOf(own.violations);
  const reporting = checkReportOnly(
    own,
    'To enforce a profile and hear of refusals, give violations: onViolation(…)',
  );
  if (reporting) refuseLoading(own);
  const target = runningTarget(capabilities);
  const given = capabilities === undefined ? rest : { ...rest, capabilities: target.capabilities };
  const policy = policyOf(profile, isPolicy(profile) ? given : { ...rest, ...target });
  if (reporting) {
    const { onViolation = () => undefined, reportFallbacks = false } = own;
    return tryProfile(compilePolicy(policy, rest), { onViolation, reportFallbacks });
  }
  const fitted = force || liveRings().length === 0 ? policy : closeRings(policy);
  const enforced = violations ? withTraps(fitted, { kills: violations.fatal }) : fitted;
  const loaded = load(
    compilePolicy(enforced, rest),
    givenOptions<LoadOptions>(own, ['scope', ...LOAD_FLAGS]),
  );
  if (!loaded.dryRun) violations?.watch(loaded);
  const found = unheard(loaded);
  return found === undefined ? loaded : { ...loaded, warnings: [...loaded.warnings, found] };
}

/** Throws UsageError (`bad-option`) for options of a load that does not happen. */
function refuseLoading(options: Own<ApplyOptions>): void {
  const [name] = Object.keys(givenOptions(options, ['scope', 'violations', ...LOAD_FLAGS]));
  if (name === undefined) return;
  throw new UsageError(
    'bad-option',
    `${name} is for a filter that is loaded, and reportOnly loads none`,
    'Leave one of them out',
  );
}

/** What was given as `violations`. Throws UsageError (`bad-option`) for what `onViolation` has not made. */
function listenerOf(value: Violations | undefined): Pick<Violations, 'fatal' | 'watch'> | undefined {
  if (value === undefined) return undefined;
  const listener = pickOptions(value, ['fatal', 'watch']);
  if (typeof listener.fatal === 'boolean' && typeof listener.watch === 'function')
    return { fatal: listener.fatal, watch: listener.watch };
  throw new UsageError('bad-option', 'violations is not a listener', 'Give what onViolation returns');
}

/** Options of `compile`, but for what the machine decides. */
const COMPILE_HERE = COMPILE_OPTIONS.filter(name => name !== 'arch' && name !== 'kernel');

/** A warning where notifications have nobody to go to. */
function unheard({ filter, flags }: LoadedFilter): Diagnostic | undefined {
  if (filter === undefined || !notifies(filter.program)) return undefined;
  if (flags.includes('SECCOMP_FILTER_FLAG_NEW_LISTENER')) return undefined;
  return {
    code: 'notify-without-listener',
    severity: 'warning',
    message: 'calls with the action NOTIFY fail with ENOSYS, since no listener was asked for',
    remedy: 'Give listener: true and answer them',
  };
}
