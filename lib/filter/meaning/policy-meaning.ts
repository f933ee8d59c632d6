// Computes the function from every possible call to the action of a policy: the second way to prove a program.
import type { Witness } from '../../util/errors.js';
import { precedence } from '../../kernel/action.js';
import { conditionKey } from '../../policy/condition-key.js';
import type { Condition, Policy, Rule, SyscallPolicy } from '../../policy/policy.js';
import type { NumberRun, RunTable } from '../../policy/runs.js';
import { eventOf } from '../../bpf/call.js';
import { WORD, type Program } from '../../bpf/program.js';
import { Bdd, EVERY, levelOf, NONE, type Node } from './bdd.js';
import { programMeaning } from './meaning.js';
import { Vectors } from './vectors.js';

/**
 * A call for which a validated program and a policy have different actions; undefined if there is none. Throws
 * CompileError (`undecidable-program`) as `meaningOf` does.
 */
export function differenceByDiagrams(program: Program, policy: Policy, table: RunTable): Witness | undefined {
  const bdd = new Bdd();
  const expected = policyMeaning(bdd, policy, table);
  const actual = programMeaning(bdd, new Vectors(bdd), program);
  const different = bdd.combine(expected, actual, (a, b) => (a >>> 0 === b >>> 0 ? 0 : 1));
  const words = bdd.witness(different, 0);
  return words && eventOf(words);
}

/** The function from calls to the actions of the policy. */
export function policyMeaning(bdd: Bdd, policy: Policy, table: RunTable): Node {
  const parts = new Map<string, Node>();
  let result = bdd.constant(policy.badArch >>> 0);
  for (const [arch, runs] of table) {
    const own = numbers(bdd, runs, part => {
      if (part.rules.length === 0) return bdd.constant(part.otherwise >>> 0);
      bdd.spend(part.rules.length);
      const key = keyOf(part);
      const known = parts.get(key) ?? callMeaning(bdd, part);
      parts.set(key, known);
      return known;
    });
    result = bdd.compare(WORD.arch, arch, result, own, result);
  }
  return result;
}

const keyOf = ({ rules, otherwise }: SyscallPolicy): string =>
  `${rules.map(({ action, conditions }) => `${conditions.map(conditionKey).join('&')}>${action}`).join('|')}|${otherwise}`;

/** A function of numbers, from ascending runs that cover all of them. */
function numbers(bdd: Bdd, runs: readonly NumberRun[], of: (part: SyscallPolicy) => Node): Node {
  const nodes = runs.map(({ part }) => of(part));
  const build = (bit: number, base: number, from: number, to: number): Node => {
    const last = base + 2 ** (bit + 1) - 1;
    while ((runs[from]?.high ?? last) < base) from++;
    while ((runs[to]?.low ?? base) > last) to--;
    if (from === to) return nodes[from] ?? NONE;
    return bdd.node(
      levelOf(WORD.nr, bit),
      build(bit - 1, base, from, to),
      build(bit - 1, base + 2 ** bit, from, to),
    );
  };
  return build(31, 0, 0, runs.length - 1);
}

/** The action for one call: that of the most restrictive matching rule, and of equally restrictive ones the first. */
export function callMeaning(bdd: Bdd, { rules, otherwise }: SyscallPolicy): Node {
  const weakestFirst = rules.toReversed().sort((a, b) => precedence(b.action) - precedence(a.action));
  return weakestFirst.reduce(
    (rest, rule) => bdd.ite(ruleSet(bdd, rule), bdd.constant(rule.action >>> 0), rest),
    bdd.constant(otherwise >>> 0),
  );
}

const ruleSet = (bdd: Bdd, { conditions }: Rule): Node =>
  conditions.reduce((all, condition) => bdd.and(conditionSet(bdd, condition), all), EVERY);

/** The calls for which a condition holds. */
export function conditionSet(bdd: Bdd, condition: Condition): Node {
  const { arg, width, value } = condition;
  const [low, high] = [WORD.low(arg), WORD.high(arg)];
  const [lowValue, highValue] = [Number(value & 0xffffffffn), Number(value >> 32n)];
  const equal = (mask: bigint): Node => {
    const lowSet = pattern(bdd, low, Number(mask & 0xffffffffn), lowValue, EVERY);
    return width === 32 ? lowSet : pattern(bdd, high, Number(mask >> 32n), highValue, lowSet);
  };
  /** The calls whose argument is greater than the value, or greater or equal. */
  const above = (whereEqual: Node): Node => {
    const lowSet = bdd.compare(low, lowValue, NONE, whereEqual, EVERY);
    return width === 32 ? lowSet : bdd.compare(high, highValue, NONE, lowSet, EVERY);
  };
  const all = 2n ** BigInt(width) - 1n;
  switch (condition.op) {
    case 'SCMP_CMP_EQ':
      return equal(all);
    case 'SCMP_CMP_NE':
      return bdd.not(equal(all));
    case 'SCMP_CMP_MASKED_EQ':
      return equal(condition.mask);
    case 'SCMP_CMP_GE':
      return above(EVERY);
    case 'SCMP_CMP_GT':
      return above(NONE);
    case 'SCMP_CMP_LT':
      return bdd.not(above(EVERY));
    case 'SCMP_CMP_LE':
      return bdd.not(above(NONE));
  }
}

/** `then` if the masked bits of a word are those of the value. */
function pattern(bdd: Bdd, word: number, mask: number, value: number, then: Node): Node {
  let node = then;
  for (let bit = 0; bit < 32; bit++) {
    if (((mask >>> bit) & 1) === 0) continue;
    const [zero, one] = ((value >>> bit) & 1) === 0 ? [node, NONE] : [NONE, node];
    node = bdd.node(levelOf(word, bit), zero, one);
  }
  return node;
}
