// Tracks the rules of a FilterContext, to derive the policy that its program must implement.
import { CompileError } from '../util/errors.js';
import { native } from '../native.js';
import { ABIS, i386Multiplexer, type Abi } from '../kernel/abi.js';
import type { Action } from '../kernel/action.js';
import {
  OPERATORS,
  type AbiPolicy,
  type Condition,
  type Policy,
  type SyscallPolicy,
} from '../policy/policy.js';
import { SCMP_ARCHS } from '../kernel/scmp-archs.js';
import { makeTarget } from '../policy/target.js';
import { abisOf, type Architecture, ARCHITECTURES } from '../kernel/architectures.js';

/** The words of a comparison for the add-on: argument, operator, datum_a, datum_b. */
const COMPARISON_WORDS = 4;

/** A rule that libseccomp has accepted. */
interface StatedRule {
  readonly action: Action;
  /** The number of the call on the native architecture. */
  readonly syscall: number;
  readonly comparisons: BigUint64Array;
}

/** The rules of each architecture of a context, by token. */
type RulesByArch = ReadonlyMap<number, readonly StatedRule[]>;

/**
 * The history of a context that determines its program's meaning. libseccomp itself returns to earlier states: to the
 * start of a rejected transaction, and to the last rule if adding one fails.
 */
export class ContextRules {
  #rules: RulesByArch;
  #afterLastRule: RulesByArch;
  #transactions: readonly RulesByArch[] = [];

  constructor() {
    this.#rules = this.#afterLastRule = new Map([[native().archNative(), []]]);
  }

  archAdded(arch: number): void {
    this.#rules = new Map([...this.#rules, [resolved(arch), []]]);
  }

  archRemoved(arch: number): void {
    this.#rules = new Map([...this.#rules].filter(([token]) => token !== resolved(arch)));
  }

  ruleAdded(action: Action, syscall: number, comparisons: BigUint64Array): void {
    const rule = { action, syscall, comparisons };
    this.#rules = new Map(Array.from(this.#rules, ([arch, rules]) => [arch, [...rules, rule]]));
    this.#afterLastRule = this.#rules;
  }

  ruleFailed(): void {
    this.#rules = this.#afterLastRule;
  }

  merged(other: ContextRules): void {
    this.#rules = this.#afterLastRule = new Map([...this.#rules, ...other.#rules]);
  }

  transactionStarted(): void {
    this.#transactions = [...this.#transactions, this.#rules];
  }

  transactionRejected(): void {
    this.#rules = this.#afterLastRule = this.#transactions.at(-1) ?? this.#rules;
    this.transactionCommitted();
  }

  transactionCommitted(): void {
    this.#transactions = this.#transactions.slice(0, -1);
  }

  /**
   * The policy that a program for these rules must implement. A rule without comparisons replaces the other rules of
   * its call. If several rules match, the most restrictive action applies, as in a profile.
   *
   * Throws CompileError (`not-provable`) for a context that a Policy cannot express.
   */
  policy(defaultAction: Action, badArch: Action): Policy {
    const arch = architectureOf([...this.#rules.keys()]);
    const part = (abi: Abi): AbiPolicy => ({
      abi,
      syscalls: syscallsOf(abi, this.#rules.get(abi.token) ?? [], defaultAction),
      enosysAbove: undefined,
    });
    const others = abisOf(arch)
      .slice(1)
      .map(name => ABIS[name]);
    return {
      target: makeTarget({ arch }),
      defaultAction,
      badArch,
      abis: [part(ABIS[arch]), ...others.filter(({ token }) => this.#rules.has(token)).map(part)],
      flags: [],
      warnings: [],
    };
  }
}

const resolved = (arch: number): number => (arch === 0 ? native().archNative() : arch);

/** The architecture with these ABIs. */
function architectureOf(tokens: readonly number[]): Architecture {
  const arch = ARCHITECTURES.find(name => tokens.includes(ABIS[name].token));
  if (arch === undefined)
    throw notProvable(`it covers none of ${ARCHITECTURES.map(name => ABIS[name].scmpName).join(', ')}`);
  const served = abisOf(arch).map(name => ABIS[name].token);
  const foreign = tokens.find(token => !served.includes(token));
  if (foreign === undefined) return arch;
  const [name = `architecture ${foreign}`] =
    Object.entries(SCMP_ARCHS).find(([, token]) => token === foreign) ?? [];
  throw notProvable(`it covers ${name} in addition to ${ABIS[arch].scmpName}`);
}

function syscallsOf(
  abi: Abi,
  rules: readonly StatedRule[],
  defaultAction: Action,
): ReadonlyMap<number, SyscallPolicy> {
  const calls = new Map<number, SyscallPolicy>();
  const unconditional = new Set<number>();
  for (const { action, syscall, comparisons } of rules) {
    const number = numberOn(abi, syscall);
    if (number === undefined || unconditional.has(number)) continue;
    if (comparisons.length === 0) {
      unconditional.add(number);
      calls.set(number, { rules: [], otherwise: action });
      continue;
    }
    const { rules: before } = calls.get(number) ?? { rules: [] };
    const rule = { conditions: conditionsOf(comparisons, abi.width), action };
    calls.set(number, { rules: [...before, rule], otherwise: defaultAction });
  }
  return calls;
}

/** The number of a native call on an ABI; undefined if libseccomp adds no rule there. */
function numberOn(abi: Abi, syscall: number): number | undefined {
  if (abi.token === native().archNative() && syscall >= 0) return syscall >>> 0;
  const name = native().syscallResolveNumArch(native().archNative(), syscall);
  if (name === undefined) return undefined;
  if (abi.name === 'x86' && i386Multiplexer(name) !== undefined)
    throw notProvable(
      `libseccomp rewrites ${name} on SCMP_ARCH_X86, where it may be made through socketcall or ipc`,
    );
  const number = native().syscallResolveNameArch(abi.token, name);
  return number < 0 ? undefined : number;
}

function conditionsOf(comparisons: BigUint64Array, width: 32 | 64): readonly Condition[] {
  return Array.from({ length: comparisons.length / COMPARISON_WORDS }, (_, index) => {
    const [arg = 0n, op = 0n, a = 0n, b = 0n] = comparisons.subarray(
      index * COMPARISON_WORDS,
      (index + 1) * COMPARISON_WORDS,
    );
    const [first, second] = [BigInt.asUintN(width, a), BigInt.asUintN(width, b)];
    // SCMP_CMP_NE is 1; the others follow in this order (seccomp.h).
    const operator = OPERATORS[Number(op) - 1] ?? 'SCMP_CMP_EQ';
    return operator === 'SCMP_CMP_MASKED_EQ'
      ? { op: operator, arg: Number(arg), width, mask: first, value: first & second }
      : { op: operator, arg: Number(arg), width, value: first };
  });
}

/** The error for a context that cannot be verified. */
export const notProvable = (reason: string): CompileError =>
  new CompileError(
    'not-provable',
    `the rules of this context cannot be compared with its program: ${reason}`,
    'Create a context for one architecture and its 32-bit ABIs, or compile a profile',
  );
