// Lays out the decisions of a program as a picture: tests, their branches, and the actions at the ends.
import { knownAt, certainCall, type Known } from '../bpf/listing/known.js';
import { architectureName, callName } from '../bpf/listing/names.js';
import { wordAt } from '../bpf/listing/notation.js';
import { formatNumber } from '../filter/inspect/format-conditions.js';
import { isConditional, isReturn, successors, WORD, type Instruction, type Program } from '../bpf/program.js';
import { BPF, operationOf, writesA, type TestName } from '../bpf/opcodes.js';
import { abiOf, syscallName } from '../kernel/abi.js';
import type { AbiName } from '../kernel/architectures.js';
import { actionName } from '../kernel/action.js';
import { nameValue } from '../kernel/arguments/named-values.js';
import { parameterOf } from '../kernel/arguments/signatures.js';
import { toneOf, type Tone } from './calls.js';
import { own, owned } from '../util/own.js';

interface PlacedNode {
  readonly column: number;
  readonly row: number;
}

/** A test; `at` is the index of its instruction. */
export interface FlowTest extends PlacedNode {
  readonly kind: 'test';
  readonly at: number;
  readonly text: string;
}

/** The end of a path: an action. */
export interface FlowAnswer extends PlacedNode {
  readonly kind: 'answer';
  readonly text: string;
  readonly tone: Tone;
}

/** An edge to a test that is drawn elsewhere. */
export interface FlowLink extends PlacedNode {
  readonly kind: 'link';
  readonly to: number;
}

export type FlowNode = FlowTest | FlowAnswer | FlowLink;

/** A branch of a test. */
export interface FlowEdge {
  readonly from: FlowTest;
  readonly when: boolean;
  readonly to: FlowNode;
}

/** The picture: nodes in columns and rows. Each branch goes right in its row or straight down in its column. */
export interface Flow {
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
  readonly columns: number;
  readonly rows: number;
}

/**
 * Lays out a valid program. Of the two branches of a test, the smaller one goes right and the other one down, so that
 * there are few columns. A test that several branches lead to is drawn once, below another one if such a branch exists.
 */
export function flowOf(program: Program): Flow {
  const { entry, ways } = plan(program);
  const nodes: FlowNode[] = [];
  const edges: FlowEdge[] = [];
  let rows = 0;
  let columns = 0;
  // Branches downward are placed after all branches to the right above them. Without recursion, because programs may
  // be deep.
  const waiting: Waiting[] = [{ draft: entry, column: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { draft, column, row = rows, from, when } = owned(next);
    const node: FlowNode = { ...draft, column, row };
    nodes.push(node);
    rows = Math.max(rows, row + 1);
    columns = Math.max(columns, column + 1);
    if (from !== undefined) edges.push({ from, when: when === true, to: node });
    if (node.kind !== 'test') continue;
    for (const way of ways.get(node.at) ?? []) {
      const { direction, ...rest } = way;
      waiting.push(
        direction === 'down'
          ? { ...rest, from: node, column }
          : { ...rest, from: node, column: column + 1, row },
      );
    }
  }
  return { nodes, edges, columns, rows };
}

type FlowDraft =
  Omit<FlowTest, keyof PlacedNode> | Omit<FlowAnswer, keyof PlacedNode> | Omit<FlowLink, keyof PlacedNode>;

/** A node to be placed: in the next free row, unless one is given. */
interface Waiting {
  readonly draft: FlowDraft;
  readonly column: number;
  readonly row?: number;
  readonly from?: FlowTest;
  readonly when?: boolean;
}

/** A branch of a test, to the right or down. */
interface Way {
  readonly direction: 'right' | 'down';
  readonly when: boolean;
  readonly draft: FlowDraft;
}

/** The node at the end of each branch, with the downward branch of each test first. */
function plan(program: Program): {
  readonly entry: FlowDraft;
  readonly ways: ReadonlyMap<number, readonly Way[]>;
} {
  const known = knownAt(program);
  const sizes = sizesOf(program);
  const ways = new Map<number, Way[]>();
  let entry: FlowDraft | undefined;
  const waiting: { readonly from: number; readonly end?: (draft: FlowDraft) => void }[] = [{ from: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const draft = draftAt(program, known, ways, next.from);
    entry ??= draft;
    own(next, 'end')?.(draft);
    if (draft.kind !== 'test') continue;
    const out: Way[] = [];
    ways.set(draft.at, out);
    const [yes = 0, no = 0] = successors(program, draft.at);
    const yesIsLess = (sizes[yes] ?? 0) < (sizes[no] ?? 0);
    const [right, down] = yesIsLess ? [yes, no] : [no, yes];
    const end =
      (direction: Way['direction'], when: boolean) =>
      (reached: FlowDraft): void => {
        out.push({ direction, when, draft: reached });
      };
    waiting.push({ from: right, end: end('right', yesIsLess) });
    waiting.push({ from: down, end: end('down', !yesIsLess) });
  }
  return { entry: entry ?? answer(undefined), ways };
}

/** The end of a branch: an action, a test, or a link to a test that is already drawn. */
function draftAt(
  program: Program,
  known: readonly (Known | undefined)[],
  drawn: ReadonlyMap<number, unknown>,
  from: number,
): FlowDraft {
  const { end, text } = blockAt(program, known, from);
  const instruction = program[end];
  if (instruction === undefined || isReturn(instruction)) return answer(instruction);
  return drawn.has(end) ? { kind: 'link', to: end } : { kind: 'test', at: end, text };
}

/** The result of a return: an action, or a computed value. */
const answer = (instruction: Instruction | undefined): FlowDraft =>
  instruction?.code === BPF.RET_K
    ? { kind: 'answer', text: actionName(instruction.k), tone: toneOf(instruction.k) }
    : { kind: 'answer', text: 'A', tone: 'conditional' };

/** The number of answers below each instruction; shared ones count for each branch that leads to them. */
function sizesOf(program: Program): readonly number[] {
  const sizes = program.map(() => 1);
  for (let index = program.length - 1; index >= 0; index--) {
    const next = successors(program, index);
    if (next.length > 0) sizes[index] = next.reduce((sum, target) => sum + (sizes[target] ?? 0), 0);
  }
  return sizes;
}

/** Follows a program from an instruction to the next test or return, and formats the test. */
function blockAt(
  program: Program,
  known: readonly (Known | undefined)[],
  from: number,
): { readonly end: number; readonly text: string } {
  let index = from;
  let subject = subjectOf(known[from], known[from]?.word);
  for (;;) {
    const instruction = program[index];
    if (instruction === undefined || isReturn(instruction)) return { end: index, text: '' };
    if (isConditional(instruction))
      return { end: index, text: testText(program, index, known[index], subject) };
    const { code, k } = instruction;
    const operation = operationOf(code);
    if (code === BPF.LD_ABS) subject = subjectOf(known[index], wordAt(k));
    else if (code === BPF.AND_K) subject = `(${subject} & ${formatNumber(BigInt(k))})`;
    else if (operation !== undefined && writesA(operation)) subject = 'A';
    [index = program.length] = successors(program, index);
  }
}

/** Names the content of the accumulator. */
function subjectOf(known: Known | undefined, word: number | undefined): string {
  switch (word) {
    case undefined:
      return 'A';
    case WORD.nr:
      return 'number';
    case WORD.arch:
      return 'architecture';
    case WORD.ipLow:
      return 'instruction pointer';
    case WORD.ipHigh:
      return 'high half of instruction pointer';
  }
  const index = argumentOf(word);
  const call = callOf(known);
  const name = (call && parameterOf(call.abi, call.name, index)?.name) ?? `arg${index}`;
  return word === WORD.high(index) ? `high half of ${name}` : name;
}

const argumentOf = (word: number): number => (word - WORD.low(0)) >> 1;

const SIGNS: Readonly<Record<TestName, string>> = { eq: '=', gt: '>', ge: '≥', set: '&' };

function testText(program: Program, index: number, known: Known | undefined, subject: string): string {
  const { code = BPF.JA, k = 0 } = program[index] ?? {};
  const operation = operationOf(code);
  if (operation?.kind !== 'test') return subject;
  const operand = operation.operand === 'k' ? constant(code, k, known) : 'X';
  return `${subject} ${SIGNS[operation.op]} ${operand}`;
}

/** The constant of a test, by name if it is certain. */
function constant(code: number, k: number, known: Known | undefined): string {
  const number = formatNumber(BigInt(k));
  const word = known?.word;
  if (word === WORD.arch) return architectureName(k) ?? number;
  if (code === BPF.JSET_K || word === undefined) return number;
  if (word === WORD.nr) {
    const name = callName(known?.audit, k);
    return name === undefined || (code !== BPF.JEQ_K && name.startsWith('x32.'))
      ? number
      : `${number} ${name}`;
  }
  const call = callOf(known);
  const isLow = word >= WORD.low(0) && word === WORD.low(argumentOf(word));
  const name = call && isLow ? nameValue(call.abi, call.name, argumentOf(word), BigInt(k)) : undefined;
  return name ?? number;
}

/** The call that the tests so far determine. */
function callOf(known: Known | undefined): { readonly abi: AbiName; readonly name: string } | undefined {
  const number = known && certainCall(known);
  if (known?.audit === undefined || number === undefined) return undefined;
  const abi = abiOf(known.audit, number)?.name;
  const name = abi && syscallName(abi, number);
  return abi === undefined || name === undefined ? undefined : { abi, name };
}
