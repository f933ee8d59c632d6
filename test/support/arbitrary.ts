// Arbitraries of fast-check for programs, rules and calls, in which boundary values are frequent.
import fc, { type Arbitrary } from 'fast-check';
import type { Instruction, Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { ABIS, syscallsOf } from '#lib/kernel/abi.js';
import type { CheckedEvent } from '#lib/kernel/event.js';
import { OPERATORS } from '#lib/policy/policy.js';

const LIMITS = [
  0n,
  1n,
  2n,
  3n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x100000001n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffff00000000n,
  0xffffffffffffffffn,
];

/** An unsigned number of 64 bits. */
export const register: Arbitrary<bigint> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...LIMITS) },
  { weight: 1, arbitrary: fc.bigInt(0n, 2n ** 64n - 1n) },
);

/** An unsigned number of 32 bits. */
export const word: Arbitrary<number> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 4, 31, 32, 60, 64, 0x7fff0000, 0xc000003e, 0xffffffff) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffffffff }) },
);

const smallByte = fc.oneof({ weight: 4, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.nat(255) });

/** An instruction with any opcode and any fields, usually one that seccomp supports. */
export const instruction: Arbitrary<Instruction> = fc.record(
  {
    code: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom<number>(...Object.values(BPF)) },
      { weight: 1, arbitrary: fc.nat(0xffff) },
    ),
    jt: smallByte,
    jf: smallByte,
    k: fc.oneof({ weight: 2, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: word }),
  },
  { noNullPrototype: true },
);

/** A sequence of instructions with a return at the end; about half of the sequences are valid programs. */
export const instructions: Arbitrary<Program> = fc
  .array(instruction, { maxLength: 12 })
  .map(program => [...program, { code: BPF.RET_K, jt: 0, jf: 0, k: 0x7fff0000 }]);

const CALLS = ['read', 'socket', 'clone', 'mmap', 'ptrace', 'getpid', 'openat', 'ioctl'] as const;
const ACTIONS = ['ALLOW', 'LOG', 'TRACE', 'NOTIFY', 'ERRNO', 'TRAP', 'KILL', 'KILL_PROCESS'];

const action = fc.constantFrom(...ACTIONS.map(name => `SCMP_ACT_${name}`));

const condition = fc.record(
  {
    index: fc.nat(5),
    op: fc.constantFrom<string>(...OPERATORS),
    value: register,
    valueTwo: register,
  },
  { requiredKeys: ['index', 'op', 'value'] },
);

/** A well-formed profile as an object; its rules may contradict each other. */
export const profile: Arbitrary<object> = fc.record(
  {
    defaultAction: action,
    syscalls: fc.array(
      fc.record(
        {
          names: fc.uniqueArray(fc.constantFrom(...CALLS), { minLength: 1, maxLength: 3 }),
          action,
          errnoRet: fc.integer({ min: 0, max: 4095 }),
          args: fc.array(condition, { maxLength: 3 }),
        },
        { requiredKeys: ['names', 'action'] },
      ),
      { maxLength: 5 },
    ),
    architectures: fc.subarray(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']),
  },
  { requiredKeys: ['defaultAction'] },
);

const numbers = CALLS.flatMap(name =>
  Object.values(ABIS).flatMap(abi => [syscallsOf(abi.name).get(name) ?? 0, 0x40000000 + 41]),
);

/** A call on any ABI, usually one that `profile` names. */
export const event: Arbitrary<CheckedEvent> = fc.record({
  arch: fc.constantFrom(...new Set(Object.values(ABIS).map(({ audit }) => audit)), 0x12345678),
  syscall: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...numbers) }, { weight: 1, arbitrary: word }),
  args: fc.array(register, { minLength: 6, maxLength: 6 }),
  instructionPointer: register,
});
