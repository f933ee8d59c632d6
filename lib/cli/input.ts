// Reads arguments of the command line: a profile, a program in the kernel's format, or a running process.
import { compile } from '../filter/compile-profile.js';
import { UsageError } from '../util/errors.js';
import { topOf } from '../util/place.js';
import { quote } from '../util/suggest.js';
import { isFilter, type Filter } from '../filter/filter.js';
import type { Layer } from '../filter/layers.js';
import { readProgramText } from '../bpf/assemble/read-program.js';
import { decode, encode, validate, type Program } from '../bpf/program.js';
import { BPF } from '../bpf/opcodes.js';
import { SCMP_ACT_ALLOW } from '../kernel/constants.js';
import { dump } from '../process/inspect/dump.js';
import { parseProfile } from '../profile/parse.js';
import type { Profile } from '../profile/profile.js';
import { readFile } from '../profile/read-file.js';
import { readInput, readSource, type Input, type SourceText } from '../profile/read-source.js';
import { Findings } from '../profile/findings.js';
import { isFirecracker } from '../profile/formats/firecracker/detect.js';
import { parseFirecracker } from '../profile/formats/firecracker/parse.js';
import { resolveFirecracker } from '../profile/formats/firecracker/resolve.js';
import { isJson } from '../profile/formats/json-or-yaml.js';
import { readJson } from '../profile/read-json.js';
import { resolveProfile } from '../profile/resolve/resolve.js';
import type { Policy } from '../policy/policy.js';
import { decompile } from '../filter/decompile/decompile.js';
import type { Finding } from '../lint/finding.js';
import { lint } from '../lint/lint.js';
import { lintProgram } from '../lint/lint-program.js';
import { compileOptions, type CompileFlags } from './options.js';
import { warn } from './output.js';
import { inputName, readStandardInput } from './reading/standard-input.js';

/**
 * Reads an argument: a path, a profile that ships, or `-` for standard input. Profiles and programs are distinguished
 * by content.
 */
export function inputArgument(argument: string): Input {
  refuseProcess(argument);
  const input = argument === '-' ? readInput(readStandardInput(), inputName(argument)) : readInput(argument);
  if (input.kind === 'program') return input;
  const { text, file } = input;
  const program = readProgramText(text, file);
  return program === undefined ? input : { kind: 'program', bytes: encode(program), file };
}

/** Parses the text of a profile, with its path if it is a file, so that it may include other files. */
const profileOf = ({ text, file, path }: SourceText, strict?: boolean): Profile =>
  parseProfile(path ?? Buffer.from(text), { file, ...(strict !== undefined && { strict }) });

/** The text of an argument that cannot be a program, and its name. */
export function textInput(argument: string): SourceText {
  refuseProcess(argument);
  if (argument !== '-') return readSource(argument);
  return { ...readSource(readStandardInput()), file: inputName(argument) };
}

/** Parses the profile of an argument that cannot be a program. */
export function profileArgument(argument: string): Profile {
  refuseProcess(argument);
  if (argument !== '-') return parseProfile(argument);
  return parseProfile(readStandardInput(), { file: inputName(argument) });
}

/** Throws UsageError (`bad-argument`) for `pid:1234` where only profiles and programs are read. */
export function refuseProcess(argument: string): void {
  if (!argument.startsWith(PID)) return;
  throw new UsageError(
    'bad-argument',
    `this command cannot read a running process: ${quote(argument)}`,
    'Name a profile or a program; explain, diff, simulate and report --against read processes, and dump --format raw writes their programs',
  );
}

/** What precedes the id of a process. */
const PID = 'pid:';

/** Reads an argument as a layer: a profile is compiled, a program must pass `check`. */
export function layerArgument(
  argument: string,
  flags: CompileFlags,
  check: (program: Program) => void = validate,
): Filter | Program {
  const input = inputArgument(argument);
  if (input.kind === 'text') return compile(profileOf(input), compileOptions(flags));
  const program = decode(input.bytes);
  check(program);
  return program;
}

/** The findings about an argument. */
export function lintArgument(argument: string, flags: CompileFlags): readonly Finding[] {
  const input = inputArgument(argument);
  const options = compileOptions(flags);
  if (input.kind === 'text') return lint(profileOf(input), options);
  const at = topOf(input.file);
  const { arch } = options;
  return lintProgram(input.bytes, arch === undefined ? {} : { arch }).map(finding => ({ ...finding, at }));
}

/** Reads an argument: a profile, or the policy of anything else. */
export function sourceArgument(
  argument: string,
  flags: CompileFlags & { readonly category?: string },
): Profile | Policy {
  const input = inputArgument(argument);
  if (input.kind === 'program' || isFirecrackerText(input)) return policyOfInput(input, flags);
  return profileOf(input);
}

/** Reads the meaning of an argument: a profile, a program, or a Firecracker filter. */
export function policyArgument(
  argument: string,
  flags: CompileFlags & { readonly category?: string },
): Policy {
  return policyOfInput(inputArgument(argument), flags);
}

const isFirecrackerText = ({ text, file }: SourceText): boolean =>
  isJson(text) && isFirecracker(readJson(text, file, new Findings()));

function policyOfInput(input: Input, flags: CompileFlags & { readonly category?: string }): Policy {
  const meaning = compileOptions(flags);
  const { arch, strict } = meaning;
  const machine = arch === undefined ? {} : { arch };
  if (input.kind === 'program') return decompile(input.bytes, machine);
  const { text, file } = input;
  const options = { file, ...(strict !== undefined && { strict }) };
  if (!isFirecrackerText(input)) return resolveProfile(profileOf(input, strict), meaning, meaning);
  const { category } = flags;
  return resolveFirecracker(parseFirecracker(Buffer.from(text), options), {
    ...machine,
    ...(category !== undefined && { category }),
    ...(strict !== undefined && { strict }),
  });
}

/**
 * As layerArgument, but `pid:1234` stands for every layer of a running process, the oldest first. Warnings about the profile or
 * the process go to standard error. A process without a filter counts as having one that allows everything, which is equivalent.
 * Throws as `dump` does; UsageError for a process in strict mode, which has no program.
 */
export function layersArgument(argument: string, flags: CompileFlags): readonly Layer[] {
  if (!argument.startsWith(PID)) {
    const layer = layerArgument(argument, flags);
    if (isFilter(layer)) warn(layer.warnings);
    return [layer];
  }
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

/** The process id in `1234` or `pid:1234`. Throws UsageError (`bad-pid`). */
export function pidOf(argument: string): number {
  const [, digits] = /^(?:pid:)?([1-9][0-9]{0,9})$/.exec(argument) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new UsageError(
    'bad-pid',
    `${JSON.stringify(argument)} is not a process id`,
    'Give a positive integer',
  );
}

/** The text of a file, or of standard input for `-`. */
export const textArgument = (argument: string): string =>
  new TextDecoder().decode(argument === '-' ? readStandardInput() : readFile(argument));
