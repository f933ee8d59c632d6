// The main entry point: compiles a profile and confines the running process.
import { COMPILE_OPTIONS } from '../../filter/compile-options.js';
import { policyOf, type AnyProfile, type CompileOptions } from '../../filter/compile-profile.js';
import { compilePolicy } from '../../filter/compile.js';
import type { Filter } from '../../filter/filter.js';
import { checkCachePath, programKey, storedProgram } from '../../filter/stored/cache.js';
import { precompiledFilter, shippedFilter } from '../../filter/stored/precompiled-filter.js';
import type { Variant } from '../../filter/stored/program-file.js';
import { sha256 } from '../../native.js';
import type { Diagnostic } from '../../util/errors.js';
import { badOption, optionError, givenOptions, oneOf, ownOptions, pickOptions } from '../../util/options.js';
import { isPolicy, type Policy } from '../../policy/policy.js';
import { parseText } from '../../profile/parse.js';
import { isProfile } from '../../profile/profile.js';
import { readSource } from '../../profile/read-source.js';
import { withTraps } from '../../policy/with-traps.js';
import { load, LOAD_FLAGS, notifies, type LoadedFilter, type LoadOptions } from '../load.js';
import { closeRings, liveRings } from '../rings.js';
import {
  checkReportOnly,
  REPORT_OPTIONS,
  type ReportedViolation,
  type ViolationReportOptions,
} from '../supervise/report.js';
import { tryProfile, type ReportedProfile } from '../trace/try-profile.js';
import type { Own } from '../../util/own.js';
import { runningTarget, type Capabilities } from '../machine/running-target.js';
import type { Violations } from '../violations/violations.js';

/** Options of `applyProfile`. */
export interface ApplyOptions extends Omit<CompileOptions, 'arch' | 'kernel' | 'capabilities'>, LoadOptions {
  /** The capabilities for `caps` conditions: names, or `bounding` for this process's bounding set. Default: none. */
  readonly capabilities?: Capabilities | undefined;
  /** The result of `onViolation`, which reports refused calls. They are still refused. */
  readonly violations?: Violations | undefined;
  /**
   * A directory for compiled programs, which is created if it does not exist. It must belong to this user or to root, and
   * only its owner may write to it. A program from there is only used if it is proven to mean the same as the profile: the
   * cache saves the compilation, but not the proof. Programs that root has written there with `precompile` save both, if this
   * process is not root.
   */
  readonly cache?: string | undefined;
}

/** Options of `applyProfile` for trying a profile without enforcing it. */
export interface TryProfileOptions
  extends
    Omit<CompileOptions, 'arch' | 'kernel' | 'capabilities'>,
    Pick<ApplyOptions, 'capabilities'>,
    Omit<ViolationReportOptions, 'reportOnly' | 'onViolation'> {
  /** Report calls that the profile would refuse, and allow them. */
  readonly reportOnly: true;
  /** Called for calls that the profile would refuse. Similar calls share an event: docs/report-only.md. */
  readonly onViolation: (violation: ReportedViolation) => void;
}

/**
 * Parses, resolves, compiles and proves a profile for the running kernel and architecture, and loads it into the running
 * process: by default into all of its threads.
 *
 * Before the load, it checks the calls that the running Node depends on: a profile that refuses them is rejected, with
 * the names of the calls. Node 22 and later keeps io_uring rings open. If the profile refuses io_uring, the kernel no
 * longer serves these rings; a SIGSYS handler performs libuv's operations with epoll_ctl instead.
 *
 * A profile that ships with the package is not compiled if the package contains its program, that is, for the default
 * options and any `strict`, `violations` and options of `load`. Other profiles are compiled without the search for the
 * best program that `compile` makes, and proven as well.
 *
 * With `reportOnly`, nothing is loaded or refused: a tracer observes the calls of this process, of all its threads and
 * of the processes that they start, and `onViolation` is called for those that the profile would refuse, until
 * `reports.stop()`.
 *
 * Throws ProfileError, CompileError, VerificationError, LoadError, UsageError; then nothing has changed, except for the
 * directory `cache`.
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
  // Checked here too, because a program that was proven earlier is loaded without the profile and the cache.
  oneOf('strict', own.strict, [true, false]);
  if (own.cache !== undefined) checkCachePath(own.cache);
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
          : storedProgram(own.cache, programKey(profile, policy, [variant, rest]), sha256),
    });
  const isPlain = Object.keys(given).every(option => option === 'strict');
  const precompiled = (): Filter | undefined => {
    if (own.cache === undefined || isPolicy(profile) || isProfile(profile)) return undefined;
    const source = readSource(profile);
    // The source may have changed by the time that the policy is accessed.
    const resolveText = (): Policy => variantOf(parseText(source, false), described, variant);
    return precompiledFilter(own.cache, source.text, target, variant, resolveText, sha256);
  };
  const filter = isPlain
    ? (shippedFilter(profile, target, variant, resolve, sha256) ?? precompiled())
    : undefined;
  const loaded = load(
    filter ?? compiled(resolve()),
    givenOptions<LoadOptions>(own, ['scope', ...LOAD_FLAGS]),
  );
  if (!loaded.dryRun) violations?.watch(loaded);
  const found = unheard(loaded);
  return found === undefined ? loaded : { ...loaded, warnings: [...loaded.warnings, found] };
}

/** Throws UsageError (`bad-option`) for options of a load, because nothing is loaded. */
function refuseLoading(options: Own<ApplyOptions>): void {
  const [name] = Object.keys(givenOptions(options, ['scope', 'violations', 'cache', ...LOAD_FLAGS]));
  if (name === undefined) return;
  throw optionError(`${name} is for loading a filter, but reportOnly loads none`, 'Leave one of them out');
}

/** The policy that is enforced on a process, from a profile or another policy. Throws as `policyOf` does. */
export function variantOf(
  profile: AnyProfile | Policy,
  options: CompileOptions,
  { closesRings, traps }: Variant,
): Policy {
  const policy = policyOf(profile, options);
  const fitted = closesRings ? closeRings(policy) : policy;
  return traps === 'none' ? fitted : withTraps(fitted, { kills: traps === 'kills' });
}

/** The option `violations`. Throws UsageError (`bad-option`) if it is not a result of `onViolation`. */
function listenerOf(value: Violations | undefined): Pick<Violations, 'fatal' | 'watch'> | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'object' && (value as Violations | null) !== null) {
    const { fatal, watch } = pickOptions(value, ['fatal', 'watch']);
    if (typeof fatal === 'boolean' && typeof watch === 'function') return { fatal, watch };
  }
  throw badOption('violations', value, 'Pass the result of onViolation(…)');
}

/** Options of `compile`, except those that follow from the machine. */
const compileOptions = (): readonly string[] =>
  COMPILE_OPTIONS.filter(name => name !== 'arch' && name !== 'kernel');

/** A warning for notifications without a listener. */
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
