// The arguments of one call as a person reads them: under their names, and constants in words.
import type { AbiName } from '../architectures.js';
import { constantsOf, nameValue } from './named-values.js';
import { parameterOf, parametersOf } from './signatures.js';

/** One argument of a call that was made. */
export interface NamedArgument {
  /** Its name, as the man pages have it: `domain`. */
  readonly name: string;
  /** The whole register. */
  readonly value: bigint;
  /** Words for the value, where there are some: `AF_ALG`. */
  readonly words: string | undefined;
}

/**
 * The arguments that a call has, in their order, from its registers. Undefined if nothing is known of them, also where a
 * filter forbids to read the tables: `readArgumentTables` reads them in time.
 */
export function namedArguments(
  abi: AbiName,
  syscall: string,
  registers: readonly bigint[],
): readonly NamedArgument[] | undefined {
  try {
    return parametersOf(abi, syscall)?.map(({ name }, index) => {
      const value = registers[index] ?? 0n;
      return { name, value, words: nameRegister(abi, syscall, index, value) };
    });
  } catch {
    return undefined;
  }
}

/**
 * As `nameValue`, for a register of a call that was made. C libraries differ in how they pass a negative `int`, such as
 * AT_FDCWD: with its sign in the upper half of the register too, which the kernel does not read, or with zeros.
 */
export function nameRegister(
  abi: AbiName,
  syscall: string,
  index: number,
  register: bigint,
): string | undefined {
  const extended = BigInt.asUintN(64, BigInt.asIntN(32, register)) === register;
  const isInt = parameterOf(abi, syscall, index)?.width === 32;
  return nameValue(abi, syscall, index, isInt && extended ? BigInt.asUintN(32, register) : register);
}

/** Reads what `namedArguments` needs for these ABIs. */
export function readArgumentTables(abis: readonly AbiName[]): void {
  for (const abi of abis) {
    parametersOf(abi, 'read');
    constantsOf(abi, 'AF');
  }
}
