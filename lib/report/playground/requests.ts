// The requests of the playground's page to its workers: pure functions from texts to data and markup.
import { toC } from '../../bpf/c-array.js';
import { annotate, disassemble } from '../../bpf/listing/disassemble.js';
import { decode, encode, type Program } from '../../bpf/program.js';
import { convert, type ConversionFormat } from '../../filter/convert.js';
import { isEquivalent } from '../../filter/inspect/compare.js';
import { explain } from '../../filter/inspect/explain.js';
import { formatExplanation } from '../../filter/inspect/format.js';
import { simulationText } from '../../filter/inspect/format-simulation.js';
import { simulate } from '../../filter/inspect/simulate.js';
import { abiOf, ABIS } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { applyFix, fixFor, type Fix, type Fixable } from '../../lint/fix.js';
import { lint } from '../../lint/lint.js';
import { describeRemedy, remedyFor } from '../../policy/remedy.js';
import { readInput } from '../../profile/read-source.js';
import { checkProfile } from '../../recording/check.js';
import { parseRecording } from '../../recording/json.js';
import { readLog } from '../../recording/logs/read-log.js';
import { AssemblyError, ProfileError, SeccompError, UsageError, type Location } from '../../util/errors.js';
import { packageText } from '../../util/host/read-text.js';
import { own, owned } from '../../util/own.js';
import { reportData, type ReportData } from '../data.js';
import { profileFindings, programFindings } from '../findings.js';
import { scriptData } from '../page.js';
import {
  callsSection,
  comparisonSection,
  conditionsSection,
  findingsSection,
  programSection,
  summarySection,
} from '../sections.js';
import { checkMarkup, listingSection, simulationSection } from './sections.js';
import {
  compileSubject,
  formatName,
  policyOfSubject,
  readSubject,
  targetOptions,
  type Subject,
  type TargetFields,
} from './subject.js';

/** The name of the text in locations. */
const FILE = 'profile';

/** The text in the editor, and the machine. */
export interface Question {
  readonly text: string;
  readonly target: TargetFields;
}

/** A problem of a text. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  /** The position; absent if the problem is about the whole text. */
  readonly at?: Pick<Location, 'line' | 'column'>;
  /** A change that a click applies. */
  readonly fix?: Fix;
}

/** The result of reading a text. */
export interface Reading {
  /** The detected format; undefined if the text cannot be used. */
  readonly format?: string;
  readonly problems: readonly Problem[];
}

/** The maximum number of problems; further ones are omitted. */
const MAX_PROBLEMS = 200;
const MAX_FIXES = 20;

/** Reads a text and reports its mistakes. All other requests wait for this. */
export function read({ text, target }: Question): Reading {
  try {
    const subject = readSubject(text, target, FILE);
    const warnings = subject.kind === 'program' ? [] : subject.policy.warnings;
    return { format: formatName(subject), problems: problems(warnings, text) };
  } catch (error) {
    return { problems: problemsOf(error, text) };
  }
}

interface Found extends Fixable {
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

function problemsOf(error: unknown, text: string): readonly Problem[] {
  if (error instanceof ProfileError) return problems(error.problems, text);
  if (error instanceof AssemblyError) {
    const { code, message, at } = error;
    return [{ severity: 'error', code, message: message.replace(/^[^:]*:\d+:\d+: /, ''), at }];
  }
  if (error instanceof SeccompError) return [{ severity: 'error', code: error.code, message: error.message }];
  throw error;
}

const problems = (found: readonly Found[], text: string): readonly Problem[] =>
  found.slice(0, MAX_PROBLEMS).map((one, index) => {
    const { severity, code, message } = one;
    const [remedy, at] = [own(one, 'remedy'), own(one, 'at')];
    const fix = index < MAX_FIXES ? fixFor(one, text) : undefined;
    return {
      ...{ severity, code, message },
      ...(remedy !== undefined && { remedy }),
      ...(at !== undefined && { at: { line: at.line, column: at.column } }),
      ...(fix !== undefined && { fix }),
    };
  });

/** A valid text, and another one to compare it with. */
export interface AnalysisQuestion extends Question {
  readonly against?: { readonly name: string; readonly text: string };
}

/** The content of the page for a filter. */
export interface Analysis {
  /** Markup of the sections. */
  readonly html: string;
  /** The input of `showFilter`. */
  readonly data: object;
  /** Why there is no comparison. */
  readonly against?: string;
}

/** Compiles a text and renders all sections. Throws as `compile` and `explain` do. */
export function analyse({ text, target, ...rest }: AnalysisQuestion): Analysis {
  const subject = readSubject(text, target, FILE);
  const compiled = compileSubject(subject, target);
  const against = own(rest, 'against');
  const [other, problem] = against === undefined ? [] : otherProgram(against, target);
  const data = reportData(
    {
      name: 'this',
      text,
      ...compiled,
      ...(subject.kind === 'profile' && { profile: subject.profile }),
    },
    findingsOf(subject, compiled.program, target),
    against === undefined || other === undefined ? undefined : { name: against.name, layers: other },
  );
  return {
    html: sections(data, compiled.program)
      .map(part => part?.html ?? '')
      .join('\n'),
    data: scriptData(data),
    ...(problem !== undefined && { against: problem }),
  };
}

function otherProgram(
  { text }: { readonly text: string },
  target: TargetFields,
): readonly [Program | undefined, string?] {
  try {
    const subject = readSubject(text, target, 'second profile');
    return [compileSubject(subject, target).program];
  } catch (error) {
    if (error instanceof SeccompError) return [undefined, error.message];
    throw error;
  }
}

const findingsOf = (subject: Subject, program: Program, target: TargetFields): ReportData['findings'] =>
  subject.kind === 'profile'
    ? profileFindings(subject.profile, subject.policy.target, targetOptions(target))
    : programFindings(program, target.arch);

const sections = (data: ReportData, program: Program) => [
  summarySection(data),
  callsSection(data),
  conditionsSection(data),
  findingsSection(data),
  comparisonSection(data),
  programSection(data),
  simulationSection(),
  listingSection(disassemble(program), program.length),
];

/** A fix for a finding, and whether it keeps the actions of the filter. */
export interface FindingFix extends Fix {
  /** The index of the finding in the list. */
  readonly index: number;
  readonly keepsActions: boolean;
}

/** The fixes for the findings of a profile. Each is tried; those that do not resolve their finding are omitted. */
export function fixes({ text, target }: Question): readonly FindingFix[] {
  const subject = readSubject(text, target, FILE);
  if (subject.kind !== 'profile') return [];
  const { arch, kernel, capabilities } = subject.policy.target;
  const found = lint(subject.profile, { arch, kernel, capabilities });
  const { program } = compileSubject(subject, target);
  const made: FindingFix[] = [];
  for (const [index, finding] of found.entries()) {
    if (made.length === MAX_FIXES) break;
    const fix = fixFor(finding, text);
    if (fix === undefined) continue;
    try {
      const changed = readSubject(applyFix(text, fix), target, FILE);
      if (changed.kind !== 'profile') continue;
      const left = lint(changed.profile, { arch, kernel, capabilities });
      if (
        left.length >= found.length ||
        left.filter(({ code }) => code === finding.code).length >=
          found.filter(({ code }) => code === finding.code).length
      )
        continue;
      const { program: after } = compileSubject(changed, target);
      made.push({ ...fix, index, keepsActions: isEquivalent(program, after) });
    } catch (error) {
      if (!(error instanceof SeccompError)) throw error;
    }
  }
  return made;
}

/** A call with its registers. */
export interface CallQuestion extends Question {
  readonly abi: AbiName;
  readonly number: number;
  readonly registers: readonly bigint[];
}

/** Explains the action for a call, with the change that would allow it. */
export function simulation({ text, target, abi, number, registers }: CallQuestion): string {
  const { program, filter } = owned(compileSubject(readSubject(text, target, FILE), target));
  const event = { arch: ABIS[abi].audit, syscall: number, args: registers };
  const result = simulate(filter ?? program, event);
  const words = simulationText(result, { names: ['the filter'], given: registers.length });
  if (result.permitted || filter === undefined || abiOf(event.arch, number) === undefined) return words;
  const remedy = remedyFor(result.event, filter.policy);
  return remedy === undefined ? words : `${words}\nTo allow it, ${describeRemedy(remedy)}\n`;
}

/** A recording in this package's format, or any log that `readLog` reads. */
export interface RecordingQuestion extends Question {
  readonly recording: string;
}

/**
 * The recorded calls that the profile would refuse, and unused ones that it allows, as markup. Throws as `checkProfile` and
 * `readLog` do.
 */
export function checkRecording({ text, target, recording }: RecordingQuestion): string {
  const subject = readSubject(text, target, FILE);
  if (subject.kind !== 'profile')
    throw new UsageError(
      'bad-argument',
      `a recording cannot be checked against ${formatName(subject)}`,
      'Export it as a profile first',
    );
  const log = /^\s*\{\s*"kind"/.test(recording)
    ? { recording: parseRecording(recording), skipped: 0 }
    : readLog(recording, { arch: target.arch });
  const { kernel } = target;
  const { capabilities } = owned(targetOptions(target));
  const check = checkProfile(subject.profile, [log.recording], {
    capabilities: [...(capabilities ?? [])],
    ...(kernel !== '' && { kernel }),
  });
  return checkMarkup(check, log.skipped).html;
}

/** The formats in which a filter can be exported. */
export type ExportFormat =
  ConversionFormat | 'bpf' | 'listing' | 'source' | 'c' | 'json' | 'explanation' | 'pfc';

/** The name and the content of a file. */
export interface Exported {
  readonly file: string;
  readonly content: string | Uint8Array;
}

/** The names of files other than `.json` ones. */
const FILES: Readonly<Partial<Record<ConversionFormat, string>>> = {
  spo: 'profile.yaml',
  systemd: 'seccomp.conf',
  words: 'profile.seccomp',
};

/** Exports the filter. Throws as `convert` does. */
export function exportAs({ text, target, format }: Question & { readonly format: ExportFormat }): Exported {
  const subject = readSubject(text, target, FILE);
  const { program, filter } = owned(compileSubject(subject, target));
  switch (format) {
    case 'bpf':
      return { file: 'filter.bpf', content: encode(program) };
    case 'listing':
      return { file: 'filter.txt', content: disassemble(program) };
    case 'source':
      return { file: 'filter.asm', content: disassemble(program, { form: 'source' }) };
    case 'c':
      return { file: 'filter.c', content: toC(program) };
    case 'json':
      return {
        file: 'filter.json',
        content: `${JSON.stringify({ instructions: annotate(program) }, undefined, 2)}\n`,
      };
    case 'explanation':
      return { file: 'filter.txt', content: formatExplanation(explain(program)) };
    case 'pfc':
      return {
        file: 'filter.pfc',
        content: filter?.pfc ?? 'A program without rules has no pseudo filter code\n',
      };
    default: {
      const content = convert(policyOfSubject(subject, target), format);
      return { file: own(FILES, format) ?? 'profile.json', content };
    }
  }
}

/** The text for dropped bytes: that of a profile, or the source of a program. Throws as `readSource` does. */
export function open({ bytes }: { readonly bytes: Uint8Array }): string {
  const input = readInput(bytes);
  return input.kind === 'text' ? input.text : disassemble(decode(input.bytes), { form: 'source' });
}

/** The text of a profile that ships. */
export const shipped = ({ name }: { readonly name: string }): string =>
  packageText(`profiles/${name}.json`) ?? '';
