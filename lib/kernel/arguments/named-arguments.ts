// The arguments of a call for display: with their names, and with the names of constants.
import type { AbiName } from '../architectures.js';
import { constantsOf, nameValue } from './named-values.js';
import { parameterOf, parametersOf } from './signatures.js';

/** One argument of a call that was made. */
export interface NamedArgument {
  /** Its name in the man pages: `domain`. */
  readonly name: string;
  /** The whole register. */
  readonly value: bigint;
  /** The names of the value's constants, e.g. `AF_ALG`, if it has any. */
  readonly words: string | undefined;
}

/**
 * Names the registers of a call. Undefined if its parameters are unknown, or if the tables cannot be read because a
 * filter forbids it: call `readArgumentTables` before loading one.
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
 * As `nameValue`, for a register of an actual call. C libraries pass a negative `int`, such as AT_FDCWD, either
 * sign-extended or with zeros in the upper half of the register, which the kernel does not read.
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

/** Loads the tables that `namedArguments` needs for these ABIs. */
export function readArgumentTables(abis: readonly AbiName[]): void {
  for (const abi of abis) {
    parametersOf(abi, 'read');
    constantsOf(abi, 'AF');
  }
}
