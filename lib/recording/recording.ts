// A Recording: the system calls that programs were seen to make, over any number of runs. An immutable value.
import type { AbiName } from '../kernel/architectures.js';
import { UsageError } from '../util/errors.js';

/** The values of one argument that were seen. */
export interface RecordedArgument {
  /** Which argument, from 0. */
  readonly index: number;
  /** The values, ascending, of as many bits as the kernel reads. Empty where there were more than 64. */
  readonly values: readonly bigint[];
  /** Every bit that was set in some value. */
  readonly bits: bigint;
  /** Whether there were more values than are kept: only `bits` tells something about them. */
  readonly more: boolean;
  /** Whether some calls were recorded without this argument, so that there may have been other values. */
  readonly unknown: boolean;
}

/** A system call that was made, in one phase of the programs. */
export interface RecordedCall {
  /** The interface that it was made by. */
  readonly abi: AbiName;
  /** Its name, or its number in digits where no table has a name for it. x32 numbers are without bit 30. */
  readonly syscall: string;
  /** The part of the run that it was seen in, with parts of its own behind a `/`; empty where the run was not divided. */
  readonly phase: string;
  /** How often, over all runs. */
  readonly count: number;
  /** Whether it was made more often than it was counted, since calls that are known need not be stopped for. */
  readonly atLeast: boolean;
  /** In how many of the runs. */
  readonly runs: number;
  /** How often it failed with ENOSYS, so that the program had to do without. Part of `count`. */
  readonly unavailable: number;
  /** The programs that made it, in alphabetical order: at most 16. */
  readonly programs: readonly string[];
  /** Whether there were more programs than are kept. */
  readonly morePrograms: boolean;
  /** What is known of arguments that are worth a condition, by index; nothing of those that are missing. */
  readonly args: readonly RecordedArgument[];
}

/** Where calls of a recording come from: what they are evidence for. */
export interface RecordingSource {
  /** How they were recorded, e.g. `tracer`, `perf`, `strace`, `perf trace -s`, `audit`, `operator log`, `report`, `profile`; several with commas. */
  readonly how: string;
  /** The architecture of the machine, e.g. `x86_64`; empty where it is not known. */
  readonly arch: string;
  /** The release of the kernel; empty where it is not known. */
  readonly kernel: string;
  /** The C library, e.g. `glibc 2.36`; empty where it is not known. */
  readonly libc: string;
  /** What was run; empty where it is not known. */
  readonly command: string;
  /** Runs that were recorded in this way. */
  readonly runs: number;
  /** Calls that are known to be missing. */
  readonly lost: number;
  /** Lines of the log that were not understood. */
  readonly skipped: number;
}

/** The system calls that programs were seen to make. */
export interface Recording {
  /** How many runs it covers. */
  readonly runs: number;
  /** Where it comes from, in alphabetical order: at most 100. */
  readonly sources: readonly RecordingSource[];
  /** In the order of interfaces, names and phases. */
  readonly calls: readonly RecordedCall[];
}

/** Bounds on what a recording keeps. They hold for a fleet as for one program. */
export const LIMITS = {
  /** Distinct calls, with their phases. Linux has some 500 on an interface. */
  calls: 16_384,
  /** Programs of one call. */
  programs: 16,
  /** Values of one argument. */
  values: 64,
  /** Sources. */
  sources: 100,
  /** UTF-16 units in a text, such as a path. */
  text: 512,
} as const;

/** The phase of calls that a container runtime made, in recordings of what runs. Profiles are generated without. */
export const RUNTIME_PHASE = 'runtime';

const sealed = new WeakSet<Recording>();

/** Makes a recording of parts that are in order, and freezes it. */
export function sealRecording({ runs, sources, calls }: Recording): Recording {
  const recording = Object.freeze({
    runs,
    sources: Object.freeze(sources.map(source => Object.freeze({ ...source }))),
    calls: Object.freeze(
      calls.map(call =>
        Object.freeze({
          ...call,
          programs: Object.freeze([...call.programs]),
          args: Object.freeze(
            call.args.map(arg => Object.freeze({ ...arg, values: Object.freeze([...arg.values]) })),
          ),
        }),
      ),
    ),
  });
  sealed.add(recording);
  return recording;
}

/** Throws UsageError (`not-a-recording`) for a value that this package did not make. */
export function checkedRecording(value: Recording): Recording {
  if (sealed.has(value)) return value;
  throw new UsageError(
    'not-a-recording',
    'this value is not a Recording',
    'Pass what parseRecording, mergeRecordings or readLog returned',
  );
}

/** The key that entries of one call share. */
export const callKey = ({ abi, syscall, phase }: Pick<RecordedCall, 'abi' | 'syscall' | 'phase'>): string =>
  `${abi} ${syscall} ${phase}`;

/** Sums that never leave the safe integers, in whatever order they are made. */
export const addCounts = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER);

/** Orders texts by their UTF-16 units, the same on every machine. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Orders values. */
export const byValue = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
