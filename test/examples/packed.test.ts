// The tarball that npm would pack: its pages have no broken links, and the README describes how to get and install it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const LINKS = new URL('../../../scripts/package-links.mjs', import.meta.url);
const PACK = new URL('../../../scripts/pack.mjs', import.meta.url);
const { brokenLinks } = (await import(LINKS.href)) as {
  readonly brokenLinks: (folder: string) => readonly string[];
};
const { pack } = (await import(PACK.href)) as { readonly pack: (directory: string) => string };

describe('The packed package', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'seccomp-packed-'));
    execFileSync('tar', ['-xzf', pack(folder), '-C', folder]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('has every page, picture and heading that its pages link to', () => {
    assert.deepEqual(brokenLinks(join(folder, 'package')), []);
  });

  it('has broken links without docs/', () => {
    renameSync(join(folder, 'package/docs'), join(folder, 'docs'));
    try {
      const broken = brokenLinks(join(folder, 'package'));
      assert.ok(broken.includes('README.md: docs/children.md'), broken.join('\n'));
    } finally {
      renameSync(join(folder, 'docs'), join(folder, 'package/docs'));
    }
  });

  it('has the schema at the path that profiles use', () => {
    assert.equal(
      readFileSync(join(folder, 'package/profile.schema.json'), 'utf8'),
      readFileSync(join(root, 'profile.schema.json'), 'utf8'),
    );
  });
});

describe('The README', () => {
  /** The lines that fit on the first screen. */
  const screen = readFileSync(join(root, 'README.md'), 'utf8').split('\n').slice(0, 32).join('\n');
  const blocks = Array.from(screen.matchAll(/^```sh\n([^]*?)^```$/gm), ([, block = '']) =>
    block
      .trim()
      .split('\n')
      .map(line => line.replace(/ +#.*$/, '')),
  );

  it('shows the commands of a clone on its first screen, as a block', () => {
    assert.deepEqual(blocks[0], ['npm start', 'npm test', 'npm pack']);
  });

  it('shows how to install the file of npm pack, because the package is not in the registry', () => {
    const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
    };
    assert.equal(blocks[1]?.[0], `npm install ./${name}-${version}.tgz`);
    assert.doesNotMatch(screen, /^npm install seccomp$/m);
  });
});
