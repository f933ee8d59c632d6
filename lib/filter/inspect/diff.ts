// Finds differences in meaning between filters, or stacks of them: which calls, under which conditions, and both
// actions.
import type { Witness } from '../../util/errors.js';
import { ABIS } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import type { Action } from '../../kernel/action.js';
import { eventOf } from '../../bpf/call.js';
import type { Layers } from '../layers.js';
import { WORD } from '../../bpf/program.js';
import type { Actions, Conditions } from '../meaning/actions.js';
import { Bdd, EVERY, NONE } from '../meaning/bdd.js';
import { meaningOf } from '../meaning/meaning.js';
import { sectionsOf, type Numbers } from '../meaning/sections.js';

/** The calls that a difference is about, whatever their arguments. */
export type Place =
  | {
      /** Every call of an ABI, whatever its number. */
      readonly kind: 'abi';
      /** The ABI. */
      readonly abi: AbiName;
    }
  | {
      /** One call of an ABI. */
      readonly kind: 'syscall';
      /** The ABI. */
      readonly abi: AbiName;
      /** The name of the call. */
      readonly syscall: string;
      /** Its number there. */
      readonly number: number;
    }
  | {
      /** Numbers of an ABI that have no name. */
      readonly kind: 'numbers';
      /** The ABI. */
      readonly abi: AbiName;
      /** The numbers. */
      readonly numbers: Numbers;
    }
  | {
      /** Architectures that have no name. */
      readonly kind: 'architectures';
      /** Values of AUDIT_ARCH. */
      readonly architectures: Numbers;
      /** Numbers of calls there. */
      readonly numbers: Numbers;
    };

/** Calls whose action changes in the same way. */
export interface Difference {
  /** The affected calls. */
  readonly place: Place;
  /** The action of the first filter, as a seccomp return value. */
  readonly from: Action;
  /** The action of the second one, as a seccomp return value. */
  readonly to: Action;
  /**
   * The conditions on arguments under which it changes; one empty list if it always does. Undefined if there are more
   * than 4096.
   */
  readonly when: Conditions | undefined;
  /** One of these calls. */
  readonly witness: Witness;
}

interface Change {
  readonly value: number;
  readonly from: Action;
  readonly to: Action;
}

/**
 * Returns every difference in meaning between two filters, or stacks of them (oldest layer first); an empty list if they
 * have the same action for every call. With `syscall`, only differences for one call, by name or by number.
 * Throws UsageError (`bad-filter`, `unknown-syscall`, `bad-value`), ProgramError, CompileError (`undecidable-program`).
 */
export function diff(first: Layers, second: Layers, syscall?: string | number): readonly Difference[] {
  const bdd = new Bdd();
  const changes: Change[] = [{ value: 0, from: 0, to: 0 }];
  const values = new Map<string, number>();
  const changed = bdd.combine(meaningOf(bdd, first), meaningOf(bdd, second), (from, to) => {
    if (from === to) return 0;
    const key = `${from},${to}`;
    const value = values.get(key) ?? changes.length;
    if (value === changes.length) changes.push({ value, from, to });
    values.set(key, value);
    return value;
  });
  const sections = sectionsOf(bdd, changed, value => changes[value] ?? { value, from: 0, to: 0 }, syscall, 0);
  const witness = (arch: number, number: number, { value }: Change): Witness => {
    const rest = bdd.cofactor(bdd.cofactor(changed, WORD.arch, arch), WORD.nr, number);
    const wanted = bdd.constant(value);
    const words =
      bdd.witness(
        bdd.replace(rest, other => (other === wanted ? EVERY : NONE)),
        0,
      ) ?? new Uint32Array(16);
    words[WORD.arch] = arch;
    words[WORD.nr] = number;
    return eventOf(words);
  };
  const differences = (
    place: Place,
    arch: number,
    number: number,
    { cases }: Actions<Change>,
  ): readonly Difference[] =>
    cases.map(({ action, when }) => ({
      place,
      from: action.from,
      to: action.to,
      when,
      witness: witness(arch, number, action),
    }));
  return [
    ...sections.abis.flatMap(({ abi, always, syscalls, unnamed }) => {
      if (always !== undefined && syscall === undefined) {
        if (always.value === 0) return [];
        const actions = { cases: [{ action: always, when: [[]] }], otherwise: always };
        return differences({ kind: 'abi', abi }, ABIS[abi].audit, ABIS[abi].numberBit, actions);
      }
      return [
        ...syscalls.flatMap(one =>
          differences(
            { kind: 'syscall', abi, syscall: one.syscall, number: one.number },
            ABIS[abi].audit,
            one.number,
            one,
          ),
        ),
        ...unnamed.flatMap(one =>
          differences(
            { kind: 'numbers', abi, numbers: one.numbers },
            ABIS[abi].audit,
            one.numbers.example,
            one,
          ),
        ),
      ];
    }),
    ...sections.otherArchitectures.flatMap(({ architectures, actions }) =>
      actions.flatMap(one =>
        differences(
          { kind: 'architectures', architectures, numbers: one.numbers },
          architectures.example,
          one.numbers.example,
          one,
        ),
      ),
    ),
  ];
}
