// Loads a filter into the kernel, and reports exactly what it did.
import { LoadError, UsageError, type Diagnostic } from '../util/errors.js';
import type { Filter } from '../filter/filter.js';
import { isFilter, isPrecompiled } from '../filter/filter.js';
import { decode, validate, type Program } from '../bpf/program.js';
import { BPF } from '../bpf/opcodes.js';
import { isFailure, isMainThread, native } from '../native.js';
import { actionKind, actionName } from '../kernel/action.js';
import { SCMP_ACT_NOTIFY } from '../kernel/constants.js';
import { oneOf, ownOptions, pickOptions } from '../util/options.js';
import { nativeArchitecture } from '../kernel/architectures.js';
import { needsHandler } from '../policy/with-traps.js';
import { features } from './machine/features.js';
import { sinceWhen } from '../kernel/kernel-features.js';
import { startThreadPool, poolIsRunning } from './pool.js';
import { obstacles, refuseObstacles, type Obstacle } from './preflight.js';
import {
  keptRings,
  liveRings,
  liveRingsIfReadable,
  refusedRings,
  refusePolledRings,
  serveRings,
} from './rings.js';
import { ownTaskIds, threadStatus } from './inspect/status.js';
import type { Own } from '../util/own.js';
import { explainLoad } from './load-errors.js';
import { isUint8Array } from '../util/host/bytes.js';

/** Which threads a filter covers. */
export type Scope = 'process' | 'thread';

/** Options of `load`. */
export interface LoadOptions {
  /**
   * `process` (default): every thread of the process, with SECCOMP_FILTER_FLAG_TSYNC. `thread`: the calling thread and
   * those that it starts later. Required in a worker. A filter on a thread is not a sandbox: docs/node.md describes what
   * stays open.
   */
  readonly scope?: Scope | undefined;
  /** Set no_new_privs first (default). Without it, loading needs CAP_SYS_ADMIN. */
  readonly noNewPrivs?: boolean | undefined;
  /** Log refused calls, as configured in /proc/sys/kernel/seccomp/actions_logged. */
  readonly log?: boolean | undefined;
  /** Disable the Speculative Store Bypass mitigation. */
  readonly specAllow?: boolean | undefined;
  /** Return the descriptor for NOTIFY actions. */
  readonly listener?: boolean | undefined;
  /** With `listener`: only fatal signals interrupt a call once its notification was received. */
  readonly waitKillable?: boolean | undefined;
  /** Check everything and load nothing. */
  readonly dryRun?: boolean | undefined;
  /** Skip the checks of the running Node. */
  readonly force?: boolean | undefined;
}

/** The options of `load` that are booleans. */
export const LOAD_FLAGS: readonly string[] = [
  'noNewPrivs',
  'log',
  'specAllow',
  'listener',
  'waitKillable',
  'dryRun',
  'force',
];

/** The result of a load. */
export interface LoadedFilter {
  /** The filter, or undefined for a raw program. */
  readonly filter: Filter | undefined;
  /** The scope of the load. */
  readonly scope: Scope;
  /** Ids of the covered threads that were running. */
  readonly threads: readonly number[];
  /** SECCOMP_FILTER_FLAG_* names that were passed. */
  readonly flags: readonly string[];
  /** Position in the filter chain of the calling thread, 1 for the first filter; undefined before Linux 5.9. */
  readonly layer: number | undefined;
  /** Whether no_new_privs is set. */
  readonly noNewPrivs: boolean;
  /** Descriptor for notifications, with `listener`; the caller closes it. */
  readonly listener: number | undefined;
  /** Warnings of the profile and of the load. */
  readonly warnings: readonly Diagnostic[];
  /** Nothing was loaded. */
  readonly dryRun: boolean;
}

/** Flags of seccomp(2) by name. */
const FLAGS = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
  SECCOMP_FILTER_FLAG_NEW_LISTENER: 8,
  SECCOMP_FILTER_FLAG_TSYNC_ESRCH: 16,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 32,
} as const;

type FlagName = keyof typeof FLAGS;

/**
 * Loads a filter, or a raw program in the kernel's format, into the running process. It cannot be removed. The kernel
 * gets the bytes of `filter.bpf`. A raw program is validated, but its meaning is not proven.
 *
 * The result has a warning (`io-uring-kept`) if the process has rings that can replace calls which the filter refuses.
 *
 * Throws LoadError: `node-cannot-continue` for a filter that refuses calls that this Node depends on, including those on
 * its open io_uring rings (applyProfile changes a filter so that it closes the rings); `rings-polled` for one that
 * refuses io_uring while the kernel polls a ring; `rings-not-served` if rings cannot be closed; `traps-unhandled` for
 * one made by `withTraps` while there is no listener; with the errno if the kernel refused; with the id and name of a
 * thread that could not adopt the filter. Throws UsageError for options that contradict each other; ProgramError for
 * bytes that are not a program. Then nothing has changed, except that no_new_privs stays set if the kernel refused the
 * filter (the error has an `errno`).
 * Source: seccomp(2).
 */
export function load(filter: Filter | Uint8Array, options: LoadOptions = {}): LoadedFilter {
  const given = ownOptions(options, ['scope'], LOAD_FLAGS);
  const plan = planLoad(filter, given);
  const rings = given.force === true ? liveRingsIfReadable() : liveRings();
  if (given.force !== true) {
    refuseUnhandledTraps(plan.program);
    refuseObstacles(obstaclesTo(filter, plan.program, rings));
    refusePolledRings(plan.program, rings);
  }
  // Checked before the load, because the filter may refuse the calls that inspect this process.
  const warning = keptRings(filter, plan.program, rings);
  if (plan.receipt.dryRun) return withWarning(plan.receipt, warning);
  if (plan.receipt.scope === 'thread') startThreadPool();
  serveRings(plan.program);
  const answer = native().loadFilter(plan.bytes, plan.bits, plan.setNoNewPrivs);
  if (isFailure(answer)) throw explainLoad(answer, plan.program);
  const listener = answer.listener < 0 ? undefined : answer.listener;
  return withWarning({ ...plan.receipt, listener }, warning);
}

const withWarning = (receipt: LoadedFilter, warning: Diagnostic | undefined): LoadedFilter =>
  warning === undefined ? receipt : { ...receipt, warnings: [...receipt.warnings, warning] };

/**
 * Throws LoadError (`traps-unhandled`) if there is no handler, because traps that stand for an errno would end the
 * process.
 */
function refuseUnhandledTraps(program: Program): void {
  if (native().handlesTraps() || !program.some(({ code, k }) => code === BPF.RET_K && needsHandler(k)))
    return;
  throw new LoadError(
    'traps-unhandled',
    'the filter traps calls for reports, but there is no listener: each call would end the process',
    'Call onViolation first, or pass force: true',
  );
}

/**
 * Reasons why the running Node could not continue: by the policy, if there is one, and for open rings by the program
 * itself.
 */
function obstaclesTo(
  filter: Filter | Uint8Array,
  program: Program,
  rings: readonly number[],
): readonly Obstacle[] {
  const byPolicy =
    isFilter(filter) && !isPrecompiled(filter) ? obstacles(filter.policy, poolIsRunning()) : [];
  return [...byPolicy, ...refusedRings(program, rings)];
}

/** The request to the kernel. */
export interface LoadRequest {
  readonly bytes: Uint8Array;
  readonly program: Program;
  readonly flags: readonly FlagName[];
  /** The flags as a number. */
  readonly bits: number;
  readonly setNoNewPrivs: boolean;
}

/** Everything that is determined before calling the kernel. */
interface LoadPlan extends LoadRequest {
  readonly receipt: LoadedFilter;
}

/** Checks a load without performing it: options, program, and the kernel's support for each flag and action. */
export function loadRequest(filter: Filter | Uint8Array, given: LoadOptions = {}): LoadRequest {
  return requestOf(filter, pickOptions(given, REQUEST_OPTIONS));
}

const REQUEST_OPTIONS = ['scope', 'noNewPrivs', 'log', 'specAllow', 'listener', 'waitKillable'] as const;

type RequestOptions = Pick<Required<Own<LoadOptions>>, (typeof REQUEST_OPTIONS)[number]>;

function requestOf(filter: Filter | Uint8Array, options: RequestOptions): LoadRequest {
  const scope = scopeOf(options);
  if (isFilter(filter)) refuseForeign(filter);
  else if (!isUint8Array(filter)) {
    throw new UsageError(
      'bad-filter',
      'only a Filter or the bytes of a program can be loaded',
      'Pass the result of compile, or its bpf if another thread or another copy of this package has made it',
    );
  }
  const bytes = isFilter(filter) ? filter.bpf : Buffer.from(filter);
  const program = isFilter(filter) ? filter.program : validated(decode(bytes));
  const flags = flagNames(filter, scope, options);
  refuseMissing(program, flags);
  return {
    bytes,
    program,
    flags,
    bits: flags.reduce((bits, name) => bits | FLAGS[name], 0),
    setNoNewPrivs: options.noNewPrivs ?? true,
  };
}

function planLoad(filter: Filter | Uint8Array, options: Own<LoadOptions>): LoadPlan {
  const request = requestOf(filter, options);
  const scope = scopeOf(options);
  const before = threadStatus();
  return {
    ...request,
    receipt: {
      filter: isFilter(filter) ? filter : undefined,
      scope,
      threads: scope === 'process' ? ownTaskIds() : [native().threadId()],
      flags: request.flags,
      layer: before?.filters === undefined ? undefined : before.filters + 1,
      noNewPrivs: request.setNoNewPrivs || before?.noNewPrivs === true,
      listener: undefined,
      warnings: isFilter(filter) ? filter.warnings : [],
      dryRun: options.dryRun ?? false,
    },
  };
}

function validated(program: Program): Program {
  validate(program);
  return program;
}

/** Rejects a program for another architecture, whose bad-architecture action would apply to every call. */
function refuseForeign(filter: Filter): void {
  const { target } = filter;
  const native = nativeArchitecture();
  if (target.arch === native && (isPrecompiled(filter) || filter.policy.abis[0].abi.name === native)) return;
  throw new LoadError(
    'foreign-filter',
    `the filter is for ${target.arch} and this process runs on ${native}`,
    `Compile it for ${native}`,
  );
}

function scopeOf({ scope }: Pick<Own<LoadOptions>, 'scope'>): Scope {
  oneOf('scope', scope, ['process', 'thread']);
  if (scope !== undefined) return scope;
  if (isMainThread()) return 'process';
  throw new UsageError(
    'scope-required',
    'in a worker, the option scope is required',
    "Pass scope: 'thread' for this worker only, which is not a sandbox, or scope: 'process' for every thread",
  );
}

function flagNames(filter: Filter | Uint8Array, scope: Scope, options: RequestOptions): readonly FlagName[] {
  const wanted = new Set<FlagName>(isFilter(filter) && !isPrecompiled(filter) ? filter.policy.flags : []);
  if (scope === 'process') wanted.add('SECCOMP_FILTER_FLAG_TSYNC');
  else wanted.delete('SECCOMP_FILTER_FLAG_TSYNC');
  if (options.log === true) wanted.add('SECCOMP_FILTER_FLAG_LOG');
  if (options.specAllow === true) wanted.add('SECCOMP_FILTER_FLAG_SPEC_ALLOW');
  if (options.waitKillable === true) wanted.add('SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV');
  if (options.listener === true) {
    wanted.add('SECCOMP_FILTER_FLAG_NEW_LISTENER');
    // With a listener, a positive result is its descriptor, so a diverging thread must be reported as an errno.
    if (scope === 'process') wanted.add('SECCOMP_FILTER_FLAG_TSYNC_ESRCH');
  } else if (wanted.has('SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV')) {
    throw new UsageError(
      'flag-needs-listener',
      `${options.waitKillable === true ? 'waitKillable' : 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV of the profile'} needs a listener`,
      'Load with listener: true, or leave it out',
    );
  }
  return [...wanted];
}

function refuseMissing(program: Program, names: readonly FlagName[]): void {
  const { filter, flags, actions, release } = features();
  if (!filter && threadStatus()?.mode === 'filter') {
    throw new LoadError(
      'seccomp-refused',
      'a loaded filter refuses seccomp(2)',
      'Allow seccomp in the first profile, or merge the profiles',
    );
  }
  if (!filter) {
    throw new LoadError(
      'no-seccomp',
      `the kernel ${release} has no seccomp filters`,
      'Use a kernel with CONFIG_SECCOMP_FILTER, Linux 3.17 or later',
    );
  }
  const missingFlag = names.find(name => !flags.includes(name));
  if (missingFlag !== undefined) {
    throw new LoadError(
      'unsupported-flag',
      `the kernel ${release} does not support ${missingFlag}${sinceWhen(missingFlag)}`,
      'Use a newer kernel, or load without it',
    );
  }
  const answers = new Set(program.filter(({ code }) => code === BPF.RET_K).map(({ k }) => actionKind(k)));
  for (const answer of answers) {
    const name = actionName(answer).replace(/\(.*/, '');
    if (actions.includes(`SCMP_ACT_${name}`)) continue;
    throw new LoadError(
      'unsupported-action',
      `the kernel ${release} does not support the action ${name}${sinceWhen(`SCMP_ACT_${name}`)}`,
      'Use a newer kernel, or another action',
    );
  }
}

/** Whether a program can return NOTIFY. */
export const notifies = (program: Program): boolean =>
  program.some(({ code, k }) => code === BPF.RET_K && actionKind(k) === SCMP_ACT_NOTIFY);
