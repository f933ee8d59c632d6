// Pseudo filter code, the output of seccomp_export_pfc(3) and of this package. Source: src/gen_pfc.c of libseccomp.
import { ABIS, abiNamed } from '../../../kernel/abi.js';
import { abisOf } from '../../../kernel/architectures.js';
import type { Action } from '../../../kernel/action.js';
import { SCMP_ACT_KILL_THREAD } from '../../../kernel/constants.js';
import type { Location } from '../../../util/errors.js';
import { topOf } from '../../../util/place.js';
import { quote } from '../../../util/suggest.js';
import { readAction } from '../common/actions.js';
import { readComparison, expressionBudget, type Expression } from '../common/expression.js';
import {
  ALL_NUMBERS,
  ALWAYS,
  common,
  compared,
  orderedPolicy,
  orderedTable,
  without,
  type OrderedRule,
  type Ranges,
} from '../common/ordered-rules.js';
import { checkDepth, failAt, Scanner, shown, type Syntax } from '../common/scanner.js';
import type { TextFormat } from '../text-format.js';

const SYNTAX: Syntax = {
  // x86_64 and x32 have the same architecture; only the comment distinguishes them.
  gap: /(?:\s+|#(?! filter for arch \w+ \(\d+\))[^\n]*)+/y,
  token: /# filter for arch \w+ \(\d+\)|\$\w+(?:\.(?:hi|lo)32)?|0x[\da-fA-F]+|\w+|&&|[=!<>]=|[<>&();]/y,
};
const HEADER = /^# filter for arch (\w+) \((\d+)\)$/;

/** The conditions under which a statement is reached. */
interface Path {
  readonly numbers: Ranges;
  readonly when: Expression;
}

/** The paths on which a condition holds, and does not hold. */
interface Branch {
  readonly then: Path;
  readonly otherwise: Path;
}

/** The maximum number of tests in a condition; libseccomp writes one, this package a few. */
const MAX_TESTS = 64;
const LOW_WORD = 0xffff_ffffn;

/** The rules for one ABI. */
interface Block {
  readonly name: string;
  readonly at: Location;
  readonly rules: readonly OrderedRule[];
}

function readAll(
  text: string,
  file: string,
): { readonly blocks: readonly Block[]; readonly badArch: Action } {
  const scanner = new Scanner(text, file, SYNTAX);
  const blocks: Block[] = [];
  for (;;) {
    const header = scanner.peek();
    const [, name, audit] = HEADER.exec(header.text) ?? [];
    if (name === undefined || audit === undefined) break;
    scanner.next();
    const known = abiNamed(name);
    if (known !== undefined && known.audit !== Number(audit))
      failAt(header.at, 'bad-value', `${audit} is not the number of ${name}`, `It is ${known.audit}`);
    if (blocks.some(block => block.name === name))
      failAt(header.at, 'duplicate-statement', `there are two filters for ${name}`, 'Keep one');
    const { column } = scanner.peek().at;
    for (const word of ['if', '(', '$arch', '==', audit, ')']) scanner.expect(word);
    const rules: OrderedRule[] = [];
    readBlock(scanner, column, { numbers: ALL_NUMBERS, when: ALWAYS }, rules, 0);
    const last = rules.at(-1);
    if (last?.when.kind !== 'always' || last.numbers !== ALL_NUMBERS)
      failAt(header.at, 'missing-default-action', `the filter for ${name} has no default action`);
    blocks.push({ name, at: header.at, rules });
  }
  const badArch = readStatement(scanner);
  if (!scanner.atEnd) scanner.unexpected('the end of the text');
  return { blocks, badArch };
}

/** Reads the statements that are indented beyond a column. */
function readBlock(scanner: Scanner, outer: number, path: Path, rules: OrderedRule[], depth: number): void {
  const { at } = scanner.peek();
  checkDepth(depth, 'conditions', at);
  const isWithin = (): boolean => !scanner.atEnd && scanner.peek().at.column > outer;
  if (!isWithin()) scanner.unexpected('an indented statement');
  while (isWithin()) {
    const { text, at: place } = scanner.peek();
    if (text !== 'if') {
      rules.push({ ...path, action: readStatement(scanner), at: place });
      continue;
    }
    scanner.next();
    const { then, otherwise } = readCondition(scanner, path);
    const hasElse = (): boolean =>
      scanner.peek().text === 'else' && scanner.peek().at.column === place.column;
    // If a comparison must fail, libseccomp writes only the other branch.
    if (!hasElse()) readBlock(scanner, place.column, then, rules, depth + 1);
    if (!hasElse()) continue;
    scanner.next();
    readBlock(scanner, place.column, otherwise, rules, depth + 1);
  }
}

/** Reads `action ERRNO(1);`. Throws ProfileError. */
function readStatement(scanner: Scanner): Action {
  scanner.expect('action');
  const { text, at } = scanner.peek();
  let action: Action;
  if (text === 'KILL') {
    scanner.next();
    action = SCMP_ACT_KILL_THREAD;
  } else if (text.startsWith('0x')) {
    // libseccomp has no name for NOTIFY.
    const number = Number(scanner.next().text);
    if (number !== NOTIFY) failAt(at, 'unknown-action', `there is no action ${quote(text)}`);
    action = NOTIFY;
  } else action = readAction(scanner);
  scanner.expect(';');
  return action;
}

const NOTIFY = 0x7fc0_0000;

/** Reads `(A && B)`: the paths on which it holds, and does not hold. */
function readCondition(scanner: Scanner, { numbers, when }: Path): Branch {
  scanner.expect('(');
  let calls = ALL_NUMBERS;
  const tests: Expression[] = [];
  let count = 0;
  do {
    const { text, at } = scanner.peek();
    if (++count > MAX_TESTS)
      failAt(
        at,
        'too-many-rules',
        `a condition has more than ${MAX_TESTS} tests`,
        'Write several conditions',
      );
    if (text === '$syscall') {
      scanner.next();
      const comparison = readComparison(scanner);
      const value = readNumber(scanner);
      if (value > LOW_WORD) failAt(at, 'out-of-range', `a call has no number of more than 32 bits`);
      calls = common(calls, compared(comparison, Number(value)));
    } else tests.push(readTest(scanner));
  } while (scanner.accept('&&'));
  scanner.expect(')');
  if (tests.length === 0)
    return {
      then: { numbers: common(numbers, calls), when },
      otherwise: { numbers: common(numbers, without(calls)), when },
    };
  if (calls !== ALL_NUMBERS)
    return failAt(
      scanner.peek().at,
      'not-expressible',
      'a call and its arguments are compared in one condition',
      'Write one condition within the other',
    );
  const test: Expression = { kind: 'and', of: tests };
  const also = (more: Expression): Expression =>
    when.kind === 'always' ? more : { kind: 'and', of: [when, more] };
  return {
    then: { numbers, when: also(test) },
    otherwise: { numbers, when: also({ kind: 'not', of: test }) },
  };
}

function readNumber(scanner: Scanner): bigint {
  const token = scanner.next();
  const { text, at } = token;
  if (/^(?:0x[\da-fA-F]{1,16}|\d{1,20})$/.test(text) && BigInt(text) <= 0xffff_ffff_ffff_ffffn)
    return BigInt(text);
  return failAt(at, 'bad-value', `expected a number of up to 64 bits, found ${shown(token)}`);
}

/** Reads `$a0 == 1`, `$a0.lo32 & 0x00000003 == 1` or `($a0 & 0x3) == 1`. */
function readTest(scanner: Scanner): Expression {
  const grouped = scanner.accept('(');
  const subject = scanner.next();
  const { at } = subject;
  const [, index, half] = /^\$a([0-5])(?:\.(hi|lo)32)?$/.exec(subject.text) ?? [];
  if (index === undefined)
    return failAt(at, 'unknown-argument', `there is no argument ${shown(subject)}`, 'There are $a0 to $a5');
  const mask = scanner.accept('&') ? readNumber(scanner) : undefined;
  if (grouped) scanner.expect(')');
  const comparison = readComparison(scanner);
  const value = readNumber(scanner);
  if (half !== undefined && (value > LOW_WORD || (mask ?? 0n) > LOW_WORD))
    failAt(at, 'out-of-range', 'half of an argument has 32 bits');
  const argument = { kind: 'compare', argument: Number(index), at } as const;
  const number = (bits: bigint) => ({ kind: 'number', value: bits }) as const;
  if (half !== 'hi')
    return {
      ...argument,
      comparison,
      width: half === 'lo' ? 32 : 'register',
      ...(mask !== undefined && { mask: number(mask) }),
      value: number(value),
    };
  // For equality, compares the high half as masked bits; for order, as the smallest number with this high half.
  if (mask !== undefined || comparison === '==' || comparison === '!=')
    return {
      ...argument,
      comparison,
      width: 'register',
      mask: number((mask ?? LOW_WORD) << 32n),
      value: number(value << 32n),
    };
  const least = comparison === '>' || comparison === '<=' ? value + 1n : value;
  return {
    ...argument,
    comparison: comparison === '>' || comparison === '>=' ? '>=' : '<',
    width: 'register',
    value: number(least << 32n),
  };
}

const defaultOfBlock = (blocks: readonly Block[], abi: string | undefined): Action | undefined =>
  blocks.find(({ name }) => name === abi)?.rules.at(-1)?.action;

/** Pseudo filter code. */
export const PFC: TextFormat = {
  format: 'pfc',
  name: 'pseudo filter code',
  is: text => /^# pseudo filter code start\r?$/m.test(text),
  read(text, file) {
    const { blocks, badArch } = readAll(text, file);
    const known = blocks.flatMap(({ name }) => abiNamed(name) ?? []);
    return {
      defaultAction: defaultOfBlock(blocks, blocks[0]?.name) ?? badArch,
      architectures: { kind: 'list', architectures: Object.freeze(known.map(({ scmpName }) => scmpName)) },
      policy(context) {
        const { arch } = context.target;
        const budget = expressionBudget(topOf(file));
        if (!known.includes(ABIS[arch]))
          failAt(
            blocks[0]?.at ?? topOf(file),
            'abi-not-covered',
            `the filter is for ${blocks.map(({ name }) => name).join(', ') || 'no architecture'}, and not for ${arch}`,
            'Resolve it for another architecture',
          );
        const tables = abisOf(arch).flatMap(abi => {
          const block = blocks.find(({ name }) => name === abi);
          return block === undefined ? [] : [orderedTable(ABIS[abi], block.rules, budget)];
        });
        return orderedPolicy(tables, defaultOfBlock(blocks, arch) ?? badArch, badArch, context);
      },
    };
  },
};
