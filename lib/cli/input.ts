// What an argument of the command line stands for: a profile, or a program in the kernel's format.
import { readFileSync } from 'node:fs';
import { compile } from '../compile.js';
import type { Filter } from '../filter/filter.js';
import { decode, validate, type Program } from '../filter/program.js';
import { parseProfile } from '../profile/parse.js';
import type { Profile } from '../profile/profile.js';
import { readFile } from '../profile/read-file.js';
import { compileOptions, type CompileFlags } from './options.js';

/** The profile of an argument: a path, the name of one that ships, or `-` for standard input. */
export const profileArgument = (argument: string): Profile =>
  argument === '-' ? parseProfile(readFileSync(0), { file: '<stdin>' }) : parseProfile(argument);

/**
 * What an argument means, compiled where it is a profile: a path, the name of a profile that ships, or `-` for standard
 * input. A file is taken for a program when its name ends with `.bpf`, standard input when it does not start as JSON does.
 * A program must pass `check`.
 */
export function layerArgument(
  argument: string,
  flags: CompileFlags,
  check: (program: Program) => void = validate,
): Filter | Program {
  if (argument === '-') {
    const bytes = readFileSync(0);
    if (!isJson(bytes)) return program(bytes, check);
    return compile(parseProfile(bytes, { file: '<stdin>' }), compileOptions(flags));
  }
  if (argument.endsWith('.bpf')) return program(readFile(argument), check);
  return compile(argument, compileOptions(flags));
}

/** Whether bytes start as a JSON object does. */
export const isJson = (bytes: Buffer): boolean =>
  /^\s*[{[]/.test(
    bytes
      .subarray(0, 256)
      .toString()
      .replace(/^\uFEFF/, ''),
  );

function program(bytes: Uint8Array, check: (program: Program) => void): Program {
  const decoded = decode(bytes);
  check(decoded);
  return decoded;
}

/** The text of an argument: that of a file, or of standard input for `-`. */
export const textArgument = (argument: string): string =>
  new TextDecoder().decode(argument === '-' ? readFileSync(0) : readFile(argument));
