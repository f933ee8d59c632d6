// Reads what a tracer has written down: the memory that native/tracer/table.h describes.
import { readSync } from 'node:fs';
import { own } from '../../util/own.js';

/** Calls that are alike, with the first of them. */
export interface TracedCalls {
  /** How many they are by now. */
  readonly count: number;
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  readonly number: number;
  readonly args: readonly bigint[];
  readonly instructionPointer: bigint;
  readonly thread: number;
  readonly threadName: string;
  /** The file of the program; `starting` for the launcher before it has become the command, undefined where it cannot be told. */
  readonly program: { readonly path: string } | 'starting' | undefined;
}

/** What is in the memory. */
export interface TracedTable {
  readonly state: 'waiting' | 'tracing' | 'ended' | 'failed' | 'contended';
  /** Threads that are traced now. */
  readonly running: number;
  readonly stops: number;
  /** Calls that found no room. */
  readonly lost: number;
  /** The ptrace(2) request that failed, with `contended`. */
  readonly contender: {
    readonly request: number;
    readonly thread: number;
    readonly program: string | undefined;
  };
  /** In the order in which they were first made. An item keeps its place. */
  readonly calls: readonly TracedCalls[];
}

const STATES = ['waiting', 'tracing', 'ended', 'failed', 'contended'] as const;
const HEADER = 64;
const ENTRY = 104;
const PROGRAM = 512;
const MAX_ENTRIES = 8192;
const MAX_PROGRAMS = 1024;
const STARTING = 0xffffffff;

/** Reads the whole table. */
export function readTable(descriptor: number): TracedTable {
  const header = read(descriptor, 0, HEADER);
  const paths = programs(descriptor, Math.min(header.readUInt32LE(4), MAX_PROGRAMS));
  const entries = Math.min(header.readUInt32LE(0), MAX_ENTRIES);
  const records = read(descriptor, HEADER, entries * ENTRY);
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
  return {
    count: Number(record.readBigUInt64LE(0)),
    instructionPointer: record.readBigUInt64LE(8),
    args: Array.from({ length: 6 }, (_, index) => record.readBigUInt64LE(16 + 8 * index)),
    arch: record.readUInt32LE(64),
    number: record.readInt32LE(68),
    program: program === STARTING ? 'starting' : path === undefined ? undefined : { path },
    thread: record.readUInt32LE(80),
    threadName: untilNul(record.subarray(84, 100)),
  };
}

const programs = (descriptor: number, count: number): readonly string[] => {
  const records = read(descriptor, HEADER + MAX_ENTRIES * ENTRY, count * PROGRAM);
  return Array.from({ length: count }, (_, index) =>
    untilNul(records.subarray(index * PROGRAM, (index + 1) * PROGRAM)),
  );
};

function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

function read(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (length > 0) readSync(descriptor, bytes, 0, length, position);
  return bytes;
}
