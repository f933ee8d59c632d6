// Converts the observations of rules to findings for callers.
import { placeText } from '../util/place.js';
import type { Location } from '../util/errors.js';
import { isKnownSyscall } from '../kernel/abi.js';
import type { AbiName } from '../kernel/architectures.js';
import { RULES, type RuleCode, type Severity } from './rules.js';
import { own, owned } from '../util/own.js';
import { printable } from '../util/printable.js';

/** A mistake, a gap, or a note about a profile or a program. */
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

/** What a rule observed; the table of rules has the rest of a finding. */
export interface Observation {
  readonly code: RuleCode;
  /** The message. If observations with one cause become one finding, a function of their lists. */
  readonly message: string | ((...lists: readonly List[]) => string);
  /**
   * The items that differ between observations with one cause, such as the names of calls. One finding lists all of
   * them.
   */
  readonly about?: readonly (readonly string[])[];
  /** The affected calls. Default: the names of calls in `about`. */
  readonly calls?: readonly string[];
  /** Observations with the same code and cause become one finding. Default: empty. Only with `about`. */
  readonly cause?: string;
  readonly at?: Location | undefined;
  /** The ABI of the observation; undefined if it does not matter. */
  readonly abi?: AbiName;
  /** A more specific remedy than the rule's. */
  readonly remedy?: string | undefined;
}

/** The items that a message lists. */
export interface List {
  /** `read, write and 3 more`. */
  readonly text: string;
  /** The number of items. */
  readonly count: number;
}

export const verb = ({ count }: List, singular: string, plural: string): string =>
  count === 1 ? singular : plural;

/** The pointer of the rule that contains a position, for use as a cause; empty for a position outside of the rules. */
export const ruleAt = (at: Location | undefined): string =>
  /^\/syscalls\/\d+/.exec(at?.pointer ?? '')?.[0] ?? '';

/** The maximum number of findings, so that a hostile profile does not produce gigabytes of messages. */
const MAX_FINDINGS = 1000;
/** The maximum number of items of one list that a message names. */
const MAX_LISTED = 20;

/** Observations with one cause. */
interface FindingGroup {
  readonly first: Observation;
  /** The ABIs on which it was observed. */
  readonly abis: Set<AbiName>;
  readonly calls: Set<string>;
  /** The items of the lists, each with the ABIs on which it was observed. */
  readonly lists: readonly Map<string, Set<AbiName>>[];
}

/** Merges observations to findings in the order of the text: one for each cause, with all calls and ABIs. */
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
  // If the items have different ABIs, each item names its own.
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

/** Names the first items of a list. With `looked`, adds the ABIs of items that were not observed on all of these. */
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

/** Sorts by position. Findings without a position come last, the most severe first. */
function inSourceOrder(a: Finding, b: Finding): number {
  const [first, second] = [own(a, 'at'), own(b, 'at')];
  if (first === undefined || second === undefined) {
    const place = Number(first === undefined) - Number(second === undefined);
    return place === 0 ? SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) : place;
  }
  return first.line - second.line || first.column - second.column;
}

/** Severities in ascending order. */
export const SEVERITIES: readonly Severity[] = ['info', 'low', 'medium', 'high'];

/** Whether a severity is at least as high as another. */
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
