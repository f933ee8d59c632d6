// What a text in the playground is: a profile, a Firecracker filter, or a program as a listing.
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

/** The machine, as the page's fields have it. */
export interface TargetFields {
  readonly arch: Architecture;
  /** Empty for the newest. */
  readonly kernel: string;
  /** Names between commas or spaces; `ALL` for all. */
  readonly capabilities: string;
}

/** The detected format of a text. */
export type Subject =
  | { readonly kind: 'profile'; readonly profile: Profile; readonly policy: Policy }
  | { readonly kind: 'firecracker'; readonly policy: Policy }
  | { readonly kind: 'program'; readonly program: Program };

/** What the kinds are called. */
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

/** Keys that only Firecracker filters have: searched first, so that profiles are not read twice. */
const FIRECRACKER = /"(?:default|mismatch|filter|match)_action"/;

/** Statements of programs, which policies in words do not have. */
const ASSEMBLY = /^\s*(?:A = |X = |if \([AX] |goto |return |ld[xbhi]? |jmp |ret )/m;

/**
 * Reads a text up to its meaning. Throws ProfileError, AssemblyError or UsageError for what cannot be used.
 */
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

/** The program, and the filter where there is a policy. */
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
