// Compiles the rules of all calls of a policy, within a limit. Equal lists are compiled once for all calls and ABIs.
import { CompileError, type Location } from '../../util/errors.js';
import { syscallName } from '../../kernel/abi.js';
import { own } from '../../util/own.js';
import { conditionKey } from '../../policy/condition-key.js';
import type { Condition, Policy, SyscallPolicy } from '../../policy/policy.js';
import { quote } from '../../util/suggest.js';
import { WorkBudget } from '../../util/work.js';
import { argumentDiagram } from './arguments.js';
import type { Diagram, DiagramNode } from './diagram.js';
import type { Aim } from './search-tree.js';

/**
 * The maximum number of steps for the rules of one policy, over all calls, ABIs and attempts: values times rules.
 * Docker's default needs a few hundred; a grid of 44 by 44 rules, which nearly fills a filter, 110,000.
 */
const RULE_STEPS = 8_000_000;

/** The maximum number of calls that a message names. */
const NAMED_LISTS = 3;

/** The cost of one list of rules, and the calls that have it. */
interface Cost {
  readonly part: SyscallPolicy;
  /** Call numbers. */
  readonly calls: Set<number>;
  steps: number;
}

/** Compiles the rules of one policy. */
export class RuleLists {
  readonly #policy: Policy;
  readonly #keys = new RuleKeys();
  readonly #costs = new Map<string, Cost>();
  readonly #work: WorkBudget;
  /** Nodes by diagram, and by aim and list. */
  readonly #nodes = new WeakMap<Diagram, Map<string, DiagramNode>>();
  #lists = 0;

  constructor(policy: Policy, limit = RULE_STEPS) {
    this.#policy = policy;
    this.#work = new WorkBudget(limit, () => this.#tooMuchWork(limit));
  }

  /** The steps so far. */
  get steps(): number {
    return this.#work.used;
  }

  /** The number of lists compiled. */
  get lists(): number {
    return this.#lists;
  }

  /**
   * The diagram of the rules of one call.
   * Throws CompileError (`too-much-work`) that names the calls whose rules took most of the work.
   */
  node(diagram: Diagram, number: number, part: SyscallPolicy, aim: Aim): DiagramNode {
    const key = this.#keys.of(part);
    const known = this.#nodes.get(diagram) ?? new Map<string, DiagramNode>();
    this.#nodes.set(diagram, known);
    const cost = this.#costs.get(key) ?? { part, calls: new Set<number>(), steps: 0 };
    this.#costs.set(key, cost);
    cost.calls.add(number);
    const place = `${aim} ${key}`;
    const before = known.get(place);
    if (before !== undefined) return before;
    this.#lists++;
    const start = this.#work.used;
    try {
      const node = argumentDiagram(diagram, part, this.#work, aim);
      known.set(place, node);
      return node;
    } catch (error) {
      // Rules that nest deeper than the stack allows are far too large for any program.
      if (error instanceof RangeError) throw this.#tooMuchWork(RULE_STEPS, cost, error);
      throw error;
    } finally {
      cost.steps += this.#work.used - start;
    }
  }

  /** The distinct names of call numbers in messages. */
  #namesOf(numbers: Iterable<number>): readonly string[] {
    const { abis } = this.#policy;
    const nameOf = (number: number): string =>
      abis.map(({ abi }) => syscallName(abi.name, number)).find(name => name !== undefined) ??
      `call ${number}`;
    return [...new Set(Array.from(numbers, nameOf))];
  }

  #tooMuchWork(limit: number, culprit?: Cost, cause?: unknown): CompileError {
    const running = culprit ?? [...this.#costs.values()].at(-1);
    const most = [...this.#costs.values()]
      .filter(cost => cost.steps > 0 && cost !== running)
      .sort((a, b) => b.steps - a.steps)
      .slice(0, NAMED_LISTS - 1);
    const lists = [running, ...most]
      .filter(cost => cost !== undefined)
      .map(({ part, calls }) => describe(part, this.#namesOf(calls)));
    return new CompileError(
      'too-much-work',
      `the rules need more than the allowed ${limit} steps: most are for ${lists.join('; ')}`,
      'Merge these rules, use masks, or compare fewer arguments',
      { cause },
    );
  }
}

/** `the 200 rules of "read", "write" and 108 more (line 3, column 5)`. */
function describe(part: SyscallPolicy, names: readonly string[]): string {
  const shown = names.slice(0, NAMED_LISTS).map(quote).join(', ');
  const more = names.length > NAMED_LISTS ? ` and ${names.length - NAMED_LISTS} more` : '';
  const at: Location | undefined = part.rules.map(rule => own(rule, 'at')).find(at => at !== undefined);
  const place = at === undefined ? '' : ` (from ${at.file}:${at.line}:${at.column})`;
  return `the ${part.rules.length} rules of ${shown}${more}${place}`;
}

/** Keys that are equal for lists of equal rules in the same order. */
class RuleKeys {
  readonly #texts = new WeakMap<readonly Condition[], number>();
  readonly #numbers = new Map<string, number>();

  /** The key of the rules of one call, and of its action if none matches. */
  of({ rules, otherwise }: SyscallPolicy): string {
    let key = `${otherwise}`;
    for (const { conditions, action } of rules) key += ` ${this.#number(conditions)}>${action}`;
    return key;
  }

  #number(conditions: readonly Condition[]): number {
    const known = this.#texts.get(conditions);
    if (known !== undefined) return known;
    const text = conditions.map(conditionKey).join('&');
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    this.#texts.set(conditions, number);
    return number;
  }
}
