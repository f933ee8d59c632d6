// Forwards signals to a command while it runs, and waits for its end.
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { readStatusFile } from '../../process/inspect/status-file.js';

/** What passes signals on to a command. */
interface PassedSignals {
  /** To the command that was started. */
  readonly to: (child: ChildProcess) => void;
  readonly stop: () => void;
  /** Stops it for a command that was not started. Gives the exit code of the signal that came meanwhile, or else throws the error. */
  readonly notStarted: (error: unknown) => Promise<number>;
}

/** Those of a terminal, which reach a command without this process. */
const OF_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/**
 * Those that end a process by default. Without a listener of SIGUSR1, Node would open its debugger, to the command too. Others end this process,
 * and the kernel then kills the command: SIGKILL; SIGPROF, which V8 sends to this process when it is profiled; real-time signals, of which
 * Node has no listeners; and those by which the kernel reports an error of this process itself.
 */
const PASSED: readonly NodeJS.Signals[] = [
  ...(['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM'] as const),
  ...(['SIGIO', 'SIGPWR', 'SIGSTKFLT', 'SIGXCPU', 'SIGABRT'] as const),
];

/**
 * Passes on to a command what is meant for it. It begins before the command is started, so that no signal ends this process and leaves the
 * command running. The signals of the terminal reach a command without this process, which lives on to say what became of it: they are
 * passed on only if they have come while the command was being started, perhaps before it was there, or if the command has none
 * of its streams on the terminal and therefore a session of its own.
 */
export function passSignals(): PassedSignals {
  let command: ChildProcess | undefined;
  let isStarting = true;
  let isApart = false;
  let first: NodeJS.Signals | undefined;
  const pass = (signal: NodeJS.Signals): void => {
    first ??= signal;
    command?.kill(signal);
  };
  const passOfTerminal = (signal: NodeJS.Signals): void => {
    if (isStarting || isApart) pass(signal);
  };
  for (const signal of OF_TERMINAL) process.on(signal, passOfTerminal);
  for (const signal of PASSED) process.on(signal, pass);
  const stop = (): void => {
    for (const signal of OF_TERMINAL) process.off(signal, passOfTerminal);
    for (const signal of PASSED) process.off(signal, pass);
  };
  return {
    to: child => {
      command = child;
      isApart = sessionOf(child.pid ?? 'self') !== sessionOf('self');
      // Handlers of signals that have come by now are called before.
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

const sessionOf = (process: number | 'self'): number | undefined =>
  readStatusFile(`/proc/${process}/status`)?.session;

/** The exit code of a command that a signal has ended, as in shells. */
export const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

export const ending = (child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> =>
  new Promise(resolve => {
    child.on('exit', (code, signal) => {
      resolve([code, signal]);
    });
  });
