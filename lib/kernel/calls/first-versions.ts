// The kernel version that introduced each system call.
import { dataLines } from '../data-file.js';

let versions: ReadonlyMap<string, string> | undefined;

/**
 * The version of Linux in which a call first appeared on any architecture: `5.3` for clone3; `never` for a number that
 * was reserved but never served; undefined if no ABI here has the call. Source: syscalls(2), and for newer calls the
 * tables of each kernel.
 */
export const firstVersion = (syscall: string): string | undefined => (versions ??= read()).get(syscall);

function read(): ReadonlyMap<string, string> {
  return new Map(
    dataLines('first-versions.txt').flatMap(line => {
      const [version = '', ...names] = line.split(' ');
      return names.map((name): [string, string] => [name, version === '-' ? 'never' : version]);
    }),
  );
}
