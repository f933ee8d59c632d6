// Options that confine a child, separated from the options for Node.
import { COMPILE_OPTIONS } from '../../filter/compile-options.js';
import { compile, policyOf, type AnyProfile, type CompileOptions } from '../../filter/compile-profile.js';
import type { Filter } from '../../filter/filter.js';
import { isFilter } from '../../filter/filter.js';
import { shippedFilter } from '../../filter/stored/precompiled-filter.js';
import { sha256 } from '../../native.js';
import { optionError, givenOptions, ownOptions } from '../../util/options.js';
import { isPolicy, type Policy } from '../../policy/policy.js';
import type { IsolationMode } from '../isolation/isolation.js';
import type { RingFilterMode } from '../isolation/ring-filter.js';
import { runningTarget, type Capabilities } from '../machine/running-target.js';
import { own, type Own, bare } from '../../util/own.js';
import { isProgramBytes } from '../../profile/read-source.js';
import { noProfile } from './arguments.js';
import { ownEnvironment, type Environment } from './launch/environment.js';
import { planIsolation, type IsolationPlan } from '../isolation/isolate.js';
import { isUint8Array } from '../../util/host/bytes.js';

/** Options of the functions that start children, in addition to Node's. */
export interface SandboxOptions extends Omit<CompileOptions, 'arch' | 'kernel' | 'capabilities'> {
  /**
   * The profile of the child: anything that `compile` accepts, a compiled Filter, or the bytes of a program. It is
   * resolved for the running kernel and architecture.
   */
  readonly profile: AnyProfile | Policy | Filter | Uint8Array;
  /** The capabilities for `caps` conditions: names, or `bounding` for this process's bounding set. Default: none. */
  readonly capabilities?: Capabilities | undefined;
  /** Set no_new_privs in the child first (default). Without it, the child needs CAP_SYS_ADMIN. */
  readonly noNewPrivs?: boolean | undefined;
  /** Log refused calls, as configured in /proc/sys/kernel/seccomp/actions_logged. */
  readonly log?: boolean | undefined;
  /** Disable the Speculative Store Bypass mitigation. */
  readonly specAllow?: boolean | undefined;
  /**
   * Isolate the child from this process: its memory, signals, descriptors, debugger, limits and terminal. Default:
   * `best-effort`, as far as the kernel supports it; `features().isolation` tells how far that is. With `required`, a
   * missing part is an error. A child of the same user can still use the files and sockets of that user:
   * docs/children.md.
   */
  readonly isolation?: IsolationMode | undefined;
  /**
   * If the profile allows io_uring: make the kernel refuse, with EACCES, ring operations whose system calls the profile
   * does not allow unconditionally (Linux 7.0). Default: `best-effort`, if the kernel supports it. With `required`, a
   * kernel without support is an error; `none` does not filter rings. docs/children.md lists what is refused.
   */
  readonly ringFilter?: RingFilterMode | undefined;
}

/** How the filter of a child is loaded. */
export type ChildLoadOptions = Pick<SandboxOptions, 'noNewPrivs' | 'log' | 'specAllow'>;

/** The options in separate parts. */
export interface Sandbox<Options> {
  readonly filter: Filter | Uint8Array;
  readonly load: ChildLoadOptions;
  readonly isolation: IsolationPlan;
  /** The options for Node. */
  readonly rest: Own<Omit<Options, keyof SandboxOptions>>;
}

/** Options of `compile`, except those that follow from the machine. */
const COMPILING = COMPILE_OPTIONS.filter(name => !['arch', 'kernel', 'capabilities'].includes(name));

const LOADING: readonly string[] = ['noNewPrivs', 'log', 'specAllow'];

/** The names of these options. */
export const SANDBOX_OPTIONS: readonly string[] = [
  ...['profile', 'capabilities', 'isolation', 'ringFilter'],
  ...COMPILING,
  ...LOADING,
];

/**
 * Checks the options and compiles the profile. With `endWithParent`, the kernel kills the child when the thread that starts it ends.
 * Throws UsageError (`bad-option`), UnsupportedError (`isolation-unavailable`), and what `compile` throws.
 */
export function sandbox<Options extends SandboxOptions>(
  options: Options,
  nodeOptions: readonly string[],
  endWithParent = false,
): Sandbox<Options> {
  const given = ownOptions<SandboxOptions>(options, [...nodeOptions, ...SANDBOX_OPTIONS], LOADING);
  return {
    isolation: planIsolation(given.isolation, given.ringFilter, endWithParent),
    filter: filterOf(given),
    load: givenOptions<ChildLoadOptions>(given, LOADING),
    rest: nodeRest(given, nodeOptions) as Own<Omit<Options, keyof SandboxOptions>>,
  };
}

/**
 * All of Node's options, with undefined for those not given, so that Node does not read inherited ones. The environment
 * is always set, because Node would add inherited variables.
 */
function nodeRest(given: object, names: readonly string[]): object {
  const values = given as Readonly<Record<string, unknown>>;
  const env = ownEnvironment(own(values, 'env') as Environment | undefined);
  return bare({ ...Object.fromEntries(names.map(name => [name, own(values, name)])), env });
}

function filterOf(options: Own<SandboxOptions>): Filter | Uint8Array {
  const { profile, capabilities } = options;
  if ((profile as unknown) === undefined) throw noProfile();
  const compiling = givenOptions<CompileOptions>(options, COMPILING);
  if (isFilter(profile) || (isUint8Array(profile) && isProgramBytes(profile))) {
    const [misplaced] = capabilities === undefined ? Object.keys(compiling) : ['capabilities'];
    if (misplaced === undefined) return profile;
    throw optionError(
      `${misplaced} is for compiling a profile, but this one is already compiled`,
      'Pass it to compile',
    );
  }
  const isPlain = capabilities === undefined && Object.keys(compiling).length === 0;
  const found = isPlain ? shipped(profile) : undefined;
  if (found !== undefined) return found;
  // A policy already has a target, so additional capabilities are an error.
  const target = isPolicy(profile) && capabilities === undefined ? {} : runningTarget(capabilities);
  return compile(profile, { ...compiling, ...target });
}

/** Filters whose programs ship, by profile name, so that children with the same profile share them. */
const filters = new Map<string, Filter>();

function shipped(profile: unknown): Filter | undefined {
  if (typeof profile !== 'string') return undefined;
  const target = runningTarget();
  const resolve = (): Policy => policyOf(profile, target);
  const variant = { closesRings: false, traps: 'none' } as const;
  const filter = filters.get(profile) ?? shippedFilter(profile, target, variant, resolve, sha256);
  if (filter !== undefined) filters.set(profile, filter);
  return filter;
}
