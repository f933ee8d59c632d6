// Findings about the subject of a report, with their positions.
import type { CompileOptions } from '../filter/compile-profile.js';
import { lintProgram } from '../lint/lint-program.js';
import type { Program } from '../bpf/program.js';
import type { Finding } from '../lint/finding.js';
import type { Severity } from '../lint/rules.js';
import type { Target, TargetOptions } from '../policy/target.js';
import { lint, type LintOptions } from '../lint/lint.js';
import type { Profile } from '../profile/profile.js';
import { placeOf, type RuleLine } from './rules.js';
import { owned } from '../util/own.js';
import { givenOptions } from '../util/options.js';

/** A finding of `lint`; those for programs have no position. */
export interface FindingData {
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  readonly why: string;
  readonly remedy: string;
  readonly at?: RuleLine;
}

/** The findings about a profile on the target that it was compiled for, in the order of the text. */
export function profileFindings(
  profile: Profile,
  { arch, kernel, capabilities }: Target,
  options: CompileOptions,
): readonly FindingData[] {
  const resolving = givenOptions<LintOptions>(options, ['unknownSyscalls', 'badArch', 'argWidth']);
  return lint(profile, { arch, kernel, capabilities, ...resolving }).map(findingData);
}

/** The findings about a program; `arch` is for programs that do not test the architecture. */
export const programFindings = (program: Program, arch?: TargetOptions['arch']): readonly FindingData[] =>
  lintProgram(program, arch === undefined ? {} : { arch }).map(findingData);

function findingData(finding: Finding): FindingData {
  const { severity, code, message, why, remedy, at } = owned(finding);
  return { ...{ severity, code, message, why, remedy }, ...(at !== undefined && { at: placeOf(at) }) };
}
