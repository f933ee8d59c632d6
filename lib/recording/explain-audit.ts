// Explains seccomp's audit records: the call, its program, the action, the rule that decided, and the change that would
// allow the call.
import { placeText } from '../util/place.js';
import { actionKind, actionName, permits } from '../kernel/action.js';
import { architectureOf, type Architecture } from '../kernel/architectures.js';
import type { AnyProfile } from '../filter/compile-profile.js';
import { outcome } from '../policy/evaluate.js';
import type { Policy } from '../policy/policy.js';
import { reasonFor } from '../policy/reason.js';
import { describeRemedy, remedyFor } from '../policy/remedy.js';
import { resolveProfile } from '../profile/resolve/resolve.js';
import type { Location } from '../util/errors.js';
import { hasOwn, own, owned } from '../util/own.js';
import { requireResult, requireText } from '../util/failures.js';
import { printable } from '../util/printable.js';
import { parseAuditLine, type AuditLine } from './logs/audit-line.js';
import { kernelMessage } from './logs/unwrap.js';

/** An audit record with an explanation. */
export interface ExplainedAudit extends AuditLine {
  /**
   * The name of the action of the filter: `KILL_PROCESS`, or `KILL` if the record does not say more; undefined if the record has no
   * known action.
   */
  readonly actionName: string | undefined;
  /** The action of the profile, if there is one. */
  readonly profile: AuditVerdict | undefined;
}

/** The action of a profile for the call of an audit record, which has no arguments. */
export interface AuditVerdict {
  /** The action; undefined if it depends on arguments. */
  readonly action: string | undefined;
  /** Why, as a part of a sentence. */
  readonly why: string;
  /** The position in the profile. */
  readonly at: Location | undefined;
  /**
   * The change that would allow the call, as a sentence; undefined if it is allowed, or if that depends on arguments.
   */
  readonly remedy: string | undefined;
  /** Whether the record can come from a filter of this profile. */
  readonly fits: boolean;
}

/**
 * Parses a seccomp audit record of the kernel, and evaluates a profile for its call; undefined for a line that is not a
 * complete record. Records contain no arguments. Throws UsageError (`bad-argument`), and as `resolveProfile` does.
 */
export const explainAuditLine = (line: string, profile?: AnyProfile): ExplainedAudit | undefined =>
  new AuditExplainer(profile).explain(line);

/** Explains many records with one profile, which is resolved once. */
export class AuditExplainer {
  readonly #profile: AnyProfile | undefined;
  readonly #policies = new Map<Architecture, Policy>();

  constructor(profile?: AnyProfile) {
    this.#profile = profile;
  }

  /** The parts of a line; undefined if it is not a complete record. */
  explain(line: string): ExplainedAudit | undefined {
    requireText('a line', line);
    const record = parseAuditLine(kernelMessage(line));
    if (record === undefined) return undefined;
    const { action } = record;
    return {
      ...record,
      actionName: action !== undefined ? actionName(action) : record.killed ? 'KILL' : undefined,
      profile: this.#profile === undefined ? undefined : this.#verdict(record, this.#profile),
    };
  }

  #verdict(record: AuditLine, profile: AnyProfile): AuditVerdict | undefined {
    const { arch, number, abi, action, unknownAction, killed } = record;
    if (arch === undefined || number === undefined || abi === undefined) return undefined;
    const machine = architectureOf(abi);
    let policy = this.#policies.get(machine);
    if (policy === undefined) {
      policy = resolveProfile(profile, { arch: machine });
      this.#policies.set(machine, policy);
    }
    const fitsAction = (given: number): boolean =>
      action === undefined
        ? unknownAction === undefined && (!killed || actionName(given).startsWith('KILL'))
        : actionKind(given) === actionKind(action);
    const part = owned(outcome(policy, arch, number));
    if (part.rules.length > 0) {
      const places = [
        ...new Set(
          part.rules.flatMap(rule => {
            const place = own(rule, 'at');
            return place === undefined ? [] : [placeText(place)];
          }),
        ),
      ];
      return {
        action: undefined,
        why: `arguments decide, but the record has none${places.length === 0 ? '' : `: ${places.slice(0, 5).join(', ')}`}`,
        at: own(part.rules[0], 'at'),
        remedy: undefined,
        fits: [...part.rules.map(rule => rule.action), part.otherwise].some(fitsAction),
      };
    }
    const event = { arch, syscall: number };
    const reason = reasonFor(policy, event);
    const remedy = remedyFor(event, policy);
    const at = hasOwn(reason, 'at') ? reason.at : undefined;
    return {
      action: actionName(reason.action),
      why: WHY[reason.kind] + (at === undefined ? '' : ` at ${placeText(at)}`),
      at,
      remedy: permits(reason.action) || remedy === undefined ? undefined : describeRemedy(remedy),
      fits: fitsAction(reason.action),
    };
  }
}

const WHY = {
  rule: 'by a rule',
  call: 'by the rule',
  default: 'by the default action, because no rule names it',
  newer: 'because it is newer than the profile',
  foreign: 'because the profile does not cover its ABI',
} as const;

/** Formats an explained record as one line. Throws UsageError (`bad-argument`). */
export function formatAudit(record: ExplainedAudit): string {
  requireResult(
    'a record',
    record,
    'killed',
    'Pass the result of explainAuditLine, which has none for lines that are not records of seccomp',
  );
  const { syscall, number, abi, arch, program, comm, pid, unknownAction, profile } = record;
  const name = syscall ?? (number === undefined ? 'an unknown call' : `call ${number | 0}`);
  const on = abi ?? (arch === undefined ? 'an unknown architecture' : `architecture 0x${arch.toString(16)}`);
  const who = `${printable(program ?? comm ?? 'an unknown program')}${pid === undefined ? '' : ` (${pid})`}`;
  const outcome =
    record.actionName ??
    (unknownAction === undefined ? 'logged' : `unknown action ${printable(unknownAction)}`);
  const said = `${name} on ${on} by ${who}: ${outcome}`;
  if (profile === undefined) return said;
  const verdict =
    profile.action === undefined
      ? `in the profile ${profile.why}`
      : `the profile has ${profile.action} ${profile.why}`;
  const other = profile.fits ? '' : '; the record comes from another filter';
  return `${said}; ${verdict}${other}${profile.remedy === undefined ? '' : `. To allow it, ${printable(profile.remedy)}`}`;
}

/** A key that is equal for records that differ only in the process. */
export const auditKey = ({
  arch,
  number,
  syscall,
  program,
  comm,
  action,
  unknownAction,
}: AuditLine): string => JSON.stringify([arch, number, syscall, program, comm, action, unknownAction]);
