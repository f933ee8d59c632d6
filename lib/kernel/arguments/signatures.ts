// What the arguments of every system call are: their names, C types and widths, as the kernel declares them.
import { requireAbi, syscallNumber } from '../abi.js';
import type { AbiName } from '../architectures.js';
import { constantGroup, type ConstantGroup } from './argument-groups.js';
import { dataLines } from '../data-file.js';
import { own } from '../../util/own.js';

/** What an argument stands for, as far as its type and name tell. */
export type ParameterKind = 'integer' | 'pointer' | 'descriptor';

/** One argument of a system call. */
export interface Parameter {
  /** The name that the man pages have for it, and the kernel where they have none: `domain`. */
  readonly name: string;
  /** The kernel's name for it: `family`. */
  readonly kernelName: string;
  /** Its type in C, without what only the kernel cares about: `const char *`. */
  readonly type: string;
  /** How many bits of the register the kernel reads. Narrower types, such as `umode_t`, count as 32. */
  readonly width: 32 | 64;
  /** What its values are: how they are read and printed. */
  readonly kind: ParameterKind;
  /** The group of named constants that it is written with. */
  readonly constants?: ConstantGroup;
}

/** Names of the man pages where the kernel has others: `call parameter`. */
const MAN_NAMES: Readonly<Record<string, string>> = {
  'socket family': 'domain',
  'socketpair family': 'domain',
  'clone clone_flags': 'flags',
  'unshare unshare_flags': 'flags',
  'personality personality': 'persona',
};

/** Types of 64 bits on a 64-bit ABI, in addition to pointers. All others are an `int` or smaller. */
const WIDE: ReadonlySet<string> = new Set([
  ...['long', 'unsigned long', 'size_t', 'ssize_t', 'off_t', 'loff_t', 'u64', '__u64', 'aio_context_t'],
  ...['old_sigset_t', '__sighandler_t', 'cap_user_header_t', 'cap_user_data_t'],
]);

/** Types that are pointers under another name. */
const POINTERS: ReadonlySet<string> = new Set(['__sighandler_t', 'cap_user_header_t', 'cap_user_data_t']);

/**
 * Arguments that are declared as 64 bits and cut to 32 before anything looks at them. flags of clone: lower_32_bits() in
 * clone of kernel/fork.c; older kernels had no flag beyond.
 */
const CUT: ReadonlySet<string> = new Set(['clone flags']);

/** Names that the kernel gives to descriptors: `fd`, `dfd`, `epfd`, `fd_in`. */
const DESCRIPTOR = /fd(?:_?in|_?out)?$|^(?:fildes|mqdes)$/;

const signatures = new Map<AbiName, ReadonlyMap<string, readonly Parameter[]>>();

/** Bits of a `long` and of a register on an ABI. x32 has the registers of x86_64, though policies compare their low halves. */
export const registerWidth = (abi: AbiName): 32 | 64 => (abi === 'x32' ? 64 : requireAbi(abi).width);

/**
 * Returns the parameters of a system call in the order of its arguments, or undefined for a call that the ABI does not
 * have, or that no kernel implements. A call without parameters has an empty list.
 *
 * The 32-bit ABIs are described as a 64-bit kernel serves them: a 64-bit value takes two arguments there.
 * Source: the declarations of Linux (SYSCALL_DEFINE and its kin), see scripts/generate-signatures.mjs.
 */
export const parametersOf = (abi: AbiName, syscall: string): readonly Parameter[] | undefined =>
  syscallNumber(abi, syscall) === undefined ? undefined : tableOf(abi).get(syscall);

/** The name and type of one argument, or undefined if nothing is known of it. */
export const parameterOf = (abi: AbiName, syscall: string, index: number): Parameter | undefined =>
  parametersOf(abi, syscall)?.[index];

function tableOf(abi: AbiName): ReadonlyMap<string, readonly Parameter[]> {
  const existing = signatures.get(abi);
  if (existing !== undefined) return existing;
  const table = new Map<string, readonly Parameter[]>();
  for (const line of dataLines('signatures.txt')) {
    const [, syscall = '', abis = '', list = ''] = /^(\S+) (\S+) ?(.*)$/.exec(line) ?? [];
    if (abis !== '*' && !abis.split(',').includes(abi)) continue;
    const parameters = list === '' ? [] : list.split(', ').map(text => parameter(abi, syscall, text));
    table.set(syscall, Object.freeze(parameters));
  }
  signatures.set(abi, table);
  return table;
}

function parameter(abi: AbiName, syscall: string, text: string): Parameter {
  const space = text.lastIndexOf(' ');
  const [type, kernelName] = [text.slice(0, space), text.slice(space + 1)];
  const name = own(MAN_NAMES, `${syscall} ${kernelName}`) ?? kernelName;
  const isPointer = type.includes('*') || POINTERS.has(type);
  const isWide = (isPointer || WIDE.has(type)) && !CUT.has(`${syscall} ${name}`);
  const constants = constantGroup(syscall, name, type);
  return Object.freeze({
    name,
    kernelName,
    type,
    width: isWide ? registerWidth(abi) : 32,
    kind: isPointer ? 'pointer' : DESCRIPTOR.test(name) ? 'descriptor' : 'integer',
    ...(constants !== undefined && { constants }),
  });
}
