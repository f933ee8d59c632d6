// Policies of easyseccomp, which crun accepts in compiled form. Source: README.md, src/parser.y, src/lexer.l and src/generator.c
// of easyseccomp.
import { ABIS, abiNamed, callNumber, syscallsOf } from '../../../kernel/abi.js';
import { abisOf } from '../../../kernel/architectures.js';
import { didYouMeanCall, noSuchCall } from '../../../kernel/calls/suggest-call.js';
import { firstVersion } from '../../../kernel/calls/first-versions.js';
import { MAX_ERRNO, type Action } from '../../../kernel/action.js';
import { SCMP_ACT_KILL_THREAD } from '../../../kernel/constants.js';
import { errnoNames, errnoNumber } from '../../../kernel/errno.js';
import { kernelAtLeast, parseKernelVersion } from '../../../kernel/kernel-version.js';
import { SCMP_ARCHS } from '../../../kernel/scmp-archs.js';
import { defaultOf } from '../../../policy/abi-table.js';
import type { Target } from '../../../policy/target.js';
import type { Location } from '../../../util/errors.js';
import { own } from '../../../util/own.js';
import { topOf } from '../../../util/place.js';
import { didYouMean, quote } from '../../../util/suggest.js';
import { NAMED_ACTIONS, actionNamed } from '../common/actions.js';
import { readComparison, expressionBudget, type Comparison, type Expression } from '../common/expression.js';
import {
  ALL_NUMBERS,
  common,
  compared,
  lowCompared,
  orderedPolicy,
  orderedTable,
  valuesOf,
  without,
  type OrderedRule,
  type Ranges,
} from '../common/ordered-rules.js';
import { failAt, failUnknown, Scanner, shown, type Syntax, type Token } from '../common/scanner.js';
import { checkCall } from '../common/statements.js';
import type { TextFormat } from '../text-format.js';

const SYNTAX: Syntax = {
  gap: /(?:\s+|\uFEFF|\/\/[^\n]*)+/y,
  token:
    /KERNEL\([\d.]+\)|#[ \t]*[A-Za-z_]\w*|\$[A-Za-z_]\w*|@\w+(?:@\w+)?|[A-Za-z_]\w*|\d+|&&|=>|[=!<>]=|[<>&(),;]/y,
};

const ACTIONS: Readonly<Record<string, Action>> = {
  ...NAMED_ACTIONS,
  // SECCOMP_RET_KILL kills the thread, although the README says otherwise.
  KILL: SCMP_ACT_KILL_THREAD,
};

/** The right side of a comparison: a number, or `@read`, `@read@x86`. */
interface Value {
  readonly number: number | undefined;
  readonly name: string;
  readonly at: Location;
}

/** One condition, before its names are resolved for the machine. */
type Test =
  | { readonly kind: 'expression'; readonly of: Expression }
  | { readonly kind: 'arch'; readonly values: readonly Value[]; readonly negated: boolean }
  | {
      readonly kind: 'set';
      readonly values: readonly Value[];
      readonly negated: boolean;
      /** Whether a call that the machine does not have is an error; in a list it is ignored. */
      readonly all: boolean;
    }
  | { readonly kind: 'order'; readonly comparison: Comparison; readonly value: Value }
  | { readonly kind: 'kernel'; readonly version: string };

interface WrittenRule {
  readonly tests: readonly Test[];
  readonly action: Action;
  readonly at: Location;
  /** Names that must be defined, or undefined, for the rule to apply. */
  readonly directives: readonly Directive[];
}

interface Directive {
  readonly name: string;
  readonly defined: boolean;
  readonly at: Location;
}

function readRules(text: string, file: string): readonly WrittenRule[] {
  const scanner = new Scanner(text, file, SYNTAX);
  const rules: WrittenRule[] = [];
  const open: Directive[] = [];
  let directives: readonly Directive[] = [];
  while (!scanner.atEnd) {
    const { text: word, at } = scanner.peek();
    if (word.startsWith('#')) {
      readDirective(scanner, open);
      directives = [...open];
      continue;
    }
    const tests: Test[] = [];
    if (word !== '=>')
      do {
        const { at } = scanner.peek();
        if (tests.push(readTest(scanner)) > MAX_TESTS)
          failAt(at, 'too-many-rules', `a rule has more than ${MAX_TESTS} tests`, 'Write several rules');
      } while (scanner.accept('&&'));
    scanner.expect('=>', 'Write CONDITION => ACTION();');
    const action = readAction(scanner);
    scanner.expect(';');
    rules.push({ tests, action, at, directives });
  }
  const [unclosed] = open;
  if (unclosed !== undefined)
    failAt(unclosed.at, 'policy-syntax', `this directive has no #endif`, 'Write #endif');
  return rules;
}

/** The maximum number of tests in a rule; easyseccomp's compiler accepts fewer. */
const MAX_TESTS = 64;
/** The maximum number of nested directives. */
const MAX_DIRECTIVES = 64;

function readDirective(scanner: Scanner, open: Directive[]): void {
  const token = scanner.next();
  const { at } = token;
  const word = token.text.replace(/^#[ \t]*/, '');
  if (word === 'endif') {
    if (open.pop() === undefined) failAt(at, 'policy-syntax', 'this #endif has no #ifdef', 'Remove it');
    return;
  }
  if (word !== 'ifdef' && word !== 'ifndef')
    failAt(
      at,
      'policy-syntax',
      `there is no directive ${shown(token)}`,
      didYouMean(word, ['ifdef', 'ifndef', 'endif'], 'There are #ifdef, #ifndef and #endif'),
    );
  const name = scanner.next();
  if (!/^[A-Za-z_]\w*$/.test(name.text))
    failAt(name.at, 'policy-syntax', `expected a name, found ${shown(name)}`);
  if (open.length === MAX_DIRECTIVES)
    failAt(at, 'too-deep', `directives are nested more than ${MAX_DIRECTIVES} deep`);
  open.push({ name: name.text, defined: word === 'ifdef', at });
}

/** Reads a comparison, with or without parentheses. */
function readTest(scanner: Scanner): Test {
  const grouped = scanner.accept('(');
  const test = readPlainTest(scanner);
  if (grouped) scanner.expect(')');
  return test;
}

function readPlainTest(scanner: Scanner): Test {
  const variable = scanner.next();
  const { text: name, at } = variable;
  const [, index] = /^\$arg([0-5])$/.exec(name) ?? [];
  if (index === undefined && name !== '$syscall' && name !== '$arch') {
    const all = ['$syscall', '$arch', '$arg0', '$arg1', '$arg2', '$arg3', '$arg4', '$arg5'];
    return failAt(
      at,
      'unknown-argument',
      `there is no variable ${shown(variable)}`,
      didYouMean(name, all, `There are ${all.join(', ')}`),
    );
  }
  if (name === '$syscall' && scanner.peek().text === 'in' && scanner.peek(1).text.startsWith('KERNEL(')) {
    scanner.next();
    return { kind: 'kernel', version: readVersion(scanner.next()) };
  }
  const negated = scanner.accept('not');
  if (negated || scanner.peek().text === 'in') {
    scanner.expect('in');
    const values = readSet(scanner, name);
    if (index === undefined) return oneOf(name, values, negated, false);
    const equals = (value: Value): Expression =>
      lowCompared(Number(index), undefined, '==', BigInt(value.number ?? 0), at);
    const any: Expression = { kind: 'or', of: values.map(equals) };
    return { kind: 'expression', of: negated ? { kind: 'not', of: any } : any };
  }
  const mask = scanner.accept('&') ? readValue(scanner, name) : undefined;
  const comparison = readComparison(scanner);
  const value = readValue(scanner, name);
  if (index !== undefined) {
    const bits = mask && BigInt(mask.number ?? 0);
    return {
      kind: 'expression',
      of: lowCompared(Number(index), bits, comparison, BigInt(value.number ?? 0), at),
    };
  }
  if (mask !== undefined)
    return failAt(at, 'not-expressible', `some bits of ${name} are compared`, 'Name the values');
  if (comparison === '==' || comparison === '!=')
    return oneOf(name, [value], comparison === '!=', comparison === '==');
  if (name === '$arch') return failAt(at, 'not-expressible', 'architectures cannot be ordered', 'Name them');
  return { kind: 'order', comparison, value };
}

const oneOf = (name: string, values: readonly Value[], negated: boolean, all: boolean): Test =>
  name === '$arch' ? { kind: 'arch', values, negated } : { kind: 'set', values, negated, all };

function readSet(scanner: Scanner, variable: string): readonly Value[] {
  scanner.expect('(');
  const values: Value[] = [];
  do values.push(readValue(scanner, variable));
  while (scanner.accept(','));
  scanner.expect(')');
  return values;
}

/** Reads a number, or a name if the variable has named values. Throws ProfileError. */
function readValue(scanner: Scanner, variable: string): Value {
  const token = scanner.next();
  const { text, at } = token;
  if (/^\d/.test(text)) {
    // No call has bit 31 set, and libseccomp uses negative numbers for calls that an architecture lacks.
    const limit = variable === '$syscall' ? 0x7fff_ffff : 0xffff_ffff;
    const number = text.length > 12 ? Infinity : Number(text);
    if (number > limit)
      failAt(at, 'out-of-range', `${quote(text)} is too large`, `The largest number is ${limit}`);
    return { number, name: '', at };
  }
  if (!text.startsWith('@') || variable.startsWith('$arg'))
    return failAt(
      at,
      'bad-value',
      `${shown(token)} is not a value of ${variable}`,
      variable.startsWith('$arg') ? 'Write decimal digits' : 'Write decimal digits, or a name: @read',
    );
  const name = text.slice(1);
  if (variable === '$arch') archNumber(name, at);
  else checkCall(name.replace(/@.*$/, ''), at);
  return { number: undefined, name, at };
}

function archNumber(name: string, at: Location): number {
  const abi = abiNamed(name);
  // x32 has a token that is not a value of `seccomp_data.arch`.
  if (abi !== undefined) return abi.token;
  const token = own<Readonly<Record<string, number>>, string>(SCMP_ARCHS, `SCMP_ARCH_${name.toUpperCase()}`);
  if (token !== undefined) return token;
  const all = Object.keys(SCMP_ARCHS).map(key => key.slice('SCMP_ARCH_'.length).toLowerCase());
  return failUnknown('unknown-architecture', { text: name, at }, all);
}

function readVersion({ text, at }: Token): string {
  const version = text.slice('KERNEL('.length, -1);
  if (/^\d{1,3}(?:\.\d{1,3}){1,3}$/.test(version)) return version;
  return failAt(at, 'bad-value', `${quote(version)} is not a version of Linux`, 'Write KERNEL(5.3)');
}

/** Reads `ALLOW()`, `ERRNO(EPERM)` or `TRACE(7)`. Throws ProfileError. */
function readAction(scanner: Scanner): Action {
  const token = scanner.next();
  const action = actionNamed(token, ACTIONS);
  scanner.expect('(', `Write ${token.text}()`);
  if (scanner.accept(')')) return action;
  const data = scanner.next();
  if (token.text !== 'ERRNO' && token.text !== 'TRACE')
    return failAt(data.at, 'policy-syntax', `${token.text} has no number`, `Write ${token.text}()`);
  const isNumber = /^\d{1,6}$/.test(data.text);
  const number = isNumber ? Number(data.text) : errnoNumber(data.text);
  if (number === undefined) return failUnknown('unknown-errno', data, errnoNames());
  const limit = token.text === 'ERRNO' ? MAX_ERRNO : 0xffff;
  if (number > limit)
    return failAt(data.at, 'out-of-range', `${quote(data.text)} is too large`, `The largest is ${limit}`);
  scanner.expect(')');
  return (action | number) >>> 0;
}

/** The numbers of calls that a test selects. Throws ProfileError (`unknown-syscall`, `unknown-architecture`). */
function numbersOf(test: Exclude<Test, { kind: 'expression' | 'arch' }>, { arch }: Target): Ranges {
  if (test.kind === 'kernel') {
    const kernel = parseKernelVersion(test.version);
    const calls = [...syscallsOf(arch)].filter(([name]) => {
      const first = firstVersion(name);
      return first !== undefined && first !== 'never' && kernelAtLeast(kernel, parseKernelVersion(first));
    });
    return valuesOf(calls.map(([, number]) => number));
  }
  const numberOf = ({ number, name, at }: Value): number | undefined => {
    if (number !== undefined) return number;
    const [call = '', on] = name.split('@');
    const abi = on === undefined ? arch : abiNamed(on)?.name;
    if (abi === undefined)
      return failAt(
        at,
        'unknown-architecture',
        `the calls of ${quote(on ?? '')} are not known here`,
        didYouMean(on ?? '', Object.keys(ABIS), `There are ${Object.keys(ABIS).join(', ')}`),
      );
    return callNumber(abi, call);
  };
  const required = (value: Value): number =>
    numberOf(value) ??
    failAt(value.at, 'unknown-syscall', noSuchCall(value.name, arch), didYouMeanCall(value.name, [arch]));
  if (test.kind === 'order') return compared(test.comparison, required(test.value));
  const numbers = test.all
    ? test.values.map(required)
    : test.values.map(numberOf).filter(number => number !== undefined);
  const ranges = valuesOf(numbers);
  return test.negated ? without(ranges) : ranges;
}

/** Whether a name is defined. Container engines define capabilities and architectures. */
const isDefined = (name: string, { arch, capabilities }: Target): boolean =>
  capabilities.has(name) || name === `ARCH_${ABIS[arch].dockerName.toUpperCase()}`;

/** Stands for an architecture that no rule names. */
const ANOTHER = NaN;

/** Policies of easyseccomp. */
export const EASYSECCOMP: TextFormat = {
  format: 'easyseccomp',
  name: 'a policy of easyseccomp',
  is: text => /^[^#\n]*=>[ \t]*[A-Z_]+[ \t]*\(/m.test(text),
  read(text, file) {
    const rules = readRules(text, file);
    const end = rules.find(({ tests, directives }) => tests.length + directives.length === 0);
    if (end === undefined)
      return failAt(
        rules.at(-1)?.at ?? topOf(file),
        'missing-default-action',
        'there is no action for calls that meet no condition',
        'End the policy with a rule without any: => ERRNO(EPERM);',
      );
    return {
      defaultAction: end.action,
      architectures: { kind: 'native' },
      policy(context) {
        const { target } = context;
        const active = rules.filter(({ directives }) =>
          directives.every(({ name, defined }) => isDefined(name, target) === defined),
        );
        const kernels = new Map<string, Ranges>();
        const named = active.map(rule => ({ rule, numbers: aboutNumbers(rule, target, kernels) }));
        const budget = expressionBudget(topOf(file));
        const rulesFor = (audit: number): readonly OrderedRule[] =>
          named
            .filter(({ rule }) => rule.tests.every(test => test.kind !== 'arch' || isFor(test, audit)))
            .map(({ rule, numbers }) => ({
              numbers,
              when: {
                kind: 'and',
                of: rule.tests.flatMap(test => (test.kind === 'expression' ? test.of : [])),
              },
              action: rule.action,
              at: rule.at,
            }));
        const tables = abisOf(target.arch).map(abi =>
          orderedTable(ABIS[abi], rulesFor(ABIS[abi].audit), budget),
        );
        // This machine's kernel has no other architecture; its action is that of most of the numbers.
        const foreign = defaultOf([orderedTable(ABIS[target.arch], rulesFor(ANOTHER), budget)]);
        const stated = active.find(({ tests }) => tests.length === 0)?.action ?? end.action;
        return orderedPolicy(tables, stated, foreign, context);
      },
    };
  },
};

const isFor = ({ values, negated }: Extract<Test, { kind: 'arch' }>, audit: number): boolean =>
  values.some(({ number, name, at }) => (number ?? archNumber(name, at)) === audit) !== negated;

/** The numbers of a rule. `kernels` caches those of KERNEL() by version. */
const aboutNumbers = ({ tests }: WrittenRule, target: Target, kernels: Map<string, Ranges>): Ranges =>
  tests.reduce<Ranges>((numbers, test) => {
    if (test.kind === 'expression' || test.kind === 'arch') return numbers;
    const known = test.kind === 'kernel' ? kernels.get(test.version) : undefined;
    const found = known ?? numbersOf(test, target);
    if (test.kind === 'kernel') kernels.set(test.version, found);
    return common(numbers, found);
  }, ALL_NUMBERS);
