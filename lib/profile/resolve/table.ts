// Merges the remaining rules into the table of one ABI. Sources: matchCall in libcontainer/seccomp of runc; db.c and
// arch-x86.c of libseccomp.
import { ProfileError, type Location } from '../../util/errors.js';
import { callNumber, i386Multiplexer, syscallNumber, type Abi, type Multiplexed } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { actionName, mostRestrictive, permits, type Action } from '../../kernel/action.js';
import { frozen } from '../../util/collections.js';
import type { AbiPolicy, Condition, SyscallPolicy } from '../../policy/policy.js';
import { place, type Findings } from '../findings.js';
import { quote } from '../../util/suggest.js';
import { alternatives, type ProfileCondition, type ProfileRule } from '../profile.js';
import { Chains } from './chains.js';
import { warnOfConflicts, type ConflictBudget, type PlacedRule } from './conflicts.js';
import { warnOfDropped, type DroppedCall } from './dropped.js';

/** The low half of a register, which 32-bit comparisons use. */
export const LOW_WORD = 0xffff_ffffn;

/** The number of bits of an argument to compare. */
export type WidthOf = (abi: AbiName, syscall: string, arg: number) => 32 | 64;

/**
 * The maximum number of rules of one ABI, counted per system call and alternative before equal ones are merged. A
 * filter has at most 4096 instructions, so larger tables would only use memory.
 */
const MAX_RULES = 250_000;

/** State that the ABIs of one policy share. */
export interface TableContext {
  readonly defaultAction: Action;
  /** Whether numbers above the highest one named fail with ENOSYS. */
  readonly enosys: boolean;
  readonly findings: Findings;
  readonly budget: ConflictBudget;
  readonly widthOf: WidthOf;
}

/** Conditions combined with AND, and their action. */
interface Conjunction {
  readonly conditions: readonly Condition[];
  readonly action: Action;
  /** Each condition as a text that is equal for equal ones, by argument. */
  readonly chain: readonly string[];
  /** A text that is equal for equal conditions and actions. */
  readonly identity: string;
}

type Entry = Conjunction & PlacedRule;

/** The rules of one system call while they are collected. */
interface Slot {
  unconditional: Entry | undefined;
  /** Conditional rules by identity, in the order of the profile; most calls have none. */
  conditional: Map<string, Entry> | undefined;
  /** The conditional rules as libseccomp sees them, to find those that it rejects. */
  chains: Chains<Entry> | undefined;
}

/** The policy of one ABI. `rules` are those that apply on the target, in the order of the profile. */
export function buildTable(abi: Abi, rules: readonly ProfileRule[], context: TableContext): AbiPolicy {
  const slots = new Map<number, Slot>();
  const multiplexed = new Map<
    string,
    { readonly rule: ProfileRule; readonly at: Location; readonly gate: number }
  >();
  const deniedThere = new Map<string, DeniedThere>();
  const dropped: DroppedCall[] = [];
  let highest = abi.numberBit;
  let count = 0;

  const add = (
    number: number,
    { conditions, action, chain, identity }: Conjunction,
    call: string,
    at: Location,
  ): void => {
    if (++count > MAX_RULES) throw tooManyRules(at);
    let slot = slots.get(number);
    if (slot === undefined) {
      slot = { unconditional: undefined, conditional: undefined, chains: undefined };
      slots.set(number, slot);
    }
    merge(slot, { conditions, action, chain, identity, call, at }, context.findings);
  };

  for (const rule of rules) {
    const { action } = rule;
    const conjunctionsOf = lowering(rule, abi, context.widthOf);
    rule.names.forEach(({ name, at }) => {
      const number = callNumber(abi.name, name);
      if (number !== undefined) highest = Math.max(highest, number);
      if (action === context.defaultAction) {
        if (number !== undefined) {
          const lowered = conjunctionsOf(name).map(({ conditions }) => conditions);
          dropped.push({ rule, name, number, alternatives: lowered });
        }
        return;
      }
      if (number !== undefined) {
        const conjunctions = conjunctionsOf(name);
        for (let index = 0; index < conjunctions.length; index++)
          add(number, conjunctions[index] as Conjunction, name, at);
      }
      const multiplexer = abi.name === 'x86' ? i386Multiplexer(name) : undefined;
      const gate = multiplexer && syscallNumber('x86', multiplexer.syscall);
      if (multiplexer === undefined || gate === undefined) return;
      if (isDenial(action, context)) {
        const before = deniedThere.get(name)?.action;
        const strictest = before === undefined ? action : mostRestrictive(before, action);
        if (strictest !== before) deniedThere.set(name, { gate, multiplexer, action, at });
      } else {
        const call: Condition = { op: 'SCMP_CMP_EQ', arg: 0, width: 32, value: BigInt(multiplexer.call) };
        for (const { conditions } of conjunctionsOf(name)) {
          const others = conditions.filter(({ arg }) => arg !== 0);
          add(gate, identified([call, ...others], action), `${multiplexer.syscall}(${name})`, at);
        }
      }
      if (rule.conditions.length > 0 && !multiplexed.has(name)) multiplexed.set(name, { rule, at, gate });
    });
  }

  for (const [name, { gate, multiplexer, action, at }] of deniedThere)
    add(gate, identified([isCall(multiplexer)], action), `${multiplexer.syscall}(${name})`, at);

  // If the profile names the multiplexer itself, its rules decide about all multiplexed calls.
  for (const [name, { rule, at, gate }] of multiplexed) {
    if (slots.get(gate)?.unconditional === undefined) warnOfMultiplexer(name, rule, at, context);
  }
  const { defaultAction, budget, findings } = context;
  warnOfDropped(dropped, number => slots.get(number), defaultAction, budget, findings);
  const syscalls = new Map<number, SyscallPolicy>();
  slots.forEach((slot, number) => syscalls.set(number, settleSlot(slot, context)));
  return Object.freeze({
    abi,
    syscalls: frozen(syscalls),
    enosysAbove: context.enosys && highest > abi.numberBit ? highest : undefined,
  });
}

/** A denied call that a multiplexer can make. */
interface DeniedThere {
  readonly gate: number;
  readonly multiplexer: Multiplexed;
  /** The most restrictive action of its rules. */
  readonly action: Action;
  readonly at: Location;
}

/**
 * Whether a rule denies calls that the default action permits. On a multiplexer, its conditions would compare pointers,
 * so they do not apply there: the call would be permitted. With other rules, a condition that never holds leaves the
 * call to the default action, which refuses it.
 */
const isDenial = (action: Action, { defaultAction }: TableContext): boolean =>
  !permits(action) && permits(defaultAction);

/** Tests whether a multiplexer makes a call, in every form in which the kernel accepts its number. */
function isCall({ call, mask }: Multiplexed): Condition {
  const common = { arg: 0, width: 32, value: BigInt(call) } as const;
  return BigInt(mask) === LOW_WORD
    ? { ...common, op: 'SCMP_CMP_EQ' }
    : { ...common, op: 'SCMP_CMP_MASKED_EQ', mask: BigInt(mask) };
}

const tooManyRules = (at: Location): ProfileError =>
  new ProfileError([
    {
      code: 'too-many-rules',
      severity: 'error',
      message: `the profile amounts to more than ${MAX_RULES} rules`,
      at,
    },
  ]);

/** A rule's conjunctions for each call that it names. Calls whose arguments have equal widths share them. */
function lowering(
  { conditions, action }: ProfileRule,
  { name: abi }: Abi,
  widthOf: WidthOf,
): (syscall: string) => readonly Conjunction[] {
  const all = alternatives(conditions);
  if (conditions.length === 0) {
    const conjunctions = all.map(() => identified([], action));
    return () => conjunctions;
  }
  const args = [...new Set(conditions.map(({ arg }) => arg))];
  const lowered = new Map<string, readonly Conjunction[]>();
  return syscall => {
    const widths = new Map(args.map(arg => [arg, widthOf(abi, syscall, arg)]));
    const key = [...widths.values()].join();
    const existing = lowered.get(key);
    if (existing !== undefined) return existing;
    const conjunctions = all.map(conjunction =>
      identified(
        conjunction.map(condition => lower(condition, widths.get(condition.arg) ?? 64)),
        action,
      ),
    );
    lowered.set(key, conjunctions);
    return conjunctions;
  };
}

/** Converts a condition for the ABI: 32-bit ABIs compare low words, and bits outside of a mask are cleared. */
function lower(condition: ProfileCondition, width: 32 | 64): Condition {
  const cut = (value: bigint): bigint => (width === 32 ? value & LOW_WORD : value);
  const { arg } = condition;
  const value = cut(condition.value);
  if (condition.op !== 'SCMP_CMP_MASKED_EQ') return Object.freeze({ op: condition.op, arg, width, value });
  const mask = cut(condition.mask);
  return Object.freeze({ op: 'SCMP_CMP_MASKED_EQ', arg, width, mask, value: value & mask });
}

function identified(conditions: readonly Condition[], action: Action): Conjunction {
  const parts = conditions.map(condition => {
    const { arg, op, value } = condition;
    return condition.op === 'SCMP_CMP_MASKED_EQ'
      ? `${arg} ${op} ${condition.mask} ${value}`
      : `${arg} ${op} ${value}`;
  });
  const chain = parts.sort();
  return { conditions: Object.freeze(conditions), action, chain, identity: `${action}: ${chain.join(', ')}` };
}

/**
 * Adds a rule. A rule without conditions takes precedence over conditional ones in either order; of two without
 * conditions, the first one does.
 */
function merge(slot: Slot, entry: Entry, findings: Findings): void {
  const { unconditional } = slot;
  if (entry.conditions.length > 0) {
    if (unconditional !== undefined) {
      warnOfShadow(entry, unconditional, findings);
      return;
    }
    const contradicted = (slot.chains ??= new Chains<Entry>()).add(entry);
    if (contradicted !== undefined) refuseContradiction(entry, contradicted, findings);
    slot.conditional ??= new Map();
    if (!slot.conditional.has(entry.identity)) slot.conditional.set(entry.identity, entry);
  } else if (unconditional === undefined) {
    slot.unconditional = entry;
    slot.conditional?.forEach(shadowed => warnOfShadow(shadowed, entry, findings));
  } else if (unconditional.action !== entry.action) {
    findings.warning(
      'duplicate-rule',
      entry.at,
      `${quote(entry.call)} already has ${actionName(unconditional.action)} from ${place(unconditional.at)}: this ${actionName(entry.action)} has no effect`,
      'Keep one of the two',
    );
  }
}

function refuseContradiction(later: Entry, earlier: Entry, findings: Findings): void {
  const same = later.chain.length === earlier.chain.length;
  findings.error(
    'contradicting-rules',
    later.at,
    `${quote(later.call)} gets ${actionName(later.action)} here and ${actionName(earlier.action)} from ${place(earlier.at)}, under ${same ? 'the same conditions' : 'these conditions and more'}`,
    'Keep one of the two: runc and crun reject both together (EEXIST)',
  );
}

function warnOfShadow(shadowed: Entry, winner: Entry, findings: Findings): void {
  if (shadowed.action === winner.action) return;
  findings.warning(
    'shadowed-rule',
    shadowed.at,
    `the conditions on ${quote(shadowed.call)} have no effect: ${place(winner.at)} has ${actionName(winner.action)} without conditions`,
    'Remove one of the two, or give the other one conditions',
  );
}

const NO_RULES: SyscallPolicy['rules'] = Object.freeze([]);

function settleSlot({ unconditional, conditional }: Slot, context: TableContext): SyscallPolicy {
  if (unconditional !== undefined) {
    return Object.freeze({ rules: NO_RULES, otherwise: unconditional.action, at: unconditional.at });
  }
  const entries = [...(conditional?.values() ?? [])];
  warnOfConflicts(entries, context.budget, context.findings);
  const rules = entries.map(({ conditions, action, at }) => Object.freeze({ conditions, action, at }));
  return Object.freeze({ rules: Object.freeze(rules), otherwise: context.defaultAction });
}

function warnOfMultiplexer(
  name: string,
  { conditions, action }: ProfileRule,
  at: Location,
  context: TableContext,
): void {
  const { findings } = context;
  const { syscall, call } = i386Multiplexer(name) ?? { syscall: 'socketcall', call: 0 };
  const lost = isDenial(action, context)
    ? 'it is refused there with any arguments'
    : conditions.some(({ arg }) => arg === 0)
      ? 'its condition on argument 0 is lost there'
      : 'its conditions compare pointers there';
  findings.warning(
    'i386-multiplexer',
    at,
    `on 32-bit x86 ${quote(name)} is also ${syscall}(${call}), whose arguments are in memory: ${lost}`,
    'Leave SCMP_ARCH_X86 out of the profile if this matters',
  );
}
