// Starts a command whose calls an agent answers, as container runtimes do for `listenerPath`.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { UsageError } from '../../errors.js';
import { isFilter } from '../../filter/is-filter.js';
import { native } from '../../native.js';
import { argumentsOf } from '../children/arguments.js';
import { sandbox, type SandboxOptions } from '../children/sandbox.js';
import { SPAWN_OPTIONS } from '../children/start-child.js';
import { CONTINUE } from './answer.js';
import { sendListener } from './send-listener.js';
import { startWithListener } from './start.js';

/**
 * Starts a command as `spawn` does, and sends its listener to the agent at the `listenerPath` of the profile, with its
 * `listenerMetadata`. Calls that are made before the agent has it wait. Where it cannot be sent, the command is killed.
 *
 * Throws what `spawn` throws; UsageError (`no-listener-path`) for a profile without one; LoadError (`agent-unreachable`).
 */
export function delegate(command: string, options: SpawnOptions & SandboxOptions): ChildProcess;
export function delegate(
  command: string,
  args: readonly string[],
  options: SpawnOptions & SandboxOptions,
): ChildProcess;
export function delegate(
  file: string,
  second: readonly string[] | (SpawnOptions & SandboxOptions),
  third?: SpawnOptions & SandboxOptions,
): ChildProcess {
  const [args, options] = argumentsOf(second, third);
  const { filter, load, isolation, rest } = sandbox(options, SPAWN_OPTIONS);
  const agent = isFilter(filter) ? filter.policy.listener : undefined;
  if (agent === undefined) {
    throw new UsageError(
      'no-listener-path',
      'the profile names no agent',
      'Give it a listenerPath, or answer the calls with supervise',
    );
  }
  const { child, listener } = startWithListener(file, args, {
    ...{ filter, load, isolation, rest },
    atStart: () => CONTINUE,
  });
  if (listener === undefined || child.pid === undefined) return child;
  try {
    sendListener(listener, agent.path, {
      id: `seccomp-${child.pid}`,
      pid: child.pid,
      ...(agent.metadata !== undefined && { metadata: agent.metadata }),
    });
  } catch (error) {
    child.kill('SIGKILL');
    native().closeDescriptor(listener);
    throw error;
  }
  return child;
}
