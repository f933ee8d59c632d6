// The examples succeed: each checks the kernel's results itself, and exits with 1 if one is not as expected.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CHILD_LIMIT } from '../support/child.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The arguments of examples. In an emulated machine, no plug-in could be ready in the example's default time. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> =
  CHILD_LIMIT > 60_000 ? { 'plug-in-host.mjs': ['120'] } : {};

const run = (name: string): { readonly code: number | null; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`examples/${name}`, ...(ARGUMENTS[name] ?? [])],
    {
      cwd: root,
      encoding: 'utf8',
      timeout: CHILD_LIMIT,
    },
  );
  return { code: status, output: `${stdout}${stderr}` };
};

describe('The examples', () => {
  for (const name of readdirSync(`${root}examples`).filter(file => file.endsWith('.mjs'))) {
    it(`${name} works as described`, () => {
      const { code, output } = run(name);
      assert.equal(code, 0, output);
    });
  }

  it('start.mjs reports the results of the calls and of the work', () => {
    const { output } = run('start.mjs');
    for (const line of [
      /^ *unshare.* EPERM$/m,
      /^ *clone3.* ENOSYS$/m,
      /^ *a worker thread +works$/m,
      /^All as expected\.$/m,
    ]) {
      assert.match(output, line);
    }
  });
});
