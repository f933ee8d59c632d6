// What a linter says: one finding, from a rule's observation to what a caller gets.
import type { Location } from '../../errors.js';
import type { AbiName } from '../abi.js';
import { RULES, type RuleCode, type Severity } from './rules.js';
import { own, owned } from '../../own.js';
import { printable } from '../../printable.js';

/** Something that is wrong, or that a reader should know. */
export interface Finding {
  /** Stable, kebab-case; listed in docs/lint.md. */
  readonly code: RuleCode;
  /** How much it matters. */
  readonly severity: Severity;
  /** What is there. */
  readonly message: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do about it. */
  readonly remedy: string;
  /** Where in a profile; its beginning for what it leaves out. Absent for programs. */
  readonly at?: Location;
  /** The interfaces on which it is so; empty for what is so on all. */
  readonly abis: readonly AbiName[];
  /** The reason for which the caller wants to hear no more of it. */
  readonly suppressed?: string;
  /** Whether a baseline has it, so that it is nothing new. */
  readonly known?: boolean;
}

/** What a rule sees; the rest of a finding comes from the table of rules. */
export interface Observation {
  readonly code: RuleCode;
  readonly message: string;
  readonly at?: Location | undefined;
  /** The interface that was looked at; undefined where it does not matter. */
  readonly abi?: AbiName;
  /** More specific than the rule's own. */
  readonly remedy?: string | undefined;
}

/** How many findings are kept, so that a hostile profile cannot turn into gigabytes of messages. */
const MAX_FINDINGS = 1000;

/** Everything that the observations amount to: one finding for the same on several interfaces, in the order of the text. */
export function findings(
  observations: Iterable<Observation>,
  looked: readonly AbiName[],
): readonly Finding[] {
  const found = new Map<string, { readonly first: Observation; readonly abis: Set<AbiName> }>();
  for (const observation of observations) {
    const { code, message, at, abi } = owned(observation);
    const key = `${code} ${at?.file ?? ''} ${at?.pointer ?? ''} ${message}`;
    const existing = found.get(key);
    if (existing === undefined && found.size >= MAX_FINDINGS) break;
    const { abis } = existing ?? { abis: new Set<AbiName>() };
    if (abi !== undefined) abis.add(abi);
    if (existing === undefined) found.set(key, { first: observation, abis });
  }
  const all = [...found.values()].map(({ first, abis }) =>
    complete(first, abis.size === looked.length ? [] : [...abis]),
  );
  if (found.size >= MAX_FINDINGS) {
    all.push(
      complete({ code: 'too-many-findings', message: `there may be more than ${MAX_FINDINGS} findings` }, []),
    );
  }
  return Object.freeze(all.sort(inSourceOrder));
}

function complete(observation: Observation, abis: readonly AbiName[]): Finding {
  const { code, message, at, remedy } = owned(observation);
  const rule = RULES[code];
  return Object.freeze({
    code,
    severity: rule.severity,
    message: abis.length === 0 ? message : `${message} (${abis.join(', ')})`,
    why: rule.why,
    remedy: remedy ?? rule.remedy,
    ...(at !== undefined && { at }),
    abis: Object.freeze(abis),
  });
}

/** Those without a place last, the worst of them first. */
function inSourceOrder(a: Finding, b: Finding): number {
  const [first, second] = [own(a, 'at'), own(b, 'at')];
  if (first === undefined || second === undefined) {
    const place = Number(first === undefined) - Number(second === undefined);
    return place === 0 ? SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) : place;
  }
  return first.line - second.line || first.column - second.column;
}

/** From the mildest to the worst. */
export const SEVERITIES: readonly Severity[] = ['info', 'low', 'medium', 'high'];

/** Whether a severity is as bad as another, or worse. */
export const atLeast = (severity: Severity, least: Severity): boolean =>
  SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);

/** Prints a finding on one line: `file:line:column: severity: message at /json/pointer [code]. Remedy`. */
export function formatFinding(finding: Finding): string {
  const { severity, code, message, remedy, at, suppressed, known } = owned(finding);
  const place = at === undefined ? '' : `${printable(at.file)}:${at.line}:${at.column}: `;
  const where = at === undefined || at.pointer === '' ? '' : ` at ${printable(at.pointer)}`;
  const note = suppressed !== undefined ? ` (suppressed: ${suppressed})` : known === true ? ' (known)' : '';
  return `${place}${severity}: ${message}${where} [${code}]${note}. ${remedy}`;
}
