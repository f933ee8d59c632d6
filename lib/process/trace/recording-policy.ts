// The policy with which every call stops for a tracer, split into classes by the arguments that grant privileges.
import { constantsOf } from '../../kernel/arguments/named-values.js';
import { abiOf, ABIS, callText, syscallNumber } from '../../kernel/abi.js';
import type { RecordingBuilder } from '../../recording/build.js';
import type { AbiName } from '../../kernel/architectures.js';
import { SCMP_ACT_ERRNO } from '../../kernel/constants.js';
import { markPolicy } from '../../policy/own-policy.js';
import { nativeFirst, type AbiPolicy, type Condition, type Policy, type Rule } from '../../policy/policy.js';
import { makeTarget } from '../../policy/target.js';
import { abisOf, nativeArchitecture } from '../../kernel/architectures.js';
import { decidingRule } from '../../policy/evaluate.js';

/** Memory protections; each combination is a separate class. */
const PROTECTIONS = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n];

/**
 * CLONE_NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET: every combination with SIGCHLD, as sandboxes such as Chromium's create
 * processes.
 */
const NAMESPACES: readonly bigint[] = [
  0x20000n,
  0x4000000n,
  0x8000000n,
  0x10000000n,
  0x20000000n,
  0x40000000n,
]
  .reduce<readonly bigint[]>((all, flag) => [...all, ...all.map(sum => sum | flag)], [17n])
  .slice(1);

/** Groups of named constants whose values are separate classes, by call and index of the argument. */
const TOLD_APART: readonly (readonly [syscall: string, index: number, values: string | readonly bigint[]])[] =
  [
    ['socket', 0, 'AF'],
    ['socketpair', 0, [1n]],
    ['mmap', 2, PROTECTIONS],
    ['mprotect', 2, PROTECTIONS],
    ['pkey_mprotect', 2, PROTECTIONS],
    ['clone', 0, [17n, 0x11n | 0x1200000n, 0x3d0f00n, 0x4111n, ...NAMESPACES]],
    ['unshare', 0, 'CLONE'],
    ['setns', 1, 'CLONE'],
    ['prctl', 0, 'PR'],
    ['fcntl', 1, 'F'],
    ['bpf', 0, 'BPF'],
    ['keyctl', 0, 'KEYCTL'],
    ['prlimit64', 0, [0n]],
    ['personality', 0, [0n, 0xffffffffn]],
  ];

/** All rules have the same action; their positions define the classes. */
const ACTION = SCMP_ACT_ERRNO(1);

/**
 * The policy for this machine. On the native ABI, each known value of a distinguishing argument is a separate class.
 */
export function recordingPolicy(): Policy {
  const arch = nativeArchitecture();
  const abis = abisOf(arch).map((abi): AbiPolicy => {
    const syscalls = new Map(abi === arch ? classesOf(abi) : []);
    return { abi: ABIS[abi], syscalls, enosysAbove: undefined };
  });
  return markPolicy({
    target: makeTarget({ arch }),
    defaultAction: ACTION,
    badArch: ACTION,
    abis: nativeFirst(abis),
    flags: [],
    warnings: [],
  });
}

function classesOf(abi: AbiName): Iterable<[number, { rules: readonly Rule[]; otherwise: number }]> {
  let line = 0;
  return TOLD_APART.flatMap(([syscall, arg, values]) => {
    const number = syscallNumber(abi, syscall);
    if (number === undefined) return [];
    const all = typeof values === 'string' ? new Set(constantsOf(abi, values).values()) : values;
    const rules = [...all]
      .filter(value => value >= 0n)
      .map((value): Rule => {
        const condition: Condition = { op: 'SCMP_CMP_EQ', arg, width: 64, value };
        return {
          conditions: [condition],
          action: ACTION,
          at: { file: '<recording>', line: ++line, column: 1, pointer: '' },
        };
      });
    return [
      [number, { rules, otherwise: ACTION }] as [number, { rules: readonly Rule[]; otherwise: number }],
    ];
  });
}

/** Calls of one class, with the arguments of the first. */
export interface CallClass {
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  readonly number: number;
  readonly args: readonly bigint[];
  readonly program: string | undefined;
  readonly phase: string;
  readonly count: number;
}

/** Adds calls of one class to a recording; false if their ABI is unknown or `add` returns false. Throws as `RecordingBuilder.add` does. */
export function noteClass(builder: RecordingBuilder, policy: Policy, seen: CallClass): boolean {
  const { arch, number, args, program, phase, count } = seen;
  const abi = abiOf(arch, number);
  if (abi === undefined) return false;
  // No call has a negative number, so none is missing.
  if (number < 0) return true;
  const call = { abi: abi.name, syscall: callText(abi.name, number), program, phase };
  if (!builder.add({ ...call, args })) return false;
  // For later calls of the class, only the argument that defines the class is known.
  const shared = abi.name === policy.abis[0].abi.name ? sharedArgument(policy, number, args) : undefined;
  const later = args.map((value, index) => (index === shared ? value : undefined));
  if (count > 1) builder.add({ ...call, args: later, count: count - 1 });
  return true;
}

/** The argument that is equal in all calls of a class; undefined if all arguments may differ. */
function sharedArgument(policy: Policy, syscall: number, args: readonly bigint[]): number | undefined {
  const rules = policy.abis[0].syscalls.get(syscall)?.rules ?? [];
  return decidingRule(rules, args)?.conditions[0]?.arg;
}
