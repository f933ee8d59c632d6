// The code cache only makes starts faster: the same files run, with the same exports and the same places in errors.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { basename, dirname, join } from 'node:path';
import { copyPackage } from '../support/package-copy.js';
import { skip } from '../support/skip.js';

describe('The code cache', () => {
  let place: string;

  /** The package with a code cache for this Node. */
  before(() => {
    place = copyPackage(['bundle', 'data', 'profiles', 'scripts', 'package.json'], ['build', 'node_modules']);
    // Removes the code caches of other Node versions.
    rmSync(join(place, 'bundle/code-cache'), { recursive: true, force: true });
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

  /** The JSON output of a program. */
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

  /** Reports whether V8 used the code cache, refused it or did not find it, and whether `require` loaded files. */
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

  it('is used by V8 for every file that applies a profile', () => {
    assert.deepEqual(answer(SOURCES), TAKEN);
  });

  it('is not used if there is none for this version of Node', () => {
    assert.deepEqual(
      without(() => answer(SOURCES)),
      { taken: false, refused: false, byNode: true },
    );
  });

  it('is not used if the user may not read it', function () {
    const program = `${SOURCES.replace('const {', 'process.setuid?.(65534); const {')}`;
    if (process.getuid?.() !== 0) skip(this, 'only root can become an ordinary user');
    const above = dirname(folder());
    chmodSync(place, 0o755);
    try {
      // The permissions after a umask of 077.
      chmodSync(above, 0o700);
      assert.deepEqual(answer(program), { taken: false, refused: false, byNode: true });
      chmodSync(above, 0o755);
      chmodSync(folder(), 0o700);
      assert.deepEqual(answer(program), { taken: false, refused: false, byNode: true });
      chmodSync(folder(), 0o755);
      for (const name of readdirSync(folder()))
        if (name.endsWith('.bin')) chmodSync(join(folder(), name), 0o600);
      assert.deepEqual(answer(program), { taken: false, refused: true, byNode: false });
    } finally {
      for (const path of [above, folder()]) chmodSync(path, 0o755);
    }
  });

  it('is not used by another build of the same version of Node, whose V8 may crash with it', () => {
    writeFileSync(
      join(place, 'build.cjs'),
      "Object.defineProperty(process, 'config', { value: { variables: { node_shared: true } } });",
    );
    assert.deepEqual(answer(SOURCES, '--require', './build.cjs'), {
      taken: false,
      refused: false,
      byNode: true,
    });
  });

  it('is refused by V8 with different flags, and the files are compiled', () => {
    assert.deepEqual(answer(SOURCES, '--stack-size=900'), { taken: false, refused: true, byNode: false });
  });

  /** Calls `use` with changed contents of all files of the code cache. */
  function changed<Value>(change: (bytes: Buffer) => Buffer, use: () => Value): Value {
    const names = readdirSync(folder()).filter(name => name.endsWith('.bin'));
    const kept = names.map(name => {
      const path = join(folder(), name);
      return [path, readFileSync(path)] as const;
    });
    try {
      for (const [path, bytes] of kept) writeFileSync(path, change(Buffer.from(bytes)));
      return use();
    } finally {
      for (const [path, bytes] of kept) writeFileSync(path, bytes);
    }
  }
  const COMPILED = { taken: false, refused: true, byNode: false };

  for (const [what, change] of [
    ['empty', () => Buffer.alloc(0)],
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length / 4)],
    ['shorter by a byte', (bytes: Buffer) => bytes.subarray(1)],
    ['other bytes', (bytes: Buffer) => Buffer.alloc(bytes.length, 'no code ')],
  ] as const)
    it(`is not used if its files are ${what}, and the files of the package are compiled`, () => {
      assert.deepEqual(
        changed(change, () => answer(SOURCES)),
        COMPILED,
      );
    });

  it('is not used if a byte is damaged in the header, the code or the copy for comparison', function () {
    this.timeout(60_000);
    // The words of the header: the kind, V8's version, the source, the flags, the length and an unused checksum.
    const header = Array.from({ length: 10 }, (_, word) => () => 4 * word + 1);
    const code = Array.from(
      { length: 12 },
      (_, part) => (length: number) => Math.floor((length * (part + 0.5)) / 12),
    );
    for (const place of [...header, ...code, (length: number) => length - 1]) {
      const damage = (bytes: Buffer): Buffer => {
        const at = place(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ 0x10;
        return bytes;
      };
      assert.deepEqual(
        changed(damage, () => answer(SOURCES)),
        COMPILED,
        place(100_000).toString(),
      );
    }
  });

  for (const [what, patch] of [
    ['that fails', 'vm.Script = class { constructor() { throw new TypeError("no") } }'],
    ['that is an ordinary function', 'const { Script } = vm; vm.Script = (...args) => new Script(...args)'],
    ['that makes something else', 'vm.Script = class { runInThisContext() { return undefined } }'],
    ['whose methods fail', 'vm.Script.prototype.runInThisContext = () => { throw new TypeError("no") }'],
    [
      'that takes its options for ordinary objects',
      `const { Script } = vm;
      vm.Script = class extends Script {
        constructor(text, options) { options.hasOwnProperty('filename'); super(text, options); }
      }`,
    ],
  ] as const)
    it(`has no effect in programs with a Script ${what}, from the beginning or later`, () => {
      const isChanged = "const vm = require('node:vm');";
      const use = `
        const { applyProfile, compile, UsageError } = require('seccomp');
        applyProfile('docker-default', { dryRun: true });
        let isOurs = false;
        try { compile('{ "defaultAction": "SCMP_ACT_ALLOW" }', { arch: 'z80' }); }
        catch (error) { isOurs = error instanceof UsageError; }
        console.log(JSON.stringify(isOurs && require('seccomp/apply').UsageError === UsageError));`;
      assert.equal(answer(`${isChanged} ${patch}; ${use}`), true);
      const later = use.replace("applyProfile('docker", `${isChanged} ${patch}; applyProfile('docker`);
      assert.equal(answer(later), true);
    });

  it("is made even with Node's own, which programs may not use", () => {
    const { status, stderr } = run(['scripts/code-cache.mjs'], {
      NODE_COMPILE_CACHE: join(place, 'of-node'),
    });
    assert.equal(status, 0, stderr);
    assert.deepEqual(answer(SOURCES), TAKEN);
  });

  it('is complete if several runs make it concurrently', async function () {
    this.timeout(60_000);
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = spawn(process.execPath, ['scripts/code-cache.mjs'], { cwd: place });
        let said = '';
        child.stderr.on('data', data => (said += String(data)));
        const [status] = (await once(child, 'close')) as [number];
        return [status, said];
      }),
    );
    assert.deepEqual(outcomes, Array(4).fill([0, '']));
    assert.deepEqual(answer(SOURCES), TAKEN);
    assert.deepEqual(readdirSync(dirname(folder())), [basename(folder())]);
  });

  it('does not exist if making it fails', () => {
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

  it('is made, or the reason is reported without a stack trace', () => {
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

  it('is described by seccomp doctor, with the command that makes one', function () {
    this.timeout(30_000);
    const described = (...args: readonly string[]): string | undefined => {
      const { stdout } = run([...args, 'bundle/cli.js', 'doctor', '--json']);
      const checks = JSON.parse(stdout) as { name: string; detail: string }[];
      return checks.find(({ name }) => name === 'code cache')?.detail;
    };
    const name = basename(folder());
    const make = `; to make one for this Node: node ${join(place, 'scripts/code-cache.mjs')}`;
    assert.equal(described(), `made for this Node (${name})`);
    for (const change of [(bytes: Buffer) => bytes.subarray(1), () => Buffer.alloc(0)])
      assert.match(changed(change, described) ?? '', /^damaged: chunk-.*; to make one for this Node: node /);
    assert.match(
      described('--stack-size=900') ?? '',
      /^made with other options of Node, which the script needs too, or for .*; to make one/,
    );
    writeFileSync(join(place, 'build.cjs'), "Object.defineProperty(process, 'config', { value: {} });");
    assert.match(
      described('--require', './build.cjs') ?? '',
      new RegExp(`^made by another build of Node ${process.version}; to make`),
    );
    const build = join(folder(), 'node.json');
    renameSync(build, `${place}/node.json`);
    assert.equal(described(), `incomplete${make}`);
    renameSync(`${place}/node.json`, build);
    const other = join(dirname(folder()), 'v1.0.0-sparc');
    renameSync(folder(), other);
    assert.equal(described(), `made by another Node: v1.0.0-sparc${make}`);
    const elsewhere = join(place, 'elsewhere');
    renameSync(dirname(other), elsewhere);
    assert.equal(described(), `none${make}`);
    renameSync(elsewhere, dirname(other));
    renameSync(other, folder());
    if (process.getuid?.() !== 0) return;
    chmodSync(place, 0o755);
    chmodSync(dirname(folder()), 0o700);
    writeFileSync(join(place, 'nobody.cjs'), 'process.setuid(65534);');
    assert.match(described('--require', './nobody.cjs') ?? '', /^not readable \(EACCES: .*; to make one for/);
    chmodSync(dirname(folder()), 0o755);
  });

  it('does not change programs and errors', () => {
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

  it('is not used in a realm other than that of Node, such as a Jest test', () => {
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

  it("is used together with Node's own", function () {
    if (!Object.hasOwn(nodeModule, 'enableCompileCache'))
      skip(this, `Node ${process.version} has no cache of its own`);
    const program = `require('node:module').enableCompileCache('${join(place, 'of-node')}'); ${SOURCES}`;
    assert.deepEqual(answer(program), TAKEN);
  });
});
