// Finds denials without effect: the target lacks the call that a rule denies, and allows another call that does the same.
import { ABIS, i386Multiplexer, syscallNumber } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { permits, type Action } from '../../kernel/action.js';
import { substitutesOf } from '../../kernel/calls/call-classes.js';
import { SCMP_ACT_ERRNO } from '../../kernel/constants.js';
import { ENOSYS } from '../../kernel/errno.js';
import { outcomesOf } from '../../policy/evaluate.js';
import type { Policy } from '../../policy/policy.js';
import { quote } from '../../util/suggest.js';
import type { Findings } from '../findings.js';
import type { NamedSyscall, Profile, ProfileRule } from '../profile.js';

/** A denial without effect. */
interface IneffectiveDenial {
  readonly syscall: NamedSyscall;
  /** The ABIs that lack the call. */
  readonly abis: readonly AbiName[];
  /** Allowed calls that do its work there. */
  readonly open: readonly string[];
}

/** The maximum number of calls in a message. */
const MAX_SHOWN = 6;

/** Reports each denial without effect as an error, or as a warning when profiles are only inspected. */
export function reportVainDenials(
  profile: Profile,
  rules: readonly ProfileRule[],
  policy: Policy,
  findings: Findings,
  severity: 'error' | 'warning',
): void {
  for (const { syscall, abis, open } of ineffectiveDenials(profile, rules, policy)) {
    const [names, verb] = [listed(open), open.length === 1 ? 'does' : 'do'];
    findings[severity](
      'denial-without-effect',
      syscall.at,
      `${abis.join(' and ')} ${abis.length === 1 ? 'has' : 'have'} no system call ${quote(syscall.name)}: the rule has no effect there, and ${names}, which ${verb} the same, ${open.length === 1 ? 'stays' : 'stay'} allowed`,
      `Deny ${names} too, or leave ${quote(syscall.name)} out`,
    );
  }
}

const listed = (names: readonly string[]): string => {
  const shown = names.slice(0, MAX_SHOWN);
  const rest = names.length - shown.length;
  const last = rest > 0 ? `${rest} more` : (shown.pop() ?? '');
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`;
};

/**
 * The denials of these rules that have no effect. If the default action refuses calls, nothing is open that the author has not
 * allowed by name: real profiles refuse old calls there only to choose their errno. ENOSYS is not a denial, because it makes
 * programs fall back to the very call that is open. A denial has an effect if a twin of the call (chown of chown32) is refused,
 * or if a profile for several architectures refuses one of the equivalent calls; `equivalent-open` of the linter then reports
 * what the others leave open.
 */
function* ineffectiveDenials(
  profile: Profile,
  rules: readonly ProfileRule[],
  policy: Policy,
): Generator<IneffectiveDenial> {
  if (!permits(policy.defaultAction)) return;
  const several = isForSeveral(profile);
  const known = new Map<string, readonly string[]>();
  const isOpen = new Map(policy.abis.map(({ abi }) => [abi.name, openCalls(policy, abi.name)]));
  for (const { action, names } of rules) {
    if (permits(action) || action === policy.defaultAction || action === ENOSYS_ACTION) continue;
    for (const syscall of names) {
      const groups = new Map<string, { readonly abis: AbiName[]; readonly open: readonly string[] }>();
      for (const { abi } of policy.abis) {
        if (!lacks(abi.name, syscall.name)) continue;
        const key = `${abi.name} ${syscall.name}`;
        const open = known.get(key) ?? openSubstitutes(abi.name, syscall.name, isOpen.get(abi.name), several);
        known.set(key, open);
        if (open.length === 0) continue;
        const group = groups.get(open.join());
        if (group === undefined) groups.set(open.join(), { abis: [abi.name], open });
        else group.abis.push(abi.name);
      }
      for (const { abis, open } of groups.values()) yield { syscall, abis, open };
    }
  }
}

const ENOSYS_ACTION: Action = SCMP_ACT_ERRNO(ENOSYS);

/** Whether an ABI lacks a call. On i386, a rule for a multiplexed call has an effect. */
const lacks = (abi: AbiName, name: string): boolean =>
  !/^\d/.test(name) &&
  syscallNumber(abi, name) === undefined &&
  (abi !== 'x86' || i386Multiplexer(name) === undefined);

/** Whether a call of an ABI is allowed with any arguments. */
function openCalls(policy: Policy, abi: AbiName): (name: string) => boolean {
  const outcomes = outcomesOf(policy, ABIS[abi].audit);
  return name => {
    const number = syscallNumber(abi, name);
    if (number === undefined) return false;
    const { rules, otherwise } = outcomes(number);
    return permits(otherwise) && rules.every(({ action }) => permits(action));
  };
}

function openSubstitutes(
  abi: AbiName,
  name: string,
  isOpen: (name: string) => boolean = () => false,
  several: boolean,
): readonly string[] {
  const { calls, twins } = substitutesOf(abi, name);
  if (twins.some(twin => !isOpen(twin))) return [];
  const open = calls.filter(isOpen);
  return several && open.length < calls.length ? [] : open;
}

/** Whether the profile covers more than one ABI, or is for machines of several architectures. */
const isForSeveral = ({ architectures }: Profile): boolean =>
  architectures.kind === 'list'
    ? new Set(architectures.architectures).size > 1
    : architectures.kind === 'map' &&
      (architectures.entries.length > 1 ||
        architectures.entries.some(entry => entry.subArchitectures.length > 0));
