// Replaces this process by another program under a filter, without any other system call in between.
import { errnoName } from '../kernel/errno.js';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LoadError, UsageError } from '../util/errors.js';
import type { Filter } from '../filter/filter.js';
import { isFilter } from '../filter/filter.js';
import { native } from '../native.js';
import { syscallNumber } from '../kernel/abi.js';
import { actionName } from '../kernel/action.js';
import { mayPermit, outcome } from '../policy/evaluate.js';
import { ownOptions } from '../util/options.js';
import { planIsolation } from './isolation/isolate.js';
import type { IsolationMode } from './isolation/isolation.js';
import { loadRequest } from './load.js';
import { badArgument } from '../util/failures.js';
import { own } from '../util/own.js';
import { ownElements } from '../util/own-elements.js';
import { show } from '../util/show.js';
import { checkWords } from './children/arguments.js';
import { ownEnvironment } from './children/launch/environment.js';
import { explainIsolation } from './load-errors.js';
import { isUint8Array } from '../util/host/bytes.js';

/** Options of `exec`. */
export interface ExecOptions {
  /** The environment of the program; default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Log refused calls, as configured in /proc/sys/kernel/seccomp/actions_logged. */
  readonly log?: boolean | undefined;
  /**
   * Isolate the program from other processes. Default: `terminal`, because the program replaces this process: its parent
   * expects that it can be signalled and that descriptors are inherited.
   */
  readonly isolation?: IsolationMode | undefined;
}

/**
 * Loads a filter on the calling thread and immediately replaces the process with a program: the filter only needs to
 * allow execve and the calls of the program. The other threads end with the exec; the filter stays in force. Never
 * returns. Throws UsageError if the program is not found, UnsupportedError (`isolation-unavailable`), LoadError if the
 * kernel refuses the isolation, the filter or the exec; parts that were already in force stay in force. After a refused
 * exec (`exec-failed`), signals have their default actions, because restoring handlers needs calls that the filter may
 * refuse.
 */
export function exec(
  filter: Filter | Uint8Array,
  command: string,
  args: readonly string[],
  options: ExecOptions = {},
): never {
  const program: unknown = filter;
  if (!isFilter(program) && !isUint8Array(program)) {
    throw new UsageError(
      'bad-argument',
      `exec cannot load ${show(program)}`,
      'Pass a Filter from compile, or the bytes of a program; to run a shell command as exec of node:child_process does, use execFile with shell: true',
    );
  }
  const list: unknown = args;
  if (!Array.isArray(list)) {
    throw badArgument('args', list, 'Pass a list: [argument, …]');
  }
  const given = ownOptions(options, ['env', 'isolation'], ['log']);
  const rest = ownElements(args);
  checkWords(rest, { 'the command': command });
  const words = [command, ...rest];
  const env = ownEnvironment(given.env);
  const { layer, domain, onlyStdio } = planIsolation(given.isolation ?? 'terminal');
  const path = findProgram(command, own(env, 'PATH'));
  if (isFilter(filter)) refuseWithoutExec(filter);
  const { bytes, bits, setNoNewPrivs } = loadRequest(filter, { scope: 'thread', log: given.log ?? false });
  const variables = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const failure = native().loadAndExec(
    ...([bytes, bits, setNoNewPrivs, layer, domain, onlyStdio] as const),
    ...([path, words, variables] as const),
  );
  if (['close_range', 'setsid', 'landlock_restrict_self'].includes(failure.failed))
    throw explainIsolation(failure);
  throw new LoadError(
    failure.failed === 'execve' ? 'exec-failed' : 'load-failed',
    `${failure.failed} failed with ${errnoName(failure.errno)} for ${path}`,
    failure.failed === 'execve'
      ? 'The profile must allow execve and the file must be a program'
      : 'See seccomp(2)',
    { errno: failure.errno },
  );
}

/** Throws LoadError (`exec-refused`) if the filter would refuse the exec, while an error can still be reported. */
export function refuseWithoutExec({ policy }: Filter): void {
  const [{ abi }] = policy.abis;
  const part = outcome(policy, abi.audit, syscallNumber(abi.name, 'execve') ?? -1);
  if (mayPermit(part)) return;
  throw new LoadError(
    'exec-refused',
    `the profile has ${actionName(part.otherwise)} for execve, so no command can start under it`,
    'Allow execve',
  );
}

/** The file of a command: itself if it contains a slash, otherwise the first executable in PATH. */
export function findProgram(command: string, path = '/usr/local/bin:/usr/bin:/bin'): string {
  const candidates = command.includes('/')
    ? [command]
    : path.split(delimiter).map(directory => join(directory || '.', command));
  const found = candidates.find(isExecutable);
  if (found === undefined || command === '') {
    throw new UsageError(
      'command-not-found',
      `${JSON.stringify(command)} is not an executable file${command.includes('/') ? '' : ' in PATH'}`,
      'Pass its path',
    );
  }
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Missing or not executable: as in a shell, the next directory may have it.
    return false;
  }
}
