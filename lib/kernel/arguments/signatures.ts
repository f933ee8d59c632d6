// The parameters of every system call: their names, C types and widths, as the kernel declares them.
import { requireAbi, syscallNumber } from '../abi.js';
import type { AbiName } from '../architectures.js';
import { constantGroup, type ConstantGroup } from './argument-groups.js';
import { dataLines } from '../data-file.js';
import { own } from '../../util/own.js';

/** What an argument means, as far as its type and name tell. */
export type ParameterKind = 'integer' | 'pointer' | 'descriptor';

/** One argument of a system call. */
export interface Parameter {
  /** Its name in the man pages, or else the kernel's: `domain`. */
  readonly name: string;
  /** The kernel's name for it: `family`. */
  readonly kernelName: string;
  /** Its C type, without annotations for the kernel: `const char *`. */
  readonly type: string;
  /** How many bits of the register the kernel reads. Narrower types, such as `umode_t`, count as 32. */
  readonly width: 32 | 64;
  /** How its values are read and printed. */
  readonly kind: ParameterKind;
  /** The group of named constants that it takes. */
  readonly constants?: ConstantGroup;
}

/** Names of the man pages that differ from the kernel's: `call parameter`. */
const MAN_NAMES: Readonly<Record<string, string>> = {
  'socket family': 'domain',
  'socketpair family': 'domain',
  'clone clone_flags': 'flags',
  'unshare unshare_flags': 'flags',
  'personality personality': 'persona',
};

/** Types with 64 bits on a 64-bit ABI, in addition to pointers. All others are an `int` or smaller. */
const WIDE: ReadonlySet<string> = new Set([
  ...['long', 'unsigned long', 'size_t', 'ssize_t', 'off_t', 'loff_t', 'u64', '__u64', 'aio_context_t'],
  ...['old_sigset_t', '__sighandler_t', 'cap_user_header_t', 'cap_user_data_t'],
]);

/** Types that are pointers under another name. */
const POINTERS: ReadonlySet<string> = new Set(['__sighandler_t', 'cap_user_header_t', 'cap_user_data_t']);

/**
 * Arguments that are declared with 64 bits but truncated to 32 before the kernel reads them. flags of clone:
 * lower_32_bits() in clone of kernel/fork.c; older kernels had no flags above.
 */
const CUT: ReadonlySet<string> = new Set(['clone flags']);

/** The kernel's names for descriptors: `fd`, `dfd`, `epfd`, `fd_in`. */
const DESCRIPTOR = /fd(?:_?in|_?out)?$|^(?:fildes|mqdes)$/;

const signatures = new Map<AbiName, ReadonlyMap<string, readonly Parameter[]>>();

/**
 * The bits of a `long` and of a register on an ABI. x32 has x86_64's registers, although policies compare only their low
 * halves.
 */
export const registerWidth = (abi: AbiName): 32 | 64 => (abi === 'x32' ? 64 : requireAbi(abi).width);

/**
 * Returns the parameters of a system call in order; undefined if the ABI does not have the call, or no kernel
 * implements it. A call without parameters has an empty list.
 *
 * The 32-bit ABIs are described as a 64-bit kernel serves them, where a 64-bit value takes two arguments. Source: the
 * declarations of Linux (SYSCALL_DEFINE and its variants), see scripts/generate-signatures.mjs.
 */
export const parametersOf = (abi: AbiName, syscall: string): readonly Parameter[] | undefined =>
  syscallNumber(abi, syscall) === undefined ? undefined : tableOf(abi).get(syscall);

/** The name and type of one argument; undefined if it is unknown. */
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
