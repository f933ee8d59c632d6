// Programs without a C library, written byte by byte, which make exactly the system calls that a test wants.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syscallNumber } from 'seccomp/inspect';
import { abisOf, type AbiName } from '#lib/kernel/architectures.js';
import { NATIVE } from './native.js';

/** ABIs that a program is made for; the programs of x32 have other instructions. */
export type MachineName = Exclude<AbiName, 'x32'>;

/** The argument of a call: a number, or what the call before it has returned. */
type Argument = number | 'result';

interface Machine {
  /** `e_machine` of the ELF header. */
  readonly elf: number;
  /** `e_flags`: which ABI a 32-bit ARM program was made for. */
  readonly flags: number;
  readonly width: 32 | 64;
  /** Instructions that make a call with one argument. */
  readonly call: (number: number, argument: Argument) => Buffer;
}

const words = (...values: readonly number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);

/** As ARM's 32-bit instructions have a number of 16 bits. */
const split = (value: number): number => ((value >> 12) << 16) | (value & 0xfff);

const MACHINES: Readonly<Record<MachineName, Machine>> = {
  aarch64: {
    elf: 183,
    flags: 0,
    width: 64,
    // mov x8, number; mov x0, argument; svc 0. The result is in x0 too.
    call: (number, argument) =>
      words(
        0xd2800008 + number * 0x20,
        ...(argument === 'result' ? [] : [0xd2800000 + argument * 0x20]),
        0xd4000001,
      ),
  },
  arm: {
    elf: 40,
    flags: 0x0500_0000, // EABI 5
    width: 32,
    // movw r7, number; movw r0, argument; svc 0. The result is in r0 too.
    call: (number, argument) =>
      words(
        0xe3007000 + split(number),
        ...(argument === 'result' ? [] : [0xe3000000 + split(argument)]),
        0xef000000,
      ),
  },
  x86_64: {
    elf: 62,
    flags: 0,
    width: 64,
    // mov edi, argument or eax; mov eax, number; syscall
    call: (number, argument) => intel(number, argument, { move: 0xbf, take: 0xc7, enter: [0x0f, 0x05] }),
  },
  x86: {
    elf: 3,
    flags: 0,
    width: 32,
    // mov ebx, argument or eax; mov eax, number; int 0x80
    call: (number, argument) => intel(number, argument, { move: 0xbb, take: 0xc3, enter: [0xcd, 0x80] }),
  },
};

function intel(
  number: number,
  argument: Argument,
  { move, take, enter }: { move: number; take: number; enter: readonly number[] },
): Buffer {
  const given =
    argument === 'result' ? Buffer.of(0x89, take) : Buffer.concat([Buffer.of(move), words(argument)]);
  return Buffer.concat([given, Buffer.of(0xb8), words(number), Buffer.from(enter)]);
}

/** The ABI of 32-bit programs on this machine; the native one where there are none. */
export const COMPAT: MachineName = abisOf(NATIVE).filter(abi => abi !== 'x32')[1] ?? NATIVE;

const ADDRESS = 0x400000;

/** An ELF file of one segment, which begins with its own headers. */
function elf({ elf: machine, flags, width }: Machine, code: Buffer): Buffer {
  const [header, program] = width === 64 ? [64, 56] : [52, 32];
  const size = header + program + code.length;
  const pieces: Buffer[] = [];
  const half = (value: number): unknown => pieces.push(Buffer.from(Uint16Array.of(value).buffer));
  const word = (value: number): unknown => pieces.push(words(value));
  /** As wide as a pointer. */
  const long = (value: number): unknown => pieces.push(width === 64 ? words(value, 0) : words(value));

  pieces.push(Buffer.from(`\x7fELF${width === 64 ? '\x02' : '\x01'}\x01\x01`.padEnd(16, '\0'), 'latin1'));
  half(2); // ET_EXEC
  half(machine);
  word(1); // EV_CURRENT
  long(ADDRESS + header + program); // entry
  long(header); // program headers
  long(0); // section headers
  word(flags);
  for (const value of [header, program, 1, 0, 0, 0]) half(value);

  word(1); // PT_LOAD
  if (width === 64) word(5); // readable and executable
  long(0); // offset
  for (const address of [ADDRESS, ADDRESS]) long(address);
  for (const length of [size, size]) long(length);
  if (width === 32) word(5);
  long(0x10000); // alignment
  return Buffer.concat([...pieces, code]);
}

/**
 * Writes a program that makes calls, without arguments unless they are given, and exits with a status or with the last
 * byte of what the last call has returned. Gives its path.
 */
export function staticProgram(
  directory: string,
  calls: readonly (string | readonly [name: string, argument: number])[],
  status: Argument,
  machine: MachineName = NATIVE,
): string {
  const path = join(directory, ['program', machine, ...calls.flat(), status].join('-'));
  const all = [
    ...calls.map(call => (typeof call === 'string' ? ([call, 0] as const) : call)),
    ['exit_group', status] as const,
  ];
  const code = all.map(([name, argument]) => {
    const number = syscallNumber(machine, name);
    if (number === undefined) throw new Error(`${machine} has no call ${name}`);
    return MACHINES[machine].call(number, argument);
  });
  writeFileSync(path, elf(MACHINES[machine], Buffer.concat(code)), { mode: 0o755 });
  return path;
}
