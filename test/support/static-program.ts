// Programs without a C library, written byte by byte, which make exactly the system calls that a test wants.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syscallNumber } from 'seccomp';

interface Machine {
  readonly abi: 'aarch64' | 'x86_64';
  /** `e_machine` of the ELF header. */
  readonly elf: number;
  /** Instructions that make a call with one argument. */
  readonly call: (number: number, argument: number) => Buffer;
}

const words = (...values: readonly number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);

const MACHINE: Machine =
  process.arch === 'arm64'
    ? {
        abi: 'aarch64',
        elf: 183,
        // mov x8, number; mov x0, argument; svc 0
        call: (number, argument) =>
          words(0xd2800008 + number * 0x20, 0xd2800000 + argument * 0x20, 0xd4000001),
      }
    : {
        abi: 'x86_64',
        elf: 62,
        // mov eax, number; mov edi, argument; syscall
        call: (number, argument) =>
          Buffer.concat([
            Buffer.of(0xb8),
            words(number),
            Buffer.of(0xbf),
            words(argument),
            Buffer.of(0x0f, 0x05),
          ]),
      };

const HEADERS = 64 + 56;
const ADDRESS = 0x400000n;

/** An ELF file of one segment, which begins with its own headers. */
function elf(code: Buffer): Buffer {
  const file = Buffer.concat([Buffer.alloc(HEADERS), code]);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(MACHINE.elf, 18);
  file.writeUInt32LE(1, 20); // EV_CURRENT
  file.writeBigUInt64LE(ADDRESS + BigInt(HEADERS), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeUInt16LE(64, 52); // size of this header
  file.writeUInt16LE(56, 54); // size of a program header
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(5, 68); // readable and executable
  file.writeBigUInt64LE(ADDRESS, 80);
  file.writeBigUInt64LE(ADDRESS, 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x10000n, 112); // alignment
  return file;
}

/** Writes a program that makes calls without arguments and exits with a status. Returns its path. */
export function staticProgram(directory: string, calls: readonly string[], status: number): string {
  const path = join(directory, ['program', ...calls, status].join('-'));
  const code = [...calls.map(name => [name, 0] as const), ['exit_group', status] as const].map(
    ([name, argument]) => {
      const number = syscallNumber(MACHINE.abi, name);
      if (number === undefined) throw new Error(`${MACHINE.abi} has no call ${name}`);
      return MACHINE.call(number, argument);
    },
  );
  writeFileSync(path, elf(Buffer.concat(code)), { mode: 0o755 });
  return path;
}
