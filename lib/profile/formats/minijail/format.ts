// Policies of minijail: one line per call. Source: minijail0(5), and tools/parser.py, which accepts more than minijail0 does.
import * as scmp from '../../../kernel/constants.js';
import { MAX_ERRNO, type Action } from '../../../kernel/action.js';
import { abisByName, type AbiName } from '../../../kernel/architectures.js';
import { errnoNames, errnoNumber } from '../../../kernel/errno.js';
import type { Location } from '../../../util/errors.js';
import { topOf } from '../../../util/place.js';
import { own } from '../../../util/own.js';
import { didYouMean } from '../../../util/suggest.js';
import { place } from '../../findings.js';
import type { Expression } from '../common/expression.js';
import type { Includes } from '../common/includes.js';
import { readConstant } from '../common/read-constant.js';
import { failAt, failUnknown, Scanner, shown, type Syntax } from '../common/scanner.js';
import {
  checkCall,
  resolveStatements,
  type CallStatement,
  type StatementCase,
  withX32,
} from '../common/statements.js';
import type { TextFormat } from '../text-format.js';

const SYNTAX: Syntax = {
  gap: /(?:[ \t\r]+|\\\r?\n|#[^\n]*)+/y,
  token:
    /@(?:include|frequency|default|denylist|blacklist)\b|\.{0,2}\/[^\s#]+|kill-process|kill-thread|user-notify|[A-Za-z_][\w@]*|-?0[xX][\da-fA-F]+|-?\d+|\|\||&&|[=!<>]=|[-:;,()[\]{}|&~<>=]/y,
};

const ACTIONS: Readonly<Record<string, Action>> = {
  '1': scmp.SCMP_ACT_ALLOW,
  allow: scmp.SCMP_ACT_ALLOW,
  kill: scmp.SCMP_ACT_KILL_PROCESS,
  'kill-process': scmp.SCMP_ACT_KILL_PROCESS,
  'kill-thread': scmp.SCMP_ACT_KILL_THREAD,
  trap: scmp.SCMP_ACT_TRAP,
  trace: scmp.SCMP_ACT_TRACE(0),
  log: scmp.SCMP_ACT_LOG,
  'user-notify': scmp.SCMP_ACT_NOTIFY,
};
/** The actions that `@default` accepts: none that permits calls. */
const DEFAULTS = ['kill', 'kill-process', 'kill-thread', 'trap', 'user-notify'];
const ABI_NAMES = abisByName({
  x86_64: ['x86_64'],
  x86: ['x86'],
  x32: [],
  arm: ['arm'],
  aarch64: ['arm64'],
});
const OPERATORS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=', '&', 'in']);

/** A line with the filters of a call. */
interface Entry {
  readonly name: string;
  readonly at: Location;
  readonly on?: readonly AbiName[];
  readonly filters: readonly Filter[];
}

/** A condition and its action. The format's two parsers differ about which calls get the action. */
interface Filter {
  readonly when: Expression | undefined;
  readonly action: Action | undefined;
  readonly at: Location;
  /** Whether it is the only filter in its line, and so may be for minijail0. */
  readonly alone: boolean;
}

/** Collects the contents of all files of a policy. */
class Reader {
  readonly entries: Entry[] = [];
  defaultAction: Action | undefined;
  denies = false;
  /** Whether the text has syntax that only tools/parser.py accepts. */
  compiled = false;

  read(text: string, file: string, includes: Includes): void {
    const scanner = new Scanner(text, file, SYNTAX);
    while (!scanner.atEnd) {
      const token = scanner.peek();
      if (!token.startsLine) scanner.unexpected('the end of the line');
      if (scanner.accept('@include')) {
        const path = scanner.next();
        const [source, inner] = includes.text(path.text, path.at);
        this.read(source.text, source.file, inner);
      } else if (scanner.accept('@frequency')) {
        // A frequency of calls, which does not affect their actions.
        scanner.next();
        this.compiled = true;
      } else if (scanner.accept('@denylist') || scanner.accept('@blacklist')) this.denies = true;
      else if (scanner.accept('@default')) {
        const name = scanner.next();
        if (!DEFAULTS.includes(name.text))
          failAt(
            name.at,
            'unknown-action',
            `${shown(name)} cannot be the default`,
            didYouMean(name.text, DEFAULTS, `Write one of ${DEFAULTS.join(', ')}`),
          );
        this.defaultAction = own(ACTIONS, name.text);
        this.compiled = true;
      } else this.#readEntry(scanner);
    }
  }

  #readEntry(scanner: Scanner): void {
    const calls: Omit<Entry, 'filters'>[] = [];
    if (scanner.accept('{')) {
      this.compiled = true;
      do calls.push(this.#readCall(scanner));
      while (scanner.accept(','));
      scanner.expect('}');
    } else calls.push(this.#readCall(scanner));
    scanner.expect(':', 'Write the name of a call, a colon, and 1 or a condition');
    const filters: Filter[] = [];
    if (scanner.accept('{')) {
      this.compiled = true;
      do filters.push(this.#readFilter(scanner, false));
      while (scanner.accept(','));
      scanner.expect('}');
    } else filters.push(this.#readFilter(scanner, true));
    for (const call of calls) this.entries.push({ ...call, filters });
  }

  #readCall(scanner: Scanner): Omit<Entry, 'filters'> {
    const { text: name, at } = scanner.next();
    if (!/^[A-Za-z_][\w@]*$/.test(name)) failAt(at, 'policy-syntax', 'expected the name of a call');
    if (name.includes('@'))
      failAt(
        at,
        'not-expressible',
        `the group ${name} is not in this file: the compiler of the policy defines it`,
        'Name its calls',
      );
    checkCall(name, at);
    if (!scanner.accept('[')) return { name, at };
    this.compiled = true;
    const on: AbiName[] = [];
    do {
      const key = scanner.next();
      if (key.text !== 'arch') failAt(key.at, 'policy-syntax', `expected "arch", found ${shown(key)}`);
      scanner.expect('=');
      do {
        const abi = ABI_NAMES.get(scanner.next().text);
        if (abi !== undefined) on.push(abi);
      } while (scanner.accept(','));
    } while (scanner.accept(';'));
    scanner.expect(']');
    return { name, at, on };
  }

  #readFilter(scanner: Scanner, alone: boolean): Filter {
    const { at } = scanner.peek();
    if (!/^arg\d+$/.test(scanner.peek().text))
      return { when: undefined, action: this.#readAction(scanner), at, alone };
    const when = readAlternatives(scanner);
    return { when, action: scanner.accept(';') ? this.#readAction(scanner) : undefined, at, alone };
  }

  #readAction(scanner: Scanner): Action {
    const token = scanner.next();
    if (token.text === 'return') {
      const value = scanner.next();
      const number = /^\d/.test(value.text) ? Number(value.text) : errnoNumber(value.text);
      if (number !== undefined && number <= MAX_ERRNO) return scmp.SCMP_ACT_ERRNO(number);
      return failUnknown('unknown-errno', value, errnoNames());
    }
    const action = own(ACTIONS, token.text);
    if (action !== undefined) {
      if (token.text !== '1') this.compiled = true;
      return action;
    }
    const names = [...Object.keys(ACTIONS), 'return'];
    const remedy = `Write one of ${names.join(', ')}, or a condition on arg0 to arg5`;
    return failUnknown('unknown-action', token, names, remedy);
  }
}

function readAlternatives(scanner: Scanner): Expression {
  const of: Expression[] = [];
  do {
    const all: Expression[] = [];
    do all.push(readComparison(scanner));
    while (scanner.accept('&&'));
    of.push({ kind: 'and', of: all });
  } while (scanner.accept('||'));
  return { kind: 'or', of };
}

function readComparison(scanner: Scanner): Expression {
  const { at, text } = scanner.next();
  const [, digits] = /^arg([0-5])$/.exec(text) ?? [];
  if (digits === undefined)
    return failAt(
      at,
      'unknown-argument',
      `there is no argument ${JSON.stringify(text)}`,
      'Write arg0 to arg5',
    );
  const operator = scanner.peek();
  if (!OPERATORS.has(operator.text))
    return scanner.unexpected('an operator', `Write one of ${[...OPERATORS].join(', ')}`);
  scanner.next();
  const value = readConstant(scanner, () => /^-?\w+$/.exec(scanner.peek().text)?.[0]);
  const argument = Number(digits);
  const zero = { kind: 'number', value: 0n } as const;
  if (operator.text === '&')
    return { kind: 'compare', comparison: '!=', argument, mask: value, value: zero, at };
  if (operator.text === 'in')
    return { kind: 'compare', comparison: '==', argument, mask: { kind: '~', of: value }, value: zero, at };
  return { kind: 'compare', comparison: operator.text as '==', argument, value, at };
}

/** The cases of a call. In minijail0, the action after `;` is for calls that do not meet the condition. */
function casesOf({ filters }: Entry, compiled: boolean): readonly StatementCase[] {
  return filters.flatMap(({ when, action, at, alone }): readonly StatementCase[] => {
    if (when === undefined) return [{ action: action ?? scmp.SCMP_ACT_ALLOW, when: { kind: 'always' }, at }];
    if (compiled || !alone || action === undefined)
      return [{ action: action ?? scmp.SCMP_ACT_ALLOW, when, at }];
    return [
      { action: scmp.SCMP_ACT_ALLOW, when, at },
      { action, when: { kind: 'always' }, at },
    ];
  });
}

/** Policies of minijail. */
export const MINIJAIL: TextFormat = {
  format: 'minijail',
  name: 'a policy of minijail',
  is: text =>
    /^[ \t]*(?:@(?:include|frequency|denylist|blacklist|default)\b|[A-Za-z_{][\w, {}[\]=;@]*:[ \t]*(?:1[ \t\r]*(?:#.*)?$|\{?[ \t]*(?:arg\d|return\b|allow\b|kill(?:-process|-thread)?\b|trap\b|trace\b|log\b|user-notify\b)))/m.test(
      text,
    ),
  read(text, file, includes) {
    const reader = new Reader();
    reader.read(text, file, includes);
    const { entries, compiled, denies } = reader;
    const defaultAction = reader.defaultAction ?? (denies ? scmp.SCMP_ACT_ALLOW : scmp.SCMP_ACT_KILL_PROCESS);
    const seen = new Map<string, Location>();
    const statements = entries.map((entry): CallStatement => {
      const before = seen.get(entry.name);
      const on = own(entry, 'on');
      if (before !== undefined && on === undefined)
        failAt(
          entry.at,
          'duplicate-statement',
          `${entry.name} is here and at ${place(before)} of ${before.file}`,
          'Put its conditions into one line',
        );
      seen.set(entry.name, entry.at);
      const cases = casesOf(entry, compiled);
      const wrong = denies ? cases.find(({ action }) => action === scmp.SCMP_ACT_ALLOW) : undefined;
      if (
        wrong !== undefined &&
        entry.filters.length === 1 &&
        entry.filters[0]?.action === scmp.SCMP_ACT_ALLOW
      )
        failAt(entry.at, 'policy-syntax', 'a deny-list allows a call', 'Write return and an errno');
      const { name, at } = entry;
      return { name, at, cases, ...(on !== undefined && { on }) };
    });
    return {
      defaultAction,
      architectures: { kind: 'native' },
      policy: context =>
        resolveStatements(
          {
            defaultAction,
            badArch: scmp.SCMP_ACT_KILL_THREAD,
            covers: withX32,
            wins: 'first',
            width: 'register',
            missing: 'error',
            statements: statements.map(statement => ({
              ...statement,
              on: own(statement, 'on') ?? [context.target.arch],
            })),
            at: topOf(file),
          },
          context,
        ),
    };
  },
};
