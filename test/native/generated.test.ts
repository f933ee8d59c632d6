// What scripts generate from the linked libseccomp is what the repository holds.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const scripts = fileURLToPath(new URL('../../../scripts', import.meta.url));

describe('generated from libseccomp', () => {
  it('docs/libseccomp-api.md is fresh', () => {
    execFileSync(process.execPath, [`${scripts}/generate-api-table.mjs`, '--check'], { stdio: 'pipe' });
  });
});
