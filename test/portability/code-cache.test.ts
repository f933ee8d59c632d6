// The code cache makes a start shorter and changes nothing else: which file runs, what it exports, and where its errors come from.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { copyPackage } from '../support/package-copy.js';

describe('The code cache', () => {
  let place: string;

  /** The package with a code cache for this Node. */
  before(() => {
    place = copyPackage(['bundle', 'data', 'profiles', 'scripts', 'package.json'], ['build', 'node_modules']);
    const { status, stderr } = run(['scripts/code-cache.mjs']);
    assert.equal(status, 0, stderr);
  });
  after(() => rmSync(place, { recursive: true }));

  const run = (args: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
    spawnSync(process.execPath, args, {
      cwd: place,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...variables },
    });

  /** What a program prints as JSON. */
  function answer(program: string, ...args: readonly string[]): unknown {
    const { status, stdout, stderr } = run([...args, '-e', program]);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
  }

  const folder = () =>
    (nodeModule.createRequire(join(place, 'package.json'))('./bundle/code-cache.js') as { folder: string })
      .folder;

  function without<Value>(use: () => Value): Value {
    const elsewhere = `${folder()}-elsewhere`;
    renameSync(folder(), elsewhere);
    try {
      return use();
    } finally {
      renameSync(elsewhere, folder());
    }
  }

  /** Where files came from: what V8 took of the code cache, what it refused or did not find there, and what `require` loaded. */
  const SOURCES = `
    const { loaded } = require('./bundle/code-cache.js');
    require('seccomp').applyProfile('docker-default', { dryRun: true });
    const rejected = [...loaded.values()].map(({ script }) => script.cachedDataRejected);
    const byNode = Object.keys(require.cache).filter(path => /bundle.chunk-/.test(path));
    console.log(JSON.stringify({
      taken: rejected.filter(value => value === false).length > 0,
      refused: rejected.filter(value => value !== false).length > 0,
      byNode: byNode.length > 0,
    }));`;
  const TAKEN = { taken: true, refused: false, byNode: false };

  it('is taken by V8 for all that applies a profile', () => {
    assert.deepEqual(answer(SOURCES), TAKEN);
  });

  it('is not used where there is none for this Node', () => {
    assert.deepEqual(
      without(() => answer(SOURCES)),
      { taken: false, refused: false, byNode: true },
    );
  });

  it('is not used where the user may not look into it', function () {
    const program = `${SOURCES.replace('const {', 'process.setuid?.(65534); const {')}`;
    if (process.getuid?.() !== 0) this.skip();
    const above = dirname(folder());
    chmodSync(place, 0o755);
    try {
      // As with the umask 077.
      chmodSync(above, 0o700);
      assert.deepEqual(answer(program), { taken: false, refused: false, byNode: true });
      chmodSync(above, 0o755);
      chmodSync(folder(), 0o700);
      assert.deepEqual(answer(program), { taken: false, refused: true, byNode: false });
      chmodSync(folder(), 0o755);
      for (const name of readdirSync(folder())) chmodSync(join(folder(), name), 0o600);
      assert.deepEqual(answer(program), { taken: false, refused: true, byNode: false });
    } finally {
      for (const path of [above, folder()]) chmodSync(path, 0o755);
    }
  });

  it('is refused by V8 with other flags, and the files are compiled', () => {
    assert.deepEqual(answer(SOURCES, '--stack-size=900'), { taken: false, refused: true, byNode: false });
  });

  for (const [what, change] of [
    ['empty', () => Buffer.alloc(0)],
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['other bytes', (bytes: Buffer) => Buffer.alloc(bytes.length, 'no code ')],
  ] as const)
    it(`is refused by V8 where its files are ${what}, and the files of the package are compiled`, () => {
      const kept = readdirSync(folder()).map(name => {
        const path = join(folder(), name);
        return [path, readFileSync(path)] as const;
      });
      try {
        for (const [path, bytes] of kept) writeFileSync(path, change(bytes));
        assert.deepEqual(answer(SOURCES), { taken: false, refused: true, byNode: false });
      } finally {
        for (const [path, bytes] of kept) writeFileSync(path, bytes);
      }
    });

  it("is made with Node's own too, which programs may not have", () => {
    const { status, stderr } = run(['scripts/code-cache.mjs'], {
      NODE_COMPILE_CACHE: join(place, 'of-node'),
    });
    assert.equal(status, 0, stderr);
    assert.deepEqual(answer(SOURCES), TAKEN);
  });

  it('is not there where making it fails', () => {
    writeFileSync(
      join(place, 'fails.cjs'),
      "require('node:vm').Script.prototype.createCachedData = () => { throw new Error('not today'); };",
    );
    const { status, stderr } = run(['--require', './fails.cjs', 'scripts/code-cache.mjs']);
    assert.equal(status, 1);
    assert.match(stderr, /not today/);
    assert.equal(existsSync(folder()), false);
    assert.equal(run(['scripts/code-cache.mjs']).status, 0);
  });

  it('is made or the reason said, without a stack trace', () => {
    writeFileSync(
      join(place, 'full.cjs'),
      `const fs = require('node:fs');
      const { writeFileSync } = fs;
      fs.writeFileSync = (path, ...rest) => {
        if (String(path).includes('chunk-')) throw Object.assign(new Error('no space'), { syscall: 'write' });
        writeFileSync(path, ...rest);
      };
      require('node:module').syncBuiltinESMExports();`,
    );
    const { status, stderr } = run(['--require', './full.cjs', 'scripts/code-cache.mjs']);
    assert.deepEqual(
      { status, stderr },
      { status: 1, stderr: 'the code cache cannot be written: no space\n' },
    );
    assert.equal(existsSync(folder()), false);
    assert.equal(run(['scripts/code-cache.mjs']).status, 0);
  });

  it('gives programs and errors that are the same as without', () => {
    const program = `
      const { compile, UsageError } = require('seccomp');
      let found;
      try { compile('{ "defaultAction": "SCMP_ACT_ALLOW" }', { arch: 'z80' }); } catch (error) { found = error; }
      console.log(JSON.stringify({
        bpf: compile('docker-default', { arch: 'x86_64', kernel: '6.1' }).bpf.toString('base64'),
        isUsageError: found instanceof UsageError && found instanceof require('seccomp/apply').UsageError,
        stack: found.stack.split('\\n').filter(line => line.includes('bundle')),
      }));`;
    assert.deepEqual(
      answer(program),
      without(() => answer(program)),
    );
  });

  it('is not used in a realm other than that of Node, as that of a test in Jest', () => {
    const program = `
      const { createContext, compileFunction } = require('node:vm');
      const path = require.resolve('./bundle/code-cache.js');
      const parsingContext = createContext({ process });
      const names = ['require', 'module', '__dirname'];
      const module_ = { exports: {} };
      compileFunction(require('node:fs').readFileSync(path, 'utf8'), names, { parsingContext })(
        require, module_, require('node:path').dirname(path));
      console.log(JSON.stringify({ there: module_.exports.load('./package-files.js') !== undefined }));`;
    assert.deepEqual(answer(program), { there: false });
  });

  it("is not used where the program has Node's own, which is then of all its files", function () {
    if (!Object.hasOwn(nodeModule, 'enableCompileCache')) this.skip(); // Node 20 has none.
    const program = `require('node:module').enableCompileCache('${join(place, 'of-node')}'); ${SOURCES}`;
    assert.deepEqual(answer(program), { taken: false, refused: false, byNode: true });
  });
});
