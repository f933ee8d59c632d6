// What an argument of the command line stands for: a profile, a program in the kernel's format, or a running process.
import { readFileSync } from 'node:fs';
import { compile } from '../filter/compile-profile.js';
import { UsageError } from '../util/errors.js';
import type { Filter } from '../filter/filter.js';
import type { Layer } from '../filter/layers.js';
import { decode, validate, type Program } from '../bpf/program.js';
import { BPF } from '../bpf/opcodes.js';
import { SCMP_ACT_ALLOW } from '../kernel/constants.js';
import { dump } from '../process/inspect/dump.js';
import { parseProfile } from '../profile/parse.js';
import type { Profile } from '../profile/profile.js';
import { readFile } from '../profile/read-file.js';
import { compileOptions, type CompileFlags } from './options.js';
import { warn } from './output.js';
import { sourceArgument } from './source.js';

/** The profile of an argument: a path, the name of one that ships, or `-` for standard input. */
export const profileArgument = (argument: string): Profile =>
  argument === '-' ? parseProfile(readFileSync(0), { file: '<stdin>' }) : parseProfile(argument);

/**
 * What an argument means, as sourceArgument reads it: a profile is compiled, a program must pass `check`.
 */
export function layerArgument(
  argument: string,
  flags: CompileFlags,
  check: (program: Program) => void = validate,
): Filter | Program {
  const source = sourceArgument(argument);
  if (source.kind === 'profile') return compile(source.profile, compileOptions(flags));
  const program = decode(source.bytes);
  check(program);
  return program;
}

/**
 * As layerArgument, but `pid:1234` stands for every layer of a running process, the oldest first. Warnings about it go to
 * standard error. A process without a filter is taken for one with a filter that allows everything, which is the same.
 * Throws as `dump` does; UsageError for a process in strict mode, which has no program.
 */
export function layersArgument(argument: string, flags: CompileFlags): readonly Layer[] {
  if (!argument.startsWith('pid:')) return [layerArgument(argument, flags)];
  const { id, mode, layers, warnings } = dump(pidOf(argument));
  if (mode === 'strict') {
    throw new UsageError(
      'strict-mode',
      `${id} is in strict mode, which has no program`,
      'Name another process',
    );
  }
  warn(warnings);
  return layers.length === 0 ? [ALLOW_EVERYTHING] : layers.map(layer => layer.program);
}

const ALLOW_EVERYTHING: Layer = [{ code: BPF.RET_K, jt: 0, jf: 0, k: SCMP_ACT_ALLOW }];

/** The number in `1234` or `pid:1234`. Throws UsageError (`bad-pid`). */
export function pidOf(argument: string): number {
  const [, digits] = /^(?:pid:)?([1-9][0-9]{0,9})$/.exec(argument) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new UsageError(
    'bad-pid',
    `${JSON.stringify(argument)} is not a process id`,
    'Give a positive integer',
  );
}

/** The text of an argument: that of a file, or of standard input for `-`. */
export const textArgument = (argument: string): string =>
  new TextDecoder().decode(argument === '-' ? readFileSync(0) : readFile(argument));
