// An agent for `listenerPath`: responds to the calls of containers that runc, crun and other runtimes start.
import { errnoName } from '../../kernel/errno.js';
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { LoadError, SupervisionError } from '../../util/errors.js';
import { isFailure, native, type Failure, type WatchHandle, describeFailure } from '../../native.js';
import { optionError, ownOptions } from '../../util/options.js';
import type { Supervisor } from './serve-listener.js';
import { badState, parseContainerState, type ContainerProcess } from './container-state.js';
import { jsonEnd } from './json-end.js';
import { superviseListener, type HandlerOptions } from './handlers.js';
import { keepingAlive } from './event-loop.js';

/** Options of an agent. */
export interface AgentOptions {
  /** Called with the error for connections without a listener or that could not be accepted. Default: errors are ignored. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** An agent that waits for containers and handles their calls. */
export interface ContainerAgent {
  /** The container processes that are being supervised. */
  readonly serving: number;
  /** Removes the socket and stops supervising: later calls of those containers fail with ENOSYS. */
  close(): void;
  /** Keeps the event loop alive (default). */
  ref(): void;
  /** Lets the process end while the agent is waiting. */
  unref(): void;
}

/** The maximum time for a runtime to send the state, in milliseconds. */
const PATIENCE = 10_000;
/** The maximum size of a state, in bytes. */
const MAX_STATE = 1024 * 1024;
/** The maximum number of descriptors with a state. */
const MAX_DESCRIPTORS = 16;
/** The maximum number of connections without a complete state. */
const MAX_CONNECTIONS = 256;

/**
 * Listens at a path for container runtimes, which connect once for every process that loads a profile with that
 * `listenerPath`. `serve` returns the handlers for its calls; if it returns nothing, they fail with ENOSYS.
 *
 * Only this user can connect to the socket (0600), because whoever can connect can have calls handled here. Throws
 * LoadError (`agent-refused`, with the errno) if the socket cannot be created, UsageError (`bad-option`). Source: OCI
 * runtime-spec, config-linux.md, "Seccomp": `listenerPath`.
 */
export function listenForContainers(
  path: string,
  serve: (container: ContainerProcess) => HandlerOptions | undefined,
  options: AgentOptions = {},
): ContainerAgent {
  const { onError = () => undefined } = ownOptions(options, ['onError']);
  if (typeof path !== 'string' || path.includes('\0') || typeof serve !== 'function')
    throw optionError('an agent needs a path and a function', 'Pass both');
  const socket = native().listenAt(path);
  if (isFailure(socket)) throw refused(path, socket);

  const supervisors = new Set<Supervisor>();
  const connections = new Set<() => void>();
  let spare = openSpare();
  const releaseSpare = (): void => {
    if (spare !== undefined) closeSync(spare);
    spare = undefined;
  };

  /**
   * Rejects a connection with a spare descriptor if no others are free: otherwise it would stay in the queue, and the
   * event loop would call back at once.
   */
  const refuseOne = (reason: string): void => {
    releaseSpare();
    const connection = native().acceptConnection(socket);
    if (!isFailure(connection)) native().closeDescriptor(connection);
    spare = openSpare();
    onError(
      new SupervisionError(
        'connection-refused',
        `a connection to the agent could not be accepted: ${reason}`,
        'Raise the limit of open files, or serve fewer containers in one process',
      ),
    );
  };

  const watch = native().watch(socket, () => {
    for (let count = 0; count < MAX_CONNECTIONS; count++) {
      const connection = native().acceptConnection(socket);
      if (isFailure(connection)) {
        if (errnoName(connection.errno) !== 'EAGAIN') refuseOne(errnoName(connection.errno));
        return;
      }
      if (connections.size < MAX_CONNECTIONS) receive(connection);
      else native().closeDescriptor(connection);
    }
  });
  if (isFailure(watch)) {
    native().closeDescriptor(socket);
    releaseSpare();
    throw refused(path, watch);
  }

  function receive(connection: number): void {
    const descriptors: number[] = [];
    const parts: Uint8Array[] = [];
    const atEnd = jsonEnd();
    let size = 0;
    const end = (): void => {
      connections.delete(end);
      clearTimeout(timer);
      if (!isFailure(handle)) native().watchStop(handle);
      for (const descriptor of descriptors.splice(0)) native().closeInBackground(descriptor);
    };
    const fail = (error: unknown): void => {
      end();
      onError(error);
    };
    const timer = setTimeout(() => {
      fail(badState('it did not arrive in time'));
    }, PATIENCE).unref();
    const handle: WatchHandle | Failure = native().watch(connection, () => {
      const message = native().receiveMessage(connection);
      if (isFailure(message)) {
        if (errnoName(message.errno) !== 'EAGAIN') fail(badState(errnoName(message.errno)));
        return;
      }
      descriptors.push(...message.descriptors);
      parts.push(message.data);
      size += message.data.byteLength;
      const isEnd = message.data.byteLength === 0;
      if (descriptors.length > MAX_DESCRIPTORS) {
        fail(badState('it has too many descriptors'));
        return;
      }
      // A runtime closes the connection after the state, but may delay that.
      if (!atEnd(message.data) && !isEnd && size <= MAX_STATE) return;
      try {
        take(Buffer.concat(parts).toString(), descriptors);
        end();
      } catch (error) {
        fail(error);
      }
    });
    if (isFailure(handle)) {
      native().closeDescriptor(connection);
      clearTimeout(timer);
      return;
    }
    connections.add(end);
  }

  /** Serves a process. Removes its listener from the list of descriptors. */
  function take(text: string, descriptors: number[]): void {
    const { process, listenerIndex } = parseContainerState(text);
    const listener = descriptors[listenerIndex];
    if (listener === undefined) throw badState('it has no listener');
    const handlers = serve(process);
    if (handlers === undefined) return;
    const supervisor = superviseListener(listener, handlers);
    descriptors.splice(listenerIndex, 1);
    supervisors.add(supervisor);
    void supervisor.finished.then(() => supervisors.delete(supervisor));
  }

  let closed = false;
  return {
    get serving() {
      return supervisors.size;
    },
    close() {
      if (closed) return;
      closed = true;
      removeSocket(path);
      native().watchStop(watch);
      releaseSpare();
      for (const end of [...connections]) end();
      for (const supervisor of supervisors) supervisor.close();
    },
    ...keepingAlive(watch, () => closed),
  };
}

/** Opens a spare descriptor to close when no others are free; undefined if that fails. */
function openSpare(): number | undefined {
  try {
    return openSync('/dev/null', 'r');
  } catch {
    return undefined;
  }
}

function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another process has removed it.
  }
}

const refused = (path: string, failure: Failure): LoadError =>
  new LoadError(
    'agent-refused',
    `the agent cannot listen at ${path} (${describeFailure(failure)})`,
    errnoName(failure.errno) === 'EADDRINUSE'
      ? 'Remove the file if an earlier agent has left it'
      : 'Pass a path of at most 107 bytes in a directory that exists',
    { errno: failure.errno },
  );
