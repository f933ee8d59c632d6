// Formats explanations and differences as text. Statements for several calls or ABIs are written once.
import { groupBy } from '../../util/collections.js';
import { ABIS, syscallNumber } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { actionName, precedence, type Action } from '../../kernel/action.js';
import type { Actions } from '../meaning/actions.js';
import type { Difference } from './diff.js';
import type { Explanation } from './explain.js';
import type { Numbers } from '../meaning/sections.js';
import { formatActions, formatConditions, formatNumber, formatNumbers } from './format-conditions.js';
import { own } from '../../util/own.js';
import { requireList, requireResult } from '../../util/failures.js';
import { ownOptions } from '../../util/options.js';
import { withWholeGroups } from './whole-groups.js';

/** The column at which lists of names are wrapped. */
const WIDTH = 100;

/** The text for one call, or for some numbers, on one ABI. */
interface Statement {
  readonly abi: AbiName;
  /** The name of the call; absent for numbers without a name. */
  readonly syscall?: string;
  readonly numbers?: Numbers;
  readonly text: string;
  /** Whether arguments decide. Such a call has a separate line; others are listed by action. */
  readonly conditional: boolean;
  /** Statements with smaller values are listed first. */
  readonly order: number;
  readonly example?: string;
}

/** Options of `formatExplanation`. */
export interface FormatExplanationOptions {
  /**
   * Whether to write the name of a group, such as `@network`, for its calls if all of them have the same action. The text is
   * shorter, and means the same to this version of the package; in later versions, a group may have more calls. Default: false.
   */
  readonly groups?: boolean | undefined;
}

/**
 * Formats an explanation as text: calls whose action depends on arguments, then the others by action, numbers without a
 * name, and ABIs with one action for all calls. A name is followed by its ABIs in parentheses, unless it applies to all
 * ABIs in the first line. `parseProfile` reads the text. Throws UsageError (`bad-argument`, `bad-option`).
 */
export function formatExplanation(explanation: Explanation, options: FormatExplanationOptions = {}): string {
  requireResult('an explanation', explanation, 'otherArchitectures', 'Pass the result of explain');
  const { groups } = ownOptions(options, [], ['groups']);
  return explanationLines(explanation, { groups: groups === true }).join('');
}

/**
 * As formatExplanation, but omits calls that have the default action without conditions. parseProfile reads the text as the same
 * policy.
 */
export function formatWords(
  explanation: Explanation,
  defaultAction: Action,
  flags: readonly string[],
): string {
  const isSaid = ({ cases, otherwise }: Actions<Action>): boolean =>
    cases.length > 0 || otherwise !== defaultAction;
  const covered = explanation.abis.filter(({ always }) => always === undefined);
  const lines = explanationLines(
    {
      ...explanation,
      abis: explanation.abis.map(one => ({
        ...one,
        syscalls: one.syscalls.filter(isSaid),
        unnamed: one.unnamed.filter(isSaid),
      })),
    },
    { abis: covered.map(({ abi }) => abi) },
  );
  return [
    `default: ${actionName(defaultAction)}\n`,
    ...(flags.length > 0 ? [`flags: ${flags.join(', ')}\n`] : []),
    ...lines,
  ].join('');
}

/** How lines are written. */
interface Layout {
  /** The ABIs of lines that name none. Default: those of all statements. */
  readonly abis?: readonly AbiName[];
  readonly groups?: boolean;
}

function explanationLines({ abis, otherArchitectures }: Explanation, layout: Layout): readonly string[] {
  const statement = (abi: AbiName, actions: Actions<Action>, syscall?: string): Statement => ({
    abi,
    ...(syscall !== undefined && { syscall }),
    text: formatActions(actions, syscall === undefined ? undefined : { abi, syscall }),
    conditional: actions.cases.length > 0,
    order: -precedence(actions.otherwise),
  });
  const statements = abis.flatMap(({ abi, always, syscalls, unnamed }) =>
    always !== undefined
      ? []
      : [
          ...syscalls.map(call => statement(abi, call, call.syscall)),
          ...unnamed.map(one => ({ ...statement(abi, one), numbers: one.numbers })),
        ],
  );
  const elsewhere = [
    ...abis.flatMap(({ abi, always }): readonly Remark[] =>
      always === undefined ? [] : [{ name: abi, text: actionName(always) }],
    ),
    ...otherArchitectures.flatMap(({ architectures, actions }) =>
      actions.map(one => ({ name: formatForeign(architectures, one.numbers), text: formatActions(one) })),
    ),
  ];
  return [...statementLines(statements, layout), ...remarkLines(elsewhere)];
}

/** Formats differences as text, grouped by the kind of change; empty if there are none. Throws UsageError (`bad-argument`). */
export function formatDiff(differences: readonly Difference[]): string {
  requireList('differences', differences, 'Pass the result of diff');
  const statements: Statement[] = [];
  const elsewhere: Remark[] = [];
  for (const difference of differences) {
    requireResult('a difference', difference, 'place', 'Pass the result of diff');
    const { place, from, to, when, witness } = difference;
    const topic = place.kind === 'syscall' ? place : undefined;
    const conditional = when?.length !== 1 || when[0]?.length !== 0;
    const text = `${actionName(from)} -> ${actionName(to)}${conditional ? ` if ${formatConditions(when, topic)}` : ''}`;
    switch (place.kind) {
      case 'abi':
        elsewhere.push({ name: place.abi, text });
        break;
      case 'architectures':
        elsewhere.push({ name: formatForeign(place.architectures, place.numbers), text });
        break;
      default:
        statements.push({
          ...place,
          text,
          conditional,
          order: 0,
          example: `${topic?.syscall ?? witness.syscall}(${wordArguments(witness.args)})`,
        });
    }
  }
  return [...statementLines(statements), ...remarkLines(elsewhere)].join('');
}

/** A statement about a whole place. */
interface Remark {
  readonly name: string;
  readonly text: string;
}

const remarkLines = (remarks: readonly Remark[]): readonly string[] =>
  [...groupBy(remarks, ({ text }) => text)].map(
    ([text, group]) => `${group.map(({ name }) => name).join('; ')}: ${text}\n`,
  );

/** Lines for statements; calls with equal texts share one. */
function statementLines(statements: readonly Statement[], layout: Layout = {}): readonly string[] {
  const abis = own(layout, 'abis') ?? [...new Set(statements.map(({ abi }) => abi))];
  const exists = (call: string): boolean => abis.some(abi => syscallNumber(abi, call) !== undefined);
  const listed = (names: readonly string[]): readonly string[] =>
    own(layout, 'groups') === true ? withWholeGroups(names, exists) : names;
  const named = statements.filter(one => own(one, 'syscall') !== undefined);
  const conditional = [
    ...groupBy(
      named.filter(one => one.conditional),
      ({ text }) => text,
    ),
  ];
  const plain = [
    ...groupBy(
      named.filter(one => !one.conditional),
      ({ text }) => text,
    ),
  ];
  const unnamed = [
    ...groupBy(
      statements.filter(one => own(one, 'syscall') === undefined),
      ({ text }) => text,
    ),
  ];
  return [
    ...(abis.length > 0 ? [`on ${abis.join(', ')}\n`] : []),
    ...conditional.map(([text, group]) => {
      const [example] = group.flatMap(one => own(one, 'example') ?? []);
      return `${labels(group, abis).join(', ')}: ${text}\n${example === undefined ? '' : `  for example ${example}\n`}`;
    }),
    ...plain
      .sort(([, [a]], [, [b]]) => (a?.order ?? 0) - (b?.order ?? 0))
      .map(([text, group]) => `${text}\n${wrapped(listed(labels(group, abis)))}`),
    ...(unnamed.length > 0 ? ['numbers without a name\n'] : []),
    ...unnamed.map(([text, group]) => {
      const lines = group.map(one => {
        const numbers = own(one, 'numbers');
        return `    ${one.abi}: ${numbers === undefined ? '' : formatNumbers(numbers)}\n`;
      });
      return `  ${text}\n${lines.join('')}`;
    }),
  ];
}

/** The names of calls, each with its ABIs in parentheses unless these are all that have the call. */
function labels(statements: readonly Statement[], abis: readonly AbiName[]): readonly string[] {
  return [...groupBy(statements, one => own(one, 'syscall') ?? '')].map(([syscall, group]) => {
    const on = new Set(group.map(({ abi }) => abi));
    const everywhere = abis.every(abi => on.has(abi) || syscallNumber(abi, syscall) === undefined);
    return everywhere ? syscall : `${syscall} (${[...on].join(', ')})`;
  });
}

const KNOWN_ARCHITECTURES = new Set(Object.values(ABIS).map(({ audit }) => BigInt(audit)));

/** Names architectures, and which of their numbers are meant. */
export const formatForeign = (architectures: Numbers, numbers: Numbers): string => {
  const [which, all] = [formatArchitectures(architectures), formatNumbers(numbers)];
  return all === 'all' ? which : `numbers ${all} of ${which}`;
};

function formatArchitectures(architectures: Numbers): string {
  const [only] = architectures.allOf?.flat() ?? [];
  const isRest =
    only?.op === 'notIn' &&
    architectures.allOf?.length === 1 &&
    only.ranges.every(([low, high]) => low === high && KNOWN_ARCHITECTURES.has(low));
  return isRest ? 'all other architectures' : `architecture ${formatNumbers(architectures)}`;
}

/** The arguments of a call as in C, without trailing zeros. */
export function wordArguments(args: readonly bigint[]): string {
  const last = args.findLastIndex(arg => arg !== 0n);
  return args
    .slice(0, last + 1)
    .map(formatNumber)
    .join(', ');
}

/** Wraps and indents names. */
function wrapped(names: readonly string[]): string {
  const lines: string[] = [];
  let line = '';
  for (const name of names) {
    if (line !== '' && line.length + name.length + 2 > WIDTH - 2) {
      lines.push(`${line},`);
      line = name;
    } else line = line === '' ? name : `${line}, ${name}`;
  }
  return [...lines, line].map(text => `  ${text}\n`).join('');
}
