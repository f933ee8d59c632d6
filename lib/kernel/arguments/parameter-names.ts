// What arguments are called where people read and write them.
import type { AbiName } from '../architectures.js';
import { parametersOf } from './signatures.js';

/**
 * What an argument is called: `domain`, or `arg0` where nothing is known of it; `register5` where another argument of the call has
 * that name, as prctl's have.
 */
export function argumentName(abi: AbiName, syscall: string, index: number): string {
  const parameters = parametersOf(abi, syscall) ?? [];
  const name = parameters[index]?.name;
  if (name !== undefined) return name;
  const numbered = `arg${index}`;
  return parameters.some(parameter => parameter.name === numbered) ? `register${index}` : numbered;
}

/** The index of an argument by its name, the kernel's or the man page's, or as `arg0`; undefined if the call has none of that name. */
export function argumentIndex(abi: AbiName, syscall: string, name: string): number | undefined {
  const parameters = parametersOf(abi, syscall) ?? [];
  const index = parameters.findIndex(parameter => parameter.name === name || parameter.kernelName === name);
  if (index !== -1) return index;
  const [, digit] = /^(?:arg|register)([0-5])$/.exec(name) ?? [];
  return digit === undefined ? undefined : Number(digit);
}

/** Every name that `argumentIndex` takes for a call, as they are written first. */
export const argumentNames = (abi: AbiName, syscall: string): readonly string[] =>
  (parametersOf(abi, syscall) ?? []).map((_, index) => argumentName(abi, syscall, index));
