// The arguments of one call as a person reads them: under the kernel's names, and constants in words.
import type { AbiName } from './abi.js';
import { constantsOf, nameValue } from './named-values.js';
import { parametersOf } from './signatures.js';

/** One argument of a call that was made. */
export interface NamedArgument {
  /** The kernel's name for it: `family`. */
  readonly name: string;
  /** The whole register. */
  readonly value: bigint;
  /** Words for the value, where there are some: `AF_ALG`. */
  readonly words: string | undefined;
}

/**
 * The arguments that a call has, in their order, from its registers. Undefined where nothing is known of them, also where a
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
      return { name, value, words: nameValue(abi, syscall, index, value) };
    });
  } catch {
    return undefined;
  }
}

/** Reads what `namedArguments` needs for these interfaces. */
export function readArgumentTables(abis: readonly AbiName[]): void {
  for (const abi of abis) {
    parametersOf(abi, 'read');
    constantsOf(abi, 'AF');
  }
}
