// Writes the orders of the perf recorder and reads its results, in the memory that native/perf/table.h describes.
import { writeSync } from 'node:fs';
import { ABIS, syscallsOf } from '../../../kernel/abi.js';
import type { AbiName } from '../../../kernel/architectures.js';
import { recordedParameters } from '../../../recording/recorded-arguments.js';
import { own } from '../../../util/own.js';
import { readAt, PROGRAM, pathsIn } from '../helper-process.js';

/** What to record: `PerfTarget`. */
const PERF_TARGET = { command: 0, processes: 1, cgroup: 2, all: 3 } as const;

/** Orders for a recorder. */
export interface PerfOrders {
  readonly target: keyof typeof PERF_TARGET;
  /** The processes, with the target `processes`. */
  readonly processes: readonly number[];
  /** A process whose own calls are not recorded, or 0. */
  readonly excluded: number;
}

/** Calls that are equal except for their arguments. */
export interface PerfCalls {
  readonly count: number;
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  readonly number: number;
  /** The path of the program; undefined if it is unknown. */
  readonly program: string | undefined;
  /** The recorded arguments, by index. */
  readonly args: ReadonlyMap<number, PerfArgument>;
}

/** The values of an argument. */
interface PerfArgument {
  readonly values: readonly bigint[];
  /** All bits that were set in any value. */
  readonly bits: bigint;
  /** Whether there were more values than could be kept. */
  readonly more: boolean;
}

/** The contents of the memory. */
export interface PerfTable {
  readonly state: 'starting' | 'recording' | 'ended' | 'failed';
  /** The step that failed. */
  readonly step: PerfStep;
  readonly errno: number;
  /** The number of calls that were read. */
  readonly events: number;
  readonly lost: number;
  /** The number of calls with numbers that no kernel serves. */
  readonly foreign: number;
  /** The number of programs with more privileges than their caller, whose calls are not visible. */
  readonly unseen: number;
  readonly calls: readonly PerfCalls[];
}

const STATES = ['starting', 'recording', 'ended', 'failed'] as const;
const STEPS = ['none', 'tracepoint', 'open', 'memory', 'no-process'] as const;
/** A step that can fail. */
type PerfStep = (typeof STEPS)[number];

const HEADER = 64;
const ABI_INDEX: Readonly<Record<AbiName, number>> = { x86_64: 0, x86: 1, x32: 2, aarch64: 3, arm: 4 };
const NUMBERS = 1024;
const ARGUMENTS = 6;
const MAX_PROCESSES = 16384;
const WIDTHS = 16;
const PROCESSES = WIDTHS + Object.keys(ABI_INDEX).length * NUMBERS * ARGUMENTS;
const CALLS = HEADER + PROCESSES + 4 * MAX_PROCESSES;
const MAX_CALLS = 16384;
const CALL = 80;
const VALUES = CALLS + MAX_CALLS * CALL;
const MAX_VALUES = 131072;
const VALUE = 16;
const PROGRAMS = VALUES + MAX_VALUES * VALUE;
const MAX_PROGRAMS = 1024;
/** The size of the whole table, in bytes. */
export const PERF_TABLE_SIZE = PROGRAMS + MAX_PROGRAMS * PROGRAM;
/** Private calls of 32-bit ARM, whose numbers are far above all others, have the last places. */
const ARM_PRIVATE = 0xf0000;
const ARM_PRIVATE_CALLS = 0x18;

/** Writes the orders; call it before the recorder starts. */
export function writeOrders(descriptor: number, { target, processes, excluded }: PerfOrders): void {
  const orders = Buffer.alloc(PROCESSES + 4 * processes.length);
  orders.writeUInt32LE(PERF_TARGET[target], 0);
  orders.writeUInt32LE(processes.length, 4);
  orders.writeUInt32LE(excluded, 8);
  for (const { name: abi, numberBit } of Object.values(ABIS)) {
    for (const [syscall, number] of syscallsOf(abi)) {
      const place = placeOf(number - numberBit);
      if (place === undefined) continue;
      for (const parameter of recordedParameters(abi, syscall))
        orders[WIDTHS + (ABI_INDEX[abi] * NUMBERS + place) * ARGUMENTS + parameter.index] = parameter.width;
    }
  }
  processes.slice(0, MAX_PROCESSES).forEach((process, index) => {
    orders.writeUInt32LE(process, PROCESSES + 4 * index);
  });
  writeSync(descriptor, orders, 0, orders.length, HEADER);
}

function placeOf(number: number): number | undefined {
  if (number < NUMBERS) return number;
  const special = number - ARM_PRIVATE;
  return special >= 0 && special < ARM_PRIVATE_CALLS ? NUMBERS - ARM_PRIVATE_CALLS + special : undefined;
}

export function readPerfTable(descriptor: number): PerfTable {
  const header = readAt(descriptor, 0, HEADER);
  const used = (offset: number, most: number): number => Math.min(header.readUInt32LE(offset), most);
  const calls = used(12, MAX_CALLS);
  const paths = pathsIn(readAt(descriptor, PROGRAMS, used(20, MAX_PROGRAMS) * PROGRAM));
  const values = valuesOf(descriptor, used(16, MAX_VALUES));
  const records = readAt(descriptor, CALLS, calls * CALL);
  return {
    state: own(STATES, header.readUInt32LE(0)) ?? 'failed',
    step: own(STEPS, header.readUInt32LE(4)) ?? 'none',
    errno: header.readUInt32LE(8),
    events: Number(header.readBigUInt64LE(24)),
    lost: Number(header.readBigUInt64LE(32)),
    foreign: Number(header.readBigUInt64LE(40)),
    unseen: Number(header.readBigUInt64LE(48)),
    calls: Array.from({ length: calls }, (_, index) =>
      callsOf(records.subarray(index * CALL, (index + 1) * CALL), paths, values.get(index)),
    ),
  };
}

function callsOf(
  record: Buffer,
  paths: readonly string[],
  values: ReadonlyMap<number, bigint[]> | undefined,
): PerfCalls {
  const more = record.readUInt8(74);
  const indices = Array.from({ length: ARGUMENTS }, (_, index) => index);
  return {
    count: Number(record.readBigUInt64LE(0)),
    arch: record.readUInt32LE(56),
    number: record.readInt32LE(60),
    program: own(paths, record.readUInt32LE(64)),
    args: new Map(
      indices
        .filter(index => values?.has(index) === true || (more & (1 << index)) !== 0)
        .map(index => [
          index,
          {
            values: values?.get(index) ?? [],
            bits: record.readBigUInt64LE(8 + 8 * index),
            more: (more & (1 << index)) !== 0,
          },
        ]),
    ),
  };
}

/** The values by the place of the call, and by the index of the argument. */
function valuesOf(descriptor: number, count: number): ReadonlyMap<number, ReadonlyMap<number, bigint[]>> {
  const records = readAt(descriptor, VALUES, count * VALUE);
  const all = new Map<number, Map<number, bigint[]>>();
  for (let at = 0; at < records.length; at += VALUE) {
    const call = records.readUInt32LE(at + 8);
    const index = records.readUInt32LE(at + 12);
    const args = all.get(call) ?? new Map<number, bigint[]>();
    all.set(call, args);
    const values = args.get(index) ?? [];
    args.set(index, values);
    values.push(records.readBigUInt64LE(at));
  }
  return all;
}
