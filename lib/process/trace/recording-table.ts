// Reads the memory that a recorder shares with this process, which native/tracer/recording_table.h describes.
import { writeSync } from 'node:fs';
import { syscallsOf, ABIS } from '../../kernel/abi.js';
import { abisOf, nativeArchitecture, type AbiName } from '../../kernel/architectures.js';
import { recordedParameters } from '../../recording/recorded-arguments.js';
import type { TracedTable } from './table.js';
import { readAt, PROGRAM, pathsIn } from './helper-process.js';
import { MAX_PROGRAMS, MAX_ENTRIES, HEADER, ENTRY, AT_PROGRAMS } from './table.js';

/** Calls that are equal in all recorded properties. */
interface RecordedEntry {
  /** Their number; a lower bound with `uncounted`. */
  readonly count: number;
  /** The number of those that failed with ENOSYS. */
  readonly unavailable: number;
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  readonly number: number;
  /**
   * The recorded arguments, truncated to the bits that the kernel reads, with 0 for all others; undefined if there were too many.
   */
  readonly args: readonly bigint[] | undefined;
  /** The file of the program; undefined for the launcher and if it is unknown. */
  readonly program: string | undefined;
  /** Whether other programs may have made such calls too. */
  readonly morePrograms: boolean;
  readonly uncounted: boolean;
  /** Whether it belongs to the second phase. */
  readonly second: boolean;
}

/** The orders for the recorder. */
interface RecordingOrders {
  /** The calls that start the second phase; empty for one phase. */
  readonly phaseAt: readonly string[];
}

/** The offset of `records` in the TableHeader. */
const AT_RECORDS = 56;

// The offsets of the RecordingPart.
const AT_PART = 0x200000;
const KINDS = 1024;
const AT_KINDS = AT_PART + 64;
const MAX_ABIS = 3;
const AT_INHERITED = AT_KINDS + MAX_ABIS * KINDS * 4;

const WIDE_SHIFT = 6;
const BEGINS_PHASE = 1 << 12;
const ALWAYS_STOPS = 1 << 13;
const FORKS = 1 << 14;
const CLONE = 1 << 15;
const CLONE3 = 1 << 16;
const PTRACE = 1 << 17;
const SECCOMP = 1 << 18;
const PRCTL = 1 << 19;

const UNCOUNTED = 1;
const UNKNOWN_ARGUMENTS = 2;

/**
 * Calls with a special meaning for the recorder. Calls that start and end processes are always counted, because they cost much
 * more than a stop.
 */
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['clone', ALWAYS_STOPS | FORKS | CLONE],
  ['clone3', ALWAYS_STOPS | FORKS | CLONE3],
  ['fork', ALWAYS_STOPS | FORKS],
  ['vfork', ALWAYS_STOPS | FORKS],
  ['execve', ALWAYS_STOPS],
  ['execveat', ALWAYS_STOPS],
  ['exit', ALWAYS_STOPS],
  ['exit_group', ALWAYS_STOPS],
  ['ptrace', ALWAYS_STOPS | PTRACE],
  ['seccomp', ALWAYS_STOPS | SECCOMP],
  ['prctl', PRCTL],
]);

/** Writes the orders of a recorder; call it before the recorder starts. */
export function writeOrders(table: number, { phaseAt }: RecordingOrders): void {
  const bytes = Buffer.alloc(MAX_ABIS * KINDS * 4);
  for (const { syscall, kind, place } of callKinds())
    bytes.writeUInt32LE(phaseAt.includes(syscall) ? kind | BEGINS_PHASE : kind, place * 4);
  writeSync(table, bytes, 0, bytes.length, AT_KINDS);
  writeNumber(table, phaseAt.length > 0 ? 1 : 0, AT_PART);
  writeNumber(table, 1, AT_RECORDS);
}

/** The kinds of all calls and their places in the orders, which are the same for every recording. */
let kinds: readonly { readonly syscall: string; readonly kind: number; readonly place: number }[] | undefined;

// The native ABI, the 32-bit one, x32.
const callKinds = (): NonNullable<typeof kinds> =>
  (kinds ??= abisOf(nativeArchitecture()).flatMap((abi, index) =>
    [...syscallsOf(abi)]
      .map(([syscall, number]) => ({ syscall, place: number - ABIS[abi].numberBit }))
      .filter(({ place }) => place < KINDS)
      .map(({ syscall, place }) => ({ syscall, kind: kindOf(abi, syscall), place: index * KINDS + place })),
  ));

const kindOf = (abi: AbiName, syscall: string): number =>
  recordedParameters(abi, syscall).reduce(
    (kind, { index, width }) => kind | (1 << index) | (width === 64 ? 1 << (index + WIDE_SHIFT) : 0),
    SPECIAL.get(syscall) ?? 0,
  );

/** The contents of the memory that `readTable` does not return. */
export interface RecordedTable extends Pick<TracedTable, 'stops' | 'lost'> {
  /** In the order in which they first occurred. */
  readonly entries: readonly RecordedEntry[];
  /** The number of filters that the recorder loaded into processes to stop them less often. */
  readonly filters: number;
}

export function readRecordedTable(table: number): RecordedTable {
  const header = readAt(table, 0, HEADER);
  const count = Math.min(header.readUInt32LE(0), MAX_ENTRIES);
  const records = readAt(table, HEADER, count * ENTRY);
  // Read after the entries, because each entry is written after its program.
  const inherited = readAt(table, AT_INHERITED, MAX_PROGRAMS);
  const programs = Math.min(readAt(table, 0, HEADER).readUInt32LE(4), MAX_PROGRAMS);
  const paths = pathsIn(readAt(table, AT_PROGRAMS, programs * PROGRAM));
  return {
    stops: Number(header.readBigUInt64LE(32)),
    lost: Number(header.readBigUInt64LE(40)),
    filters: readAt(table, AT_PART, 12).readUInt32LE(8),
    entries: Array.from({ length: count }, (_, index): RecordedEntry => {
      const record = records.subarray(index * ENTRY, (index + 1) * ENTRY);
      const flags = record.readUInt32LE(80);
      const program = record.readUInt32LE(76);
      const uncounted = (flags & UNCOUNTED) !== 0;
      return {
        count: Number(record.readBigUInt64LE(0)),
        unavailable: Number(record.readBigUInt64LE(8)),
        args:
          (flags & UNKNOWN_ARGUMENTS) === 0
            ? Array.from({ length: 6 }, (__, arg) => record.readBigUInt64LE(16 + 8 * arg))
            : undefined,
        arch: record.readUInt32LE(64),
        number: record.readInt32LE(68),
        second: record.readUInt32LE(72) !== 0,
        program: paths[program],
        uncounted,
        morePrograms: uncounted && inherited[program] === 1,
      };
    }),
  };
}

function writeNumber(descriptor: number, value: number, position: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  writeSync(descriptor, bytes, 0, bytes.length, position);
}
