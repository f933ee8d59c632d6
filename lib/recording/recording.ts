// A Recording: the system calls that programs made in any number of runs. An immutable value.
import type { AbiName } from '../kernel/architectures.js';
import { UsageError } from '../util/errors.js';
import { requireList } from '../util/failures.js';
import { badOption } from '../util/options.js';
import { ownElements } from '../util/own-elements.js';

/** The recorded values of one argument. */
export interface RecordedArgument {
  /** The index of the argument, from 0. */
  readonly index: number;
  /** The values, ascending, with as many bits as the kernel reads. Empty if there were more than 64. */
  readonly values: readonly bigint[];
  /** All bits that were set in any value. */
  readonly bits: bigint;
  /** Whether there were more values than are kept; then only `bits` describes them. */
  readonly more: boolean;
  /** Whether some calls were recorded without this argument, so that there may have been other values. */
  readonly unknown: boolean;
}

/** A system call that was made, in one phase of the programs. */
export interface RecordedCall {
  /** The ABI of the call. */
  readonly abi: AbiName;
  /** Its name, or its number in digits if it has no name, without bit 30 for x32. */
  readonly syscall: string;
  /** The phase of the run, with parts after a `/`; empty if the run was not divided. */
  readonly phase: string;
  /** The number of calls, in all runs. */
  readonly count: number;
  /** Whether it was made more often than it was counted, because known calls are not always counted. */
  readonly atLeast: boolean;
  /** The number of runs with this call. */
  readonly runs: number;
  /** The number of calls that failed with ENOSYS. Part of `count`. */
  readonly unavailable: number;
  /** The programs that made it, in alphabetical order: at most 16. */
  readonly programs: readonly string[];
  /** Whether there were more programs than are kept. */
  readonly morePrograms: boolean;
  /** The values of arguments that a profile may test, by index. */
  readonly args: readonly RecordedArgument[];
}

/** The source of calls in a recording. */
export interface RecordingSource {
  /**
   * The method, e.g. `tracer`, `perf`, `strace`, `perf trace -s`, `audit`, `operator log`, `report`, `profile`; several
   * separated by commas.
   */
  readonly how: string;
  /** The architecture of the machine, e.g. `x86_64`; empty if it is not known. */
  readonly arch: string;
  /** The release of the kernel; empty if it is not known. */
  readonly kernel: string;
  /** The C library, e.g. `glibc 2.36`; empty if it is not known. */
  readonly libc: string;
  /** The command line; empty if it is not known. */
  readonly command: string;
  /** The number of runs from this source. */
  readonly runs: number;
  /** The number of lost calls. */
  readonly lost: number;
  /** The number of lines of the log that could not be parsed. */
  readonly skipped: number;
}

/** The system calls that programs made. */
export interface Recording {
  /** The number of runs. */
  readonly runs: number;
  /** Its sources, in alphabetical order: at most 100. */
  readonly sources: readonly RecordingSource[];
  /** The calls, ordered by ABI, name and phase. */
  readonly calls: readonly RecordedCall[];
}

/** Limits of a recording, for one program and for many machines. */
export const LIMITS = {
  /** The maximum number of distinct calls, with their phases. Linux has about 500 on an ABI. */
  calls: 16_384,
  /** The maximum number of programs of one call. */
  programs: 16,
  /** The maximum number of values of one argument. */
  values: 64,
  /** The maximum number of sources. */
  sources: 100,
  /** The maximum length of a text such as a path, in UTF-16 units. */
  text: 512,
} as const;

/** The phase of calls that a container runtime made, in recordings of running processes. Generated profiles omit it. */
export const RUNTIME_PHASE = 'runtime';

/** Leaves room in a recording for a part after the name: `start/children`. */
const MAX_PHASE = LIMITS.text / 2;

/** Checks the name of a phase. Throws UsageError (`bad-option`). */
export function checkedPhase(name: unknown): string {
  if (typeof name === 'string' && name.length <= MAX_PHASE) return name;
  throw badOption('phase', name, `Pass a string of at most ${MAX_PHASE} characters`);
}

const sealed = new WeakSet<Recording>();

/** Freezes the parts of a recording, which must be in order, and marks it as valid. */
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

/** Throws UsageError (`not-a-recording`) for a value that this package did not create. */
export function checkedRecording(value: Recording): Recording {
  if (sealed.has(value)) return value;
  throw new UsageError(
    'not-a-recording',
    'this value is not a Recording',
    'Pass what parseRecording, mergeRecordings or readLog returned; to another copy of the package (npm ls seccomp), pass the text',
  );
}

/** The items of a list of recordings. Throws UsageError (`bad-argument`). */
export function listOf(recordings: readonly Recording[]): readonly Recording[] {
  requireList('recordings', recordings, 'Pass a list of recordings');
  return ownElements(recordings);
}

/** The key of a call's entries. */
export const callKey = ({ abi, syscall, phase }: Pick<RecordedCall, 'abi' | 'syscall' | 'phase'>): string =>
  `${abi} ${syscall} ${phase}`;

/** Adds counts, limited to safe integers; the order of additions does not matter. */
export const addCounts = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER);

/** Compares texts by their UTF-16 units, in the same way on every machine. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Compares values. */
export const byValue = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
