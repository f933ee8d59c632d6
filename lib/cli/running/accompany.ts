// What goes on beside a command while it runs: signals, and the wait for its end.
import type { ChildProcess } from 'node:child_process';

/**
 * Passes on to a command what is meant for it. The signals of the terminal reach it without this process, which lives on to say what
 * became of it. Returns what ends this.
 */
export function passSignals(child: ChildProcess): () => void {
  const ignore = (): void => undefined;
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  const handlers = {
    SIGINT: ignore,
    SIGQUIT: ignore,
    SIGTERM: pass,
    SIGHUP: pass,
    // With which Node would open its debugger otherwise, to the command too.
    SIGUSR1: pass,
    SIGUSR2: pass,
  };
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
  };
}

export const ending = (child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> =>
  new Promise(resolve => {
    child.on('exit', (code, signal) => {
      resolve([code, signal]);
    });
  });
