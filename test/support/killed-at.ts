// A library that ends a supervisor at an exact step of a notification.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Builds it into a directory. Returns its path, for LD_PRELOAD. */
export function killedAt(directory: string): string {
  const source = fileURLToPath(new URL('../../../test/support/killed-at.c', import.meta.url));
  const path = join(directory, 'killed-at.so');
  execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', path, source, '-ldl']);
  return path;
}
