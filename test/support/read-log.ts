// Reads logs in a form that tests can compare.
import { readLog, type ReadLogOptions, type Recording } from 'seccomp';

/** The result of reading a log of x86_64. */
export const read = (text: string, options: ReadLogOptions = {}): ReturnType<typeof readLog> =>
  readLog(text, { arch: 'x86_64', ...options });

/** A summary of the calls of a recording, such as `socket(1; 1; 0) x1`. */
export const summary = ({ calls }: Recording): readonly string[] =>
  calls.map(
    ({ abi, syscall, count, args }) =>
      `${abi === 'x86_64' ? '' : `${abi}:`}${syscall}(${args.map(({ values, unknown }) => values.join(' ') + (unknown ? ' ?' : '')).join('; ')}) x${count}`,
  );
