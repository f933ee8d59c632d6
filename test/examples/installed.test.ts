// The package as npm publishes it, installed by a new user. `.ci/run packed` checks this for every Node; virtual machines set
// PACKAGE_TARBALL.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CHILD_LIMIT } from '../support/child.js';
import { skip } from '../support/skip.js';

const script = fileURLToPath(new URL('../../../scripts/check-package.mjs', import.meta.url));

describe('The package', () => {
  it('installs and works with only node, npm and sh', function () {
    const tarball = process.env['PACKAGE_TARBALL'];
    if (tarball === undefined) skip(this, 'PACKAGE_TARBALL names no package');
    const said = execFileSync(process.execPath, [script, '--tarball', tarball], {
      encoding: 'utf8',
      timeout: CHILD_LIMIT,
    });
    assert.match(said, /^Node v[\d.]+: installed in [\d.]+ s; import, require, /);
  });
});
