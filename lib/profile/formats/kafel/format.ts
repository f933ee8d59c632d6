// Policies of kafel, which nsjail accepts. Source: README.md, src/parser.y and src/range_rules.c of kafel.
import * as scmp from '../../../kernel/constants.js';
import type { Action } from '../../../kernel/action.js';
import { abisByName, type AbiName } from '../../../kernel/architectures.js';
import type { Location } from '../../../util/errors.js';
import { topOf } from '../../../util/place.js';
import { own } from '../../../util/own.js';
import { didYouMean, quote } from '../../../util/suggest.js';
import { actionNamed } from '../common/actions.js';
import type { Includes } from '../common/includes.js';
import { failAt, Scanner, shown, type Syntax } from '../common/scanner.js';
import { checkCall, resolveStatements, type CallStatement, withX32 } from '../common/statements.js';
import type { TextFormat } from '../text-format.js';
import { numberOf, readConditions } from './expression.js';
import { isNsjail, policyOfNsjail } from './nsjail.js';

const SYNTAX: Syntax = {
  gap: /(?:\s+|\uFEFF|\/\/[^\n]*|\/\*[^]*?\*\/)+/y,
  token: /#[ \t]*(?:define|include)\b|"[^"\n]*"|[A-Za-z_]\w*|-?\d\w*|\|\||&&|[=!<>]=|[;,()[\]{}|&<>!]/y,
};

const ACTIONS: Readonly<Record<string, Action>> = {
  ALLOW: scmp.SCMP_ACT_ALLOW,
  LOG: scmp.SCMP_ACT_LOG,
  KILL: scmp.SCMP_ACT_KILL_THREAD,
  KILL_THREAD: scmp.SCMP_ACT_KILL_THREAD,
  DENY: scmp.SCMP_ACT_KILL_THREAD,
  KILL_PROCESS: scmp.SCMP_ACT_KILL_PROCESS,
  USER_NOTIF: scmp.SCMP_ACT_NOTIFY,
  ERRNO: scmp.SCMP_ACT_ERRNO(0),
  TRAP: scmp.SCMP_ACT_TRAP,
  TRACE: scmp.SCMP_ACT_TRACE(0),
};
const WITH_NUMBER = ['ERRNO', 'TRAP', 'TRACE'];
const ABI_NAMES = abisByName({
  x86_64: ['x86_64'],
  x86: ['x86'],
  x32: [],
  arm: ['arm'],
  aarch64: ['aarch64'],
});
/** The maximum number of statements, which `USE` may multiply. */
const MAX_STATEMENTS = 100_000;

class Reader {
  /** The statements of the top-level policy, the one that applies. */
  readonly statements: CallStatement[] = [];
  defaultAction: Action | undefined;
  readonly #constants = new Map<string, bigint>();
  readonly #policies = new Map<string, readonly CallStatement[]>();

  read(text: string, file: string, includes: Includes): void {
    const scanner = new Scanner(text, file, SYNTAX);
    while (!scanner.atEnd) {
      const { text: word, at } = scanner.peek();
      if (/^#[ \t]*define$/.test(word)) this.#define(scanner);
      else if (/^#[ \t]*include$/.test(word)) {
        scanner.next();
        do {
          const path = scanner.next();
          if (!path.text.startsWith('"'))
            failAt(path.at, 'policy-syntax', 'expected a path in double quotes');
          const [source, inner] = includes.text(path.text.slice(1, -1), path.at);
          this.read(source.text, source.file, inner);
        } while (scanner.peek().text.startsWith('"'));
        scanner.accept(';');
      } else if (scanner.accept('POLICY')) {
        const name = scanner.next();
        if (this.#policies.has(name.text))
          failAt(
            name.at,
            'duplicate-statement',
            `the policy ${shown(name)} is defined twice`,
            'Give it another name',
          );
        scanner.expect('{');
        const statements: CallStatement[] = [];
        while (!scanner.accept('}')) {
          this.#readBlock(scanner, statements);
          scanner.accept(',');
        }
        this.#policies.set(name.text, statements);
      } else if (scanner.accept('DEFAULT')) {
        if (this.defaultAction !== undefined)
          failAt(at, 'duplicate-statement', 'the default is given twice', 'Keep one');
        this.defaultAction = readAction(scanner);
      } else {
        this.#readBlock(scanner, this.statements);
        scanner.accept(',');
      }
    }
  }

  #define(scanner: Scanner): void {
    scanner.next();
    const name = scanner.next();
    if (!/^[A-Za-z_]\w*$/.test(name.text))
      failAt(name.at, 'policy-syntax', `expected a name, found ${shown(name)}`);
    const value = scanner.next();
    this.#constants.set(name.text, this.#constants.get(value.text) ?? numberOf(value.text, value.at));
    scanner.accept(';');
  }

  /** Reads `USE name`, or an action with calls. */
  #readBlock(scanner: Scanner, into: CallStatement[]): void {
    if (scanner.accept('USE')) {
      do {
        const name = scanner.next();
        const used = this.#policies.get(name.text);
        if (used === undefined) {
          const all = [...this.#policies.keys()];
          failAt(
            name.at,
            'unknown-name',
            `there is no policy ${shown(name)} before this line`,
            didYouMean(name.text, all),
          );
        } else this.#add(used, into, name.at);
      } while (this.#policies.has(scanner.peek(1).text) && scanner.accept(','));
      return;
    }
    const action = readAction(scanner);
    scanner.expect('{');
    while (!scanner.accept('}')) {
      this.#add([this.#readRule(scanner, action)], into, scanner.peek().at);
      if (scanner.peek().text !== '}') scanner.expect(',');
    }
  }

  #add(statements: readonly CallStatement[], into: CallStatement[], at: Location): void {
    if (into.length + statements.length > MAX_STATEMENTS)
      failAt(at, 'too-many-rules', `the policy has more than ${MAX_STATEMENTS} rules`);
    for (const statement of statements) into.push(statement);
  }

  #readRule(scanner: Scanner, action: Action): CallStatement {
    const { text, at } = scanner.next();
    let name = text;
    if (text === 'SYSCALL') {
      scanner.expect('[');
      const number = scanner.next();
      name = String(
        Number(BigInt.asUintN(32, this.#constants.get(number.text) ?? numberOf(number.text, number.at))),
      );
      scanner.expect(']');
    } else if (this.#constants.has(text))
      name = String(Number(BigInt.asUintN(32, this.#constants.get(text) ?? 0n)));
    else checkCall(text, at);
    const parameters: string[] = [];
    if (scanner.accept('(') && !scanner.accept(')')) {
      do parameters.push(scanner.next().text);
      while (scanner.accept(','));
      scanner.expect(')');
    }
    const on = scanner.accept('ON') ? readArchitectures(scanner) : undefined;
    const always = { kind: 'always' } as const;
    let when: CallStatement['cases'][number]['when'] = always;
    if (scanner.accept('{') && !scanner.accept('}')) {
      when = readConditions(scanner, { constants: this.#constants, parameters });
      scanner.expect('}');
    }
    return { name, at, cases: [{ action, when, at }], ...(on !== undefined && { on }) };
  }
}

function readArchitectures(scanner: Scanner): readonly AbiName[] {
  const names: AbiName[] = [];
  const isList = scanner.accept('{');
  do {
    const abi = ABI_NAMES.get(scanner.next().text);
    if (abi !== undefined) names.push(abi);
  } while (isList && scanner.accept(','));
  if (isList) scanner.expect('}');
  return names;
}

function readAction(scanner: Scanner): Action {
  const token = scanner.next();
  const action = actionNamed(token, ACTIONS);
  if (!WITH_NUMBER.includes(token.text)) return action;
  scanner.expect('(');
  const data = scanner.next();
  const number = numberOf(data.text, data.at);
  if (number > 0xffffn) failAt(data.at, 'out-of-range', `${quote(data.text)} has more than 16 bits`);
  scanner.expect(')');
  return (action | Number(number)) >>> 0;
}

/** Policies of kafel. */
export const KAFEL: TextFormat = {
  format: 'kafel',
  name: 'a policy of kafel',
  is: text =>
    isNsjail(text) ||
    /^[^#\n]*(?:\bPOLICY\s+\w+\s*\{|\b(?:ALLOW|DENY|KILL\w*|LOG|USER_NOTIF|(?:ERRNO|TRAP|TRACE)\s*\(\s*\w+\s*\))\s*\{)|^[ \t]*DEFAULT[ \t]+[A-Z]/m.test(
      text,
    ),
  read(text, file, includes) {
    const reader = new Reader();
    reader.read(isNsjail(text) ? policyOfNsjail(text, file) : text, file, includes);
    const { statements, defaultAction = scmp.SCMP_ACT_KILL_THREAD } = reader;
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
            width: 'declared',
            missing: 'error',
            statements: statements.map(one => ({
              ...one,
              on: (own(one, 'on') ?? [context.target.arch]).filter(abi => abi !== 'x32'),
            })),
            at: topOf(file),
          },
          context,
        ),
    };
  },
};
