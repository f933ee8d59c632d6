// What scripts generate from the linked libseccomp is what the repository holds.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const scripts = fileURLToPath(new URL('../../../scripts', import.meta.url));

describe('generated from libseccomp', () => {
  for (const [file, script] of [
    ['lib/policy/syscall-table.ts', 'generate-syscall-table.mjs'],
    ['docs/libseccomp-api.md', 'generate-api-table.mjs'],
  ] as const) {
    it(`${file} is fresh`, () => {
      execFileSync(process.execPath, [`${scripts}/${script}`, '--check'], { stdio: 'pipe' });
    });
  }
});
