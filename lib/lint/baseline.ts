// Baselines: findings that existed when linting was introduced, so that only new ones count.
import { sha256Hex } from '../util/host/sha256.js';
import { UsageError } from '../util/errors.js';
import type { Finding } from './finding.js';
import { requireList, requireResult } from '../util/failures.js';
import { own, owned } from '../util/own.js';

/** The content of a baseline file. */
export interface Baseline {
  /** The version of the file format. */
  readonly version: 1;
  /** The number of findings by fingerprint. */
  readonly findings: Readonly<Record<string, number>>;
}

/**
 * Identifies a finding by the parts that stay the same if lines are added above it: its rule, its message without
 * positions, and the name of the file.
 */
export function fingerprint(finding: Finding): string {
  requireResult('a finding', finding, 'message', FINDINGS);
  const { code, message, at } = owned(finding);
  const name = at?.file.split(/[/\\]/).at(-1) ?? '';
  return sha256Hex([code, name, message.replace(PLACES, '')].join('\0')).slice(0, 32);
}

const PLACES = /line \d+, column \d+/g;

const FINDINGS = 'Pass what lint or lintProgram returned';

/** Throws UsageError (`bad-argument`) for anything but a list; `fingerprint` checks its items. */
export const requireFindings = (findings: readonly Finding[]): void => {
  requireList('findings', findings, FINDINGS);
};

/** Returns a baseline with these findings, except suppressed ones. Throws UsageError (`bad-argument`). */
export function makeBaseline(findings: readonly Finding[]): Baseline {
  requireFindings(findings);
  const counts = new Map<string, number>();
  for (const finding of findings) {
    const print = fingerprint(finding);
    if (own(finding, 'suppressed') !== undefined) continue;
    counts.set(print, (counts.get(print) ?? 0) + 1);
  }
  return { version: 1, findings: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/**
 * Marks the findings that are in a baseline, each at most as often as in the baseline. Throws UsageError (`bad-baseline`,
 * `bad-argument`).
 */
export function applyBaseline(findings: readonly Finding[], baseline: unknown): readonly Finding[] {
  requireFindings(findings);
  const left = countsOf(baseline);
  return findings.map(finding => {
    const print = fingerprint(finding);
    if (own(finding, 'suppressed') !== undefined) return finding;
    const count = left.get(print) ?? 0;
    if (count === 0) return finding;
    left.set(print, count - 1);
    return Object.freeze({ ...finding, known: true });
  });
}

/** The number of findings by fingerprint in a baseline. */
function countsOf(value: unknown): Map<string, number> {
  const { version, findings } = owned(Object(value) as Partial<Record<keyof Baseline, unknown>>);
  const counts = typeof findings === 'object' && findings !== null ? Object.entries(findings) : undefined;
  if (version !== 1 || counts?.every(isCount) !== true)
    throw new UsageError(
      'bad-baseline',
      'not a baseline of findings',
      'Write one with seccomp lint --write-baseline',
    );
  return new Map(counts.filter(isCount));
}

const isCount = (entry: [string, unknown]): entry is [string, number] => Number.isSafeInteger(entry[1]);
