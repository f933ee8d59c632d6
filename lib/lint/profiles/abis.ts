// Lint rules about ABIs: names that they lack, calls that evade conditions, and ABIs left open.
import {
  abiByScmpName,
  architecturesWith,
  ABIS,
  i386Multiplexer,
  isKnownSyscall,
  syscallName,
  syscallNumber,
} from '../../kernel/abi.js';
import { type AbiName, isNative } from '../../kernel/architectures.js';
import { actionName, permits } from '../../kernel/action.js';
import { ruleAt, verb, type Observation } from '../finding.js';
import { abisOf } from '../../kernel/architectures.js';
import { NEWEST_KERNEL } from '../../kernel/kernel-version.js';
import type { Profile, ProfileRule } from '../../profile/profile.js';
import { substitutesOf } from '../../kernel/calls/call-classes.js';
import { callLike, listed } from '../../kernel/calls/suggest-call.js';
import { quote } from '../../util/suggest.js';
import type { LintContext } from './context.js';
import { hasOwn, own } from '../../util/own.js';

/** Names that exist on no ABI to which the rule can apply. */
export function* lintNames(profile: Profile): Generator<Observation> {
  const covered = coveredBy(profile);
  const named = new Set(profile.rules.flatMap(({ names }) => names.map(({ name }) => name)));
  for (const rule of profile.rules) {
    const abis = reachable(rule, covered);
    if (abis === undefined) continue;
    for (const item of rule.names) {
      // Groups contain calls of all architectures.
      if (hasOwn(item, 'group')) continue;
      const { name, at } = item;
      if (!isKnownSyscall(name) || abis.some(abi => syscallNumber(abi, name) !== undefined)) continue;
      if (abis.some(abi => substitutesOf(abi, name).calls.some(call => named.has(call)))) continue;
      const meant = callLike(name, abis);
      const elsewhere = listed(architecturesWith(name));
      yield {
        code: 'name-elsewhere',
        at,
        calls: [name],
        about: [[quote(name)]],
        cause: `${ruleAt(at)} ${meant ?? ''} ${elsewhere}`,
        message: names =>
          `${names.text} ${verb(names, 'is not a system call', 'are not system calls')} of ${listed(abis)}, only of ${elsewhere}`,
        remedy: meant === undefined ? undefined : `Did you mean ${quote(meant)}?`,
      };
    }
  }
}

/** The ABIs that a profile covers on any machine; undefined if some are unknown to this package. */
function coveredBy({ architectures }: Profile): readonly AbiName[] | undefined {
  const names =
    architectures.kind === 'list'
      ? architectures.architectures
      : architectures.kind === 'map'
        ? architectures.entries.flatMap(entry => [entry.architecture, ...entry.subArchitectures])
        : undefined;
  if (names === undefined) return undefined;
  const abis = names.map(name => abiByScmpName(name)?.name).filter(name => name !== undefined);
  return abis.length === names.length && abis.length > 0 ? [...new Set(abis)] : undefined;
}

/** The ABIs on which a rule can apply; undefined if some are unknown to this package. */
function reachable(
  { includes }: ProfileRule,
  covered: readonly AbiName[] | undefined,
): readonly AbiName[] | undefined {
  if (includes.arches.length === 0) return covered;
  const all = Object.values(ABIS);
  const named = includes.arches.map(arch => all.find(({ dockerName }) => dockerName === arch)?.name);
  if (!named.every(name => name !== undefined)) return undefined;
  // A restriction names the machine, which serves its 32-bit ABIs too.
  const families = named.flatMap(name => (isNative(name) ? abisOf(name) : [name]));
  const both = covered === undefined ? families : families.filter(name => covered.includes(name));
  return both.length === 0 ? undefined : [...new Set(both)];
}

/** Conditions that i386 programs can evade with an open socketcall or ipc. */
export function* lintMultiplexers({ policy }: LintContext): Generator<Observation> {
  const part = policy.abis.find(({ abi }) => abi.name === 'x86');
  if (part === undefined) return;
  for (const [number, { rules }] of part.syscalls) {
    const name = syscallName('x86', number);
    const multiplexer = name === undefined || rules.length === 0 ? undefined : i386Multiplexer(name);
    if (name === undefined || multiplexer === undefined) continue;
    const gate = part.syscalls.get(syscallNumber('x86', multiplexer.syscall) ?? -1);
    if (gate === undefined || gate.rules.length > 0 || !permits(gate.otherwise)) continue;
    yield {
      code: 'multiplexer-open',
      at: own(rules[0], 'at'),
      calls: [name],
      about: [[quote(name)]],
      cause: `${ruleAt(own(rules[0], 'at'))} ${multiplexer.syscall}`,
      message: names =>
        `32-bit programs on x86 can make ${names.text} through ${multiplexer.syscall}, which is allowed without conditions`,
    };
  }
}

/** Calls newer than the table, which a deny-list cannot name. */
export function* lintNewerCalls({ policy, rules }: LintContext): Generator<Observation> {
  if (!permits(policy.defaultAction) || rules.every(({ action }) => permits(action))) return;
  const { major, minor } = NEWEST_KERNEL;
  yield {
    code: 'newer-calls-allowed',
    message: `the default ${actionName(policy.defaultAction)} allows every call that is newer than Linux ${major}.${minor}, the newest version that this package knows`,
  };
}

/** ABIs that are allowed because the profile does not mention them. */
export function* lintForeign({ policy, rules, abis }: LintContext): Generator<Observation> {
  if (permits(policy.badArch)) {
    yield {
      code: 'foreign-abi-open',
      message: 'calls of ABIs that the profile does not cover are allowed (badArch)',
      remedy: 'Leave badArch at SCMP_ACT_KILL_THREAD',
    };
  }
  const refuses = rules.some(({ action }) => !permits(action));
  if (refuses && permits(policy.defaultAction) && abis.includes('x32')) {
    yield {
      code: 'x32-open',
      message: 'the profile covers x32, and its default allows what it does not name',
    };
  }
}
