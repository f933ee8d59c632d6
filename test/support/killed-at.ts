// A library that ends a supervisor at an exact step of a notification.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../../test/support/killed-at.c', import.meta.url));
const binary = fileURLToPath(new URL('../../killed-at.so', import.meta.url));

/** Its path, for LD_PRELOAD; compiled when its source is newer. */
export function killedAt(): string {
  if (!existsSync(binary) || statSync(binary).mtimeMs < statSync(source).mtimeMs) {
    const warnings = ['-Wall', '-Wextra', '-Werror'];
    execFileSync('gcc', ['-O1', ...warnings, '-shared', '-fPIC', '-o', binary, source, '-ldl']);
  }
  return binary;
}
