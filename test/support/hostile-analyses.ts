// All analyses of hostile programs and profiles, by the name of the subject and the name of the function.
import {
  annotate,
  compile,
  decompile,
  diff,
  disassemble,
  explain,
  findDifference,
  htmlReport,
  isSubset,
  lint,
  lintProgram,
  makeBaseline,
  applyBaseline,
  parseProfile,
  resolveProfile,
  simulate,
  toC,
} from '#lib/entries/inspect.js';
import { HOSTILE_PROFILES } from './hostile-profiles.js';
import { HOSTILE_PROGRAMS } from './hostile-programs.js';
import { written } from './written.js';

/** An analysis that can be run. */
export type Analysis = () => unknown;

/** Analyses by the name of the subject, then by the name of the analysis. */
export type Subjects = ReadonlyMap<string, ReadonlyMap<string, Analysis>>;

/** The subjects of a kind, `programs` or `profiles`; both by default. */
export const subjects = (kind?: string): Subjects =>
  new Map([
    ...(kind === 'profiles' ? [] : programSubjects()),
    ...(kind === 'programs' ? [] : profileSubjects()),
  ]);

const profileSubjects = (): Subjects =>
  new Map(
    HOSTILE_PROFILES.map(({ name, text }) => [
      name,
      new Map<string, Analysis>([
        ['compile', () => compile(text(), { arch: 'x86_64' })],
        ['compile an object', () => compile(written(JSON.parse(text())), { arch: 'x86_64' })],
        ['compile by libseccomp', () => compile(text(), { arch: 'x86_64', codegen: 'libseccomp' })],
        ['parseProfile', () => parseProfile(text())],
        [
          'lint',
          () => {
            const found = lint(text());
            return applyBaseline(found, makeBaseline(found));
          },
        ],
        ['htmlReport', () => htmlReport(text())],
      ]),
    ]),
  );

function programSubjects(): Subjects {
  const policy = resolveProfile(
    { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }] },
    { arch: 'x86_64' },
    { badArch: 0x7fff0000 },
  );
  const other = compile('docker-default', { arch: 'x86_64' });
  return new Map(
    HOSTILE_PROGRAMS.map(({ name, program }) => [
      name,
      new Map<string, Analysis>([
        ['findDifference', () => findDifference(program, policy)],
        ['findDifference from docker-default', () => findDifference(program, other.policy)],
        ['explain', () => explain(program)],
        ['diff', () => diff(program, other)],
        ['isSubset', () => isSubset(program, other)],
        ['decompile', () => decompile(program)],
        ['lintProgram', () => lintProgram(program)],
        ['disassemble', () => disassemble(program)],
        ['annotate', () => annotate(program)],
        ['toC', () => toC(program)],
        ['simulate', () => simulate(program, { arch: 0xc000003e, syscall: 1 })],
        ['htmlReport', () => htmlReport(program)],
        ['htmlReport against docker-default', () => htmlReport(program, { against: other })],
      ]),
    ]),
  );
}
