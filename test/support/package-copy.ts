// A copy of parts of the package in a new folder, for tests that change or remove its files.
import { cpSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Returns the path of a new folder with copies of these parts, and links to others. */
export function copyPackage(copied: readonly string[], linked: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-package-'));
  for (const part of copied) cpSync(join(root, part), join(folder, part), { recursive: true });
  for (const part of linked) symlinkSync(join(root, part), join(folder, part));
  return folder;
}
