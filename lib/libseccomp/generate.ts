// Generates a policy's program with libseccomp, preceded by runc's ENOSYS rule: a second, independent generator.
import { CompileError, LibseccompError } from '../util/errors.js';
import { isFailure, native, type Failure } from '../native.js';
import { syscallName, X32_BIT, type Abi } from '../kernel/abi.js';
import * as scmp from '../kernel/constants.js';
import { ENOSYS, errnoName } from '../kernel/errno.js';
import { firstVersion } from '../kernel/calls/first-versions.js';
import type { AbiPolicy, Condition, Policy, Rule } from '../policy/policy.js';
import { auditArchs } from '../policy/runs.js';
import { tooMuchWork } from './limits.js';
import { decode, WORD, type Instruction, type Program } from '../bpf/program.js';
import { BPF } from '../bpf/opcodes.js';

/**
 * SCMP_FLTATR_CTL_OPTIMIZE, seccomp_attr_set(3): 1 for one comparison per call, in order of priority; 2 for a binary
 * tree.
 */
export type Optimize = 1 | 2;

const OPERATORS = {
  SCMP_CMP_NE: scmp.SCMP_CMP_NE,
  SCMP_CMP_LT: scmp.SCMP_CMP_LT,
  SCMP_CMP_LE: scmp.SCMP_CMP_LE,
  SCMP_CMP_EQ: scmp.SCMP_CMP_EQ,
  SCMP_CMP_GE: scmp.SCMP_CMP_GE,
  SCMP_CMP_GT: scmp.SCMP_CMP_GT,
  SCMP_CMP_MASKED_EQ: scmp.SCMP_CMP_MASKED_EQ,
} as const;

/** libseccomp's output for a policy. */
interface LibseccompOutput {
  readonly program: Program;
  /** Its pseudo filter code; the ENOSYS rule is not part of it. */
  readonly pfc: string;
}

/**
 * Compiles a policy with libseccomp. The program must still be verified, because libseccomp does not compile all rule
 * sets correctly. Throws CompileError (`unsupported-by-libseccomp`) for rules that libseccomp cannot express or on which
 * it does not terminate within 4 s of processor time, and LibseccompError for a function that failed.
 */
export function generateWithLibseccomp(policy: Policy, optimize: Optimize = 2): LibseccompOutput {
  for (const part of policy.abis) refuseUnsupported(part, policy);
  const rules: number[] = [];
  const comparisons: bigint[] = [];
  policy.abis.forEach((part, index) => {
    for (const [number, { rules: conditional, otherwise }] of part.syscalls) {
      const all: readonly Rule[] =
        conditional.length === 0 ? [{ conditions: [], action: otherwise }] : conditional;
      for (const { action, conditions } of all) {
        if (action === policy.defaultAction) continue;
        rules.push(index, number, action, conditions.length);
        comparisons.push(...conditions.flatMap(condition => comparison(condition, part.abi.width)));
      }
    }
  });
  const output = native().compileTable({
    defaultAction: policy.defaultAction,
    badArch: policy.badArch,
    optimize,
    archs: Uint32Array.from(policy.abis, ({ abi }) => abi.token),
    rules: Uint32Array.from(rules),
    comparisons: BigUint64Array.from(comparisons),
  });
  if (isFailure(output))
    throw (
      tooMuchWork(output) ??
      tooMany(output) ??
      new LibseccompError(output.failed, output.errno, errnoName(output.errno))
    );
  return { program: [...enosysStub(policy), ...decode(output.bpf)], pfc: output.pfc };
}

/** The error for too many rules, or too many decisions derived from them (native/core/context.h). */
const tooMany = ({ failed, errno }: Failure): CompileError | undefined =>
  errnoName(errno) === 'E2BIG'
    ? new CompileError(
        'unsupported-by-libseccomp',
        `libseccomp does not support these rules: in ${failed}, they exceed what it handles safely`,
        "Use codegen 'tree', which limits its work itself",
      )
    : undefined;

/** The numbers of one comparison. libseccomp compares whole registers, so comparing half of one needs a mask. */
const comparison = (condition: Condition, register: 32 | 64): readonly bigint[] => {
  if (condition.op === 'SCMP_CMP_EQ' && condition.width < register)
    return [BigInt(condition.arg), BigInt(OPERATORS.SCMP_CMP_MASKED_EQ), 0xffff_ffffn, condition.value];
  const head = [BigInt(condition.arg), BigInt(OPERATORS[condition.op])];
  return condition.op === 'SCMP_CMP_MASKED_EQ'
    ? [...head, condition.mask, condition.value]
    : [...head, condition.value, 0n];
};

function refuseUnsupported({ abi, syscalls }: AbiPolicy, policy: Policy): void {
  for (const [number, { rules, otherwise }] of syscalls) {
    const reason = isUnknown(abi, number)
      ? unknownCall(syscallName(abi.name, number))
      : unsupported(rules, otherwise !== policy.defaultAction, abi.width);
    if (reason === undefined) continue;
    throw new CompileError(
      'unsupported-by-libseccomp',
      `libseccomp does not support the rules of ${syscallName(abi.name, number) ?? `call ${number}`} on ${abi.name}: ${reason}`,
      "Use codegen 'tree', which supports all rules",
    );
  }
}

function unknownCall(name: string | undefined): string {
  const since = name === undefined ? undefined : firstVersion(name);
  const version = Object.values(native().version()).join('.');
  return `libseccomp ${version} does not know the call${since === undefined ? '' : `, which is new in Linux ${since}`}`;
}

/** Whether libseccomp's table lacks a call. Then its number does not identify the architecture. */
const isUnknown = ({ token }: Abi, number: number): boolean =>
  native().syscallResolveNumArch(token, number | 0) === undefined;

function unsupported(rules: readonly Rule[], ownFallback: boolean, register: 32 | 64): string | undefined {
  if (rules.length === 0) return undefined;
  if (ownFallback) return 'the action if no rule matches differs from the default action';
  const repeats = rules.some(
    ({ conditions }) => new Set(conditions.map(({ arg }) => arg)).size < conditions.length,
  );
  if (repeats) return 'one rule compares an argument more than once';
  const needsHalf = rules.some(({ conditions }) =>
    conditions.some(
      ({ width, op }) => width < register && op !== 'SCMP_CMP_EQ' && op !== 'SCMP_CMP_MASKED_EQ',
    ),
  );
  if (needsHalf) return 'half of a register can only be compared with SCMP_CMP_EQ and SCMP_CMP_MASKED_EQ';
  return undefined;
}

/** Returns ENOSYS for numbers above the highest one named, before libseccomp's program runs. Source: patchbpf of runc. */
function enosysStub(policy: Policy): Program {
  if (policy.abis.every(({ enosysAbove }) => enosysAbove === undefined)) return [];
  const refuse = instruction(BPF.RET_K, scmp.SCMP_ACT_ERRNO(ENOSYS));
  const sections = auditArchs(policy).map(arch => {
    const parts = policy.abis.filter(
      ({ abi, enosysAbove }) => abi.audit === arch && enosysAbove !== undefined,
    );
    const checks = parts.flatMap(part => limitCheck(part, refuse));
    return { arch, code: checks.length === 0 ? [] : [instruction(BPF.LD_ABS, 4 * WORD.nr), ...checks] };
  });
  return sections
    .filter(({ code }) => code.length > 0)
    .flatMap(({ arch, code }) => [
      instruction(BPF.LD_ABS, 4 * WORD.arch),
      instruction(BPF.JEQ_K, arch, 0, code.length),
      ...code,
    ]);
}

function limitCheck({ abi, enosysAbove = 0 }: AbiPolicy, refuse: Instruction): Program {
  const check = [instruction(BPF.JGT_K, enosysAbove, 0, 1), refuse];
  if (abi.audit !== scmp.SCMP_ARCH_X86_64) return check;
  return [
    abi.numberBit === 0 ? instruction(BPF.JSET_K, X32_BIT, 2, 0) : instruction(BPF.JSET_K, X32_BIT, 0, 2),
    ...check,
  ];
}

const instruction = (code: number, k: number, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
