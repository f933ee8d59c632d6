// Renders a page with everything about a profile or a program.
import { COMPILE_OPTIONS } from '../filter/compile-options.js';
import { compile, type AnyProfile, type CompileOptions } from '../filter/compile-profile.js';
import type { Filter } from '../filter/filter.js';
import { isFilter } from '../filter/filter.js';
import { programOf, type Layer, type Layers } from '../filter/layers.js';
import type { Program } from '../bpf/program.js';
import { optionError, givenOptions, ownOptions } from '../util/options.js';
import { parseProfile } from '../profile/parse.js';
import { isProfile, type Profile } from '../profile/profile.js';
import { readSource } from '../profile/read-source.js';
import { reportData, type ReportData, type ReportSubject } from './data.js';
import { profileFindings, programFindings, type FindingData } from './findings.js';
import { page } from './page.js';
import { own, owned } from '../util/own.js';
import { utf8 } from '../util/host/bytes.js';

/** A profile, as for `compile`, a filter, or the instructions of a program. */
export type Reported = AnyProfile | Filter | Program;

/** Options of `htmlReport`: those of `compile`, for profiles, and the following. */
export interface ReportOptions extends CompileOptions {
  /** The name of the subject; default: its file. */
  readonly name?: string | undefined;
  /** A profile, a filter, a program, or a list of layers, the oldest first, to compare with. */
  readonly against?: Reported | readonly Layer[] | undefined;
  /** The name of the filter in `against`. */
  readonly againstName?: string | undefined;
}

/**
 * Returns one HTML page about a profile or a program: a summary, every call of every ABI, conditions, findings at their
 * lines, the program's decisions, and a comparison. It needs no network and no other file, and no content of a profile
 * becomes part of its markup.
 *
 * Throws as `compile`, `explain` and `diff` do, and UsageError (`bad-option`).
 */
export const htmlReport = (source: Reported, options: ReportOptions = {}): string =>
  page(collect(source, options));

/** Collects the data of a report. Throws as `htmlReport` does. */
export function collect(source: Reported, options: ReportOptions): ReportData {
  const given = ownOptions(options, [...COMPILE_OPTIONS, 'name', 'against', 'againstName']);
  const { name, against, againstName } = given;
  const compileOptions = givenOptions<CompileOptions>(given, COMPILE_OPTIONS);
  for (const [option, value] of Object.entries({ name, againstName })) {
    if (value !== undefined && typeof value !== 'string')
      throw optionError(`${option} is not a string`, 'Pass a string');
  }
  const subject = subjectOf(source, name, compileOptions);
  const findings = findingsOf(subject, compileOptions);
  if (against === undefined) return reportData(subject, findings);
  if (Array.isArray(against))
    return reportData(subject, findings, { name: againstName ?? 'a program', layers: against as Layers });
  const other = subjectOf(against as Reported, againstName, compileOptions);
  return reportData(subject, findings, { name: other.name, layers: other.program });
}

/** Parses a profile and returns its text, which is read once, so that lines are those of the compiled text. */
function read(source: unknown, name: string | undefined): { profile: Profile; text: string } {
  const { text, file } = readSource(source);
  return { profile: parseProfile(utf8(text), { file: name ?? file }), text };
}

function subjectOf(source: Reported, name: string | undefined, options: CompileOptions): ReportSubject {
  if (isFilter(source) || Array.isArray(source)) {
    const program = programOf(source as Layer);
    return { name: name ?? 'a program', program, ...(isFilter(source) && { filter: source }) };
  }
  const { profile, ...text } = isProfile(source) ? { profile: source } : read(source, name);
  const filter = compile(profile, options);
  return { name: name ?? profile.file, program: filter.program, filter, profile, ...text };
}

function findingsOf(subject: ReportSubject, options: CompileOptions): readonly FindingData[] {
  const { profile, filter, program } = owned(subject);
  return profile === undefined || filter === undefined
    ? programFindings(program, filter?.target.arch ?? own(options, 'arch'))
    : profileFindings(profile, filter.target, options);
}
