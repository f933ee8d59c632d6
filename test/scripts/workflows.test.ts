// The workflows that run on other machines: they refer to existing checks, and pin actions to commits.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const workflows = readdirSync(`${root}.github/workflows`).map(name => `.github/workflows/${name}`);

describe('The workflows', () => {
  for (const path of workflows) {
    it(`${path} pins every action to a commit, with the version in a comment`, () => {
      const uses = [...read(path).matchAll(/uses: (?!\.\/)(.*)$/gm)].map(([, what = '']) => what);
      for (const what of uses) assert.match(what, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    });

    it(`${path} grants only named permissions, or none`, () => {
      assert.match(read(path), /^permissions:(?: \{\}|\n {2}contents: read)$/m);
      assert.doesNotMatch(read(path), /write-all|read-all/);
    });
  }

  it('run checks that exist', async () => {
    const { CHECKS } = (await import(new URL('../../../.ci/checks.mjs', import.meta.url).href)) as {
      readonly CHECKS: object;
    };
    const names = /checks: ([\w -]+)$/m.exec(read('.github/workflows/ci.yml'))?.[1]?.split(' ') ?? [];
    assert.ok(names.length > 0);
    for (const name of names) assert.ok(Object.hasOwn(CHECKS, name), name);
  });
});
