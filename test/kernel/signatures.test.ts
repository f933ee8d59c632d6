// The arguments of system calls: names, types and widths on every ABI.
import assert from 'node:assert/strict';
import { ABIS, syscallsOf } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { argumentsOfGroup, usedGroups } from '#lib/kernel/arguments/argument-groups.js';
import { constantsOf } from '#lib/kernel/arguments/named-values.js';
import { parametersOf } from '#lib/kernel/arguments/signatures.js';

const brief = (abi: AbiName, syscall: string): string | undefined =>
  parametersOf(abi, syscall)
    ?.map(({ name, type, width }) => `${type} ${name}:${width}`)
    .join(', ');

/** Reserved numbers that no kernel has ever served. */
const NO_CALLS = new Set(
  'afs_syscall break ftime gtty idle lock mpx prof profil security stty tuxcall ulimit usr26 usr32 vserver'.split(
    ' ',
  ),
);

describe('signatures', () => {
  const table: readonly (readonly [AbiName, string, string])[] = [
    ['x86_64', 'socket', 'int domain:32, int type:32, int protocol:32'],
    ['x86_64', 'personality', 'unsigned int persona:32'],
    ['x86_64', 'ioctl', 'unsigned int fd:32, unsigned int cmd:32, unsigned long arg:64'],
    [
      'x86_64',
      'prctl',
      'int option:32, unsigned long arg2:64, unsigned long arg3:64, unsigned long arg4:64, unsigned long arg5:64',
    ],
    ['x86_64', 'ptrace', 'long request:64, long pid:64, unsigned long addr:64, unsigned long data:64'],
    ['x86_64', 'pread64', 'unsigned int fd:32, char * buf:64, size_t count:64, loff_t pos:64'],
    ['x86', 'pread64', 'unsigned int fd:32, char * ubuf:32, u32 count:32, u32 poslo:32, u32 poshi:32'],
    [
      'arm',
      'pread64',
      'unsigned int fd:32, char * buf:32, size_t count:32, u32 __pad:32, u32 pos_lo:32, u32 pos_hi:32',
    ],
    ['x86_64', 'chmod', 'const char * filename:64, umode_t mode:32'],
    ['x86_64', 'arch_prctl', 'int option:32, unsigned long arg2:64'],
    ['x86_64', 'getpid', ''],
  ];
  for (const [abi, syscall, expected] of table) {
    it(`has ${syscall} on ${abi}`, () => assert.equal(brief(abi, syscall), expected));
  }

  it('follows the order of clone on each architecture', () => {
    const last = (abi: AbiName) => parametersOf(abi, 'clone')?.at(-1)?.name;
    assert.equal(last('x86_64'), 'tls');
    assert.equal(last('aarch64'), 'child_tidptr');
  });

  it('has 32 bits for the flags of clone, which reads only the low half', () => {
    assert.equal(parametersOf('x86_64', 'clone')?.[0]?.width, 32);
  });

  it('distinguishes pointers and descriptors from numbers', () => {
    assert.deepEqual(
      parametersOf('aarch64', 'openat')?.map(({ kind }) => kind),
      ['descriptor', 'pointer', 'integer', 'integer'],
    );
    assert.equal(parametersOf('x86_64', 'capset')?.[0]?.kind, 'pointer');
  });

  for (const abi of Object.keys(ABIS) as AbiName[]) {
    it(`covers every call of ${abi}, with six arguments at most`, () => {
      const missing = [...syscallsOf(abi).keys()].filter(name => parametersOf(abi, name) === undefined);
      const never = abi === 'x86_64' ? ['get_thread_area', 'set_thread_area'] : [];
      assert.deepEqual(
        missing.filter(name => !NO_CALLS.has(name) && !never.includes(name)),
        [],
      );
      for (const name of syscallsOf(abi).keys()) {
        const parameters = parametersOf(abi, name) ?? [];
        assert.ok(parameters.length <= 6, `${name} has ${parameters.length} parameters`);
        for (const parameter of parameters) assert.match(parameter.name, /^\w+$/, name);
      }
    });
  }

  it('has 32 bits for every argument of the 32-bit ABIs', () => {
    for (const abi of ['x86', 'arm'] as const) {
      for (const name of syscallsOf(abi).keys()) {
        for (const { width } of parametersOf(abi, name) ?? []) assert.equal(width, 32, `${abi} ${name}`);
      }
    }
  });

  it('is undefined for calls that the ABI lacks', () => {
    assert.equal(parametersOf('aarch64', 'open'), undefined);
    assert.equal(parametersOf('x86_64', 'no_such_call'), undefined);
  });

  it('assigns groups of constants only to existing arguments', () => {
    for (const group of usedGroups()) {
      const names = (Object.keys(ABIS) as AbiName[]).flatMap(abi => [...constantsOf(abi, group).keys()]);
      assert.ok(names.length > 0, `${group} has no constants`);
      for (const argument of argumentsOfGroup(group)) {
        const [syscall = '', name] = argument.split('.');
        const exists = (Object.keys(ABIS) as AbiName[]).some(abi =>
          parametersOf(abi, syscall)?.some(
            parameter => parameter.name === name && parameter.constants === group,
          ),
        );
        assert.ok(exists, `there is no ${argument}`);
      }
    }
  });
});
