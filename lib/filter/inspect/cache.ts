// Determines which calls the kernel allows from its cache of constant outcomes, without running a filter.
import { ABIS, syscallName } from '../../kernel/abi.js';
import { SCMP_ACT_ALLOW } from '../../kernel/constants.js';
import { holds } from '../../bpf/interpret.js';
import { WORD, type Program } from '../../bpf/program.js';
import { BPF, operationOf } from '../../bpf/opcodes.js';

/**
 * Whether the kernel, since 5.11, allows a call by its number alone under a validated program: when it loads a filter,
 * it determines which numbers lead to a plain ALLOW by tests of only number and architecture. x32 is never cached, and
 * numbers without a name do not count. In a stack, every layer must allow the call in this way. Source:
 * seccomp_is_const_allow, kernel/seccomp.c.
 */
export function allowedByCache(program: Program, arch: number, syscall: number): boolean {
  if (!isCacheable(arch, syscall)) return false;
  let a = 0;
  for (let pc = 0; ; pc++) {
    const instruction = program[pc];
    if (instruction === undefined) return false;
    const { code, jt, jf, k } = instruction;
    const operation = operationOf(code);
    if (operation?.kind === 'load' && operation.to === 'a' && operation.from === 'data') {
      if (k > 4 * WORD.arch) return false;
      a = k === 4 * WORD.nr ? syscall : arch;
    } else if (code === BPF.AND_K) a = (a & k) >>> 0;
    else if (operation?.kind === 'jump') pc += k;
    else if (operation?.kind === 'test' && operation.operand === 'k')
      pc += holds(operation.op, a, k) ? jt : jf;
    else return code === BPF.RET_K && k === SCMP_ACT_ALLOW;
  }
}

/** Whether the ABI has a cache and the call has a name. */
const isCacheable = (arch: number, syscall: number): boolean =>
  Object.values(ABIS).some(
    ({ name, audit, numberBit }) =>
      audit === arch && numberBit === 0 && syscallName(name, syscall) !== undefined,
  );
