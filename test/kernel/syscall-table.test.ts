// The tables of system calls: every call of every ABI, with its number and the Linux version that introduced it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  ABIS,
  isKnownSyscall,
  knownSyscalls,
  syscallName,
  syscallNumber,
  syscallsOf,
} from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { firstVersion } from '#lib/kernel/calls/first-versions.js';
import { NEWEST_KERNEL } from '#lib/kernel/kernel-version.js';
import { skip } from '../support/skip.js';

const SCRIPT = new URL('../../../scripts/kernel-calls.mjs', import.meta.url);
const { callsOf } = (await import(SCRIPT.href)) as {
  readonly callsOf: (root: string, abi: AbiName) => ReadonlyMap<string, number> | undefined;
};
const ABI_NAMES = Object.keys(ABIS) as AbiName[];

describe('the table of system calls', () => {
  it('has the names of the type SyscallName, and no others', () => {
    const text = readFileSync(new URL('../../../lib/kernel/calls/call-names.ts', import.meta.url), 'utf8');
    const names = Array.from(text.matchAll(/^ {2}\| '(\w+)'/gm), ([, name]) => name);
    assert.deepEqual(names, knownSyscalls());
  });

  const table: readonly (readonly [string, number, readonly AbiName[]])[] = [
    ['open_tree_attr', 467, ABI_NAMES],
    ['file_getattr', 468, ABI_NAMES],
    ['file_setattr', 469, ABI_NAMES],
    ['listns', 470, ABI_NAMES],
    ['rseq_slice_yield', 471, ABI_NAMES],
    ['uprobe', 336, ['x86_64', 'x32']],
    ['umount', 22, ['x86']],
    ['execve', 520, ['x32']],
    ['set_tls', 0xf0005, ['arm']],
    ['sync_file_range', 84, ['aarch64']],
    ['arm_sync_file_range', 341, ['arm']],
  ];
  for (const [name, number, abis] of table) {
    it(`has ${name} as ${number} on ${abis.join(', ')}`, () => {
      for (const abi of abis) {
        assert.equal(syscallNumber(abi, name), number + ABIS[abi].numberBit);
        assert.equal(syscallName(abi, number + ABIS[abi].numberBit), name);
      }
    });
  }

  it('is of Linux 7.2 or newer', () => {
    assert.ok(NEWEST_KERNEL.major > 7 || (NEWEST_KERNEL.major === 7 && NEWEST_KERNEL.minor >= 2));
  });

  it('has one name for every number of an ABI', () => {
    for (const abi of ABI_NAMES) {
      const numbers = [...syscallsOf(abi).values()];
      assert.equal(new Set(numbers).size, numbers.length, abi);
    }
  });

  it('has the same numbers from 424 on for every ABI', () => {
    for (const [name, number] of syscallsOf('x86_64')) {
      if (number < 424) continue;
      for (const abi of ABI_NAMES) {
        const theirs = syscallNumber(abi, name);
        // memfd_secret exists only on architectures that select it.
        if (theirs !== undefined) assert.equal(theirs, number + ABIS[abi].numberBit, `${name} on ${abi}`);
      }
    }
  });

  it('has calls that only other architectures have', () => {
    for (const name of ['spu_run', 'riscv_hwprobe', 's390_sthyi', 'osf_mount', 'execv'])
      assert.ok(isKnownSyscall(name), name);
    assert.ok(!isKnownSyscall('SYSCALL_BASE'));
  });

  for (const abi of ABI_NAMES) {
    it(`has the calls of the installed headers for ${abi}`, function () {
      const installed = callsOf('/', abi);
      if (installed === undefined) return skip(this, 'its headers are not installed');
      assert.ok(installed.size > 300);
      for (const [name, number] of installed)
        assert.equal(syscallNumber(abi, name), number + ABIS[abi].numberBit, name);
    });
  }
});

describe('first versions', () => {
  const table = [
    ['read', '1.0'],
    ['openat', '2.6.16'],
    ['clone3', '5.3'],
    ['clock_gettime64', '5.1'],
    ['listns', '6.19'],
  ] as const;
  for (const [name, version] of table)
    it(`${name}: ${version}`, () => assert.equal(firstVersion(name), version));

  it('are known for every call that any Linux has served', () => {
    for (const abi of ABI_NAMES)
      for (const name of syscallsOf(abi).keys())
        assert.match(firstVersion(name) ?? '', /^(?:\d+(?:\.\d+)+|never)$/, name);
  });

  it('are not older than that of the next lower number that all architectures share', () => {
    let before = [0, 0];
    for (const [name, number] of syscallsOf('x86_64')) {
      if (number < 424) continue;
      const version = (firstVersion(name) ?? '').split('.').map(Number);
      const [major = 0, minor = 0] = version;
      // Their numbers were reserved a version or two before they were merged.
      if (['close_range', 'quotactl_fd'].includes(name)) continue;
      assert.ok(
        major > (before[0] ?? 0) || (major === before[0] && minor >= (before[1] ?? 0)),
        `${name} ${version.join('.')}`,
      );
      before = version;
    }
  });

  it('are undefined for a call that no ABI has', () => assert.equal(firstVersion('no_such_call'), undefined));
});
