// Tells a profile from a program where a tool takes either without compiling.
import { readFileSync } from 'node:fs';
import { isJson } from '../profile/is-json.js';
import { parseProfile } from '../profile/parse.js';
import type { Profile } from '../profile/profile.js';
import { readFile } from '../profile/read-file.js';

/** What an argument names: a profile, or the bytes of a program. */
export type ProfileOrProgram =
  | { readonly kind: 'profile'; readonly profile: Profile }
  | { readonly kind: 'program'; readonly bytes: Uint8Array; readonly file: string };

/**
 * The profile or program of an argument: a path, the name of a profile that ships, or `-` for standard input. A file is
 * taken for a program when its name ends with `.bpf`, standard input when it is not text.
 */
export function sourceArgument(argument: string): ProfileOrProgram {
  if (argument.endsWith('.bpf')) return { kind: 'program', bytes: readFile(argument), file: argument };
  if (argument !== '-') return { kind: 'profile', profile: parseProfile(argument) };
  const bytes = readFileSync(0);
  const file = '<stdin>';
  return isJson(bytes)
    ? { kind: 'profile', profile: parseProfile(bytes, { file }) }
    : { kind: 'program', bytes, file };
}
