// Reads logs as tests compare them.
import { readLog, type ReadLogOptions, type Recording } from 'seccomp';

/** What is read of a log of x86_64. */
export const read = (text: string, options: ReadLogOptions = {}): ReturnType<typeof readLog> =>
  readLog(text, { arch: 'x86_64', ...options });

/** `socket(1; 1; 0) x1`: what a recording has, for short. */
export const summary = ({ calls }: Recording): readonly string[] =>
  calls.map(
    ({ abi, syscall, count, args }) =>
      `${abi === 'x86_64' ? '' : `${abi}:`}${syscall}(${args.map(({ values, unknown }) => values.join(' ') + (unknown ? ' ?' : '')).join('; ')}) x${count}`,
  );
