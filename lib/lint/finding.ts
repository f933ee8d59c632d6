// Findings: from the observations of rules to the results for callers.
import { placeText } from '../util/place.js';
import type { Location } from '../util/errors.js';
import { isKnownSyscall } from '../kernel/abi.js';
import type { AbiName } from '../kernel/architectures.js';
import { RULES, type RuleCode, type Severity } from './rules.js';
import { own, owned } from '../util/own.js';
import { printable } from '../util/printable.js';

/** A mistake, a gap, or information about a profile or a program. */
export interface Finding {
  /** Stable, kebab-case; listed in docs/lint.md. */
  readonly code: RuleCode;
  /** How much it matters. */
  readonly severity: Severity;
  /** What was found. */
  readonly message: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The position in a profile; its beginning for something that is missing. Absent for programs. */
  readonly at?: Location;
  /** The ABIs that it concerns; empty for all. */
  readonly abis: readonly AbiName[];
  /** The names of the calls that the message is about, including those that it omits. */
  readonly calls: readonly string[];
  /** The reason of the suppression, if the finding is suppressed. */
  readonly suppressed?: string;
  /** Whether the finding is in the baseline. */
  readonly known?: boolean;
}

/** What a rule sees; the rest of a finding comes from the table of rules. */
export interface Observation {
  readonly code: RuleCode;
  /** What is there; made of the lists where observations of one cause become one finding. */
  readonly message: string | ((...lists: readonly List[]) => string);
  /** What differs between observations of one cause, such as the names of calls. One finding lists all of it. */
  readonly about?: readonly (readonly string[])[];
  /** The calls that it is about; unless given, what `about` has of them. */
  readonly calls?: readonly string[];
  /** Equal for observations of one cause with the same code; empty unless given. Only with `about`. */
  readonly cause?: string;
  readonly at?: Location | undefined;
  /** The ABI of the observation; undefined if it does not matter. */
  readonly abi?: AbiName;
  /** More specific than the rule's own. */
  readonly remedy?: string | undefined;
}

/** Things that a message lists. */
export interface List {
  /** `read, write and 3 more`. */
  readonly text: string;
  /** How many there are. */
  readonly count: number;
}

export const verb = ({ count }: List, singular: string, plural: string): string =>
  count === 1 ? singular : plural;

/** The rule of a profile that a place is in, as a cause: empty for a place outside of the rules. */
export const ruleAt = (at: Location | undefined): string =>
  /^\/syscalls\/\d+/.exec(at?.pointer ?? '')?.[0] ?? '';

/** How many findings are kept, so that a hostile profile cannot turn into gigabytes of messages. */
const MAX_FINDINGS = 1000;
/** How many things of one list a message names. */
const MAX_LISTED = 20;

/** Observations of one cause. */
interface FindingGroup {
  readonly first: Observation;
  /** The ABIs that it was seen on. */
  readonly abis: Set<AbiName>;
  readonly calls: Set<string>;
  /** The items of the lists, each with the ABIs on which it was observed. */
  readonly lists: readonly Map<string, Set<AbiName>>[];
}

/** Merges observations to findings, in the order of the text: one finding for each cause, with all calls and ABIs. */
export function findings(
  observations: Iterable<Observation>,
  looked: readonly AbiName[],
): readonly Finding[] {
  const groups = new Map<string, FindingGroup>();
  for (const observation of observations) {
    const { code, message, at, abi, about = [], cause = '', calls } = owned(observation);
    const key =
      typeof message === 'string'
        ? `${code} ${at?.file ?? ''} ${at?.pointer ?? ''} ${message}`
        : `${code} ${at?.file ?? ''} cause ${cause}`;
    let group = groups.get(key);
    if (group === undefined) {
      if (groups.size >= MAX_FINDINGS) break;
      group = { first: observation, abis: new Set(), calls: new Set(), lists: about.map(() => new Map()) };
      groups.set(key, group);
    }
    if (abi !== undefined) group.abis.add(abi);
    for (const call of calls ?? about.flat().filter(isKnownSyscall)) group.calls.add(call);
    for (const [index, items] of about.entries()) {
      const list = group.lists[index];
      for (const item of items) {
        const seen = list?.get(item) ?? new Set<AbiName>();
        if (abi !== undefined) seen.add(abi);
        list?.set(item, seen);
      }
    }
  }
  const all = [...groups.values()].map(group => complete(group, looked));
  if (groups.size >= MAX_FINDINGS) {
    all.push(
      complete(
        {
          first: { code: 'too-many-findings', message: `there may be more than ${MAX_FINDINGS} findings` },
          abis: new Set(),
          calls: new Set(),
          lists: [],
        },
        looked,
      ),
    );
  }
  return Object.freeze(all.sort(inSourceOrder));
}

function complete({ first, abis, calls, lists }: FindingGroup, looked: readonly AbiName[]): Finding {
  const { code, message, at, remedy } = owned(first);
  const rule = RULES[code];
  const everywhere = abis.size === 0 || abis.size === looked.length;
  // If the lists of ABIs differ, each item names its own.
  const alike = lists.every(list => [...list.values()].every(({ size }) => size === abis.size));
  const text =
    typeof message === 'string'
      ? message
      : message(...lists.map(list => listed(list, alike ? undefined : looked)));
  return Object.freeze({
    code,
    severity: rule.severity,
    message: everywhere || !alike ? text : `${text} (${[...abis].join(', ')})`,
    why: rule.why,
    remedy: remedy ?? rule.remedy,
    ...(at !== undefined && { at }),
    abis: Object.freeze(everywhere ? [] : [...abis]),
    calls: Object.freeze([...calls]),
  });
}

/** Names the first things of a list; with `looked`, the ABIs of those that are not on all of these. */
function listed(
  list: ReadonlyMap<string, ReadonlySet<AbiName>>,
  looked: readonly AbiName[] | undefined,
): List {
  const items = [...list].map(([item, abis]) =>
    looked === undefined || abis.size === looked.length ? item : `${item} (${[...abis].join(', ')})`,
  );
  const shown = items.slice(0, MAX_LISTED);
  const last = items.length > shown.length ? `${items.length - shown.length} more` : (shown.pop() ?? '');
  return {
    text: shown.length === 0 ? last : `${shown.join(', ')} and ${last}`,
    count: items.length,
  };
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

/** Formats a finding as one line: `file:line:column: severity: message at /json/pointer [code]. Remedy`. */
export function formatFinding(finding: Finding): string {
  const { severity, code, message, remedy, at, suppressed, known } = owned(finding);
  const place = at === undefined ? '' : `${placeText(at)}: `;
  const where = at === undefined || at.pointer === '' ? '' : ` at ${printable(at.pointer)}`;
  const note = suppressed !== undefined ? ` (suppressed: ${suppressed})` : known === true ? ' (known)' : '';
  return `${place}${severity}: ${message}${where} [${code}]${note}. ${remedy}`;
}
