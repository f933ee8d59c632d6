// The errors of node:child_process for a command that could not be executed, which the launcher would otherwise hide.
import { errnoName } from '../../../kernel/errno.js';

/** An error as Node makes it: `spawn E2BIG`, or with the command `spawnSync nothing ENOENT`. */
export function systemError(
  call: 'spawn' | 'spawnSync',
  errno: number,
  command?: { readonly file: string; readonly words: readonly string[] },
): NodeJS.ErrnoException {
  const code = errnoName(errno);
  const syscall = command === undefined ? call : `${call} ${command.file}`;
  const error = Object.assign(new Error(`${syscall} ${code}`), { errno: -errno, code, syscall });
  if (command === undefined) return error;
  return Object.assign(error, { path: command.file, spawnargs: command.words.slice(1) });
}
