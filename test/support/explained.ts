// Determines the action for a call from an explanation, to compare it with the explained program.
import type { Witness } from '#lib/util/errors.js';
import type { Actions } from '#lib/filter/meaning/actions.js';
import type { NumberTest } from '#lib/filter/meaning/number-sets.js';
import type { NumberActions, Numbers, Sections } from '#lib/filter/meaning/sections.js';
import { ABIS } from '#lib/kernel/abi.js';

const passes = (x: bigint, test: NumberTest): boolean => {
  switch (test.op) {
    case 'in':
    case 'notIn':
      return test.ranges.some(([low, high]) => low <= x && x <= high) === (test.op === 'in');
    case 'maskedEqual':
    case 'maskedUnequal':
      return ((x & test.mask) === test.value) === (test.op === 'maskedEqual');
  }
};

/** Whether a number is in a set. */
export const contains = ({ allOf }: Numbers, number: number): boolean => {
  if (allOf === undefined) throw new RangeError('numbers are not described');
  return allOf.every(anyOf => anyOf.some(test => passes(BigInt(number), test)));
};

/** All actions that an explanation has for a call: there must be exactly one. */
export function explained<T>(sections: Sections<T>, event: Witness): readonly T[] {
  const isX32 = event.arch === ABIS.x32.audit && event.syscall >= 0x40000000 && event.syscall < 0x80000000;
  const numbered = (actions: readonly NumberActions<T>[]): readonly T[] =>
    actions.filter(({ numbers }) => contains(numbers, event.syscall)).flatMap(one => answered(one, event));
  const abis = sections.abis.filter(({ abi }) => ABIS[abi].audit === event.arch && (abi === 'x32') === isX32);
  return [
    ...abis.flatMap(({ syscalls, unnamed }) => [
      ...syscalls.filter(({ number }) => number === event.syscall).flatMap(one => answered(one, event)),
      ...numbered(unnamed),
    ]),
    ...sections.otherArchitectures
      .filter(({ architectures }) => contains(architectures, event.arch))
      .flatMap(({ actions }) => numbered(actions)),
  ];
}

/** The actions for one call: every case whose conditions hold, or the one without conditions. */
export function answered<T>({ cases, otherwise }: Actions<T>, event: Witness): readonly T[] {
  const met = cases.filter(({ when }) => {
    if (when === undefined) throw new RangeError('conditions are not described');
    return when.some(terms =>
      terms.every(({ of, width, anyOf }) => {
        const register = of === 'instructionPointer' ? event.instructionPointer : (event.args[of] ?? 0n);
        const value = BigInt.asUintN(width, register);
        return anyOf.some(test => passes(value, test));
      }),
    );
  });
  return met.length === 0 ? [otherwise] : met.map(({ action }) => action);
}
