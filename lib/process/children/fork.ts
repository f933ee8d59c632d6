// fork of node:child_process, for a Node program that is under a filter from its start, or from its first line on.
import type { ChildProcess, ForkOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { optionError, oneOf } from '../../util/options.js';
import { argumentsOf, checkWords } from './arguments.js';
import { childProcess } from '../../util/builtins.js';
import { isFilter } from '../../filter/filter.js';
import {
  checkReportOnly,
  needsPolicy,
  REPORT_OPTIONS,
  type ViolationReportOptions,
} from '../supervise/report.js';
import { startAttached, startReported } from '../trace/report-only.js';
import {
  commandOf,
  isolationRequest,
  launchRequest,
  type LaunchRequest,
  type TracerProcess,
} from './launch/launch.js';
import { forkPreloaded } from './launch/preloaded.js';
import { sandbox, type SandboxOptions } from './sandbox.js';
import { SPAWN_OPTIONS, startChild } from './launch/start-child.js';
import { stdioList, type StdioList } from './launch/stdio.js';
import { own, bare, type Own } from '../../util/own.js';
import { ownElements } from '../../util/own-elements.js';

/** When the filter of a Node program is loaded. */
export type ForkLoad = 'before-exec' | 'before-user-code';

export interface ForkSandboxOptions extends SandboxOptions, ViolationReportOptions {
  /**
   * When to load the filter. `before-exec` (default): before Node itself starts, so the profile must allow the start of
   * Node. `before-user-code`: by the new Node for all of its threads, before the module and the imports of `execArgv`;
   * the profile need not allow the start-up. Code from NODE_OPTIONS, `--require` and `--loader` runs before the filter
   * is loaded.
   */
  readonly load?: ForkLoad | undefined;
}

const FORK_OPTIONS: readonly string[] = [
  ...SPAWN_OPTIONS.filter(name => name !== 'shell' && name !== 'argv0'),
  'execArgv',
  'execPath',
  'load',
  'silent',
  ...REPORT_OPTIONS,
];

/**
 * Starts a Node module under a profile, with the options, events, messages and the result of `fork` of
 * node:child_process. If messages are used, the profile must allow the calls for them. With `reportOnly`, nothing is
 * refused, and `onViolation` is called for calls that would be: from the first instruction on, or, with
 * `before-user-code`, from the point where the filter would be loaded.
 *
 * Throws as `spawn` does. With `before-user-code`, a filter that cannot be loaded is an `error` event with a LoadError,
 * and the module is not run.
 * Source: https://nodejs.org/api/child_process.html#child_processforkmodulepath-args-options
 */
export function fork(modulePath: string | URL, options: ForkOptions & ForkSandboxOptions): ChildProcess;
export function fork(
  modulePath: string | URL,
  args: readonly string[],
  options: ForkOptions & ForkSandboxOptions,
): ChildProcess;
export function fork(
  modulePath: string | URL,
  second: readonly string[] | (ForkOptions & ForkSandboxOptions),
  third?: ForkOptions & ForkSandboxOptions,
): ChildProcess {
  const [args, options] = argumentsOf(second, third);
  return forkSandboxed(modulePath, args, options, false);
}

/** `fork`; with `endWithParent`, the kernel kills the child when the thread that starts it ends, even if it is stopped. */
export function forkSandboxed(
  modulePath: string | URL,
  args: readonly string[],
  options: ForkOptions & ForkSandboxOptions,
  endWithParent: boolean,
): ChildProcess {
  const sandboxed = sandbox(options, FORK_OPTIONS, endWithParent);
  const { filter, load, isolation } = sandboxed;
  const { load: when, onViolation, reportFallbacks, reportOnly, ...rest } = sandboxed.rest;
  oneOf('load', when, ['before-exec', 'before-user-code']);
  const report = { onViolation, reportFallbacks, reportOnly };
  const reporting = checkReportOnly(report, 'To enforce a profile and report refused calls, use supervise')
    ? report
    : undefined;
  const execPath = rest.execPath ?? process.execPath;
  const execArgv = ownElements(rest.execArgv ?? ownExecArgv());
  const stdio = forkStdio(rest);
  const module = modulePath instanceof URL ? fileURLToPath(modulePath) : modulePath;
  checkWords(args, { modulePath: module });
  const begin = (file: string, nodeArgs: readonly string[], all: StdioList, argv0 = file): ChildProcess =>
    // fork passes argv0 to spawn, although its type lacks it.
    childProcess().fork(
      module,
      args,
      bare({
        ...rest,
        execPath: file,
        execArgv: [...nodeArgs],
        stdio: all,
        ...{ argv0 },
      }) as ForkOptions,
    );
  const launched = (
    request: LaunchRequest,
    nodeArgs: readonly string[],
    list: StdioList,
    tracer?: TracerProcess,
  ): ChildProcess =>
    startChild(
      request,
      commandOf(execPath, [...nodeArgs, module, ...args], {}),
      list,
      ({ file, words }, all) => begin(file, words.slice(1, words.length - 1 - args.length), all, words[0]),
      undefined,
      tracer,
    );
  const preloaded = (isolated: LaunchRequest, tracer?: TracerProcess): ChildProcess =>
    forkPreloaded(
      filter,
      load,
      stdio,
      (preload, all) =>
        isolation.receipt.mode === 'none' && isolated.ringVerdicts.length === 0
          ? begin(execPath, [...preload, ...execArgv], all)
          : launched(isolated, [...preload, ...execArgv], all),
      endWithParent,
      tracer,
    );
  if (reporting !== undefined) {
    if (!isFilter(filter)) throw needsPolicy();
    const plan = { filter, load, isolation, rest, report: reporting, awaitRunning: undefined };
    if (when !== 'before-user-code')
      return startReported(execPath, plan, (request, tracer) => launched(request, execArgv, stdio, tracer))
        .child;
    // Nothing is refused, io_uring operations included.
    const isolated = { ...isolationRequest(filter, load, isolation), ringVerdicts: new Uint8Array() };
    return startAttached(execPath, plan, tracer => preloaded(isolated, tracer));
  }
  return when === 'before-user-code'
    ? preloaded(isolationRequest(filter, load, isolation))
    : launched(launchRequest(filter, load, isolation), execArgv, stdio);
}

/**
 * The Node options of this process for another one, without `-e` and its code, which Node's fork omits too, and without
 * the option for the code's type.
 */
function ownExecArgv(): readonly string[] {
  const code = own(process as { readonly _eval?: string | undefined }, '_eval');
  const index = code === undefined ? -1 : process.execArgv.lastIndexOf(code);
  return index > 0
    ? process.execArgv.toSpliced(index - 1, 2).filter(option => !option.startsWith('--input-type='))
    : process.execArgv;
}

/** Interprets `stdio` and `silent` as Node does. */
function forkStdio({ stdio, silent }: Pick<Own<ForkOptions>, 'stdio' | 'silent'>): StdioList {
  if (!Array.isArray(stdio)) return [...stdioList(stdio, silent === true ? 'pipe' : 'inherit'), 'ipc'];
  const list = stdioList(stdio);
  if (list.includes('ipc')) return list;
  throw optionError("stdio has no 'ipc'", 'Add it');
}
