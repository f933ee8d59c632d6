// Inspects a profile without loading a filter: its meaning, its program, and the meaning of another program.
import { compile, disassemble, resolveProfile } from 'seccomp';
import {
  decode,
  evaluate,
  actionName,
  findDifference,
  interpret,
  ABIS,
  seccompData,
  syscallNumber,
} from 'seccomp/inspect';

const PROFILE = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [
    { names: ['read', 'write', 'exit_group'], action: 'SCMP_ACT_ALLOW' },
    {
      names: ['socket'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }], // AF_UNIX
    },
  ],
};

// Its meaning on a named architecture: the action for any system call, without a kernel.
const policy = resolveProfile(PROFILE, { arch: 'x86_64' });
const ask = (name, ...args) => {
  const event = {
    arch: ABIS.x86_64.audit,
    syscall: syscallNumber('x86_64', name),
    args: args.map(BigInt),
    instructionPointer: 0n,
  };
  return { event, action: evaluate(policy, event) };
};
const unix = ask('socket', 1);
const inet = ask('socket', 2);
console.log(`socket(AF_UNIX): ${actionName(unix.action)}`);
console.log(`socket(AF_INET): ${actionName(inet.action)}\n`);

// The program, which compile has proven to be equivalent to the policy.
const filter = compile(policy);
console.log(filter.disassembly);

// The interpreter returns the same actions.
const program = decode(filter.bpf);
const run = interpret(program, seccompData(inet.event));
console.log(`${run.steps} instructions for socket(AF_INET): ${actionName(run.action)}\n`);

// Any program in the kernel's format can be listed and compared with a policy: here one with a modified comparison.
const patched = program.map(instruction =>
  instruction.code === 0x15 && instruction.k === 1 ? { ...instruction, k: 2 } : instruction,
);
const witness = findDifference(patched, policy);
console.log(
  disassemble(patched)
    .split('\n')
    .filter(line => line.includes('0x2)'))
    .join('\n'),
);
console.log(`differs from the policy for call ${witness.syscall} with argument ${witness.args[0]}`);

const expected =
  actionName(unix.action) === 'ALLOW' &&
  actionName(inet.action) === 'ERRNO(EPERM)' &&
  run.action === inet.action &&
  witness.syscall === inet.event.syscall;
process.exitCode = expected ? 0 : 1;
