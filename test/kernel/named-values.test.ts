// Constants by name: parsing text to register values, and formatting register values as text.
import assert from 'node:assert/strict';
import { constants as fs } from 'node:fs';
import { constants as os } from 'node:os';
import { UsageError } from '#lib/util/errors.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { constantsOf, nameValue, parseValue } from '#lib/kernel/arguments/named-values.js';
import { parameterOf, type Parameter } from '#lib/kernel/arguments/signatures.js';
import { NATIVE } from '../support/native.js';

const int = parameterOf('x86_64', 'socket', 0);
const long = parameterOf('x86_64', 'ptrace', 0);

function refusal(text: string, parameter?: Parameter, abi: AbiName = 'x86_64'): UsageError {
  try {
    parseValue(text, parameter, abi);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error;
  }
  return assert.fail(`${text} was taken`);
}

describe('named values', () => {
  describe('read', () => {
    const table: readonly (readonly [text: string, parameter: Parameter | undefined, value: bigint])[] = [
      ['0', int, 0n],
      ['10', int, 10n],
      ['0x1F', int, 31n],
      ['0o755', int, 0o755n],
      ['0755', int, 0o755n],
      ['00', int, 0n],
      ['18446744073709551615', undefined, 0xffff_ffff_ffff_ffffn],
      ['-1', int, 0xffff_ffffn],
      ['-1', long, 0xffff_ffff_ffff_ffffn],
      ['-1', undefined, 0xffff_ffff_ffff_ffffn],
      ['-0x80000000', int, 0x8000_0000n],
      ['0x100000026', int, 0x1_0000_0026n],
      ['AF_UNIX', int, 1n],
      ['PF_LOCAL', int, 1n],
      ['AT_FDCWD', parameterOf('x86_64', 'openat', 0), 0xffff_ff9cn],
      ['O_RDONLY|O_CLOEXEC', undefined, 0o2000000n],
      [' O_WRONLY | 0x40 ', undefined, 0o101n],
      ['CLONE_NEWUSER|17', undefined, 0x10000011n],
      ['TIOCSTI', undefined, 0x5412n],
      ['TIOCLINUX', undefined, 0x541cn],
      ['ADDR_NO_RANDOMIZE', undefined, 0x40000n],
      ['PTRACE_TRACEME', long, 0n],
    ];
    for (const [text, parameter, value] of table) {
      it(`${JSON.stringify(text)} as ${parameter?.type ?? 'anything'} is 0x${value.toString(16)}`, () => {
        assert.equal(parseValue(text, parameter, 'x86_64'), value);
      });
    }

    it('a name as its value on the architecture', () => {
      assert.equal(parseValue('O_DIRECTORY', undefined, 'x86_64'), 0o200000n);
      assert.equal(parseValue('O_DIRECTORY', undefined, 'aarch64'), 0o40000n);
    });

    it('a negative number in 32 bits on a 32-bit ABI', () => {
      assert.equal(parseValue('-1', undefined, 'x86'), 0xffff_ffffn);
    });

    it('a misspelt name with a suggestion from the group of the argument', () => {
      const error = refusal('AF_UNX', int);
      assert.equal(error.code, 'unknown-constant');
      assert.match(error.message, /AF_UNIX/);
    });

    it('several values with the place of a mistake', () => {
      assert.match(refusal('O_RDONLY|O_CLOEXE').message, /at column 10 of "O_RDONLY\|O_CLOEXE".*O_CLOEXEC/);
    });

    it('a name that only other architectures have as unknown', () => {
      assert.equal(refusal('ARCH_SET_FS', undefined, 'aarch64').code, 'unknown-constant');
    });

    for (const [text, parameter] of [
      ['', int],
      ['|', int],
      ['AF_UNIX|', int],
      ['12abc', int],
      ['09', int],
      ['0x', int],
      ['1.5', int],
      ['18446744073709551616', undefined],
      ['0x10000000000000000', undefined],
      ['-2147483649', int],
      ['-9223372036854775809', long],
      ['1'.repeat(100_000), int],
    ] as const) {
      it(`${JSON.stringify(text.slice(0, 30))} as no value`, () => {
        assert.equal(refusal(text, parameter).code, 'bad-value');
      });
    }

    it('a register of 32 bits as too small for more on x86', () => {
      assert.equal(refusal('0x100000000', undefined, 'x86').code, 'bad-value');
    });
  });

  describe('show', () => {
    const table: readonly (readonly [
      syscall: string,
      index: number,
      value: bigint,
      mask: bigint | undefined,
      words: string | undefined,
    ])[] = [
      ['socket', 0, 38n, undefined, 'AF_ALG'],
      ['socket', 0, 1n, undefined, 'AF_UNIX'],
      ['socket', 0, 4711n, undefined, undefined],
      ['socket', 0, 0x1_0000_0026n, undefined, undefined],
      ['socket', 1, 0x80001n, undefined, 'SOCK_STREAM|SOCK_CLOEXEC'],
      ['socket', 1, 3n, 0xfn, 'SOCK_RAW'],
      ['openat', 0, 0xffff_ff9cn, undefined, 'AT_FDCWD'],
      ['openat', 2, 0n, undefined, 'O_RDONLY'],
      ['openat', 2, 0o102n, undefined, 'O_RDWR|O_CREAT'],
      ['openat', 2, 0o4010000n, undefined, 'O_SYNC'],
      ['openat', 2, 0x10n, undefined, undefined],
      ['openat', 2, 0o100n | (1n << 30n), undefined, 'O_CREAT|0x40000000'],
      ['clone', 0, 0x10000011n, undefined, 'SIGCHLD|CLONE_NEWUSER'],
      ['clone', 0, 0x10000000n, 0x10000000n, 'CLONE_NEWUSER'],
      ['clone', 0, 0n, 0x10000000n, undefined],
      ['unshare', 0, 0x80n, undefined, 'CLONE_NEWTIME'],
      ['setns', 1, 0n, undefined, undefined],
      ['personality', 0, 0n, undefined, 'PER_LINUX'],
      ['personality', 0, 8n, undefined, 'PER_LINUX32'],
      ['personality', 0, 0x20008n, undefined, 'PER_LINUX32|UNAME26'],
      ['ioctl', 1, 0x5412n, undefined, 'TIOCSTI'],
      ['mmap', 2, 7n, undefined, 'PROT_READ|PROT_WRITE|PROT_EXEC'],
      ['mmap', 3, 0x22n, undefined, 'MAP_PRIVATE|MAP_ANONYMOUS'],
      ['chmod', 1, 0o4755n, undefined, 'S_ISUID|0755'],
      ['chmod', 1, 0o644n, undefined, '0644'],
      ['chmod', 1, 0o4000n, 0o4000n, 'S_ISUID'],
      ['mknod', 1, 0o20000n, 0o170000n, 'S_IFCHR'],
      ['prctl', 0, 38n, undefined, 'PR_SET_NO_NEW_PRIVS'],
      ['kill', 1, 9n, undefined, 'SIGKILL'],
      ['read', 0, 1n, undefined, undefined],
      ['no_such_call', 0, 1n, undefined, undefined],
    ];
    for (const [syscall, index, value, mask, words] of table) {
      const under = mask === undefined ? '' : ` under 0x${mask.toString(16)}`;
      it(`0x${value.toString(16)}${under} in argument ${index} of ${syscall} as ${words ?? 'a number'}`, () => {
        assert.equal(nameValue('x86_64', syscall, index, value, mask), words);
      });
    }

    it('text that is parsed to the same value', () => {
      for (let flags = 1n; flags < 1n << 32n; flags <<= 1n) {
        const words = nameValue('aarch64', 'openat', 2, flags | 2n) ?? '';
        assert.equal(parseValue(words, undefined, 'aarch64'), flags | 2n, words);
      }
    });
  });

  it('agree with the constants that Node was compiled with', () => {
    const open = constantsOf(NATIVE, 'O');
    for (const [name, value] of Object.entries(fs)) {
      const own = open.get(name);
      if (own !== undefined) assert.equal(own, BigInt(value), name);
    }
    assert.deepEqual(open.get('O_DIRECTORY'), BigInt(fs.O_DIRECTORY));
    for (const [name, value] of Object.entries(os.signals)) {
      if (name === 'SIGUNUSED') continue;
      assert.equal(constantsOf(NATIVE, 'SIG').get(name), BigInt(value), name);
    }
  });
});
