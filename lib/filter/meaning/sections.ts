// A function of calls cut into what people name: interfaces, their calls, numbers without a name, other architectures.
import { ABIS, syscallsOf, X32_BIT, type Abi, type AbiName } from '../../policy/abi.js';
import { WORD } from '../program.js';
import { Describer, type Answers } from './answers.js';
import { EVERY, levelOf, NONE, type Decisions, type Node } from './decisions.js';
import { describeNumbers, type NumberTest } from './number-sets.js';

/** A call that an interface names. */
export interface NamedAnswers<T> extends Answers<T> {
  readonly syscall: string;
  readonly number: number;
}

/** Some numbers of 32 bits. */
export interface Numbers {
  /** One of them. */
  readonly example: number;
  /** Those that pass, of each list, at least one test. Undefined where that takes more than 4096 tests. */
  readonly allOf: readonly (readonly NumberTest[])[] | undefined;
}

/** Numbers that are answered alike. */
export interface NumberedAnswers<T> extends Answers<T> {
  readonly numbers: Numbers;
}

/** What one interface is answered. x86_64 and x32 share an architecture: numbers from 0x40000000 to 0x7fffffff are x32's. */
export interface InterfaceAnswers<T> {
  readonly abi: AbiName;
  /** Every call that the interface names, by number. */
  readonly syscalls: readonly NamedAnswers<T>[];
  /** All other numbers. */
  readonly unnamed: readonly NumberedAnswers<T>[];
}

/** What architectures without a name are answered. */
export interface ArchitectureAnswers<T> {
  /** Values of AUDIT_ARCH. */
  readonly architectures: Numbers;
  readonly answers: readonly NumberedAnswers<T>[];
}

/** A function of every call, in sections. */
export interface Sections<T> {
  readonly interfaces: readonly InterfaceAnswers<T>[];
  readonly otherArchitectures: readonly ArchitectureAnswers<T>[];
}

/** Which parts of a function to describe: everything unless given. */
export interface Selection {
  /** One call by its name, or by its number on every interface. */
  readonly syscall?: string | number;
}

const ABI_LIST: readonly Abi[] = Object.values(ABIS);
const LAST = 0xffffffff;
/** Stands for calls that are not asked about; no function gives it. */
const LEFT_OUT = LAST;

/** Cuts a function of calls into sections. With `otherwise`, answers list every other value under conditions. */
export function sectionsOf<T>(
  decisions: Decisions,
  root: Node,
  meaning: (value: number) => T,
  { syscall }: Selection = {},
  otherwise?: number,
): Sections<T> {
  const describer = new Describer(decisions, meaning, otherwise);
  const answersAt = (numbers: Node, number: number): Answers<T> =>
    describer.describe(decisions.given(numbers, WORD.nr, number));

  /** Values of a word within a set, by what is left of a function once the word is known. */
  const classes = (
    whole: Node,
    word: number,
    set: Node,
  ): readonly { readonly rest: Node; readonly values: Numbers }[] => {
    const next = levelOf(word, 0) + 1;
    const leftOut = decisions.constant(LEFT_OUT);
    const asked = decisions.choose(set, whole, leftOut);
    return decisions
      .rests(asked, next)
      .filter(rest => rest !== leftOut)
      .map(rest => {
        const values = decisions.replace(asked, other => (other === rest ? EVERY : NONE), next);
        return {
          rest,
          values: {
            example: decisions.callOtherThan(values, 0)?.[word] ?? 0,
            allOf: describeNumbers(decisions, values, next - 32, 32, 'ranges')?.allOf,
          },
        };
      });
  };
  const numbered = (section: Node, set: Node): readonly NumberedAnswers<T>[] =>
    classes(section, WORD.nr, set).map(({ rest, values }) => ({
      numbers: values,
      ...describer.describe(rest),
    }));

  const interfaces = ABI_LIST.map((abi): InterfaceAnswers<T> => {
    const section = decisions.given(root, WORD.arch, abi.audit);
    const calls = [...syscallsOf(abi.name)].sort(([, a], [, b]) => a - b);
    const named = calls
      .filter(([name, number]) => syscall === undefined || name === syscall || number === syscall)
      .map(([name, number]) => ({ syscall: name, number, ...answersAt(section, number) }));
    const nameless = decisions.minus(
      numbersOf(decisions, abi),
      wordsSet(
        decisions,
        WORD.nr,
        calls.map(([, number]) => [number, number]),
      ),
    );
    const chosen =
      syscall === undefined
        ? nameless
        : typeof syscall === 'number'
          ? decisions.and(nameless, wordsSet(decisions, WORD.nr, [[syscall, syscall]]))
          : NONE;
    return { abi: abi.name, syscalls: named, unnamed: chosen === NONE ? [] : numbered(section, chosen) };
  });
  const known = wordsSet(
    decisions,
    WORD.arch,
    [...new Set(ABI_LIST.map(({ audit }) => audit))].sort((a, b) => a - b).map(audit => [audit, audit]),
  );
  const all = typeof syscall === 'number' ? wordsSet(decisions, WORD.nr, [[syscall, syscall]]) : EVERY;
  const otherArchitectures =
    typeof syscall === 'string'
      ? []
      : classes(root, WORD.arch, decisions.not(known)).map(({ rest, values }) => ({
          architectures: values,
          answers: numbered(rest, all),
        }));
  return { interfaces, otherArchitectures };
}

/** The numbers that belong to an interface. */
function numbersOf(decisions: Decisions, abi: Abi): Node {
  const x32 = wordsSet(decisions, WORD.nr, [[X32_BIT, 2 * X32_BIT - 1]]);
  if (abi.audit !== ABIS.x32.audit) return EVERY;
  return abi.numberBit === 0 ? decisions.not(x32) : x32;
}

/** The calls of which a word is in one of these ranges, which are ascending. */
function wordsSet(
  decisions: Decisions,
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
    return decisions.node(
      levelOf(word, bit),
      build(bit - 1, base, from, to),
      build(bit - 1, base + 2 ** bit, from, to),
    );
  };
  return build(31, 0, 0, ranges.length);
}
