// The cache of applyProfile: a program from it is loaded only after a proof, and only from a directory that the user owns.
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode, type Program } from '#lib/bpf/program.js';
import { storedProgram } from '#lib/filter/stored/cache.js';
import { inChild, told } from '../support/child.js';
import { sha256 } from '../support/sha256.js';

const ALLOW_ALL: Program = [{ code: 6, jt: 0, jf: 0, k: 0x7fff0000 }];

describe('The cache of applyProfile', () => {
  let folder: string;
  let cache: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'seccomp-cache-'));
    cache = join(folder, 'cache');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const PROFILE =
    "{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['symlink', 'symlinkat'], action: 'SCMP_ACT_ERRNO' }] }";

  /** Applies the profile, and reports the error of a refused call and the program in force. */
  const apply = (
    options = '',
  ): { readonly code: string; readonly bpf: string; readonly warnings: readonly string[] } =>
    told(
      inChild(`
        const { filter, warnings } = s.applyProfile(${PROFILE}, { cache: ${JSON.stringify(cache)}${options} });
        let code = 'allowed';
        try { m('fs').symlinkSync('to', ${JSON.stringify(join(folder, 'link'))}); } catch (error) { code = error.code; }
        tell({ code, bpf: filter.bpf.toString('hex'), warnings: warnings.map(({ code }) => code) });`),
    );
  const entries = (): readonly string[] => readdirSync(cache).map(name => join(cache, name));
  const only = (): string => {
    const [file, ...more] = entries();
    assert.ok(file !== undefined && more.length === 0, entries().join());
    return file;
  };

  it('is created with the compiled program, readable only by the owner', () => {
    const { code, bpf } = apply();
    assert.equal(code, 'EPERM');
    assert.equal(readFileSync(only()).toString('hex'), bpf);
    assert.deepEqual([statSync(cache).mode & 0o777, statSync(only()).mode & 0o777], [0o700, 0o600]);
  });

  it('returns an equivalent program, regardless of who wrote it', () => {
    apply();
    // The same program after an instruction that changes nothing.
    const another = [{ code: 0, jt: 0, jf: 0, k: 0 }, ...decode(readFileSync(only()))];
    writeFileSync(only(), encode(another));
    assert.equal(apply().bpf, encode(another).toString('hex'));
  });

  for (const [what, bytes] of [
    ['a program that allows everything', encode(ALLOW_ALL)],
    ['bytes that are no program', Buffer.from('seccomp')],
    ['nothing', Buffer.alloc(0)],
    ['more than a program has', Buffer.alloc(8 * 5000, 6)],
  ] as const) {
    it(`does not return ${what}: the profile is compiled, and the entry replaced`, () => {
      const { bpf } = apply();
      writeFileSync(only(), bytes);
      assert.deepEqual(apply(), { code: 'EPERM', bpf, warnings: [] });
      assert.equal(readFileSync(only()).toString('hex'), bpf);
    });
  }

  it('would have loaded that program without the proof', () => {
    const code = told<string>(
      inChild(`
        s.load(Buffer.from('${encode(ALLOW_ALL).toString('hex')}', 'hex'));
        let code = 'allowed';
        try { m('fs').symlinkSync('to', ${JSON.stringify(join(folder, 'link'))}); } catch (error) { code = error.code; }
        tell(code);`),
    );
    assert.equal(code, 'allowed');
  });

  for (const [what, make] of [
    ['that others can write to', () => chmodSync(cache, 0o777)],
    ['that a group can write to', () => chmodSync(cache, 0o770)],
    ['that is a file', () => (rmSync(cache, { recursive: true }), writeFileSync(cache, ''))],
    [
      'that is a link',
      () => {
        rmSync(cache, { recursive: true });
        mkdirSync(join(folder, 'elsewhere'), { mode: 0o700 });
        symlinkSync('elsewhere', cache);
      },
    ],
    ...(process.getuid?.() === 0 ? [['of another user', () => chownSync(cache, 65534, 65534)] as const] : []),
  ] as const) {
    it(`must not be a directory ${what}`, () => {
      mkdirSync(cache, { mode: 0o700 });
      make();
      assert.throws(() => storedProgram(cache, ['key'], sha256), { code: 'bad-option' });
    });
  }

  for (const value of [1, '', 'a\0b', null]) {
    it(`must not be ${JSON.stringify(value)}`, () => {
      assert.throws(() => storedProgram(value, ['key'], sha256), { code: 'bad-option' });
    });
  }

  it('ignores entries that others could have written, including links and FIFOs', () => {
    const place = storedProgram(cache, ['key'], sha256);
    place.write(ALLOW_ALL);
    const file = only();
    assert.equal(place.read()?.length, 1);
    chmodSync(file, 0o620);
    assert.equal(place.read(), undefined);
    chmodSync(file, 0o600);
    if (process.getuid?.() === 0) {
      chownSync(file, 65534, 65534);
      assert.equal(place.read(), undefined);
    }
    rmSync(file);
    writeFileSync(join(folder, 'target'), encode(ALLOW_ALL), { mode: 0o600 });
    symlinkSync(join(folder, 'target'), file);
    assert.equal(place.read(), undefined);
  });

  it('has an entry for each text, target and version', () => {
    for (const key of [['a'], ['b'], ['a', 'b'], [['a']]]) storedProgram(cache, key, sha256).write(ALLOW_ALL);
    assert.equal(entries().length, 4);
  });

  it('reports that it cannot be written to', () => {
    const place = storedProgram(cache, ['key'], sha256);
    rmSync(cache, { recursive: true });
    assert.equal(place.write(ALLOW_ALL)?.code, 'cache-not-written');
  });
});
