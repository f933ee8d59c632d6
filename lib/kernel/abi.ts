// The ABIs that this package knows: their names in every dialect, their width and their numbers.
import { dockerNameOf, type AbiName } from './architectures.js';
import * as scmp from './constants.js';
import type { DockerArchitecture } from './docker-architectures.js';
import { FOREIGN_SYSCALLS, SYSCALL_TABLES } from './calls/syscall-table.js';
import { badArgument } from '../util/failures.js';
import { own } from '../util/own.js';

/** One ABI. x86_64 and x32 share an AUDIT_ARCH and differ in bit 30 of the number. */
export interface Abi {
  /** This package's name for it. */
  readonly name: AbiName;
  /** Its name in a profile, e.g. `SCMP_ARCH_X86_64`. */
  readonly scmpName: string;
  /** libseccomp's token for it. */
  readonly token: number;
  /** The kernel's value of `seccomp_data.arch`. */
  readonly audit: number;
  /** Its name in `includes.arches`, as dockerd spells it. */
  readonly dockerName: DockerArchitecture;
  /** Bits of a register as the ABI passes it: 32-bit ABIs compare low words only. */
  readonly width: 32 | 64;
  /** The bits that are set in every number of the ABI. */
  readonly numberBit: number;
}

/** Bit 30 of the number marks an x32 call (`__X32_SYSCALL_BIT`). */
export const X32_BIT = 0x40000000;
/** The number -1, which a tracer sets to skip a call. It is not an x32 call, although bit 30 is set. */
export const NO_CALL = 0xffffffff;

const abi = (
  name: AbiName,
  scmpName: string,
  token: number,
  dockerName: DockerArchitecture,
  width: 32 | 64,
  audit = token,
  numberBit = 0,
): Abi => ({ name, scmpName, token, audit, dockerName, width, numberBit });

/** Every ABI, by name. */
export const ABIS: Readonly<Record<AbiName, Abi>> = {
  x86_64: abi('x86_64', 'SCMP_ARCH_X86_64', scmp.SCMP_ARCH_X86_64, dockerNameOf('x86_64'), 64),
  x86: abi('x86', 'SCMP_ARCH_X86', scmp.SCMP_ARCH_X86, 'x86', 32),
  x32: abi('x32', 'SCMP_ARCH_X32', scmp.SCMP_ARCH_X32, 'x32', 32, scmp.SCMP_ARCH_X86_64, X32_BIT),
  aarch64: abi('aarch64', 'SCMP_ARCH_AARCH64', scmp.SCMP_ARCH_AARCH64, dockerNameOf('aarch64'), 64),
  arm: abi('arm', 'SCMP_ARCH_ARM', scmp.SCMP_ARCH_ARM, 'arm', 32),
};

/** All ABIs as a list, made once because every call of a supervised child searches it. */
const ALL: readonly Abi[] = Object.values(ABIS);

/** The ABI with this name. Throws UsageError (`bad-argument`). */
export function requireAbi(name: AbiName): Abi {
  const abi = abiNamed(name);
  if (abi === undefined) throw badArgument('an ABI', name, `Choose one of: ${Object.keys(ABIS).join(', ')}`);
  return abi;
}

const numbers = new Map<AbiName, ReadonlyMap<string, number>>();
const names = new Map<AbiName, ReadonlyMap<number, string>>();

function numbersOf(name: AbiName): ReadonlyMap<string, number> {
  const existing = numbers.get(name);
  if (existing !== undefined) return existing;
  const { numberBit } = requireAbi(name);
  const calls = new Map<string, number>();
  let next = numberBit;
  const words = wordsOf(SYSCALL_TABLES[name]);
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    if (word.charCodeAt(0) <= DIGIT_9) next = numberBit + Number(word);
    else calls.set(word, next++);
  }
  numbers.set(name, calls);
  return calls;
}

/** Names by number, made lazily because compiling does not need them. */
function namesOf(name: AbiName): ReadonlyMap<number, string> {
  const existing = names.get(name);
  if (existing !== undefined) return existing;
  const own = new Map<number, string>();
  numbersOf(name).forEach((number, call) => own.set(number, call));
  names.set(name, own);
  return own;
}

const DIGIT_9 = '9'.charCodeAt(0);

const wordsOf = (text: string): readonly string[] => text.trim().split(/\s+/);

/** The number of a call; undefined if the ABI does not have it. x32 numbers include bit 30. */
export const syscallNumber = (abiName: AbiName, name: string): number | undefined =>
  numbersOf(abiName).get(name);

/** Whether a profile names a system call by its number. */
export const isCallNumber = (name: string): boolean =>
  name.charCodeAt(0) <= DIGIT_9 && /^\d{1,10}$/.test(name);

/** The number of a call that a profile names, or gives as digits without x32's bit 30. */
export const callNumber = (abiName: AbiName, name: string): number | undefined =>
  isCallNumber(name) ? Number(name) + ABIS[abiName].numberBit : syscallNumber(abiName, name);

/** The name of a call; undefined if the table has none for this number. */
export const syscallName = (abiName: AbiName, number: number): string | undefined =>
  namesOf(abiName).get(number);

/** The name of a call, or its number in digits without x32's bit 30, as profiles write it. */
export const callText = (abiName: AbiName, number: number): string =>
  syscallName(abiName, number) ?? String(number - ABIS[abiName].numberBit);

/** The names of the calls with this number (in digits), at most one per ABI. */
export const namesNumbered = (digits: string): readonly string[] =>
  ALL.flatMap(({ name }) => syscallName(name, callNumber(name, digits) ?? -1) ?? []);

/** Every named call of an ABI with its number, in ascending order of numbers. */
export const syscallsOf = (abiName: AbiName): ReadonlyMap<string, number> => numbersOf(abiName);

/** Whether any Linux architecture has a call with this name, including those that this package does not compile for. */
export function isKnownSyscall(name: string): boolean {
  for (let index = 0; index < ALL.length; index++)
    if (numbersOf((ALL[index] as Abi).name).has(name)) return true;
  return foreign().has(name);
}

/** The architectures that have a call with this name: ABIs of this package, or else the kernel's names of others. */
export function architecturesWith(name: string): readonly string[] {
  const own = ALL.filter(abi => syscallNumber(abi.name, name) !== undefined).map(abi => abi.name);
  return own.length > 0 ? own : (foreign().get(name) ?? []);
}

/** Every name that `isKnownSyscall` accepts, in alphabetical order. */
export const knownSyscalls = (): readonly string[] =>
  [
    ...new Set([
      ...Object.values(ABIS).flatMap(({ name }) => [...syscallsOf(name).keys()]),
      ...foreign().keys(),
    ]),
  ].sort();

let foreignNames: ReadonlyMap<string, readonly string[]> | undefined;
const foreign = (): ReadonlyMap<string, readonly string[]> => (foreignNames ??= readForeign());

function readForeign(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [key, names] of Object.entries(FOREIGN_SYSCALLS)) {
    const architectures = key.split(',');
    wordsOf(names).forEach(name => found.set(name, architectures));
  }
  return found;
}

/** The ABI with this name; undefined if there is none. */
export const abiNamed = (name: string): Abi | undefined => ALL.find(candidate => candidate.name === name);

/** The ABI with this `SCMP_ARCH_*` name; undefined for one that this package does not compile for. */
export const abiByScmpName = (scmpName: string): Abi | undefined =>
  ALL.find(candidate => candidate.scmpName === scmpName);

/** The ABI of a call, by its AUDIT_ARCH_* and, for x32, its number; undefined for an unknown one. */
export function abiOf(arch: number, syscall: number): Abi | undefined {
  const isX32 = arch === ABIS.x86_64.audit && (syscall & X32_BIT) !== 0 && syscall >>> 0 !== NO_CALL;
  return isX32 ? ABIS.x32 : ALL.find(({ audit }) => audit === arch);
}

/** How i386's `socketcall` or `ipc` makes a call. */
export interface Multiplexed {
  readonly syscall: 'socketcall' | 'ipc';
  /** The value of its first argument, in the bits of `mask`. */
  readonly call: number;
  /** The bits that the kernel compares. `ipc` uses the upper half as a version (ipc/syscall.c). */
  readonly mask: number;
}

export const isMultiplexer = (name: string): boolean => name === 'socketcall' || name === 'ipc';

/**
 * How i386's `socketcall` or `ipc` makes the call with this name; undefined if they do not. libseccomp adds a rule for
 * them in addition to the direct call (net.h, ipc.h of the kernel).
 */
export function i386Multiplexer(name: string): Multiplexed | undefined {
  const socketCall = own(SOCKETCALL, name);
  if (socketCall !== undefined) return { syscall: 'socketcall', call: socketCall, mask: 0xffff_ffff };
  const ipcCall = own(IPC, name);
  if (ipcCall !== undefined) return { syscall: 'ipc', call: ipcCall, mask: 0xffff };
  return undefined;
}

const SOCKETCALL: Readonly<Record<string, number>> = {
  socket: 1,
  bind: 2,
  connect: 3,
  listen: 4,
  accept: 5,
  getsockname: 6,
  getpeername: 7,
  socketpair: 8,
  send: 9,
  recv: 10,
  sendto: 11,
  recvfrom: 12,
  shutdown: 13,
  setsockopt: 14,
  getsockopt: 15,
  sendmsg: 16,
  recvmsg: 17,
  accept4: 18,
  recvmmsg: 19,
  sendmmsg: 20,
};

const IPC: Readonly<Record<string, number>> = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
};
