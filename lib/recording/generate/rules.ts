// Formats calls with their conditions as rules in Docker's format, each with a comment that gives the reason.
import { groupsOf, purposes } from '../../kernel/calls/call-groups.js';
import type { SyscallName } from '../../kernel/calls/call-names.js';
import type { Condition } from '../../policy/policy.js';
import type { SeccompCondition, SeccompRule } from '../../profile/seccomp-profile.js';
import { groupBy } from '../../util/collections.js';
import { byText, type RecordedCall } from '../recording.js';
import type { Alternatives } from './argument-conditions.js';
import type { Completion } from './completions.js';
import { counted } from '../../util/show.js';

/** A call of the generated profile. */
export interface Allowed {
  readonly syscall: string;
  /** The entries of the recording; empty for added calls. */
  readonly seen: readonly RecordedCall[];
  /** The reason why it is added. */
  readonly why: string;
  /** The recorded calls whose work it does. */
  readonly like: readonly string[];
  /** As in a Completion. */
  readonly aboutCaller?: Completion['aboutCaller'];
}

/** A call with its conditions. */
export interface Entry extends Allowed {
  readonly alternatives: Alternatives;
  readonly words: readonly string[];
}

/** The minimum number of runs with a call: entries of different ABIs and phases may be from the same runs. */
export const runsOf = (entries: readonly RecordedCall[]): number =>
  Math.max(...entries.map(({ runs }) => runs));

/** The rules, in the order of purposes. Calls of one purpose that are allowed for the same reason share a rule. */
export function rulesOf(entries: readonly Entry[], runs: number): readonly SeccompRule[] {
  const order = purposes().map(name => name.slice(1));
  const groups = groupBy(
    entries.toSorted(
      (a, b) =>
        order.indexOf(purposeOf(a.syscall)) - order.indexOf(purposeOf(b.syscall)) ||
        byText(a.syscall, b.syscall),
    ),
    ({ syscall, seen, why, alternatives, words }) =>
      JSON.stringify([
        purposeOf(syscall),
        seen.length === 0 ? why : runsOf(seen),
        alternatives.map(list => list.map(conditionText)),
        words,
      ]),
  );
  return [...groups.values()].flatMap(group => {
    const [first] = group;
    if (first === undefined) return [];
    const { syscall, seen, why, words, alternatives } = first;
    const reason =
      seen.length === 0
        ? `not seen: ${why}`
        : `seen in ${runsOf(seen)} of ${counted(runs, 'run')}${by(group.flatMap(entry => entry.seen))}`;
    const comment = `${purposeOf(syscall)}: ${reason}${words.length === 0 ? '' : `; ${words.join(', ')}`}`;
    return alternatives.map((conditions): SeccompRule => ({
      comment,
      names: group.map(entry => entry.syscall as SyscallName),
      action: 'SCMP_ACT_ALLOW',
      ...(conditions.length > 0 && { args: conditions.map(toSeccomp) }),
    }));
  });
}

/** The purpose of a call, in a word. */
const purposeOf = (syscall: string): string => groupsOf(syscall)[0]?.name.slice(1) ?? 'other calls';

/** A rule with which calls fail with ENOSYS; none if there are no calls. */
export const enosys = (comment: string, names: readonly string[]): readonly SeccompRule[] =>
  names.length === 0
    ? []
    : [{ comment, names: [...names].sort(byText) as SyscallName[], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }];

const conditionText = (condition: Condition): string =>
  JSON.stringify(toSeccomp(condition), (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );

const toSeccomp = (condition: Condition): SeccompCondition =>
  condition.op === 'SCMP_CMP_MASKED_EQ'
    ? {
        index: condition.arg as SeccompCondition['index'],
        value: numberOf(condition.mask),
        valueTwo: numberOf(condition.value),
        op: condition.op,
      }
    : {
        index: condition.arg as SeccompCondition['index'],
        value: numberOf(condition.value),
        op: condition.op,
      };

const numberOf = (value: bigint): number | bigint =>
  value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;

/** The maximum number of programs that a comment names. */
const NAMED = 3;

/** Formats the programs of calls: `, by /usr/bin/sort and /usr/bin/cat`. */
function by(calls: readonly RecordedCall[]): string {
  const programs = [...new Set(calls.flatMap(call => call.programs))].sort(byText);
  if (programs.length === 0) return '';
  const more = programs.length - NAMED;
  const open = calls.some(({ morePrograms }) => morePrograms);
  return `, by ${programs.slice(0, NAMED).join(', ')}${more > 0 || open ? ` and ${open ? 'others' : `${more} more`}` : ''}`;
}
