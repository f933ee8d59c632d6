// What an argument of the command line stands for: a profile, or a program in the kernel's format.
import { readFileSync } from 'node:fs';
import { compile } from '../compile.js';
import type { Layer } from '../filter/layers.js';
import { decode, validate } from '../filter/program.js';
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
 */
export function layerArgument(argument: string, flags: CompileFlags): Layer {
  if (argument === '-') {
    const bytes = readFileSync(0);
    if (
      !/^\s*[{[]/.test(
        bytes
          .subarray(0, 256)
          .toString()
          .replace(/^\uFEFF/, ''),
      )
    )
      return program(bytes);
    return compile(parseProfile(bytes, { file: '<stdin>' }), compileOptions(flags));
  }
  if (argument.endsWith('.bpf')) return program(readFile(argument));
  return compile(argument, compileOptions(flags));
}

function program(bytes: Uint8Array): Layer {
  const decoded = decode(bytes);
  validate(decoded);
  return decoded;
}
