// spawn of node:child_process, for a command that is under a filter from its first instruction on.
import type {
  ChildProcess,
  ChildProcessByStdio,
  ChildProcessWithoutNullStreams,
  SpawnOptions,
  SpawnOptionsWithoutStdio,
  SpawnOptionsWithStdioTuple,
  StdioNull,
  StdioPipe,
} from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { REPORT_OPTIONS, type ViolationReportOptions } from '../supervise/report.js';
import { superviseSandboxed } from '../supervise/supervise.js';
import { argumentsOf } from './arguments.js';
import { commandOf, launchRequest } from './launch/launch.js';
import { sandbox, SANDBOX_OPTIONS, type SandboxOptions } from './sandbox.js';
import { SPAWN_OPTIONS, spawnWith, startChild } from './launch/start-child.js';
import { stdioList } from './launch/stdio.js';
import { givenOptions, ownOptions } from '../../util/options.js';

/** Options that confine a command or report refusals. */
type Options = SandboxOptions & ViolationReportOptions;

/**
 * Starts a command under a profile, which only needs to allow execve and the calls of the command. Options, events and
 * the result are those of `spawn` of node:child_process. This process is not confined, and the command is isolated from
 * it (`isolation`).
 *
 * The profile is compiled first. Throws the errors of `compile`, UsageError, and LoadError if the filter cannot be
 * loaded; then nothing has run. If the command cannot be executed, it emits and throws the same errors as Node. With
 * `onViolation` or `reportOnly`, the command is started as by `supervise`. Source:
 * https://nodejs.org/api/child_process.html#child_processspawncommand-args-options
 */
export function spawn(
  command: string,
  options: SpawnOptionsWithoutStdio & Options,
): ChildProcessWithoutNullStreams;
export function spawn<
  In extends StdioNull | StdioPipe,
  Out extends StdioNull | StdioPipe,
  Err extends StdioNull | StdioPipe,
>(
  command: string,
  options: SpawnOptionsWithStdioTuple<In, Out, Err> & Options,
): ChildProcessByStdio<
  In extends StdioPipe ? Writable : null,
  Out extends StdioPipe ? Readable : null,
  Err extends StdioPipe ? Readable : null
>;
export function spawn(command: string, options: SpawnOptions & Options): ChildProcess;
export function spawn(
  command: string,
  args: readonly string[],
  options: SpawnOptionsWithoutStdio & Options,
): ChildProcessWithoutNullStreams;
export function spawn<
  In extends StdioNull | StdioPipe,
  Out extends StdioNull | StdioPipe,
  Err extends StdioNull | StdioPipe,
>(
  command: string,
  args: readonly string[],
  options: SpawnOptionsWithStdioTuple<In, Out, Err> & Options,
): ChildProcessByStdio<
  In extends StdioPipe ? Writable : null,
  Out extends StdioPipe ? Readable : null,
  Err extends StdioPipe ? Readable : null
>;
export function spawn(
  command: string,
  args: readonly string[],
  options: SpawnOptions & Options,
): ChildProcess;
export function spawn(
  file: string,
  second: readonly string[] | (SpawnOptions & Options),
  third?: SpawnOptions & Options,
): ChildProcess {
  const [args, options] = argumentsOf(second, third);
  return spawnSandboxed(file, args, options, false);
}

/** `spawn`; with `endWithParent`, the kernel kills the command when the thread that starts it ends. */
export function spawnSandboxed(
  file: string,
  args: readonly string[],
  given: SpawnOptions & Options,
  endWithParent: boolean,
): ChildProcess {
  const all = ownOptions(given, [...SPAWN_OPTIONS, ...SANDBOX_OPTIONS, ...REPORT_OPTIONS]);
  const options = givenOptions<SpawnOptions & Options>(all, Object.keys(all)) as SpawnOptions & Options;
  if (all.onViolation !== undefined || all.reportOnly !== undefined)
    return superviseSandboxed(file, args, options, endWithParent).child;
  const { filter, load, isolation, rest } = sandbox(options, SPAWN_OPTIONS, endWithParent);
  const command = commandOf(file, args, rest);
  const request = launchRequest(filter, load, isolation);
  return startChild(request, command, stdioList(rest.stdio), spawnWith(rest));
}
