// The differences between two filters as table rows. Equal changes on several ABIs share a row.
import type { Layers } from '../filter/layers.js';
import { diff, type Difference } from '../filter/inspect/diff.js';
import { wordArguments, formatForeign } from '../filter/inspect/format.js';
import { formatConditions, formatNumber, formatNumbers } from '../filter/inspect/format-conditions.js';
import { actionName } from '../kernel/action.js';
import { groupBy } from '../util/collections.js';
import { toneOf, type Tone } from './calls.js';
import { own } from '../util/own.js';

/** Calls whose action changes in the same way. */
export interface DifferenceData {
  readonly abis: readonly string[];
  /** Names of calls, or numbers; empty for every call. */
  readonly calls: readonly string[];
  readonly from: { readonly action: string; readonly tone: Tone };
  readonly to: { readonly action: string; readonly tone: Tone };
  /** The arguments for which it changes; absent for all. */
  readonly when?: string;
  /** One of these calls: `socket(16, 3)`. */
  readonly witness: string;
}

/** The differences between two filters, those that depend on arguments first. Throws as `diff` does. */
export function compare(first: Layers, second: Layers): readonly DifferenceData[] {
  const rows = diff(first, second).map(rowOf);
  const sameCall = merged(
    rows,
    row => [row.calls, row.from, row.to, own(row, 'when')],
    (row, group) => ({ ...row, abis: distinct(group.flatMap(one => one.abis)) }),
  );
  const always = merged(
    sameCall.filter(row => own(row, 'when') === undefined),
    ({ abis, calls, from, to }) => [abis, calls.length, from, to],
    (row, group) => ({ ...row, calls: group.flatMap(({ calls }) => calls) }),
  );
  return [...sameCall.filter(row => own(row, 'when') !== undefined), ...always];
}

/** The differences for one call, if there is a comparison. */
export const changesOf = (
  comparison: { readonly differences: readonly DifferenceData[] } | undefined,
  abi: string,
  syscall: string,
): readonly DifferenceData[] =>
  comparison?.differences.filter(
    ({ abis, calls }) => abis.includes(abi) && (calls.length === 0 || calls.includes(syscall)),
  ) ?? [];

/** Merges items with equal values into one row. */
const merged = (
  rows: readonly DifferenceData[],
  agree: (row: DifferenceData) => unknown,
  merge: (row: DifferenceData, group: readonly DifferenceData[]) => DifferenceData,
): readonly DifferenceData[] =>
  [...groupBy(rows, row => JSON.stringify(agree(row))).values()].flatMap(group =>
    group.slice(0, 1).map(row => merge(row, group)),
  );

const distinct = (words: readonly string[]): readonly string[] => [...new Set(words)];

function rowOf({ place, from, to, when, witness }: Difference): DifferenceData {
  const always = when?.length === 1 && when[0]?.length === 0;
  const [abiName, calls] = placeWords(place);
  const shown = place.kind === 'syscall' ? place.syscall : formatNumber(BigInt(witness.syscall));
  return {
    abis: [abiName],
    calls,
    from: { action: actionName(from), tone: toneOf(from) },
    to: { action: actionName(to), tone: toneOf(to) },
    ...(!always && { when: formatConditions(when, place.kind === 'syscall' ? place : undefined) }),
    witness: `${shown}(${wordArguments(witness.args)})`,
  };
}

/** The ABI, or architectures, and the names or numbers of the calls; empty for all calls. */
function placeWords(place: Difference['place']): readonly [string, readonly string[]] {
  switch (place.kind) {
    case 'abi':
      return [place.abi, []];
    case 'syscall':
      return [place.abi, [place.syscall]];
    case 'numbers':
      return [place.abi, [formatNumbers(place.numbers)]];
    case 'architectures':
      return [formatForeign(place.architectures, place.numbers), []];
  }
}
