// Detects the kind of a text in the playground: a profile, a Firecracker filter, or a program listing.
import { assemble } from '../../bpf/assemble/assemble.js';
import { readProgramText } from '../../bpf/assemble/read-program.js';
import type { Program } from '../../bpf/program.js';
import { compile, type CompileOptions } from '../../filter/compile-profile.js';
import { decompile } from '../../filter/decompile/decompile.js';
import type { Filter } from '../../filter/filter.js';
import type { Architecture } from '../../kernel/architectures.js';
import { CAPABILITIES } from '../../kernel/capabilities.js';
import type { Policy } from '../../policy/policy.js';
import { isFirecracker } from '../../profile/formats/firecracker/detect.js';
import { parseFirecracker } from '../../profile/formats/firecracker/parse.js';
import { resolveFirecracker } from '../../profile/formats/firecracker/resolve.js';
import { isYaml } from '../../profile/formats/json-or-yaml.js';
import { textFormatOf } from '../../profile/formats/text-formats.js';
import { Findings } from '../../profile/findings.js';
import { readJson } from '../../profile/read-json.js';
import { parseProfile } from '../../profile/parse.js';
import type { Profile } from '../../profile/profile.js';
import { resolveProfile } from '../../profile/resolve/resolve.js';
import { utf8 } from '../../util/host/bytes.js';

/** The machine, as entered in the page's fields. */
export interface TargetFields {
  readonly arch: Architecture;
  /** Empty for the newest kernel. */
  readonly kernel: string;
  /** Names separated by commas or spaces; `ALL` for all. */
  readonly capabilities: string;
}

/** The detected format of a text. */
export type Subject =
  | { readonly kind: 'profile'; readonly profile: Profile; readonly policy: Policy }
  | { readonly kind: 'firecracker'; readonly policy: Policy }
  | { readonly kind: 'program'; readonly program: Program };

/** The name of the kind. */
export function formatName(subject: Subject): string {
  if (subject.kind === 'program') return 'a program';
  if (subject.kind === 'firecracker') return 'a Firecracker filter';
  return subject.profile.format === 'oci' ? 'a config.json' : 'a profile';
}

export function targetOptions({ arch, kernel, capabilities }: TargetFields): CompileOptions {
  const names = capabilities.split(/[\s,]+/).filter(name => name !== '');
  return {
    arch,
    ...(kernel !== '' && { kernel }),
    capabilities: names.flatMap(name => (name === 'ALL' ? CAPABILITIES : [name])),
  };
}

/** Keys that only Firecracker filters have, searched first so that profiles are not parsed twice. */
const FIRECRACKER = /"(?:default|mismatch|filter|match)_action"/;

/** Statements of programs, which policies in words do not have. */
const ASSEMBLY = /^\s*(?:A = |X = |if \([AX] |goto |return |ld[xbhi]? |jmp |ret )/m;

/** Parses and resolves a text. Throws ProfileError, AssemblyError or UsageError for an invalid text. */
export function readSubject(text: string, target: TargetFields, file: string): Subject {
  if (!/^[\s\uFEFF]*(?:[{[]|$)/.test(text)) {
    const program = readProgramText(text, file);
    if (program !== undefined) return { kind: 'program', program };
    if (ASSEMBLY.test(text) || (!isYaml(text) && textFormatOf(text) === undefined))
      return { kind: 'program', program: assemble(text, { file }) };
  }
  const options = targetOptions(target);
  if (FIRECRACKER.test(text) && isFirecracker(readJson(text, file, new Findings()))) {
    const read = parseFirecracker(utf8(text), { file });
    const [category] = read.filters.keys();
    return {
      kind: 'firecracker',
      policy: resolveFirecracker(read, { arch: target.arch, ...(category !== undefined && { category }) }),
    };
  }
  const profile = parseProfile(utf8(text), { file });
  return { kind: 'profile', profile, policy: resolveProfile(profile, options) };
}

/** The program, and the filter if there is a policy. */
export function compileSubject(
  subject: Subject,
  target: TargetFields,
): { readonly program: Program; readonly filter?: Filter } {
  if (subject.kind === 'program') return { program: subject.program };
  const filter =
    subject.kind === 'profile' ? compile(subject.profile, targetOptions(target)) : compile(subject.policy);
  return { program: filter.program, filter };
}

/** The policy; for a program, it is found by analysis. */
export const policyOfSubject = (subject: Subject, { arch }: TargetFields): Policy =>
  subject.kind === 'program' ? decompile(subject.program, { arch }) : subject.policy;
