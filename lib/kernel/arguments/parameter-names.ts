// Names of arguments in text that people read and write.
import type { AbiName } from '../architectures.js';
import { parametersOf } from './signatures.js';

/**
 * The name of an argument: `domain`; `arg0` if it is unknown; `register5` if another argument of the call is already named
 * `arg5`, as in prctl.
 */
export function argumentName(abi: AbiName, syscall: string, index: number): string {
  const parameters = parametersOf(abi, syscall) ?? [];
  const name = parameters[index]?.name;
  if (name !== undefined) return name;
  const numbered = `arg${index}`;
  return parameters.some(parameter => parameter.name === numbered) ? `register${index}` : numbered;
}

/** The index of an argument by the kernel's or the man page's name, or as `arg0`; undefined if the call has no such argument. */
export function argumentIndex(abi: AbiName, syscall: string, name: string): number | undefined {
  const parameters = parametersOf(abi, syscall) ?? [];
  const index = parameters.findIndex(parameter => parameter.name === name || parameter.kernelName === name);
  if (index !== -1) return index;
  const [, digit] = /^(?:arg|register)([0-5])$/.exec(name) ?? [];
  return digit === undefined ? undefined : Number(digit);
}

/** The preferred names of a call's arguments, as `argumentName` writes them. */
export const argumentNames = (abi: AbiName, syscall: string): readonly string[] =>
  (parametersOf(abi, syscall) ?? []).map((_, index) => argumentName(abi, syscall, index));
