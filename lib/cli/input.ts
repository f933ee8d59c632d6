// What an argument of the command line stands for: a profile, or a program in the kernel's format.
import { readFileSync } from 'node:fs';
import { compile } from '../compile.js';
import type { Layer } from '../filter/layers.js';
import { decode, validate, type Program } from '../filter/program.js';
import { parseProfile } from '../profile/parse.js';
import type { Profile } from '../profile/profile.js';
import { readFile } from '../profile/read-file.js';
import { compileOptions, type CompileFlags } from './options.js';

/** The profile of an argument: a path, the name of one that ships, or `-` for standard input. */
export const profileArgument = (argument: string): Profile =>
  argument === '-' ? parseProfile(readFileSync(0), { file: '<stdin>' }) : parseProfile(argument);

/** What an argument names: a profile, or the program of a `.bpf` file or of standard input. */
export type Source =
  | { readonly kind: 'profile'; readonly profile: Profile }
  | { readonly kind: 'program'; readonly program: Program; readonly file: string };

/**
 * The profile or program of an argument: a path, the name of a profile that ships, or `-` for standard input. A file is
 * taken for a program when its name ends with `.bpf`, standard input when it does not start as JSON does.
 */
export function sourceArgument(argument: string): Source {
  if (argument === '-') {
    const bytes = readFileSync(0);
    const start = bytes.subarray(0, 256).toString();
    if (!/^\s*[{[]/.test(start.replace(/^\uFEFF/, '')))
      return { kind: 'program', program: program(bytes), file: '<stdin>' };
    return { kind: 'profile', profile: parseProfile(bytes, { file: '<stdin>' }) };
  }
  if (argument.endsWith('.bpf'))
    return { kind: 'program', program: program(readFile(argument)), file: argument };
  return { kind: 'profile', profile: parseProfile(argument) };
}

/** What an argument means, compiled where it is a profile. */
export function layerArgument(argument: string, flags: CompileFlags): Layer {
  const source = sourceArgument(argument);
  return source.kind === 'program' ? source.program : compile(source.profile, compileOptions(flags));
}

function program(bytes: Uint8Array): Program {
  const decoded = decode(bytes);
  validate(decoded);
  return decoded;
}
