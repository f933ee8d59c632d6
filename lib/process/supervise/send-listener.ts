// Hands a listener to an agent, as a container runtime does.
import { LoadError, UsageError } from '../../errors.js';
import { isFailure, native, type Failure } from '../../native.js';
import { ownOptions } from '../../policy/options.js';
import { containerState } from './container-state.js';

/** What an agent is told about a process. */
export interface SentProcess {
  /** Names the process to the agent as a container's id would. */
  readonly id: string;
  /** The process under the filter. Default: this one. */
  readonly pid?: number;
  /** `listenerMetadata` of the profile, if any. */
  readonly metadata?: string;
  /** Those of the container; none unless given. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Sends a listener to the agent at a path, such as `listenerPath` of a profile names, and closes it here: the agent
 * answers from then on. Waits until the agent's queue takes it, which needs no answer.
 *
 * Throws LoadError (`agent-unreachable`, with the errno), with which the listener stays open, and UsageError (`bad-option`).
 * Source: OCI runtime-spec, config-linux.md, "The Container Process State".
 */
export function sendListener(listener: number, path: string, options: SentProcess): void {
  const given = ownOptions(options, ['id', 'pid', 'metadata', 'annotations']);
  const { id, pid = process.pid, metadata, annotations = {} } = given;
  if (typeof id !== 'string' || !Number.isInteger(pid))
    throw new UsageError('bad-option', 'id is a text and pid a number', 'Give both as such');
  const socket = native().connectTo(path);
  if (isFailure(socket)) throw unreachable(path, socket);
  const state = containerState({
    ociVersion: '1.0.2',
    pid,
    metadata,
    container: { id, status: 'creating', pid, bundle: process.cwd(), annotations },
  });
  const failure = native().sendMessage(socket, Buffer.from(state), listener);
  native().closeDescriptor(socket);
  if (failure !== undefined) throw unreachable(path, failure);
  native().closeDescriptor(listener);
}

const unreachable = (path: string, { failed, errno, errnoName }: Failure): LoadError =>
  new LoadError(
    'agent-unreachable',
    `the listener cannot be sent to the agent at ${path} (${failed}: ${errnoName})`,
    'Start the agent first',
    { errno },
  );
