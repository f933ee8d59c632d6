// A program in C that makes calls for a supervisor to answer.
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whether programs in C can be built here. */
export const canBuild = spawnSync('gcc', ['--version']).status === 0;

/** Builds it into a directory, with more flags for the compiler. Returns its path. */
export function callerProgram(directory: string, flags: readonly string[] = []): string {
  const source = fileURLToPath(new URL('../../../test/support/caller.c', import.meta.url));
  const path = join(directory, 'caller');
  execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-pthread', ...flags, '-o', path, source]);
  return path;
}
