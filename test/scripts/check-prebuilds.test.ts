// The check of prebuilt files detects each broken promise, in a build for this machine with single modifications.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { skip } from '../support/skip.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const own = readFileSync(`${root}build/Release/seccomp.node`);
const variant = `${process.arch}-glibc`;

/** A dynamic entry or the beginning of a program header. */
const words64 = (...values: readonly bigint[]): Buffer => Buffer.from(new BigUint64Array(values).buffer);
const words32 = (...values: readonly number[]): Buffer => Buffer.from(new Uint32Array(values).buffer);

const FLAGS = (value: bigint): Buffer => words64(0x1en, value);
const FLAGS_1 = (value: bigint): Buffer => words64(0x6ffffffbn, value);
const RELRO = words32(0x6474e552, 4);
const STACK = (flags: number): Buffer => words32(0x6474e551, flags);

/** A copy with the first occurrence of a pattern replaced by another of the same length. */
function changed(bytes: Buffer, from: Buffer, to: Buffer): Buffer {
  const at = bytes.indexOf(from);
  assert.ok(at !== -1, `no ${from.toString('hex')}`);
  const copy = Buffer.from(bytes);
  to.copy(copy, at);
  return copy;
}

describe('The check of prebuilt files', function () {
  before(function () {
    if (!own.includes('libstdc++.so.6') || !own.includes('GLIBC_'))
      skip(this, 'this add-on is not linked with libstdc++ and glibc');
  });

  const scratch = mkdtempSync(join(tmpdir(), 'seccomp-prebuilds-'));
  after(() => rmSync(scratch, { recursive: true }));

  function check(
    bytes: Uint8Array,
    as = variant,
  ): { readonly code: number | null; readonly faults: readonly string[] } {
    const file = join(scratch, 'seccomp.node');
    writeFileSync(file, bytes);
    const { status, stderr } = spawnSync(
      process.execPath,
      [`${root}scripts/check-prebuilds.mjs`, `${as}=${file}`],
      { encoding: 'utf8' },
    );
    const faults = stderr.split('\n').filter(line => line !== '');
    return { code: status, faults: faults.map(line => line.replace(`${file}: `, '')) };
  }

  /** The faults that an ordinary build does not have. */
  function found(bytes: Uint8Array, as?: string): readonly string[] {
    const usual = check(own).faults;
    return check(bytes, as).faults.filter(fault => !usual.includes(fault));
  }

  it("rejects a build by the system's compiler, which is only for this machine", () => {
    const { code, faults } = check(own);
    assert.equal(code, 1);
    assert.ok(faults.includes('is not stripped'));
    assert.ok(faults.includes('needs the library libstdc++.so.6'));
    assert.ok(faults.some(fault => /^needs the symbol version .*GLIBCXX_/.test(fault)));
    assert.ok(faults.some(fault => /^imports .*_Znwm/.test(fault)));
  });

  for (const [broken, change, fault] of [
    ['without NODELETE', () => changed(own, FLAGS_1(9n), FLAGS_1(1n)), /^has no NODELETE/],
    [
      'without BIND_NOW',
      () => changed(changed(own, FLAGS_1(9n), FLAGS_1(8n)), FLAGS(8n), FLAGS(0n)),
      /^has no BIND_NOW/,
    ],
    ['without RELRO', () => changed(own, RELRO, words32(0, 4)), /^has no RELRO/],
    ['with an executable stack', () => changed(own, STACK(6), STACK(7)), /^asks for an executable stack/],
    [
      'that says nothing of its stack',
      () => changed(own, STACK(6), words32(0, 6)),
      /^asks for an executable stack/,
    ],
    ['with an RPATH', () => changed(own, FLAGS(8n), words64(15n, 1n)), /^has an RPATH or RUNPATH/],
    [
      'with relocations in its code',
      () => changed(own, FLAGS(8n), words64(22n, 0n)),
      /^has relocations in its code/,
    ],
    [
      'with a symbol that glibc has since 2.39',
      () => changed(own, Buffer.from('\0GLIBC_2.14\0'), Buffer.from('\0GLIBC_2.39\0')),
      /^needs the symbol version .*GLIBC_2\.39/,
    ],
    [
      'that exports something else',
      () =>
        changed(own, Buffer.from('\0napi_register_module_v1\0'), Buffer.from('\0napi_register_module_v2\0')),
      /^(exports|does not export) napi_register_module_v[12]$/,
    ],
  ] as const) {
    it(`refuses a file ${broken}`, () => {
      const others = found(change());
      assert.ok(others.length > 0);
      for (const other of others) assert.match(other, fault);
    });
  }

  it('refuses a file for another architecture or another C library', () => {
    const other = process.arch === 'x64' ? 'arm64' : 'x64';
    assert.match(found(own, `${other}-glibc`).join(), new RegExp(`is not for ${other} but for ELF machine`));
    assert.match(found(own, `${process.arch}-musl`).join(), /needs the library .*libc\.so\.6/);
  });

  it('refuses every beginning of a file', () => {
    for (let length = 0; length < own.length; length += 40_000)
      assert.equal(check(own.subarray(0, length)).code, 1, `${length} bytes`);
  });

  it('refuses a file that is missing', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [`${root}scripts/check-prebuilds.mjs`, `${variant}=/nowhere/seccomp.node`],
      { encoding: 'utf8' },
    );
    assert.equal(status, 1);
    assert.match(stderr, /is missing/);
  });
});
