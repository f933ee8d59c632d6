// Reads the table of a tracer, in the memory that native/tracer/table.h describes.
import { writeSync } from 'node:fs';
import { own } from '../../util/own.js';
import { untilNul, readAt, PROGRAM, pathsIn } from './helper-process.js';

/** Similar calls, with the arguments of the first. */
export interface TracedCalls {
  /** Their number so far. */
  readonly count: number;
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  readonly number: number;
  readonly args: readonly bigint[];
  readonly instructionPointer: bigint;
  readonly thread: number;
  readonly threadName: string;
  /** The file of the program; `starting` for the launcher before it executes the command, undefined if it is unknown. */
  readonly program: { readonly path: string } | 'starting' | undefined;
  /** The kind of thread in an attached process; undefined for a command. */
  readonly origin: Origin | undefined;
  /** The number of the phase from `setPhase`. */
  readonly phase: number;
}

/** The main thread, threads with an event loop, all other threads, and child processes. */
export type Origin = (typeof ORIGINS)[number];

const ORIGINS = ['main', 'workers', 'pool', 'children'] as const;
const PHASE_SHIFT = 8;

/** The contents of the memory. */
export interface TracedTable {
  readonly state: 'waiting' | 'tracing' | 'ended' | 'failed' | 'contended';
  /** The number of traced threads. */
  readonly running: number;
  readonly stops: number;
  /** The number of calls for which the table had no space. */
  readonly lost: number;
  /** The ptrace(2) request that failed, with `contended`. */
  readonly contender: {
    readonly request: number;
    readonly thread: number;
    readonly program: string | undefined;
  };
  /** In the order in which they first occurred. An item keeps its index. */
  readonly calls: readonly TracedCalls[];
}

const STATES = ['waiting', 'tracing', 'ended', 'failed', 'contended'] as const;
/** Sizes in the memory, also for a recorder. */
export const HEADER = 64;
export const ENTRY = 104;
export const MAX_ENTRIES = 8192;
export const MAX_PROGRAMS = 1024;
export const AT_PROGRAMS = HEADER + MAX_ENTRIES * ENTRY;
const STARTING = 0xffffffff;
const AT_PHASE = 48;
const AT_INSTRUCTIONS = 52;
const AT_PROGRAM = AT_PROGRAMS + MAX_PROGRAMS * PROGRAM;
const INSTRUCTION = 8;

/** The location of the table: a descriptor, or the memory itself. */
type TableSource = number | Buffer;

/** Passes a filter to a tracer that has not started, to evaluate it for every call of a running process. */
export function writeProgram(table: number, program: Buffer): void {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(program.length / INSTRUCTION);
  writeSync(table, program, 0, program.length, AT_PROGRAM);
  writeSync(table, count, 0, count.length, AT_INSTRUCTIONS);
}

/** The phase of calls that are not recorded, because the recording itself makes them. */
export const MUTED = 0xffffff;

/** Sets the phase of later calls; initially 0. */
export function setPhase(memory: Buffer, phase: number): void {
  memory.writeUInt32LE(phase, AT_PHASE);
}

export function readTable(source: TableSource): TracedTable {
  const header = read(source, 0, HEADER);
  const entries = Math.min(header.readUInt32LE(0), MAX_ENTRIES);
  const records = read(source, HEADER, entries * ENTRY);
  // Read last, because each entry is written after its program.
  const programs = Math.min(read(source, 0, HEADER).readUInt32LE(4), MAX_PROGRAMS);
  const paths = pathsIn(read(source, AT_PROGRAMS, programs * PROGRAM));
  return {
    state: own(STATES, header.readUInt32LE(8)) ?? 'failed',
    running: header.readUInt32LE(16),
    contender: {
      request: header.readUInt32LE(20),
      thread: header.readUInt32LE(24),
      program: own(paths, header.readUInt32LE(28)),
    },
    stops: Number(header.readBigUInt64LE(32)),
    lost: Number(header.readBigUInt64LE(40)),
    calls: Array.from({ length: entries }, (_, index) =>
      entry(records.subarray(index * ENTRY, (index + 1) * ENTRY), paths),
    ),
  };
}

function entry(record: Buffer, paths: readonly string[]): TracedCalls {
  const program = record.readUInt32LE(76);
  const path = own(paths, program);
  const origin = record.readUInt32LE(100);
  return {
    count: Number(record.readBigUInt64LE(0)),
    instructionPointer: record.readBigUInt64LE(8),
    args: Array.from({ length: 6 }, (_, index) => record.readBigUInt64LE(16 + 8 * index)),
    arch: record.readUInt32LE(64),
    number: record.readInt32LE(68),
    program: program === STARTING ? 'starting' : path === undefined ? undefined : { path },
    thread: record.readUInt32LE(80),
    threadName: untilNul(record.subarray(84, 100)),
    origin: own(ORIGINS, (origin & ((1 << PHASE_SHIFT) - 1)) - 1),
    phase: origin >>> PHASE_SHIFT,
  };
}

/** Copies a part of the table. */
const read = (source: TableSource, position: number, length: number): Buffer =>
  typeof source === 'number'
    ? readAt(source, position, length)
    : Buffer.from(source.subarray(position, position + length));
