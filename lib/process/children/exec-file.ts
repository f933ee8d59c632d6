// execFile of node:child_process, for a command that is under a filter from its first instruction on.
import type { ChildProcess, ExecFileException, ExecFileOptions, PromiseWithChild } from 'node:child_process';
import { promisify } from 'node:util';
import { argumentsOf } from './arguments.js';
import { os } from '../../util/builtins.js';
import { collect } from './collect.js';
import { REPORT_OPTIONS, type ViolationReportOptions } from '../supervise/report.js';
import { SANDBOX_OPTIONS, type SandboxOptions } from './sandbox.js';
import { spawn } from './spawn.js';
import { bare } from '../../util/own.js';
import { badOption, givenOptions, ownOptions } from '../../util/options.js';
import { SPAWN_OPTIONS } from './launch/start-child.js';

type Options = ExecFileOptions & SandboxOptions & ViolationReportOptions;
/** As with Node, null is none. */
type Callback<Output> = ((error: ExecFileException | null, stdout: Output, stderr: Output) => void) | null;
type AnyCallback = Callback<string> | Callback<Buffer>;
type BufferOptions = Options & { readonly encoding: 'buffer' | null };
type StringOptions = Options & { readonly encoding?: BufferEncoding };

interface Written<Output> {
  stdout: Output;
  stderr: Output;
}
type Promised<Output> = PromiseWithChild<Written<Output>>;

interface ExecFile {
  (file: string, options: BufferOptions, callback?: Callback<Buffer>): ChildProcess;
  (file: string, options: StringOptions, callback?: Callback<string>): ChildProcess;
  (file: string, args: readonly string[], options: BufferOptions, callback?: Callback<Buffer>): ChildProcess;
  (file: string, args: readonly string[], options: StringOptions, callback?: Callback<string>): ChildProcess;
  readonly [promisify.custom]: {
    (file: string, options: BufferOptions): Promised<Buffer>;
    (file: string, options: StringOptions): Promised<string>;
    (file: string, args: readonly string[], options: BufferOptions): Promised<Buffer>;
    (file: string, args: readonly string[], options: StringOptions): Promised<string>;
  };
}

/**
 * Runs a command under a profile and passes its output to a callback, with the options and the errors of `execFile` of
 * node:child_process. `promisify` works as for Node's function.
 *
 * Throws as `spawn` does if the profile cannot be compiled or the filter cannot be loaded; then nothing has run.
 * Source: https://nodejs.org/api/child_process.html#child_processexecfilefile-args-options-callback
 */
export const execFile: ExecFile = Object.assign(
  (
    file: string,
    second: readonly string[] | Options,
    third?: Options | AnyCallback,
    fourth?: AnyCallback,
  ): ChildProcess => {
    if (typeof third === 'function' && (fourth as unknown) !== undefined)
      throw badOption('options', third, 'Pass the options before the callback');
    const noList = third === null && !Array.isArray(second);
    const [given, callback] = typeof third === 'function' || noList ? [undefined, third] : [third, fourth];
    const [args, options] = argumentsOf(second, given ?? undefined);
    // The overloads pair each encoding with its callback type.
    return run(file, args, options, callback as Finish | null | undefined);
  },
  {
    [promisify.custom]: (file: string, ...rest: [Options] | [readonly string[], Options]) => {
      const [args, options] = argumentsOf(rest[0], rest[1]);
      return promised(file, args, options);
    },
  },
) as ExecFile;

type Finish = Callback<string | Buffer>;

/** The options that are implemented here rather than by `spawn`. */
const OWN: readonly string[] = ['encoding', 'killSignal', 'maxBuffer', 'timeout'];

const OPTIONS: readonly string[] = [
  ...new Set([...OWN, ...SPAWN_OPTIONS, ...SANDBOX_OPTIONS, ...REPORT_OPTIONS]),
];

function run(
  file: string,
  args: readonly string[],
  given: Options,
  finish: Finish | null | undefined,
): ChildProcess {
  const options = ownOptions(given, OPTIONS);
  const { encoding, maxBuffer = 1024 * 1024, timeout = 0, killSignal = 'SIGTERM' } = options;
  const rest = givenOptions<Options>(
    options,
    OPTIONS.filter(name => !OWN.includes(name)),
  ) as Options;
  const isTimeout = Number.isInteger(timeout) && timeout >= 0;
  check('timeout', timeout, isTimeout, 'Pass milliseconds as a whole number; 0 is no limit');
  const isSize = typeof maxBuffer === 'number' && maxBuffer >= 0;
  check('maxBuffer', maxBuffer, isSize, 'Pass a number of bytes');
  const isSignal = Object.entries(os().constants.signals).flat().includes(killSignal);
  check('killSignal', killSignal, isSignal, 'Pass the name or the number of a signal, such as SIGTERM');
  const isCallback = finish === undefined || finish === null || typeof finish === 'function';
  check('callback', finish, isCallback, 'Pass a function');

  const child = spawn(file, args, bare({ ...rest, stdio: 'pipe' as const }));
  let failure: ExecFileException | undefined;
  let killed = false;
  let timer: NodeJS.Timeout | undefined;

  const destroyOutput = (): void => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const kill = (): void => {
    destroyOutput();
    killed = true;
    try {
      child.kill(killSignal);
    } catch (error) {
      failure ??= error as ExecFileException;
      end(0, null);
    }
  };
  const overflow = (stream: string) => (): void => {
    const code = 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
    failure = Object.assign(new RangeError(`${stream} maxBuffer length exceeded`), { code });
    kill();
  };
  const stdout = collect(child.stdout, encoding, maxBuffer, overflow('stdout'));
  const stderr = collect(child.stderr, encoding, maxBuffer, overflow('stderr'));

  let ended = false;
  const end = (code: number | null, signal: NodeJS.Signals | null): void => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    const written = [stdout(), stderr()] as const;
    if (failure === undefined && code === 0 && signal === null) {
      finish?.(null, ...written);
      return;
    }
    const cmd = [file, ...args].join(' ');
    const error =
      failure ??
      Object.assign(new Error(`Command failed: ${cmd}\n${written[1].toString()}`), {
        code,
        killed: child.killed || killed,
        signal,
      });
    finish?.(Object.assign(error, { cmd }) as ExecFileException, ...written);
  };
  child.on('close', end);
  child.on('error', error => {
    failure = error;
    destroyOutput();
    end(0, null);
  });
  if (timeout > 0) timer = setTimeout(kill, timeout);
  return child;
}

function check(option: string, value: unknown, holds: boolean, remedy: string): void {
  if (!holds) throw badOption(option, value, remedy);
}

function promised(file: string, args: readonly string[], options: Options): Promised<string | Buffer> {
  let child: ChildProcess | undefined;
  const promise = new Promise<Written<string | Buffer>>((resolve, reject) => {
    child = run(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(Object.assign(error as Error, { stdout, stderr }));
    });
  });
  // Without a child, the promise is already rejected.
  return Object.assign(promise, { child: child as unknown as ChildProcess });
}
