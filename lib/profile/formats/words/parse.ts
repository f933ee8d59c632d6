// Parses the language of `explain`. docs/words.md has the grammar.
import { ABIS, abiByScmpName, isCallNumber } from '../../../kernel/abi.js';
import type { AbiName } from '../../../kernel/architectures.js';
import type { Action } from '../../../kernel/action.js';
import { SCMP_ACT_ALLOW } from '../../../kernel/constants.js';
import type { FilterFlag } from '../../../policy/policy.js';
import type { Location } from '../../../util/errors.js';
import { quote } from '../../../util/suggest.js';
import { FLAGS } from '../../schema/flags.js';
import { isAction, readAction } from '../common/actions.js';
import { callsAt } from '../common/call-names.js';
import type { Includes } from '../common/includes.js';
import { failAt, failUnknown, Scanner, shown, type Syntax, type Token } from '../common/scanner.js';
import { readCondition } from './conditions.js';
import type { WordedAnswers, WordedPolicy, WordedStatement, WordedSubject } from './document.js';
import { type Ranges, ALL_NUMBERS, without } from '../common/ordered-rules.js';

const SYNTAX: Syntax = {
  gap: /(?:[ \t\r\n\uFEFF]+|#[^\r\n]*)+/y,
  // A file or path after `extends`; a group; a word; a number; a sign.
  token:
    /@[\w-]+|(?<=^[ \t]*extends[ \t]+)[^\s#]+|[A-Za-z_]\w*|0[xX][\da-fA-F]+|0[oO][0-7]+|\d+|\.\.|[=!<>]=|[-:;,()|&~<>]/my,
};

const NAMELESS = ['numbers', 'without', 'a', 'name'];
const OTHER_ARCHITECTURES = ['all', 'other', 'architectures'];

/** Parses a policy in words. `includes` reads the policy that it extends. Throws ProfileError at the first mistake. */
export function parseWords(text: string, file: string, includes: Includes): WordedPolicy {
  const scanner = new Scanner(text, file, SYNTAX);
  const { at } = scanner.peek();
  const statements: WordedStatement[] = [];
  const covered = new Set<AbiName>();
  const flags = new Set<FilterFlag>();
  let base: WordedPolicy['base'];
  let defaultAction: Action | undefined;
  let block: readonly AbiName[] | undefined;
  const once = (token: Token, before: unknown): void => {
    if (before !== undefined)
      failAt(token.at, 'duplicate-statement', `${shown(token)} is given twice`, 'Keep one');
  };
  while (!scanner.atEnd) {
    const token = scanner.peek();
    if (!token.startsLine) scanner.unexpected('the end of the line', 'Start each statement on a new line');
    if (scanner.accept('extends')) {
      once(token, base);
      const name = scanner.next();
      base = includes.profile(name.text, name.at);
    } else if (scanner.accept('default', ':')) {
      once(token, defaultAction);
      defaultAction = readAction(scanner);
    } else if (scanner.accept('flags', ':')) {
      readFlags(scanner, flags);
    } else if (scanner.accept('on')) {
      block = readAbis(scanner);
      for (const abi of block) covered.add(abi);
    } else if (scanner.accept(...NAMELESS)) {
      statements.push(...readNameless(scanner));
    } else if (isAction(token) && !isFollowedByColon(scanner)) {
      statements.push(...readSection(scanner, block));
    } else statements.push(...readStatement(scanner, block));
  }
  return Object.freeze({
    base,
    defaultAction,
    covered: covered.size === 0 ? undefined : Object.freeze([...covered]),
    flags: Object.freeze([...flags]),
    statements: Object.freeze(statements),
    at,
  });
}

/** `allowed: …` does not start a section; readStatement reports that mistake. */
const isFollowedByColon = (scanner: Scanner): boolean => scanner.peek(1).text === ':';

function readFlags(scanner: Scanner, flags: Set<FilterFlag>): void {
  do {
    const token = scanner.next();
    const flag = FLAGS.find(name => name === token.text);
    flags.add(flag ?? failUnknown('unknown-flag', token, FLAGS));
  } while (scanner.accept(','));
}

/** Reads `x86_64, x86, x32`. */
function readAbis(scanner: Scanner): readonly AbiName[] {
  const names: AbiName[] = [];
  do {
    const token = scanner.next();
    names.push(abiOf(token.text) ?? failUnknown('unknown-abi', token, Object.keys(ABIS)));
  } while (scanner.accept(','));
  return names;
}

const abiOf = (text: string): AbiName | undefined =>
  (Object.keys(ABIS) as AbiName[]).find(name => name === text) ?? abiByScmpName(text)?.name;

/** Reads the rest of `numbers without a name`: actions, each with the numbers of each ABI. */
function readNameless(scanner: Scanner): readonly WordedStatement[] {
  const statements: WordedStatement[] = [];
  do {
    const answers = readAnswers(scanner);
    do {
      const place = scanner.peek();
      const on = readAbis(scanner);
      scanner.expect(':');
      const subject = { kind: 'numbers', ranges: readNumbers(scanner), at: place.at } as const;
      statements.push({ subject, on, answers });
    } while (abiOf(scanner.peek().text) !== undefined && !scanner.peek().startsColumn);
  } while (!scanner.atEnd && !scanner.peek().startsColumn);
  return statements;
}

const LAST = 0xffffffff;

/** Reads `336..423, 467`, `all` or `all but 3`. */
function readNumbers(scanner: Scanner): Ranges {
  const { at } = scanner.peek();
  if (scanner.accept('more') || scanner.peek().text === '(') {
    failAt(
      at,
      'not-expressible',
      'bits of call numbers are tested, which policies cannot express',
      'Use the program that was explained',
    );
  }
  if (scanner.accept('all')) {
    return scanner.accept('but') ? without(readRanges(scanner)) : ALL_NUMBERS;
  }
  return readRanges(scanner);
}

function readRanges(scanner: Scanner): Ranges {
  const ranges: (readonly [number, number])[] = [];
  do {
    const { at } = scanner.peek();
    const low = readNumber(scanner);
    const high = scanner.accept('..') ? readNumber(scanner) : low;
    if (high < low || low <= (ranges.at(-1)?.[1] ?? -1))
      failAt(at, 'out-of-range', 'numbers must ascend', 'Write the smaller ones first');
    ranges.push([low, high]);
  } while (scanner.accept(','));
  if (scanner.peek().text === 'and' || scanner.peek().text === 'or') {
    failAt(
      scanner.peek().at,
      'not-expressible',
      'call numbers are tested by several conditions, which policies cannot express',
    );
  }
  return ranges;
}

function readNumber(scanner: Scanner): number {
  const token = scanner.next();
  const number = /^(?:0[xX][\da-fA-F]{1,8}|\d{1,10})$/.test(token.text) ? Number(token.text) : undefined;
  if (number !== undefined && number <= LAST) return number;
  return failAt(
    token.at,
    'bad-value',
    `${shown(token)} is not the number of a call`,
    'Write a number of 32 bits',
  );
}

/** Reads an action and the calls below it. */
function readSection(scanner: Scanner, block: readonly AbiName[] | undefined): readonly WordedStatement[] {
  const { at } = scanner.peek();
  const answers = { cases: [], otherwise: readAction(scanner), at };
  if (scanner.peek().startsColumn)
    scanner.unexpected(
      'the names of calls',
      'Write them below the action, in lines that begin with blanks; for all other calls, write default: ACTION',
    );
  const statements: WordedStatement[] = [];
  while (!scanner.atEnd && !scanner.peek().startsColumn) {
    if (!scanner.peek().startsLine) scanner.unexpected('a comma or the end of the line');
    statements.push(...readSubjects(scanner, block).map(subject => ({ ...subject, answers })));
  }
  return statements;
}

/** Reads `socket: allowed unless domain is AF_ALG; then ERRNO(EPERM)`. */
function readStatement(scanner: Scanner, block: readonly AbiName[] | undefined): readonly WordedStatement[] {
  const subjects = readSubjects(scanner, block);
  scanner.expect(':', 'Write the names of calls, a colon, and their action: "read, write: allowed"');
  const answers = readAnswers(scanner);
  return subjects.map(subject => ({ ...subject, answers }));
}

/** Reads names of calls, groups and ABIs, each with the ABIs that it applies to. */
function readSubjects(
  scanner: Scanner,
  block: readonly AbiName[] | undefined,
): readonly Omit<WordedStatement, 'answers'>[] {
  const subjects: Omit<WordedStatement, 'answers'>[] = [];
  do {
    const token = scanner.peek();
    const { at } = token;
    const whole = abiOf(token.text);
    if (scanner.accept(...OTHER_ARCHITECTURES)) {
      subjects.push({ subject: { kind: 'other architectures', at }, on: undefined });
    } else if (token.text === 'architecture' || (token.text === 'numbers' && scanner.peek(1).text !== ':')) {
      failAt(
        at,
        'not-expressible',
        'these architectures or numbers have different actions, but a policy has one action for all of them',
        'Write "all other architectures: KILL_THREAD"',
      );
    } else if (whole !== undefined) {
      scanner.next();
      subjects.push({ subject: { kind: 'abi', at }, on: [whole] });
    } else {
      const subject = readCall(scanner);
      subjects.push({ subject, on: readLimit(scanner, block) });
    }
  } while (scanner.accept(',') || scanner.accept(';'));
  return subjects;
}

function readCall(scanner: Scanner): WordedSubject {
  const token = scanner.peek();
  if (!/^[@\w]/.test(token.text))
    return scanner.unexpected('the name of a call', 'Write a statement such as "read, write: allowed"');
  scanner.next();
  callsAt(token.text, token.at);
  return {
    kind: 'call',
    name: isCallNumber(token.text) ? String(Number(token.text)) : token.text,
    at: token.at,
  };
}

/** Reads the ABIs in parentheses after a name; the default is those of the block. */
function readLimit(scanner: Scanner, block: readonly AbiName[] | undefined): readonly AbiName[] | undefined {
  const { at } = scanner.peek();
  if (!scanner.accept('(')) return block;
  const on = readAbis(scanner);
  scanner.expect(')');
  const outside = block && on.find(abi => !block.includes(abi));
  if (outside !== undefined)
    failAt(
      at,
      'abi-not-covered',
      `${quote(outside)} is not among the ABIs of this block`,
      'Name it after "on"',
    );
  return on;
}

/** Reads `allowed`, `allowed unless C; then A`, or `A if C; B if D; otherwise E`. */
function readAnswers(scanner: Scanner): WordedAnswers {
  const { at } = scanner.peek();
  const cases: { action: Action; when: ReturnType<typeof readCondition>; at: Location }[] = [];
  do {
    const { at: place } = scanner.peek();
    if (scanner.accept('otherwise')) return { cases, otherwise: readAction(scanner), at };
    const action = readAction(scanner);
    if (scanner.accept('if')) cases.push({ action, when: readCondition(scanner), at: place });
    else if (scanner.accept('unless')) {
      const when = readCondition(scanner);
      scanner.accept(';');
      scanner.expect('then', 'Write the action under the condition: "allowed unless …; then ERRNO(EPERM)"');
      cases.push({ action: readAction(scanner), when, at: place });
      return { cases, otherwise: action, at };
    } else {
      if (cases.length > 0)
        scanner.unexpected(
          '"if" or "otherwise"',
          `Write "; otherwise ${action === SCMP_ACT_ALLOW ? 'allowed' : '…'}" for calls that meet no condition`,
        );
      return { cases, otherwise: action, at };
    }
  } while (scanner.accept(';'));
  return { cases, otherwise: undefined, at };
}
