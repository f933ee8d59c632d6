// Collects the calls of one run, event by event, in bounded memory.
import { syscallNumber } from '../kernel/abi.js';
import type { AbiName } from '../kernel/architectures.js';
import { RecordingError } from '../util/errors.js';
import { owned } from '../util/own.js';
import { recordedParameters } from './recorded-arguments.js';
import {
  addCounts,
  byText,
  byValue,
  callKey,
  LIMITS,
  sealRecording,
  type RecordedArgument,
  type RecordedCall,
  type Recording,
  type RecordingSource,
} from './recording.js';

/** One call, or several similar ones. */
export interface SeenCall {
  readonly abi: AbiName;
  /** The name or number, as in a RecordedCall. */
  readonly syscall: string;
  /** The registers; undefined for unknown ones, and absent if all are unknown. */
  readonly args?: readonly (bigint | undefined)[];
  /** The path or name of the program. */
  readonly program?: string | undefined;
  readonly phase?: string;
  /** Whether other programs may have made it too. */
  readonly morePrograms?: boolean;
  /** Default: 1. */
  readonly count?: number;
  /** Whether there were more calls than `count`. */
  readonly atLeast?: boolean;
  /** The number of those that failed with ENOSYS. */
  readonly unavailable?: number;
}

/** A SeenCall with all defaults filled in. */
interface NotedCall extends Required<Omit<SeenCall, 'program'>> {
  readonly program: string | undefined;
}

/** The values of an argument so far; `values` is undefined once there are too many. */
interface Values {
  values: Set<bigint> | undefined;
  bits: bigint;
  unknown: boolean;
}

interface Entry {
  readonly call: NotedCall;
  count: number;
  atLeast: boolean;
  unavailable: number;
  readonly programs: Set<string>;
  morePrograms: boolean;
  /** Values by index of the argument. */
  readonly args: Map<number, Values>;
}

/** Facts about the run. */
export type RunSource = Partial<Omit<RecordingSource, 'runs'>> & Pick<RecordingSource, 'how'>;

/** Builds a recording of one run. */
export class RecordingBuilder {
  readonly #calls = new Map<string, Entry>();
  #unnamed = 0;

  /** The number of distinct calls. */
  get distinct(): number {
    return this.#calls.size;
  }

  /**
   * Adds calls. Returns false for a call without a name if there are already 64 others, so that random numbers do not
   * fill a recording. Throws RecordingError (`recording-too-large`) beyond the limits of a recording.
   */
  add(call: SeenCall): boolean {
    return this.note(noted(call));
  }

  /** As `add`, for a call with defaults filled in: the fast path for long logs. */
  note(call: NotedCall): boolean {
    const { abi, syscall, args } = call;
    const entry = this.#count(call);
    if (entry === undefined) return false;
    for (const { index, width } of recordedParameters(abi, syscall)) {
      const value = args[index];
      const known = valuesOf(entry, index);
      if (value === undefined) known.unknown = true;
      else addValue(known, BigInt.asUintN(width, value));
    }
    return true;
  }

  /** As `add`, with the values of all arguments of these calls, by index, instead of `args`. */
  addValues(
    call: Omit<SeenCall, 'args'>,
    args: ReadonlyMap<number, Pick<RecordedArgument, 'values' | 'bits' | 'more'>>,
  ): boolean {
    const all = noted(call);
    const entry = this.#count(all);
    if (entry === undefined) return false;
    for (const { index } of recordedParameters(all.abi, all.syscall)) {
      const known = valuesOf(entry, index);
      const seen = args.get(index);
      if (seen === undefined) {
        known.unknown = true;
        continue;
      }
      for (const value of seen.values) addValue(known, value);
      known.bits |= seen.bits;
      if (seen.more) known.values = undefined;
    }
    return true;
  }

  /** Returns the recording. */
  finish(run: RunSource): Recording {
    const source = owned(run);
    const text = (value = ''): string => value.slice(0, LIMITS.text);
    return sealRecording({
      runs: 1,
      sources: [
        {
          how: text(source.how),
          arch: text(source.arch),
          kernel: text(source.kernel),
          libc: text(source.libc),
          command: text(source.command),
          runs: 1,
          lost: source.lost ?? 0,
          skipped: source.skipped ?? 0,
        },
      ],
      calls: [...this.#calls]
        .sort(([a], [b]) => byText(a, b))
        .map(([, { call, count, atLeast, unavailable, programs, morePrograms, args }]): RecordedCall => ({
          abi: call.abi,
          syscall: call.syscall,
          phase: call.phase,
          count,
          atLeast,
          runs: 1,
          unavailable,
          programs: [...programs].sort(byText),
          morePrograms,
          args: [...args]
            .map(([index, seen]) => argument(index, seen))
            // Omits arguments without known values.
            .filter(({ values, more }) => values.length > 0 || more)
            .sort((a, b) => a.index - b.index),
        })),
    });
  }

  #count(call: NotedCall): Entry | undefined {
    const { program, count, atLeast, morePrograms, unavailable } = call;
    const entry = this.#entry(call);
    if (entry === undefined) return undefined;
    entry.count = addCounts(entry.count, count);
    entry.unavailable = addCounts(entry.unavailable, unavailable);
    entry.atLeast ||= atLeast;
    entry.morePrograms ||= morePrograms;
    if (program !== undefined) addProgram(entry, program.slice(0, LIMITS.text));
    return entry;
  }

  #entry(call: NotedCall): Entry | undefined {
    const key = callKey(call);
    const existing = this.#calls.get(key);
    if (existing !== undefined) return existing;
    const isNamed = syscallNumber(call.abi, call.syscall) !== undefined;
    if (!isNamed && ++this.#unnamed > MAX_UNNAMED) return undefined;
    if (this.#calls.size >= LIMITS.calls) throw tooManyCalls();
    const entry: Entry = {
      call,
      count: 0,
      atLeast: false,
      unavailable: 0,
      programs: new Set(),
      morePrograms: false,
      args: new Map(),
    };
    this.#calls.set(key, entry);
    return entry;
  }
}

/** Fills in the defaults of a call, in its own phase or a given one. */
export function noted(call: SeenCall, phase?: string): NotedCall {
  const { abi, syscall, args = [], program, count = 1, unavailable = 0, ...rest } = owned(call);
  const { atLeast = false, morePrograms = false } = rest;
  return {
    abi,
    syscall,
    phase: phase ?? rest.phase ?? '',
    args,
    program,
    count,
    atLeast,
    morePrograms,
    unavailable,
  };
}

const MAX_UNNAMED = 64;

/** The error for more distinct calls than a recording may contain. */
export const tooManyCalls = (): RecordingError =>
  new RecordingError(
    'recording-too-large',
    `there are more than ${LIMITS.calls} different calls`,
    'Record fewer phases',
  );

/** Keeps the alphabetically first programs, so that the order of calls does not matter. */
function addProgram(entry: Entry, program: string): void {
  const { programs } = entry;
  if (programs.has(program)) return;
  programs.add(program);
  if (programs.size <= LIMITS.programs) return;
  entry.morePrograms = true;
  programs.delete([...programs].sort(byText).at(-1) ?? '');
}

/** The values of an argument so far. */
function valuesOf(entry: Entry, index: number): Values {
  const existing = entry.args.get(index);
  if (existing !== undefined) return existing;
  const values: Values = { values: new Set(), bits: 0n, unknown: false };
  entry.args.set(index, values);
  return values;
}

function addValue(known: Values, value: bigint): void {
  if (known.values?.has(value) === true) return;
  known.bits |= value;
  if (known.values === undefined) return;
  known.values.add(value);
  if (known.values.size > LIMITS.values) known.values = undefined;
}

const argument = (index: number, { values, bits, unknown }: Values): RecordedArgument => ({
  index,
  values: [...(values ?? [])].sort(byValue),
  bits,
  more: values === undefined,
  unknown,
});
