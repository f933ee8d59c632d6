// Every script that installs system packages first prints their names, including `npm start` and `npm test`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MODULE = new URL('../../../scripts/debian-packages.mjs', import.meta.url).href;

describe('The installation of system packages', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'seccomp-packages-'));
  after(() => rmSync(scratch, { recursive: true }));
  const [shown, seen] = [join(scratch, 'shown'), join(scratch, 'seen')];

  /** Writes a fake apt-get that records the output so far when it is called. */
  function program(name: string, text: string): void {
    writeFileSync(join(scratch, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(scratch, name), 0o755);
  }
  before(() => {
    program('apt-get', `while read -r line; do echo "$line"; done < ${shown} > ${seen}`);
    program('sudo', 'shift; exec "$@"');
    symlinkSync('/usr/bin/env', join(scratch, 'env'));
    symlinkSync('/usr/bin/true', join(scratch, 'true'));
  });

  function install(packages: readonly string[]): number | null {
    const script = `import { installPackages } from '${MODULE}'; installPackages(${JSON.stringify(packages)});`;
    return spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: scratch },
      stdio: ['ignore', 'ignore', openSync(shown, 'w')],
    }).status;
  }

  it('is announced, with the names of all packages, before apt-get is called', () => {
    assert.equal(install(['g++', 'make']), 0);
    assert.match(readFileSync(seen, 'utf8'), /^Installing packages .*apt-get: g\+\+, make\n$/);
  });

  it('is not announced if there is nothing to install', () => {
    assert.equal(install([]), 0);
    assert.equal(readFileSync(shown, 'utf8'), '');
  });
});
