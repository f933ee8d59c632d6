// Reads the system calls of every architecture from the kernel's headers (linux-libc-dev).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KERNEL_ABIS } from './kernel-abis.mjs';

/** The first number of arch/arm's private calls, beyond the table. */
const ARM_BASE = 0x0f0000;

/** Definitions in the headers that are not calls, or are reserved. */
const NO_CALL = /^(?:BASE|Linux|(?:OABI_)?SYSCALL_(?:BASE|MASK)|(?:reserved|unused)\d+|syscalls)$/;

/** `#define __NR_read 0`, `(__NR_SYSCALL_BASE + 3)`, `(__X32_SYSCALL_BIT + 1)`; an alias of a call has no number. */
const DEFINITION =
  /^#\s*define\s+__(?<own>ARM_|)NR_(?<name>\w+)\s+(?:\((?<base>\w+)\s*\+\s*(?<offset>0x[\da-f]+|\d+)\)|(?<number>\d+))/gim;

function callsIn(text) {
  const calls = new Map();
  for (const { groups } of text.matchAll(DEFINITION)) {
    if (NO_CALL.test(groups.name)) continue;
    const number = Number(groups.number ?? groups.offset);
    calls.set(groups.name, groups.own === '' ? number : ARM_BASE + number);
  }
  return calls;
}

/** The folder of an ABI's headers under the root of a system or of an unpacked package; undefined if there is none. */
function headersOf(root, { headers, numbers }) {
  return headers
    .map(directory => join(root, 'usr/include', directory, 'asm'))
    .find(folder => numbers.every(name => existsSync(join(folder, name))));
}

/** The number of each call of an ABI by name, without x32's bit 30; undefined if the root does not have its headers. */
export function callsOf(root, abi) {
  const folder = headersOf(root, KERNEL_ABIS[abi]);
  if (folder === undefined) return undefined;
  return new Map(
    KERNEL_ABIS[abi].numbers.flatMap(name => [...callsIn(readFileSync(join(folder, name), 'utf8'))]),
  );
}

/** Prefixes of Debian's architecture names that differ from the kernel's names. */
const ARCHITECTURES = {
  aarch64: 'arm64',
  hppa: 'parisc',
  i386: 'x86',
  loongarch64: 'loongarch',
  mips: 'mips',
  powerpc: 'powerpc',
  riscv64: 'riscv',
  s390x: 's390',
  sh4: 'sh',
  sparc64: 'sparc',
  x86_64: 'x86',
};

/** The kernel's name of the architecture of a folder of headers. */
export function architectureOf(directory) {
  const [machine] = directory.split('-');
  const known = Object.keys(ARCHITECTURES).find(start => machine.startsWith(start));
  return known === undefined ? machine : ARCHITECTURES[known];
}

/** The names of the calls of every architecture in the headers, each with the architectures that have it. */
export function namesEverywhere(root) {
  const include = join(root, 'usr/include');
  const names = new Map();
  for (const directory of readdirSync(include)) {
    const folder = join(include, directory, 'asm');
    if (!/-linux-/.test(directory) || !existsSync(folder)) continue;
    for (const file of readdirSync(folder).filter(name => /^unistd.*\.h$/.test(name))) {
      const text = readFileSync(join(folder, file), 'utf8');
      for (const [, name] of text.matchAll(/^#\s*define\s+__(?:ARM_)?NR_(\w+)\s/gm)) {
        if (NO_CALL.test(name)) continue;
        if (!names.has(name)) names.set(name, new Set());
        names.get(name).add(architectureOf(directory));
      }
    }
  }
  return names;
}

/** The kernel version of the headers. */
export function versionOf(root) {
  const text = readFileSync(join(root, 'usr/include/linux/version.h'), 'utf8');
  const [major, minor] = ['MAJOR', 'PATCHLEVEL'].map(part =>
    Number(new RegExp(`LINUX_VERSION_${part}\\s+(\\d+)`).exec(text)?.[1]),
  );
  return { major, minor };
}
