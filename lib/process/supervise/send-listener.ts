// Sends a listener to an agent, as a container runtime does, without blocking the event loop.
import { errnoName } from '../../kernel/errno.js';
import { LoadError } from '../../util/errors.js';
import { isFailure, native, type Failure, describeFailure } from '../../native.js';
import type { Own } from '../../util/own.js';
import { optionError, ownOptions } from '../../util/options.js';
import { containerState } from './container-state.js';
import { checkTime } from './time.js';

/** Data about the process for the agent. */
export interface SentProcess {
  /** The id of the process for the agent, like the id of a container. */
  readonly id: string;
  /** The process under the filter. Default: this one. */
  readonly pid?: number;
  /** `listenerMetadata` of the profile, if any. */
  readonly metadata?: string;
  /** The annotations of the container. Default: none. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** How long to retry while the agent's queue is full, in milliseconds. Default: 10,000. */
  readonly timeout?: number;
}

/** The default time to wait for space in an agent's queue, in milliseconds. */
const AGENT_TIMEOUT = 10_000;

const OPTIONS: readonly string[] = ['id', 'pid', 'metadata', 'annotations', 'timeout'];

/**
 * Milliseconds between two attempts, because the kernel does not signal when a queue of connections has space again.
 */
const INTERVAL = 20;

/**
 * Sends a listener to the agent at a path, such as the `listenerPath` of a profile, and closes it here: from then on the
 * agent handles the calls. Fulfilled when the listener is in the agent's queue, without waiting for a reply. If the
 * queue is full, it retries for `timeout` milliseconds, without blocking the event loop.
 *
 * Rejected with LoadError (`agent-unreachable`, with the errno; ETIMEDOUT if the queue stayed full), in which case the
 * listener stays open, and UsageError (`bad-option`).
 * Source: OCI runtime-spec, config-linux.md, "The Container Process State".
 */
export async function sendListener(listener: number, path: string, options: SentProcess): Promise<void> {
  await beginSending(listener, path, options);
}

/** As `sendListener`, but makes the first attempt at once, and throws if it fails permanently. */
export function beginSending(listener: number, path: string, options: SentProcess): Promise<void> {
  const given = ownOptions(options, OPTIONS);
  const timeout = given.timeout ?? AGENT_TIMEOUT;
  checkTime('timeout', timeout);
  const delivery = new Delivery(listener, path, stateOf(given));
  const deadline = performance.now() + timeout;
  if (delivery.advance()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const attempt = (): void => {
      try {
        if (delivery.advance()) resolve();
        else if (performance.now() < deadline) setTimeout(attempt, INTERVAL);
        else delivery.fail({ failed: 'connect', errno: ETIMEDOUT });
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    setTimeout(attempt, INTERVAL);
  });
}

const ETIMEDOUT = 110;

function stateOf({ id, pid = process.pid, metadata, annotations = {} }: Own<SentProcess>): Buffer {
  if (typeof id !== 'string' || !Number.isInteger(pid))
    throw optionError('id must be a string and pid a number', 'Pass a string and a number');
  return Buffer.from(
    containerState({
      ociVersion: '1.0.2',
      pid,
      metadata,
      container: { id, status: 'creating', pid, bundle: process.cwd(), annotations },
    }),
  );
}

/** A listener that is being sent, and the progress so far. */
class Delivery {
  #socket: number | undefined;
  #rest: Buffer;
  #listener: number;
  readonly #own: number;
  readonly #path: string;

  constructor(listener: number, path: string, state: Buffer) {
    this.#own = this.#listener = listener;
    this.#path = path;
    this.#rest = state;
  }

  /** Makes progress without waiting. Returns whether the listener was sent; throws LoadError. */
  advance(): boolean {
    const socket = (this.#socket ??= this.#connect());
    if (socket === undefined) return false;
    while (this.#rest.length > 0) {
      const count = native().sendMessage(socket, this.#rest, this.#listener);
      if (isFailure(count)) {
        if (errnoName(count.errno) === 'EAGAIN') return false;
        return this.fail(count);
      }
      this.#rest = this.#rest.subarray(count);
      this.#listener = -1;
    }
    native().closeDescriptor(socket);
    native().closeDescriptor(this.#own);
    return true;
  }

  /** Stops sending. Throws LoadError. */
  fail(failure: Failure): never {
    if (this.#socket !== undefined) native().closeDescriptor(this.#socket);
    throw unreachable(this.#path, failure);
  }

  #connect(): number | undefined {
    const socket = native().connectTo(this.#path);
    if (!isFailure(socket)) return socket;
    if (errnoName(socket.errno) === 'EAGAIN') return undefined;
    return this.fail(socket);
  }
}

const unreachable = (path: string, failure: Failure): LoadError =>
  new LoadError(
    'agent-unreachable',
    `the listener cannot be sent to the agent at ${path} (${describeFailure(failure)})`,
    failure.errno === ETIMEDOUT ? 'Check why the agent does not accept connections' : 'Start the agent first',
    { errno: failure.errno },
  );
