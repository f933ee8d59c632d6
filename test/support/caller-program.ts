// A program in C that makes calls for a supervisor to answer.
import { copyFileSync, existsSync, statSync } from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../../test/support/caller.c', import.meta.url));
const binary = fileURLToPath(new URL('../../caller', import.meta.url));

const isBuilt = (): boolean => existsSync(binary) && statSync(binary).mtimeMs >= statSync(source).mtimeMs;
const build = (path: string, flags: readonly string[] = []): unknown =>
  execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-pthread', ...flags, '-o', path, source]);

/** Whether the program is there, or can be built here. */
export const canBuild = isBuilt() || spawnSync('gcc', ['--version']).status === 0;

/** Puts it into a directory, compiled when its source is newer, or with more flags for the compiler. Returns its path. */
export function callerProgram(directory: string, flags: readonly string[] = []): string {
  const path = join(directory, 'caller');
  if (flags.length > 0) build(path, flags);
  else {
    if (!isBuilt()) build(binary);
    copyFileSync(binary, path);
  }
  return path;
}
