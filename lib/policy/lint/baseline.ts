// A baseline: the findings that were there when someone started to lint, so that only new ones count.
import { crypto } from '../../builtins.js';
import { basename } from 'node:path';
import { UsageError } from '../../errors.js';
import type { Finding } from './finding.js';

/** What a baseline file holds. */
export interface Baseline {
  /** Of the format of the file. */
  readonly version: 1;
  /** How often each finding is there, by its fingerprint. */
  readonly findings: Readonly<Record<string, number>>;
}

/**
 * What stays the same of a finding when lines are added above it: its rule, what it says, and the name of the file.
 * Places in the message do not count.
 */
export const fingerprint = ({ code, message, at }: Finding): string =>
  crypto()
    .createHash('sha256')
    .update([code, at === undefined ? '' : basename(at.file), message.replace(PLACES, '')].join('\0'))
    .digest('hex')
    .slice(0, 32);

const PLACES = /line \d+, column \d+/g;

/** The baseline that holds these findings; suppressed ones are left out. */
export function makeBaseline(findings: readonly Finding[]): Baseline {
  const counts = new Map<string, number>();
  for (const finding of findings) {
    if (finding.suppressed !== undefined) continue;
    const print = fingerprint(finding);
    counts.set(print, (counts.get(print) ?? 0) + 1);
  }
  return { version: 1, findings: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** Marks the findings that a baseline has, each as often as it has it. Throws UsageError (`bad-baseline`). */
export function applyBaseline(findings: readonly Finding[], baseline: unknown): readonly Finding[] {
  checkBaseline(baseline);
  const left = new Map(Object.entries(baseline.findings));
  return findings.map(finding => {
    if (finding.suppressed !== undefined) return finding;
    const print = fingerprint(finding);
    const count = left.get(print) ?? 0;
    if (count === 0) return finding;
    left.set(print, count - 1);
    return Object.freeze({ ...finding, known: true });
  });
}

function checkBaseline(value: unknown): asserts value is Baseline {
  const isBaseline =
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version === 1 &&
    'findings' in value &&
    typeof value.findings === 'object' &&
    value.findings !== null &&
    Object.values(value.findings).every(count => Number.isSafeInteger(count));
  if (!isBaseline)
    throw new UsageError(
      'bad-baseline',
      'not a baseline of findings',
      'Write one with seccomp lint --write-baseline',
    );
}
