// Converts findings to the Static Analysis Results Interchange Format for code scanning (OASIS SARIF 2.1.0).
import { host, path, url } from '../util/builtins.js';
import type { Log, ReportingDescriptor, Result, Run } from 'sarif';
import { fingerprint, requireFindings } from './baseline.js';
import type { Finding } from './finding.js';
import { RULES, type LintRule, type Severity } from './rules.js';
import type { Location } from '../util/errors.js';
import { owned } from '../util/own.js';
import { ownOptions } from '../util/options.js';

/** Options of `toSarif`. */
export interface SarifOptions {
  /** The version of this package. */
  readonly version?: string | undefined;
  /** Paths below this directory are written relative to it; default: the working directory. */
  readonly root?: string | undefined;
}

/** A SARIF log, ready for JSON.stringify. */
export interface SarifLog {
  /** The URL of the format's JSON schema. */
  readonly $schema: string;
  /** The version of the format. */
  readonly version: '2.1.0';
  /** The runs of tools: `run` objects of SARIF, section 3.14. There is only one. */
  readonly runs: readonly object[];
}

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};

/** Severities on the CVSS scale, by which GitHub's code scanning sorts. */
const SCORES: Readonly<Record<Severity, string>> = { high: '8.0', medium: '5.0', low: '3.0', info: '1.0' };

/** A finding of any part of this package. */
export interface SarifFinding {
  /** The code of its rule. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly remedy: string;
  readonly at?: Location | undefined;
  readonly suppressed?: string | undefined;
  readonly known?: boolean | undefined;
  /** Identifies the finding in other versions of the text. */
  readonly fingerprint: string;
}

/** Converts findings to a SARIF log that marks suppressed and known ones. Throws UsageError (`bad-argument`, `bad-option`). */
export function toSarif(findings: readonly Finding[], options: SarifOptions = {}): SarifLog {
  requireFindings(findings);
  return sarifLog(
    findings.map(finding => ({ ...owned(finding), fingerprint: fingerprint(finding) })),
    { rules: RULES, fingerprints: 'seccompLint/v1' },
    options,
  );
}

/** The source of findings: the rules by code, and the name of the fingerprints. */
interface SarifTool {
  readonly rules: Readonly<Record<string, LintRule>>;
  readonly fingerprints: string;
}

/** Converts findings of any part of this package to a SARIF log. */
export function sarifLog(
  findings: readonly SarifFinding[],
  { rules, fingerprints }: SarifTool,
  options: SarifOptions = {},
): SarifLog {
  const { version, root = host()?.cwd() ?? '/' } = ownOptions(options, ['version', 'root']);
  const codes = Object.keys(rules);
  const run: Run = {
    tool: {
      driver: {
        name: 'seccomp',
        ...(version !== undefined && { version }),
        rules: Object.entries(rules).map(([code, rule]) => ruleOf(code, rule)),
      },
    },
    columnKind: 'utf16CodeUnits',
    results: findings.map(finding => ({
      ...resultOf(finding, codes, root),
      partialFingerprints: { [fingerprints]: finding.fingerprint },
    })),
  };
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [run],
  } satisfies Log;
}

function ruleOf(code: string, { severity, title, why, remedy }: LintRule): ReportingDescriptor {
  return {
    id: code,
    shortDescription: { text: title },
    fullDescription: { text: `${why}.` },
    help: { text: `${why}. ${remedy}.` },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { tags: ['security'], 'security-severity': SCORES[severity] },
  };
}

function resultOf(finding: SarifFinding, codes: readonly string[], root: string): Result {
  const { code, severity, message, remedy, at, suppressed, known } = owned(finding);
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: LEVELS[severity],
    message: { text: `${message}. ${remedy}.` },
    ...(at !== undefined && {
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: uriOf(at.file, root) },
            region: { startLine: at.line, startColumn: at.column },
          },
          ...(at.pointer !== '' && { logicalLocations: [{ fullyQualifiedName: at.pointer }] }),
        },
      ],
    }),
    ...(known !== undefined && { baselineState: 'unchanged' }),
    ...(suppressed !== undefined && { suppressions: [{ kind: 'external', justification: suppressed }] }),
  };
}

/** A file's URI, relative if the file is below the root, so that it is valid on every machine. */
function uriOf(file: string, root: string): string {
  const paths = path();
  if (paths?.isAbsolute(file) !== true) return encode(file, paths?.sep);
  const below = paths.relative(root, file);
  return below.startsWith('..') ? (url()?.pathToFileURL(file).href ?? file) : encode(below, paths.sep);
}

const encode = (file: string, separator = '/'): string =>
  file.split(separator).map(encodeURIComponent).join('/');
