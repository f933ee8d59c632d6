// A worker in its own process, all of whose threads are under a profile.
import type { ChildProcess, ForkOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { Transferable, WorkerOptions } from 'node:worker_threads';
import { LoadError, UsageError, WorkerError } from '../../util/errors.js';
import { packageFile } from '../../package-files.js';
import { optionError, badOption, givenOptions, ownOptions } from '../../util/options.js';
import { net, os } from '../../util/builtins.js';
import { noProfile } from '../children/arguments.js';
import { forkSandboxed, type ForkLoad } from '../children/fork.js';
import { planIsolation } from '../isolation/isolate.js';
import { SANDBOX_OPTIONS, type SandboxOptions } from '../children/sandbox.js';
import type { Isolation } from '../isolation/isolation.js';
import { checkClone, DEFAULT_LIMITS, type MessageLimits } from './check-clone.js';
import { pack, unpack, type Packed } from './clone.js';
import { MAX_PAYLOAD, readFrames, writeFrame, type Frame, type FrameStream } from './frames.js';
import { frameOf, ReportReader, type OrderKind, type Start, type ThreadOptions } from './messages.js';
import { unpackThrown } from './thrown.js';
import { own, type Own } from '../../util/own.js';

/** Options of SandboxedWorker: those of Worker, those of its process, and those that confine it. */
export interface SandboxedWorkerOptions
  extends
    SandboxOptions,
    Pick<
      WorkerOptions,
      | 'argv'
      | 'eval'
      | 'execArgv'
      | 'name'
      | 'resourceLimits'
      | 'stderr'
      | 'stdin'
      | 'stdout'
      | 'transferList'
      | 'workerData'
    > {
  /** Environment of the process; default: that of this process. SHARE_ENV is not possible. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** The working directory of the process; default: that of this process. */
  readonly cwd?: string | URL | undefined;
  /** The user of the process: setuid(2). */
  readonly uid?: number | undefined;
  /** The group of the process: setgid(2). */
  readonly gid?: number | undefined;
  /** The path of another Node executable, of the same major version. */
  readonly execPath?: string | undefined;
  /** When the filter is loaded: before Node starts (default), or after its start and before the worker's. */
  readonly load?: ForkLoad | undefined;
  /** The maximum size of a serialized message of the worker, in bytes; default: 16 MiB. A larger one ends the worker. */
  readonly maxMessageSize?: number | undefined;
  /**
   * The maximum cost to deserialize a message of the worker, in units of about 0.2 µs; default: 500,000. A message that
   * costs more ends the worker. docs/workers.md describes the costs.
   */
  readonly maxMessageCost?: number | undefined;
}

/** The events of a SandboxedWorker, which are those of Worker. */
export interface SandboxedWorkerEvents {
  /** The module begins to run. */
  readonly online: [];
  /** The worker has called `parentPort.postMessage`. */
  readonly message: [value: unknown];
  /** A message could not be deserialized. */
  readonly messageerror: [error: Error];
  /** An uncaught error of the worker; a LoadError or a WorkerError if its process failed. */
  readonly error: [error: unknown];
  /** The worker has ended; always the last event. */
  readonly exit: [code: number];
}

interface Referenced {
  ref(): void;
  unref(): void;
}

const THREAD_OPTIONS = ['argv', 'eval', 'execArgv', 'name', 'resourceLimits', 'stdin'] as const;
const OPTIONS: readonly string[] = [
  ...THREAD_OPTIONS,
  ...['cwd', 'env', 'execPath', 'gid', 'load', 'transferList', 'uid', 'workerData'],
  ...['maxMessageSize', 'maxMessageCost'],
  ...SANDBOX_OPTIONS,
];

/** Options for this process or for the thread in the other one, not for `fork`. */
const NOT_OF_FORK: readonly string[] = [
  ...THREAD_OPTIONS,
  ...['stdout', 'stderr', 'workerData', 'transferList', 'maxMessageSize', 'maxMessageCost'],
];

/**
 * How many turns of the event loop to wait, after the process has ended, for `fork` to report that it could not be
 * confined.
 */
const TURNS = 4;

/** The maximum length of the reason why a message could not be deserialized. */
const MAX_REASON = 1000;

const RELAY = 'bundle/sandboxed-worker-relay.js';

/**
 * A worker with the interface of Worker of node:worker_threads, for a module that runs in a separate process under a
 * profile. In that process the module is a worker thread: `parentPort`, `workerData` and everything else of
 * node:worker_threads are Node's own.
 *
 * Throws the errors of `compile`, UsageError, and DataCloneError for workerData that cannot be cloned. A filter that
 * cannot be loaded is an `error` event with a LoadError, and the module does not run. If the process ends before the
 * worker, for example because its profile kills, there is an `error` event with a WorkerError. The same happens if the
 * process exceeds the limits of messages or violates the protocol, which ends the worker. Source:
 * https://nodejs.org/api/worker_threads.html#class-worker
 */
export class SandboxedWorker extends EventEmitter<{
  [Name in keyof SandboxedWorkerEvents]: SandboxedWorkerEvents[Name];
}> {
  /** The standard output of the worker; also written to process.stdout unless `stdout` is true. */
  readonly stdout: Readable;
  /** The standard error of the worker; also written to process.stderr unless `stderr` is true. */
  readonly stderr: Readable;
  /** The standard input of the worker with `stdin: true`, otherwise null. */
  readonly stdin: Writable | null;
  /** The id of its process, in place of Worker's threadId; undefined if it could not be started. */
  readonly pid: number | undefined;
  /** The isolation of its process. */
  readonly isolation: Isolation;
  readonly #child: ChildProcess | undefined;
  readonly #channel: Socket | undefined;
  readonly #ended: Promise<number>;
  readonly #limits: MessageLimits;
  readonly #reports = new ReportReader();
  #frames: FrameStream | undefined;
  #isReferenced = true;
  /** Set once its end has a known cause: the worker itself, an error or terminate. */
  #told: { readonly code: number } | undefined;
  #isOver = false;

  constructor(filename: string | URL, given: SandboxedWorkerOptions) {
    super();
    if ((given as unknown) === undefined) throw noProfile();
    const options = ownOptions(given, OPTIONS, ['stdout', 'stderr']);
    this.#limits = limitsOf(options);
    const start = startOrder(filename, options);
    this.isolation = planIsolation(options.isolation).receipt;
    this.#child = this.#start(options);
    // The last socket, because the channel of `fork` is not a socket.
    this.#channel = this.#child === undefined ? undefined : socketsOf(this.#child).at(-1);
    this.pid = own(this.#child, 'pid');
    this.stdin = this.#child?.stdin ?? null;
    this.stdout = this.#child?.stdout ?? new PassThrough().end();
    this.stderr = this.#child?.stderr ?? new PassThrough().end();
    if (options.stdout !== true) forward(this.stdout, process.stdout);
    if (options.stderr !== true) forward(this.stderr, process.stderr);
    this.#ended = new Promise(resolve => this.once('exit', resolve));
    if (this.#child !== undefined) this.#watch(this.#child);
    this.#send('start', start);
  }

  /**
   * Sends a clone of a value. Array buffers in the list are copied, and detached as if they had been transferred.
   * Throws DataCloneError (DOMException) for values that cannot be cloned or transferred to another process.
   */
  postMessage(value: unknown, transferList: readonly Transferable[] = []): void {
    this.#send('message', pack(value, transferList));
  }

  /** Kills its process. Resolves to the exit code: 1, unless the worker has already ended. */
  terminate(): Promise<number> {
    if (!this.#isOver) {
      this.#told ??= { code: 1 };
      this.#frames?.stop();
      this.#child?.kill('SIGKILL');
      // Programs that the worker has started may keep these open.
      for (const socket of this.#child === undefined ? [] : socketsOf(this.#child)) socket.destroy();
    }
    return this.#ended;
  }

  /** Keeps this process alive while the worker runs (default). */
  ref(): void {
    this.#isReferenced = true;
    for (const handle of this.#handles()) handle.ref();
  }

  /** Lets this process end before the worker, which then ends too. */
  unref(): void {
    this.#isReferenced = false;
    for (const handle of this.#handles()) handle.unref();
  }

  /** All handles of the process that keep the event loop alive. */
  #handles(): readonly Referenced[] {
    return this.#child === undefined ? [] : [this.#child, ...socketsOf(this.#child)];
  }

  /**
   * Ensures that the exit event follows all output and messages. ChildProcess would also wait for the channel of `fork`.
   */
  #watch(child: ChildProcess): void {
    const sockets = socketsOf(child);
    let awaited = sockets.length + 1;
    let code: number | null = 1;
    let signal: NodeJS.Signals | null = null;
    const ended = (): void => {
      if (--awaited === 0) this.#close(code, signal);
    };
    for (const socket of sockets) {
      if (socket === this.#channel) this.#read(socket, ended);
      else socket.once('close', ended);
    }
    child.once('exit', (...how) => {
      [code, signal] = how;
      ended();
    });
    child.on('error', error => {
      try {
        this.#fail(error);
      } finally {
        // If the process did not start, it emits no exit event.
        if (own(child, 'pid') === undefined) ended();
      }
    });
  }

  #read(channel: Socket, closed: () => void): void {
    // The exit of the process reports this.
    channel.on('error', () => undefined);
    this.#frames = readFrames(channel, {
      maxPayload: this.#limits.maxMessageSize,
      isReferenced: () => this.#isReferenced,
      frame: frame => {
        this.#take(frame);
      },
      failed: error => {
        this.#end(error);
      },
      closed,
    });
  }

  #start(options: Own<SandboxedWorkerOptions>): ChildProcess | undefined {
    const stdin = options.stdin === true ? 'pipe' : 'ignore';
    const rest = givenOptions<ForkOptions & SandboxOptions>(
      options,
      OPTIONS.filter(name => !NOT_OF_FORK.includes(name)),
    );
    try {
      const child = forkSandboxed(
        packageFile(RELAY),
        [],
        {
          ...rest,
          profile: options.profile,
          execArgv: [],
          stdio: [stdin, 'pipe', 'pipe', 'ipc', 'pipe'],
          // A separate session has no terminal. With one, the child as foreground process group could stop this
          // process.
          detached: true,
        },
        true,
      );
      // Disconnects before anything can be written to the channel of `fork`.
      if (child.connected) child.disconnect();
      return child;
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
      process.nextTick(() => {
        try {
          this.#fail(error);
        } finally {
          this.#close(1, null);
        }
      });
      return undefined;
    }
  }

  #send(kind: OrderKind, payload: Packed): void {
    // As with Worker, messages after the end are lost.
    if (this.#channel?.writable === true) writeFrame(this.#channel, frameOf(kind, payload));
  }

  #take(frame: Frame): void {
    let event: readonly [name: string, ...values: unknown[]] | undefined;
    try {
      event = this.#eventOf(frame);
    } catch (error) {
      if (error instanceof WorkerError) {
        this.#end(error);
        return;
      }
      event = ['messageerror', shortened(error)];
    }
    // The data comes from another process, so the types of the events are not guaranteed.
    if (event !== undefined) (this as EventEmitter).emit(...event);
  }

  #eventOf(frame: Frame): readonly [name: string, ...values: unknown[]] | undefined {
    const kind = this.#reports.kindOf(frame);
    const { payload } = frame;
    switch (kind) {
      case 'online':
        return [kind];
      case 'message':
        checkClone(payload, this.#limits);
        return [kind, unpack(payload)];
      case 'messageerror':
      case 'error':
        checkClone(payload, this.#limits);
        return [kind, unpackThrown(payload)];
      case 'exit':
        this.#told ??= { code: payload[0] ?? 1 };
        return undefined;
    }
  }

  /** Ends a worker that has violated the protocol. */
  #end(error: WorkerError): void {
    void this.terminate();
    // Overrides any earlier exit code.
    this.#told = { code: 1 };
    this.emit('error', error);
  }

  #fail(error: Error): void {
    this.#told ??= { code: 1 };
    this.emit('error', error);
  }

  #close(code: number | null, signal: NodeJS.Signals | null, turns = TURNS): void {
    this.#isOver = true;
    if (this.#told === undefined && turns > 0) {
      setImmediate(() => {
        this.#close(code, signal, turns - 1);
      });
      return;
    }
    const status = signal === null ? (code ?? 1) : 128 + os().constants.signals[signal];
    try {
      if (this.#told === undefined) this.emit('error', endedEarly(code, signal));
    } finally {
      // Emitted even if the error event throws, because it has no listener or a listener throws.
      this.emit('exit', this.#told?.code ?? status);
    }
  }
}

/** The sockets of a child. Without free descriptors there are no streams, which the types do not express. */
const socketsOf = (child: { readonly stdio?: readonly unknown[] }): readonly Socket[] =>
  (own(child, 'stdio') ?? []).filter(stream => stream instanceof net().Socket);

function startOrder(filename: string | URL, options: Own<SandboxedWorkerOptions>): Packed {
  const isUrl = filename instanceof URL;
  if (!isUrl && typeof filename !== 'string') {
    throw new UsageError(
      'bad-argument',
      'the file of a worker must be a path or a URL',
      'Pass a string or a URL',
    );
  }
  if (typeof options.env === 'symbol') {
    throw optionError('env cannot be shared with another process', 'Pass an object');
  }
  const given = THREAD_OPTIONS.filter(name => options[name] !== undefined);
  // Not the options of this process, which are Node's default; the worker has its own in execArgv.
  const thread: ThreadOptions = {
    execArgv: [],
    ...Object.fromEntries(given.map(name => [name, options[name]])),
  };
  const module = isUrl ? filename.href : filename;
  const start: Start = { module, isUrl, workerData: options.workerData, options: thread };
  return pack(start, options.transferList);
}

/** Reads the message limits. Throws UsageError (`bad-option`). */
function limitsOf(options: Own<SandboxedWorkerOptions>): MessageLimits {
  const limit = (name: keyof MessageLimits, most: number): number => {
    const { [name]: value = DEFAULT_LIMITS[name] } = options;
    if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
    throw badOption(name, value, `Pass a whole number from 1 to ${most}`);
  };
  return {
    maxMessageSize: limit('maxMessageSize', MAX_PAYLOAD),
    maxMessageCost: limit('maxMessageCost', Number.MAX_SAFE_INTEGER),
  };
}

/** Forwards data to a stream of this process, pausing until it has been written. */
function forward(from: Readable, to: NodeJS.WriteStream): void {
  from.on('data', (chunk: Buffer) => {
    from.pause();
    to.write(chunk, () => from.resume());
  });
}

/** Shortens an error, because V8 quotes the data that it could not deserialize, for example a whole RegExp. */
function shortened(error: unknown): unknown {
  if (!(error instanceof Error) || error.message.length <= MAX_REASON) return error;
  return new TypeError(`${error.message.slice(0, MAX_REASON)}…`);
}

function endedEarly(code: number | null, signal: NodeJS.Signals | null): WorkerError {
  const how = signal === null ? `ended with status ${code ?? 1}` : `was ended by ${signal}`;
  const remedy =
    signal === 'SIGSYS'
      ? 'Its profile kills for a call that it made: allow the call, or use an errno'
      : 'Check its standard error, and the calls that its profile refuses while Node starts';
  return new WorkerError(
    'worker-ended',
    `the process of the worker ${how} before the worker`,
    remedy,
    signal,
  );
}
