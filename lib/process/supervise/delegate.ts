// Starts a command whose calls an agent handles, as container runtimes do for `listenerPath`.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { UsageError } from '../../util/errors.js';
import { isFilter } from '../../filter/filter.js';
import { native } from '../../native.js';
import { argumentsOf } from '../children/arguments.js';
import { sandbox, SANDBOX_OPTIONS, type SandboxOptions } from '../children/sandbox.js';
import { SPAWN_OPTIONS } from '../children/launch/start-child.js';
import { CONTINUE } from './response.js';
import { beginSending } from './send-listener.js';
import { startWithListener } from './start.js';
import { givenOptions, ownOptions } from '../../util/options.js';
import { own } from '../../util/own.js';
import { checkTime } from './time.js';

export interface DelegateOptions extends SpawnOptions, SandboxOptions {
  /** How long to retry while the agent's queue is full, in milliseconds. Default: 10,000. */
  readonly agentTimeout?: number | undefined;
}

const CHILD: readonly string[] = [...SPAWN_OPTIONS, ...SANDBOX_OPTIONS];

/**
 * Starts a command as `spawn` does, and sends its listener to the agent at the `listenerPath` of the profile, with its
 * `listenerMetadata`. Earlier calls wait. If the agent's queue is full, it retries for `agentTimeout` milliseconds
 * without blocking the event loop. If the listener cannot be sent, the command is killed, and the child emits `error`
 * with a LoadError (`agent-unreachable`, ETIMEDOUT).
 *
 * Throws the errors of `spawn`; UsageError (`no-listener-path`) for a profile without one; LoadError
 * (`agent-unreachable`).
 */
export function delegate(command: string, options: DelegateOptions): ChildProcess;
export function delegate(command: string, args: readonly string[], options: DelegateOptions): ChildProcess;
export function delegate(
  file: string,
  second: readonly string[] | DelegateOptions,
  third?: DelegateOptions,
): ChildProcess {
  const [args, options] = argumentsOf(second, third);
  const given = ownOptions(options, [...CHILD, 'agentTimeout']);
  const { agentTimeout } = given;
  if (agentTimeout !== undefined) checkTime('agentTimeout', agentTimeout);
  const others = givenOptions<SpawnOptions & SandboxOptions>(given, CHILD) as SpawnOptions & SandboxOptions;
  const { filter, load, isolation, rest } = sandbox(others, SPAWN_OPTIONS);
  const agent = isFilter(filter) ? own(filter.policy, 'listener') : undefined;
  if (agent === undefined) {
    throw new UsageError(
      'no-listener-path',
      'the profile names no agent',
      'Add a listenerPath, or use supervise',
    );
  }
  const { child, listener } = startWithListener(file, args, {
    ...{ filter, load, isolation, rest },
    atStart: () => CONTINUE,
  });
  const [pid, metadata] = [own(child, 'pid'), own(agent, 'metadata')];
  if (listener === undefined || pid === undefined) return child;
  const kill = (): void => {
    child.kill('SIGKILL');
    native().closeDescriptor(listener);
  };
  let sending: Promise<void>;
  try {
    sending = beginSending(listener, agent.path, {
      id: `seccomp-${pid}`,
      pid,
      ...(metadata !== undefined && { metadata }),
      ...(agentTimeout !== undefined && { timeout: agentTimeout }),
    });
  } catch (error) {
    kill();
    throw error;
  }
  sending.catch((error: unknown) => {
    kill();
    child.emit('error', error);
  });
  return child;
}
