// Splits a function of calls into sections that people name: ABIs, their calls, numbers without a name, other
// architectures.
import { UsageError } from '../../util/errors.js';
import { ABIS, syscallNumber, syscallsOf, X32_BIT, type Abi } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { didYouMeanCall } from '../../kernel/calls/suggest-call.js';
import { quote } from '../../util/suggest.js';
import { WORD } from '../../bpf/program.js';
import { Describer, type Actions } from './actions.js';
import { EVERY, levelOf, NONE, type Bdd, type Node } from './bdd.js';
import { describeNumbers, type NumberTest } from './number-sets.js';
import { show } from '../../util/show.js';

/** A call that an ABI names. */
export interface SyscallActions<T> extends Actions<T> {
  /** The name of the call. */
  readonly syscall: string;
  /** Its number, as the kernel sees it. */
  readonly number: number;
}

/** A set of 32-bit numbers. */
export interface Numbers {
  /** One of them. */
  readonly example: number;
  /** The numbers that pass at least one test of each list. Undefined if that takes more than 4096 tests. */
  readonly allOf: readonly (readonly NumberTest[])[] | undefined;
}

/** Numbers with the same actions. */
export interface NumberActions<T> extends Actions<T> {
  /** The numbers. */
  readonly numbers: Numbers;
}

/** The actions for the calls of one ABI. x86_64 and x32 share an architecture: numbers from 0x40000000 to 0x7fffffff are x32's. */
export interface AbiActions<T> {
  /** The ABI. */
  readonly abi: AbiName;
  /** The action for all numbers and arguments; undefined if there are several. */
  readonly always: T | undefined;
  /** Every call that the ABI names, by number. */
  readonly syscalls: readonly SyscallActions<T>[];
  /** All other numbers. */
  readonly unnamed: readonly NumberActions<T>[];
}

/** The actions for architectures without a name. */
export interface ArchitectureActions<T> {
  /** Values of AUDIT_ARCH. */
  readonly architectures: Numbers;
  /** The actions for their calls, by number. */
  readonly actions: readonly NumberActions<T>[];
}

/** A function of every call, in sections. */
export interface Sections<T> {
  /** Every ABI that the package knows. */
  readonly abis: readonly AbiActions<T>[];
  /** All other values of AUDIT_ARCH. */
  readonly otherArchitectures: readonly ArchitectureActions<T>[];
}

const ABI_LIST: readonly Abi[] = Object.values(ABIS);
const LAST = 0xffffffff;
/** Stands for excluded calls; no function has this value. */
const LEFT_OUT = LAST;

/** Throws UsageError: `unknown-syscall` for a name that no ABI has, `bad-value` for anything but a 32-bit number. */
function checkSyscall(syscall: unknown): void {
  const isNumber = Number.isInteger(syscall) && Number(syscall) >= 0 && Number(syscall) <= LAST;
  if (isNumber) return;
  if (typeof syscall !== 'string')
    throw new UsageError(
      'bad-value',
      `${show(syscall)} is not a system call`,
      'Pass a name, or a number of 32 bits',
    );
  if (ABI_LIST.some(({ name }) => syscallNumber(name, syscall) !== undefined)) return;
  throw new UsageError(
    'unknown-syscall',
    `no ABI has a system call ${quote(syscall)}`,
    didYouMeanCall(
      syscall,
      ABI_LIST.map(({ name }) => name),
      'Pass a name, or a number',
    ),
  );
}

/**
 * Splits a function of calls into sections, or describes only one call. `otherwise`, if given, is always the action
 * without conditions. Throws UsageError as `checkSyscall` does.
 */
export function sectionsOf<T>(
  bdd: Bdd,
  root: Node,
  meaning: (value: number) => T,
  syscall?: string | number,
  otherwise?: number,
): Sections<T> {
  if (syscall !== undefined) checkSyscall(syscall);
  const describer = new Describer(bdd, meaning, otherwise);
  const leftOut = bdd.constant(LEFT_OUT);
  const chosen =
    typeof syscall === 'number'
      ? setOf(bdd, WORD.nr, [[syscall, syscall]])
      : syscall === undefined
        ? EVERY
        : NONE;
  const numbered = (section: Node, set: Node): readonly NumberActions<T>[] =>
    classes(bdd, bdd.ite(bdd.and(set, chosen), section, leftOut), WORD.nr).map(({ rest, values }) => ({
      numbers: values,
      ...describer.describe(rest),
    }));
  const abis = ABI_LIST.map((abi): AbiActions<T> => {
    const section = bdd.cofactor(root, WORD.arch, abi.audit);
    const own = numbersOf(bdd, abi);
    const calls = [...syscallsOf(abi.name)].sort(([, a], [, b]) => a - b);
    const named = setOf(
      bdd,
      WORD.nr,
      calls.map(([, number]) => [number, number]),
    );
    const constants = bdd.rests(bdd.ite(own, section, leftOut)).filter(rest => rest !== leftOut);
    return {
      abi: abi.name,
      always: constants.length === 1 ? meaning(bdd.valueOf(constants[0] ?? NONE) ?? 0) : undefined,
      syscalls: calls
        .filter(([name, number]) => syscall === undefined || name === syscall || number === syscall)
        .map(([name, number]) => ({
          syscall: name,
          number,
          ...describer.describe(bdd.cofactor(section, WORD.nr, number)),
        })),
      unnamed: numbered(section, bdd.minus(own, named)),
    };
  });
  const archs = [...new Set(ABI_LIST.map(({ audit }) => audit))].sort((a, b) => a - b);
  const known = setOf(
    bdd,
    WORD.arch,
    archs.map(audit => [audit, audit]),
  );
  const foreign = classes(bdd, bdd.ite(known, leftOut, root), WORD.arch);
  return {
    abis,
    otherArchitectures:
      chosen === NONE
        ? []
        : foreign.map(({ rest, values }) => ({ architectures: values, actions: numbered(rest, EVERY) })),
  };
}

/** The values of a word in classes with the same remaining function, without excluded ones. */
function classes(
  bdd: Bdd,
  whole: Node,
  word: number,
): readonly { readonly rest: Node; readonly values: Numbers }[] {
  const next = levelOf(word, 0) + 1;
  return bdd
    .rests(whole, next)
    .filter(rest => bdd.valueOf(rest) !== LEFT_OUT)
    .map(rest => {
      const values = bdd.replace(whole, other => (other === rest ? EVERY : NONE), next);
      return {
        rest,
        values: {
          example: bdd.witness(values, 0)?.[word] ?? 0,
          allOf: describeNumbers(bdd, values, next - 32, 32, 'ranges')?.allOf,
        },
      };
    });
}

/** The numbers that belong to an ABI. */
function numbersOf(bdd: Bdd, abi: Abi): Node {
  const x32 = setOf(bdd, WORD.nr, [[X32_BIT, 2 * X32_BIT - 1]]);
  if (abi.audit !== ABIS.x32.audit) return EVERY;
  return abi.numberBit === 0 ? bdd.not(x32) : x32;
}

/** The calls with a word in one of these ascending ranges. */
export function setOf(
  bdd: Bdd,
  word: number,
  ranges: readonly (readonly [low: number, high: number])[],
): Node {
  const build = (bit: number, base: number, first: number, end: number): Node => {
    const last = base + 2 ** (bit + 1) - 1;
    let [from, to] = [first, end];
    while (from < to && (ranges[from]?.[1] ?? 0) < base) from++;
    while (from < to && (ranges[to - 1]?.[0] ?? 0) > last) to--;
    const range = ranges[from];
    if (from === to || range === undefined) return NONE;
    if (range[0] <= base && range[1] >= last) return EVERY;
    return bdd.node(
      levelOf(word, bit),
      build(bit - 1, base, from, to),
      build(bit - 1, base + 2 ** bit, from, to),
    );
  };
  return build(31, 0, 0, ranges.length);
}
