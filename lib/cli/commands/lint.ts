// `seccomp lint`: reports findings about profiles and programs, as text, JSON or SARIF.
import { closeSync, openSync } from 'node:fs';
import { Option } from 'commander';
import { SeccompError, UsageError } from '../../util/errors.js';
import { applyBaseline, makeBaseline } from '../../lint/baseline.js';
import { atLeast, formatFinding, SEVERITIES, type Finding } from '../../lint/finding.js';
import type { Severity } from '../../lint/rules.js';
import { toSarif } from '../../lint/sarif.js';
import { checkedSuppressions, suppress, type Suppression } from '../../lint/suppress.js';
import { paintFor } from '../colors.js';
import { lintArgument } from '../input.js';
import type { JsonOutputs } from '../json-outputs.js';
import { FILTER, withTargetOptions, type CompileFlags } from '../options.js';
import { fail, printPainted, toJson, write, type Register } from '../output.js';
import { inputName, readAll, readStandardInput } from '../reading/standard-input.js';
import { singleLine } from '../../util/printable.js';
import { counted } from '../../util/show.js';

interface Flags extends CompileFlags {
  readonly suppressions?: string;
  readonly baseline?: string;
  readonly writeBaseline?: boolean;
  readonly failOn: Severity | 'never';
  readonly verbose?: boolean;
  readonly sarif?: boolean;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const lintCommand: Register = (program, run) =>
  withTargetOptions(program.command('lint'), 'each that the profile covers')
    .description('look for mistakes and gaps in profiles and programs')
    .argument('<filter...>', FILTER)
    .option('--suppressions <file>', 'a JSON file with suppressions of findings')
    .option('--baseline <file>', 'a file with known findings, which do not count')
    .option('--write-baseline', 'write the findings to the file of --baseline')
    .addOption(
      new Option('--fail-on <severity>', 'the lowest severity for which the exit code is 1')
        .choices([...SEVERITIES, 'never'])
        .default('medium'),
    )
    .option('-v, --verbose', 'print why findings matter, and suppressed and known findings too')
    .addOption(new Option('--sarif', 'write SARIF 2.1.0, for code scanning').conflicts('json'))
    .option('--json', 'write JSON, including errors')
    .action((profiles: string[], flags: Flags) => {
      return run(() => {
        const { linted, unreadable } = lintAll(profiles, flags);
        const suppressions = flags.suppressions === undefined ? [] : readSuppressions(flags.suppressions);
        const found = suppress(linted, suppressions);
        if (flags.writeBaseline === true) {
          write(baselineFile(flags), toJson(makeBaseline(found)));
          return unreadable ? 2 : 0;
        }
        const findings =
          flags.baseline === undefined
            ? found
            : applyBaseline(found, readJson(flags.baseline, 'bad-baseline'));
        printPainted(show(findings, flags, program.version()));
        const { failOn } = flags;
        if (unreadable) return 2;
        if (failOn === 'never') return 0;
        return findings.some(finding => isNew(finding) && atLeast(finding.severity, failOn)) ? 1 : 0;
      }, flags.json === true);
    });

const isNew = ({ suppressed, known }: Finding): boolean => suppressed === undefined && known !== true;

/**
 * The findings of all inputs. If one of several cannot be read, its error is reported on standard error and the
 * others are still linted. Throws if there is only one.
 */
function lintAll(
  profiles: readonly string[],
  flags: Flags,
): { readonly linted: readonly Finding[]; readonly unreadable: boolean } {
  let unreadable = false;
  const linted = profiles.flatMap(profile => {
    try {
      return lintArgument(profile, flags);
    } catch (error) {
      if (profiles.length === 1) throw error;
      fail(error, false);
      unreadable = true;
      return [];
    }
  });
  return { linted, unreadable };
}

function show(
  findings: readonly Finding[],
  { sarif, json, verbose = false }: Flags,
  version: string | undefined,
): string {
  if (sarif === true) return toJson(toSarif(findings, version === undefined ? {} : { version }));
  if (json === true) return toJson(findings satisfies JsonOutputs['lint']);
  const shown = findings.filter(finding => verbose || isNew(finding));
  const lines = shown.map(finding => {
    const line = painted(singleLine(formatFinding(finding)), finding.severity);
    return verbose ? `${line}\n    ${finding.why}.\n` : `${line}\n`;
  });
  return `${lines.join('')}${summary(findings)}\n`;
}

const paint = paintFor(1);
const STYLES = { high: 'red', medium: 'yellow', low: 'cyan', info: 'dim' } as const;

const painted = (line: string, severity: Severity): string =>
  line.replace(` ${severity}: `, ` ${paint(STYLES[severity], `${severity}:`)} `);

/** `2 findings: 1 high, 1 low; 3 suppressed`. */
function summary(findings: readonly Finding[]): string {
  const fresh = findings.filter(isNew);
  const counts = [...SEVERITIES]
    .reverse()
    .map(severity => ({ severity, count: fresh.filter(finding => finding.severity === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => `${count} ${severity}`);
  const suppressed = findings.filter(finding => finding.suppressed !== undefined).length;
  const known = findings.filter(finding => finding.known === true).length;
  const head = counted(fresh.length, 'finding');
  return [
    `${head}${counts.length === 0 ? '' : `: ${counts.join(', ')}`}`,
    ...(suppressed > 0 ? [`${suppressed} suppressed`] : []),
    ...(known > 0 ? [`${known} known`] : []),
  ].join('; ');
}

function baselineFile({ baseline }: Flags): string {
  if (baseline !== undefined) return baseline;
  throw new UsageError('bad-baseline', '--write-baseline has no file', 'Name it with --baseline');
}

/** Reads the suppressions in a file: `{ "suppressions": […] }`. */
function readSuppressions(path: string): readonly Suppression[] {
  const document = readJson(path, 'bad-suppression');
  const list: unknown =
    typeof document === 'object' && document !== null && 'suppressions' in document
      ? document.suppressions
      : undefined;
  checkedSuppressions(list);
  return list as readonly Suppression[];
}

function readJson(path: string, code: 'bad-baseline' | 'bad-suppression'): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(path === '-' ? readStandardInput() : contentOf(path)));
  } catch (error) {
    if (!(error instanceof Error) || error instanceof SeccompError) throw error;
    const problem = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new UsageError(code, `${inputName(path)} ${problem}: ${error.message}`, 'Give a file with JSON');
  }
}

/** Reads a file, which may be a pipe: `<(jq …)`. */
function contentOf(path: string): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    return readAll(descriptor, path);
  } finally {
    closeSync(descriptor);
  }
}
