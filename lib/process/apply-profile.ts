// The main entry: a profile in, the running process confined.
import { COMPILE_OPTIONS } from '../filter/compile-options.js';
import { policyOf, type AnyProfile, type CompileOptions } from '../filter/compile-profile.js';
import { compilePolicy } from '../filter/compile.js';
import type { Filter } from '../filter/filter.js';
import { programKey, storedProgram } from '../filter/stored/cache.js';
import { shippedProgram, type Variant } from '../filter/stored/shipped.js';
import { ShippedFilter } from '../filter/stored/shipped-filter.js';
import { UsageError, type Diagnostic } from '../util/errors.js';
import { givenOptions, ownOptions, pickOptions } from '../util/options.js';
import { isPolicy, type Policy } from '../policy/policy.js';
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
import { runningTarget, type Capabilities, type RunningTarget } from './machine/running-target.js';
import type { Violations } from './violations/violations.js';

/** How `applyProfile` resolves, compiles and loads. */
export interface ApplyOptions extends Omit<CompileOptions, 'arch' | 'kernel' | 'capabilities'>, LoadOptions {
  /** What `caps` conditions look at: names, or `bounding` for this process's bounding set. Default: none. */
  readonly capabilities?: Capabilities;
  /** Report what the profile refuses to this listener, which `onViolation` made. The refusals stay what they are. */
  readonly violations?: Violations;
  /**
   * A directory for compiled programs, which is made where there is none: of this user's, with the mode 0700. A program from there is used when
   * it is proven to mean what the profile says, so that the search for one is saved and nothing else.
   */
  readonly cache?: string;
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
 * A profile that ships with the package is not compiled where its program ships too: for the options by default, `strict`, `violations` and
 * those of a load. Any other one is compiled by a search that takes less time than that of `compile`, and proven as any.
 *
 * With `reportOnly`, nothing is loaded and nothing refused: a tracer looks at the calls of this process, of all its threads and
 * of the processes that they start, and `onViolation` hears of those that the profile would refuse, until `reports.stop()`.
 *
 * Throws ProfileError, CompileError, VerificationError, LoadError, UsageError; nothing has changed then, but for the directory `cache`.
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
    [...compileOptions(), 'scope', 'violations', 'cache', ...REPORT_OPTIONS],
    LOAD_FLAGS,
  );
  const { capabilities, force = false } = own;
  const rest = givenOptions<CompileOptions>(own, compileOptions());
  const violations = listenerOf(own.violations);
  const reporting = checkReportOnly(
    own,
    'To enforce a profile and report refused calls, pass violations: onViolation(…)',
  );
  if (reporting) refuseLoading(own);
  const target = runningTarget(capabilities);
  const given = capabilities === undefined ? rest : { ...rest, capabilities: target.capabilities };
  const described = isPolicy(profile) ? given : { ...rest, ...target };
  if (reporting) {
    const { onViolation = () => undefined, reportFallbacks = false } = own;
    return tryProfile(compilePolicy(policyOf(profile, described), rest), { onViolation, reportFallbacks });
  }
  const closesRings = !force && liveRings().length > 0;
  const traps = violations === undefined ? 'none' : violations.fatal ? 'kills' : 'errnos';
  const variant: Variant = { closesRings, traps };
  const resolve = (): Policy => variantOf(profile, described, variant);
  const compiled = (policy: Policy): Filter =>
    compilePolicy(policy, rest, {
      effort: 'soon',
      stored:
        own.cache === undefined
          ? undefined
          : storedProgram(own.cache, programKey(profile, policy, [variant, rest])),
    });
  const filter = Object.keys(given).some(option => option !== 'strict')
    ? undefined
    : shippedFilter(profile, target, variant, resolve);
  const loaded = load(
    filter ?? compiled(resolve()),
    givenOptions<LoadOptions>(own, ['scope', ...LOAD_FLAGS]),
  );
  if (!loaded.dryRun) violations?.watch(loaded);
  const found = unheard(loaded);
  return found === undefined ? loaded : { ...loaded, warnings: [...loaded.warnings, found] };
}

/** Throws UsageError (`bad-option`) for options of a load that does not happen. */
function refuseLoading(options: Own<ApplyOptions>): void {
  const [name] = Object.keys(givenOptions(options, ['scope', 'violations', 'cache', ...LOAD_FLAGS]));
  if (name === undefined) return;
  throw new UsageError(
    'bad-option',
    `${name} is for loading a filter, but reportOnly loads none`,
    'Leave one of them out',
  );
}

/** The policy of a profile, or a policy, as it is enforced on a process. Throws as `policyOf` does. */
export function variantOf(
  profile: AnyProfile | Policy,
  options: CompileOptions,
  { closesRings, traps }: Variant,
): Policy {
  const policy = policyOf(profile, options);
  const fitted = closesRings ? closeRings(policy) : policy;
  return traps === 'none' ? fitted : withTraps(fitted, { kills: traps === 'kills' });
}

/** The filter whose program ships with the package, where the profile is given by its name. */
function shippedFilter(
  profile: AnyProfile | Policy,
  { arch, kernel }: RunningTarget,
  variant: Variant,
  resolve: () => Policy,
): Filter | undefined {
  if (typeof profile !== 'string' || !/^[\w-]+$/.test(profile)) return undefined;
  const program = shippedProgram(profile, { arch, kernel }, variant);
  if (program === undefined) return undefined;
  return new ShippedFilter(program, { arch, kernel, capabilities: new Set() }, resolve);
}

/** What was given as `violations`. Throws UsageError (`bad-option`) for what `onViolation` has not made. */
function listenerOf(value: Violations | undefined): Pick<Violations, 'fatal' | 'watch'> | undefined {
  if (value === undefined) return undefined;
  const listener = pickOptions(value, ['fatal', 'watch']);
  if (typeof listener.fatal === 'boolean' && typeof listener.watch === 'function')
    return { fatal: listener.fatal, watch: listener.watch };
  throw new UsageError('bad-option', 'violations is not a listener', 'Pass the result of onViolation');
}

/** Options of `compile`, but for what the machine decides. */
const compileOptions = (): readonly string[] =>
  COMPILE_OPTIONS.filter(name => name !== 'arch' && name !== 'kernel');

/** A warning where notifications have nobody to go to. */
function unheard({ filter, flags }: LoadedFilter): Diagnostic | undefined {
  if (filter === undefined || !notifies(filter.program)) return undefined;
  if (flags.includes('SECCOMP_FILTER_FLAG_NEW_LISTENER')) return undefined;
  return {
    code: 'notify-without-listener',
    severity: 'warning',
    message: 'calls with the action NOTIFY fail with ENOSYS, because there is no listener',
    remedy: 'Pass listener: true and respond to them',
  };
}
