// The folders of lib/: imports point in one direction, there are no import cycles, and no folder is a catch-all.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint, Linter } from 'eslint';
import ts from 'typescript';
import tseslint from 'typescript-eslint';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const lib = join(root, 'lib');
const DIRECTIONS = new URL('../../../scripts/eslint/import-directions.mjs', import.meta.url).href;

const modules = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.ts'));

/** The paths in lib/ of the modules that a module imports, including type imports. */
function importsOf(path: string): readonly string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(lib, path), 'utf8'), true, true);
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => relative(lib, join(lib, dirname(path), fileName)).replace(/\.js$/, '.ts'));
}

/** The nodes of a cycle in a graph; undefined if there is none. */
function circle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const walk = (node: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const found = walk(next, [...way, node]);
      if (found !== undefined) return found;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const found = walk(node, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

describe('the modules of lib/', () => {
  it('have no import cycles, including type imports', () => {
    const graph = new Map(modules.map(path => [path, importsOf(path)]));
    assert.ok(
      [...graph.values()].flat().every(path => graph.has(path)),
      'every import is a module',
    );
    assert.equal(circle(graph)?.join(' -> '), undefined);
  });

  it('would fail with a cycle', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);
    assert.deepEqual(circle(graph), ['b', 'c', 'b']);
  });

  it('are in folders of at most fifteen entries', () => {
    const crowded = ['.', ...modules.map(dirname)]
      .filter((folder, index, all) => all.indexOf(folder) === index)
      .map(folder => [folder, readdirSync(join(lib, folder)).length] as const)
      .filter(([, entries]) => entries > 15);
    assert.deepEqual(crowded, []);
  });
});

describe('the rule about directions', function () {
  this.timeout(120_000);

  it('knows every folder of lib/', async () => {
    const { FOLDERS } = (await import(DIRECTIONS)) as {
      FOLDERS: Readonly<Record<string, readonly string[]>>;
    };
    const folders = readdirSync(lib, { withFileTypes: true }).filter(entry => entry.isDirectory());
    assert.deepEqual(Object.keys(FOLDERS).sort(), folders.map(({ name }) => name).sort());
    assert.equal(circle(new Map(Object.entries(FOLDERS))), undefined);
  });

  const eslint = new ESLint({ cwd: root });

  /** Lints a text with the configuration for a file, without types, because they would come from the file on disk. */
  async function findings(file: string, text: string): Promise<readonly (string | null)[]> {
    const { rules = {} } = (await eslint.calculateConfigForFile(file)) as Linter.Config;
    const name = 'no-restricted-imports';
    const config = {
      languageOptions: { parser: tseslint.parser },
      rules: { [name]: rules[name] },
    } as Linter.Config;
    return new Linter().verify(text, config).map(({ ruleId }) => ruleId);
  }

  for (const [file, imported, refused] of [
    ['kernel/abi.ts', '../policy/policy.js', true],
    ['policy/evaluate.ts', '../filter/filter.js', true],
    ['bpf/interpret.ts', '../policy/evaluate.js', true],
    ['profile/resolve/resolve.ts', '../../process/load.js', true],
    ['filter/compile.ts', '../libseccomp/context.js', true],
    ['lint/lint.ts', '../process/load.js', true],
    ['recording/merge.ts', '../lint/lint.js', true],
    ['recording/merge.ts', '../policy/evaluate.js', false],
    ['process/load.ts', '../cli/main.js', true],
    ['libseccomp/context.ts', '../filter/filter.js', true],
    ['policy/evaluate.ts', '../kernel/abi.js', false],
    ['filter/compile.ts', '../libseccomp/generate.js', false],
    ['libseccomp/context.ts', '../filter/prove/verify.js', false],
  ] as const) {
    for (const type of ['', 'type ']) {
      it(`${refused ? 'refuses' : 'permits'} lib/${file} to import ${type}{} from ${imported}`, async () => {
        const found = await findings(join(lib, file), `import ${type}{ one } from '${imported}';\n`);
        assert.deepEqual(found, refused ? ['no-restricted-imports'] : []);
      });
    }
  }
});
