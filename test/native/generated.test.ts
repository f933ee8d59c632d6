// The repository has the current output of the scripts that use the linked libseccomp.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const scripts = fileURLToPath(new URL('../../../scripts', import.meta.url));

describe('generated from libseccomp', () => {
  it('docs/libseccomp-api.md is up to date', () => {
    execFileSync(process.execPath, [`${scripts}/generate-api-table.mjs`, '--check'], { stdio: 'pipe' });
  });
});
