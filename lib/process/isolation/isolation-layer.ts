// The filter layer of every isolated child, below that of its profile. It refuses a few calls, independently of any
// profile.
import { compilePolicy } from '../../filter/compile.js';
import type { Filter } from '../../filter/filter.js';
import { ABIS, syscallNumber, X32_BIT, type Abi } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO } from '../../kernel/constants.js';
import { errnoNumber } from '../../kernel/errno.js';
import {
  nativeFirst,
  type AbiPolicy,
  type Condition,
  type Policy,
  type SyscallPolicy,
} from '../../policy/policy.js';
import { makeTarget } from '../../policy/target.js';
import { abisOf, nativeArchitecture, type Architecture } from '../../kernel/architectures.js';

const EPERM = SCMP_ACT_ERRNO(errnoNumber('EPERM') ?? 1);

/** Requests of ioctl(2), the same on all architectures of this package: asm-generic/ioctls.h. */
const TIOCSTI = 0x5412n;
const TIOCLINUX = 0x541cn;

/** The kernel reads the request as an unsigned int and ignores the upper bits. */
const IOCTL: SyscallPolicy = {
  otherwise: SCMP_ACT_ALLOW,
  rules: [TIOCSTI, TIOCLINUX].map(value => ({
    conditions: [{ op: 'SCMP_CMP_EQ', arg: 1, width: 32, value }],
    action: EPERM,
  })),
};

/**
 * prlimit: new limits are passed by a pointer, which is as wide as a register; the process is an int, 0 for the caller.
 */
const prlimit = ({ name, width }: Abi): SyscallPolicy => {
  const other: Condition = { op: 'SCMP_CMP_NE', arg: 0, width: 32, value: 0n };
  const sets: Condition = { op: 'SCMP_CMP_NE', arg: 2, width, value: 0n };
  // x32 passes 64-bit pointers, but its conditions compare only their low halves. On x32, limits of other processes
  // therefore cannot even be read.
  return {
    otherwise: SCMP_ACT_ALLOW,
    rules: [{ conditions: name === 'x32' ? [other] : [other, sets], action: EPERM }],
  };
};

/**
 * Numbers that kernels before 5.4 serve as well: those of x32 without bit 30, and those of x86_64 with it. Source:
 * arch/x86/entry/syscalls/syscall_64.tbl, and commit 6365b842aae4.
 */
const OTHER_IOCTLS: ReadonlyMap<AbiName, number> = new Map<AbiName, number>([
  ['x86_64', 514],
  ['x32', X32_BIT + 16],
]);

function abiOf(name: AbiName): AbiPolicy {
  const abi = ABIS[name];
  const numbers: readonly (readonly [number | undefined, SyscallPolicy])[] = [
    [syscallNumber(name, 'ioctl'), IOCTL],
    [OTHER_IOCTLS.get(name), IOCTL],
    [syscallNumber(name, 'prlimit64'), prlimit(abi)],
  ];
  const known = numbers.flatMap(([number, part]) => (number === undefined ? [] : [[number, part] as const]));
  return { abi, syscalls: new Map(known), enosysAbove: undefined };
}

/** The policy of the layer: TIOCSTI, TIOCLINUX and the limits of other processes are refused on every ABI. */
export function isolationPolicy(arch: Architecture = nativeArchitecture()): Policy {
  return {
    target: makeTarget({ arch }),
    defaultAction: SCMP_ACT_ALLOW,
    // The filter of the profile decides about other ABIs.
    badArch: SCMP_ACT_ALLOW,
    abis: nativeFirst(abisOf(arch).map(abiOf)),
    flags: [],
    warnings: [],
  };
}

let layer: Filter | undefined;

/**
 * Returns the filter of isolated children below that of their profile. It refuses, with EPERM, the ioctl(2) requests
 * TIOCSTI and TIOCLINUX, with which a process can type into its terminal, and prlimit(2) calls that set limits of
 * another process; it allows everything else. It is proven like any other filter, and compiled once in this process.
 */
export function isolationLayer(): Filter {
  return (layer ??= compilePolicy(isolationPolicy()));
}
