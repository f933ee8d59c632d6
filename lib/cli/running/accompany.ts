// Forwards signals to a command while it runs, and waits for its end.
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { readStatusFile } from '../../process/inspect/status-file.js';

/** Passes signals on to a command. */
interface PassedSignals {
  /** Sets the command that was started. */
  readonly to: (child: ChildProcess) => void;
  readonly stop: () => void;
  /**
   * Stops passing signals for a command that was not started. Returns the exit code for a signal that arrived meanwhile, or else
   * throws the error.
   */
  readonly notStarted: (error: unknown) => Promise<number>;
}

/** Signals from keys of a terminal, which a command and its children receive directly. */
const OF_KEYS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** Signals from a terminal. SIGHUP may also come from elsewhere. */
const OF_TERMINAL: readonly NodeJS.Signals[] = [...OF_KEYS, 'SIGHUP'];

/**
 * Signals that end a process by default. Without a listener for SIGUSR1, Node would open its debugger. Other signals end this
 * process, and the kernel then kills the command: SIGKILL; SIGPROF, which V8 sends to this process when it is profiled; real-time
 * signals, for which Node has no listeners; and those with which the kernel reports an error of this process.
 */
const PASSED: readonly NodeJS.Signals[] = [
  ...(['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM'] as const),
  ...(['SIGIO', 'SIGPWR', 'SIGSTKFLT', 'SIGXCPU', 'SIGABRT'] as const),
];

/**
 * Passes on signals for a command. Starts before the command, so that no signal ends this process and leaves the command running.
 * A command receives signals from keys directly, and this process must survive them to report the outcome. They are passed on
 * only if they arrived while the command was being started, possibly before it existed, or if the command has a separate session,
 * because it could not lose the terminal in another way. In that case, signals from a terminal are sent to its whole group.
 */
export function passSignals(): PassedSignals {
  let command: ChildProcess | undefined;
  let isStarting = true;
  let isApart = false;
  let first: NodeJS.Signals | undefined;
  const pass = (signal: NodeJS.Signals): void => {
    first ??= signal;
    if (command !== undefined) send(signal, command, isApart && OF_TERMINAL.includes(signal));
  };
  const passOfKeys = (signal: NodeJS.Signals): void => {
    if (isStarting || isApart) pass(signal);
  };
  for (const signal of OF_KEYS) process.on(signal, passOfKeys);
  for (const signal of PASSED) process.on(signal, pass);
  const stop = (): void => {
    for (const signal of OF_KEYS) process.off(signal, passOfKeys);
    for (const signal of PASSED) process.off(signal, pass);
  };
  return {
    to: child => {
      command = child;
      isApart = child.pid !== undefined && sessionOf(child.pid) === child.pid;
      // Handlers of signals that have already arrived run first.
      setImmediate(() => {
        isStarting = false;
      });
    },
    stop,
    notStarted: async error => {
      await new Promise(setImmediate);
      stop();
      if (first === undefined) throw error;
      return exitCodeOf(first);
    },
  };
}

const sessionOf = (process: number): number | undefined => readStatusFile(`/proc/${process}/status`)?.session;

/** Sends a signal to a command that has not been reaped, with `toGroup` also to the rest of the group that it leads. */
function send(signal: NodeJS.Signals, command: ChildProcess, toGroup: boolean): void {
  const { pid, exitCode, signalCode } = command;
  if (toGroup && pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
  else command.kill(signal);
}

/** The exit code for a command that was ended by a signal, as in shells. */
export const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

export const ending = (child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> =>
  new Promise(resolve => {
    child.on('exit', (code, signal) => {
      resolve([code, signal]);
    });
  });
