// This package's code generator: compiles the rule table to the smallest program that it can find.
import { CompileError } from '../../util/errors.js';
import { syscallName, syscallsOf, X32_BIT } from '../../kernel/abi.js';
import { mayPermit } from '../../policy/evaluate.js';
import type { Policy } from '../../policy/policy.js';
import { isConstant, runTable, type NumberRun, type RunTable } from '../../policy/runs.js';
import { MAX_INSTRUCTIONS, WORD, type Program } from '../../bpf/program.js';
import { assemble } from './lay-out.js';
import { Diagram, type DiagramNode } from './diagram.js';
import { RuleLists } from './rule-lists.js';
import { PEAK_SHARE, searchTree, type Aim, type Cell, type Peak } from './search-tree.js';

/** The frequency of a system call, in any unit; unlisted calls are rare. */
export type Weights = (syscall: string) => number;

/** Weights all calls equally. */
export const UNIFORM: Weights = () => 1;

/** The weight of a refused call relative to an allowed one: programs avoid refused calls. */
const REFUSED_SHARE = 0.05;

/** How long the search for a good program may take: `soon` if somebody is waiting and the engine is cold. */
export type Effort = 'best' | 'soon';

/**
 * Generates a program for any policy: fast for the weights or, if that would be too large, small. Throws CompileError:
 * `program-too-large` with the number of instructions if the kernel would reject it, and `too-much-work` for rules that
 * would take too many steps.
 */
export function generate(
  policy: Policy,
  weights: Weights = UNIFORM,
  runs = runTable(policy),
  lists = new RuleLists(policy),
  effort: Effort = 'best',
): Program {
  const [native, others]: readonly [Aim, Aim] =
    effort === 'soon' ? ['soon', 'soon'] : [weights === UNIFORM ? 'balanced' : 'skewed', 'quick'];
  const fast = programFor(new Diagram(), policy, runs, lists, weights, native, others);
  if (fast.length <= MAX_INSTRUCTIONS) return fast;
  // The search may find a program that fits, as it would have without `soon`.
  if (effort === 'soon') return generate(policy, weights, runs);
  const diagram = new Diagram();
  const program = programFor(diagram, policy, runs, lists, weights, 'small', 'small');
  if (program.length <= MAX_INSTRUCTIONS) return program;
  throw new CompileError(
    'program-too-large',
    `the program needs ${program.length} instructions, but the kernel accepts at most ${MAX_INSTRUCTIONS}`,
    `Most of them are for the conditions of ${largestCalls(policy, lists, diagram).join(', ')}: merge their rules or use masks`,
  );
}

/** A program of any length, with one aim for the native numbers and another for the rest. */
function programFor(
  diagram: Diagram,
  policy: Policy,
  runs: RunTable,
  lists: RuleLists,
  weights: Weights,
  native: Aim,
  others: Aim,
): Program {
  let node: DiagramNode = diagram.return(policy.badArch);
  // The architecture that is added last is tested first: the native one.
  for (const [arch, own] of [...runs].toReversed()) {
    const aim = arch === policy.abis[0].abi.audit ? native : others;
    node = diagram.test('eq', arch, numbers(diagram, policy, arch, own, lists, weights, aim, others), node);
  }
  return assemble(node.kind === 'test' ? diagram.load(WORD.arch, node) : node);
}

/** The search tree for the numbers of one AUDIT_ARCH. */
function numbers(
  diagram: Diagram,
  policy: Policy,
  arch: number,
  runs: readonly NumberRun[],
  lists: RuleLists,
  weights: Weights,
  aim: Aim,
  others: Aim,
): DiagramNode {
  const calls: Peak[] = [];
  let total = 0;
  for (const { abi } of policy.abis) {
    // If two ABIs share an AUDIT_ARCH, all numbers of the second one are larger.
    if (abi.audit !== arch) continue;
    const table = syscallsOf(abi.name);
    const [names, values] = [[...table.keys()], [...table.values()]];
    for (let index = 0; index < names.length; index++) {
      const weight = weights(names[index] as string);
      total += weight;
      calls.push({ value: values[index] as number, weight });
    }
  }
  const peak = PEAK_SHARE * total;
  let next = 0;
  const cells = runs.map(({ low, high, part }): Cell => {
    const permitted = mayPermit(part);
    const peaks: Peak[] = [];
    let weight = 0;
    for (let call = calls[next]; call !== undefined && call.value <= high; call = calls[++next]) {
      weight += call.weight;
      if (permitted && call.weight >= peak) peaks.push(call);
    }
    const node = isConstant(part) ? diagram.return(part.otherwise) : lists.node(diagram, low, part, others);
    return { low, high, node, weight: permitted ? weight : REFUSED_SHARE * weight, peaks };
  });
  const tree = searchTree(diagram, x32AsOne(diagram, cells, others), aim);
  return tree.kind === 'test' ? diagram.load(WORD.nr, tree) : tree;
}

/** Moves the calls of x32 and higher numbers to a separate tree behind one cell, so that native paths stay short. */
function x32AsOne(diagram: Diagram, cells: readonly Cell[], others: Aim): readonly Cell[] {
  const first = cells.findIndex(({ low }) => low >= X32_BIT);
  const inner = first < 0 ? [] : cells.slice(first);
  const [from, to] = [inner[0], inner[inner.length - 1]];
  if (from === undefined || to === undefined || inner.length < 2) return cells;
  return [
    ...cells.slice(0, first),
    {
      low: from.low,
      high: to.high,
      node: searchTree(diagram, inner, others === 'soon' ? 'soon' : 'quick'),
      weight: 0,
      steps: 1,
    },
  ];
}

/** The calls with the largest programs for their rules, with the numbers of instructions. */
function largestCalls(policy: Policy, lists: RuleLists, diagram: Diagram): readonly string[] {
  // Equal lists share a node, so sizes are computed once per node.
  const sizes = new Map<DiagramNode, number>();
  const sizeOf = (node: DiagramNode): number => {
    const size = sizes.get(node) ?? assemble(node).length;
    sizes.set(node, size);
    return size;
  };
  return policy.abis
    .flatMap(({ abi, syscalls }) =>
      [...syscalls]
        .filter(([, part]) => !isConstant(part))
        .map(([number, part]) => ({
          name: `${syscallName(abi.name, number) ?? `call ${number}`} on ${abi.name}`,
          size: sizeOf(lists.node(diagram, number, part, 'small')),
        })),
    )
    .sort((a, b) => b.size - a.size)
    .slice(0, 3)
    .map(({ name, size }) => `${name} (${size} instructions)`);
}
