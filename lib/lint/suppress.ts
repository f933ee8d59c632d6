// Suppressions: intended findings with reasons, in a file outside of the profile.
import { isKnownSyscall } from '../kernel/abi.js';
import { callsNamed, isGroupName } from '../kernel/calls/call-groups.js';
import { didYouMeanCall, noSuchCall } from '../kernel/calls/suggest-call.js';
import type { CallOrGroup } from '../policy/derive/changes.js';
import { UsageError } from '../util/errors.js';
import { findings, type Finding } from './finding.js';
import { isRuleCode, type RuleCode } from './rules.js';
import { own, owned, type Own } from '../util/own.js';
import { ownElements } from '../util/own-elements.js';

/** Which findings to suppress, and why. */
export interface Suppression {
  /** The rule. */
  readonly code: RuleCode;
  /** A JSON pointer: only findings at this position or below it. Default: everywhere. */
  readonly pointer?: string;
  /** Only findings that concern no other calls than this one, or this group: `ptrace`, `@tracing`. */
  readonly calls?: CallOrGroup;
  /** Only findings whose message contains this text. */
  readonly text?: string;
  /** Only for profiles whose path ends with this. */
  readonly file?: string;
  /** The reason, which must not be empty. */
  readonly reason: string;
}

const KEYS = ['code', 'calls', 'pointer', 'text', 'file', 'reason'];

/** Marks the findings that suppressions match, and adds a finding for each suppression that matches none. */
export function suppress(
  found: readonly Finding[],
  suppressions: readonly Suppression[],
): readonly Finding[] {
  if (Array.isArray(suppressions) && suppressions.length === 0) return found;
  return suppressBy(found, checkedSuppressions(suppressions));
}

function suppressBy(
  found: readonly Finding[],
  suppressions: readonly Own<Suppression>[],
): readonly Finding[] {
  const used = new Set<Own<Suppression>>();
  const marked = found.map(finding => {
    const match = suppressions.find(suppression => names(suppression, finding));
    if (match === undefined) return finding;
    used.add(match);
    return Object.freeze({ ...finding, suppressed: match.reason });
  });
  const unused = suppressions.filter(suppression => !used.has(suppression) && suppression.file === undefined);
  const observed = unused.map(({ code, calls, pointer, text }) => ({
    code: 'unused-suppression' as const,
    message: `nothing is suppressed by ${[code, calls, pointer, text].filter(part => part !== undefined).join(' ')}`,
  }));
  return Object.freeze([...marked, ...findings(observed, [])]);
}

function names({ code, calls, pointer, text, file }: Own<Suppression>, finding: Finding): boolean {
  const at = own(finding, 'at');
  return (
    code === finding.code &&
    (calls === undefined || isAbout(finding, callsNamed(calls))) &&
    (pointer === undefined || at?.pointer === pointer || (at?.pointer.startsWith(`${pointer}/`) ?? false)) &&
    (text === undefined || finding.message.includes(text)) &&
    (file === undefined || (at?.file.endsWith(file) ?? false))
  );
}

/** Whether a finding concerns these calls and no others. */
const isAbout = (finding: Finding, calls: readonly string[]): boolean =>
  finding.calls.length > 0 && finding.calls.every(call => calls.includes(call));

/**
 * Checks a list of suppressions. Throws UsageError (`unknown-group`, `unknown-syscall`, and `bad-suppression`) if it is not a
 * list of suppressions with reasons.
 */
export function checkedSuppressions(value: unknown): readonly Own<Suppression>[] {
  if (!Array.isArray(value)) throw bad('suppressions are not a list');
  return ownElements<unknown>(value).map((item, index) => {
    const where = `suppression ${index}`;
    if (typeof item !== 'object' || item === null) throw bad(`${where} is not an object`);
    const fields = new Map<string, unknown>(Object.entries(item));
    for (const [key, field] of fields) {
      if (!KEYS.includes(key)) throw bad(`${where} has an unknown key ${JSON.stringify(key)}`);
      if (typeof field !== 'string' || field === '') throw bad(`${key} of ${where} is not a string`);
    }
    const code: unknown = fields.get('code');
    if (typeof code !== 'string' || !isRuleCode(code))
      throw bad(
        `${where} has no known rule in "code"${typeof code === 'string' ? `: ${JSON.stringify(code)}` : ''}`,
      );
    const calls = fields.get('calls');
    if (typeof calls === 'string') checkCall(calls);
    if (!fields.has('reason')) throw bad(`${where} has no "reason"`);
    return owned(Object.fromEntries(fields) as unknown as Suppression);
  });
}

function checkCall(name: string): void {
  if (isGroupName(name)) callsNamed(name);
  else if (!isKnownSyscall(name))
    throw new UsageError('unknown-syscall', noSuchCall(name), didYouMeanCall(name));
}

const bad = (what: string): UsageError =>
  new UsageError(
    'bad-suppression',
    what,
    'Write { "code", "reason" } and, to restrict it, "calls", "pointer", "text" and "file"',
  );
