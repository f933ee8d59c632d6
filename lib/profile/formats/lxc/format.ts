// Policies of LXC, versions 1 and 2. Source: lxc.container.conf(5), src/lxc/seccomp.c.
import * as scmp from '../../../kernel/constants.js';
import { MAX_ERRNO, type Action } from '../../../kernel/action.js';
import { abisOf, ARCHITECTURES, type Architecture } from '../../../kernel/architectures.js';
import type { Location } from '../../../util/errors.js';
import { own } from '../../../util/own.js';
import { quote } from '../../../util/suggest.js';
import type { Comparison, Constant, Expression } from '../common/expression.js';
import { failAt, failUnknown } from '../common/scanner.js';
import {
  checkCall,
  resolveStatements,
  type CallStatement,
  type StatementPolicy,
} from '../common/statements.js';
import type { TextFormat } from '../text-format.js';

const ACTIONS: Readonly<Record<string, Action>> = {
  kill: scmp.SCMP_ACT_KILL_THREAD,
  allow: scmp.SCMP_ACT_ALLOW,
  trap: scmp.SCMP_ACT_TRAP,
  notify: scmp.SCMP_ACT_NOTIFY,
};

const OPERATORS: Readonly<Record<string, Comparison | '&='>> = {
  SCMP_CMP_NE: '!=',
  '!=': '!=',
  SCMP_CMP_LT: '<',
  '<': '<',
  SCMP_CMP_LE: '<=',
  '<=': '<=',
  SCMP_CMP_EQ: '==',
  '==': '==',
  SCMP_CMP_GE: '>=',
  '>=': '>=',
  SCMP_CMP_GT: '>',
  '>': '>',
  SCMP_CMP_MASKED_EQ: '&=',
  '&=': '&=',
};

/**
 * The sections that LXC reads. On a 64-bit machine their rules apply to all of its ABIs; on other machines they are ignored.
 */
const SECTION_NAMES: Readonly<Record<Architecture, readonly string[]>> = {
  x86_64: ['x86', 'x86_64', 'x32'],
  aarch64: ['arm', 'arm64'],
};
const SECTIONS: ReadonlyMap<string, string> = new Map([
  ['all', ''],
  ...ARCHITECTURES.flatMap(arch => SECTION_NAMES[arch].map((name): [string, string] => [name, arch])),
]);
const FOREIGN =
  /^(?:ppc|ppc64|ppc64le|mips|mips64|mips64n32|mipsel|mipsel64|mipsel64n32|s390|s390x|loongarch64|riscv64)$/;

interface Line {
  readonly text: string;
  readonly at: Location;
}

/** Reads `kill` or `errno 1`; undefined if there is no action. */
function readAction({ text, at }: Line): Action | undefined {
  const [word = '', number] = text.trim().split(/\s+/);
  if (word === '' || word.startsWith('#')) return undefined;
  const [, glued] = /^errno(\d*)$/.exec(word) ?? [];
  if (glued !== undefined) {
    const errno = glued === '' ? number : glued;
    if (errno !== undefined && /^\d{1,4}$/.test(errno) && Number(errno) <= MAX_ERRNO)
      return scmp.SCMP_ACT_ERRNO(Number(errno));
    return failAt(
      at,
      'unknown-errno',
      `${quote(errno ?? '')} is not an errno here`,
      'Write its number: errno 1',
    );
  }
  const action = own(ACTIONS, word);
  const names = [...Object.keys(ACTIONS), 'errno'];
  return action ?? failUnknown('unknown-action', { text: word, at }, names);
}

/** Reads `0,16,SCMP_CMP_EQ` or `1,0x10,&=,0x10`, the text between brackets. */
function readArgument(text: string, at: Location): Expression {
  const [index = '', value = '', operator = '', mask, ...rest] = text.split(',').map(part => part.trim());
  const number = (word: string): Constant => {
    if (/^(?:0[xX][\da-fA-F]{1,16}|\d{1,20})$/.test(word)) return { kind: 'text', text: word, at };
    return failAt(
      at,
      'bad-value',
      `${quote(word)} is not a number`,
      'Write decimal, hexadecimal or octal digits',
    );
  };
  const comparison = own(OPERATORS, operator);
  if (comparison === undefined)
    return failUnknown('unknown-operator', { text: operator, at }, Object.keys(OPERATORS));
  if (!/^[0-5]$/.test(index) || rest.length > 0)
    return failAt(
      at,
      'unknown-argument',
      `${quote(text)} is not a condition`,
      'Write [index,value,operator] or [index,value,&=,mask]',
    );
  const argument = Number(index);
  if (comparison !== '&=') return { kind: 'compare', comparison, argument, value: number(value), at };
  // libseccomp clears the value's bits outside of the mask.
  const bits = number(mask ?? '0');
  return {
    kind: 'compare',
    comparison: '==',
    argument,
    mask: bits,
    value: { kind: '&', of: [number(value), bits] },
    at,
  };
}

function readRule(line: Line, otherwise: Action): CallStatement {
  const [, name = '', rest = ''] = /^(\S+)(.*)$/.exec(line.text) ?? [];
  const { at } = line;
  if (name.startsWith('reject_force_umount')) {
    const force = { kind: 'number', value: 1n } as const;
    const when: Expression = {
      kind: 'compare',
      comparison: '==',
      argument: 1,
      mask: force,
      value: force,
      at,
    };
    return { name: 'umount2', at, cases: [{ action: scmp.SCMP_ACT_ERRNO(13), when, at }] };
  }
  checkCall(name, at);
  const groups = [...rest.matchAll(/\[([^\]]*)(\]?)/g)];
  const open = groups.find(([, , end]) => end === '');
  if (open !== undefined)
    failAt(at, 'policy-syntax', 'a condition has no "]"', 'Write [index,value,operator]');
  const bracket = rest.indexOf('[');
  const words = bracket === -1 ? rest : rest.slice(0, bracket);
  const action = readAction({ text: words, at: { ...at, column: at.column + name.length + 1 } }) ?? otherwise;
  const of = groups.map(([, text = '', ,]) => readArgument(text, at));
  return {
    name,
    at,
    cases: [{ action, when: of.length === 0 ? { kind: 'always' } : { kind: 'and', of }, at }],
  };
}

/** Policies of LXC. */
export const LXC: TextFormat = {
  format: 'lxc',
  name: 'a policy of LXC',
  is: text => /^\uFEFF?[12][ \t\r]*\n[ \t]*(?:allowlist|denylist|whitelist|blacklist)\b/.test(text),
  read(text, file) {
    const lines = text
      .replace(/^\uFEFF/, '')
      .split('\n')
      .map((raw, index): Line => ({
        text: raw.trimEnd(),
        at: Object.freeze({ file, line: index + 1, column: 1, pointer: '' }),
      }));
    const [version, kind, ...rest] = lines;
    if (version === undefined || kind === undefined)
      throw new Error('unreachable: both lines were recognised');
    const denies = /^\s*(?:deny|black)list/.test(kind.text);
    const said = readAction({ text: kind.text.trim().replace(/^\w+/, ''), at: kind.at });
    const defaultAction = said ?? (denies ? scmp.SCMP_ACT_ALLOW : scmp.SCMP_ACT_KILL_THREAD);
    const listed = denies ? scmp.SCMP_ACT_KILL_THREAD : scmp.SCMP_ACT_ALLOW;
    const rules: { readonly statement: CallStatement; readonly machine: string }[] = [];
    let machine = '';
    for (const line of rest) {
      if (line.text === '' || line.text.startsWith('#')) continue;
      if (version.text.trim() === '1') {
        const [, digits] = /^\s*(\d{1,9})\b/.exec(line.text) ?? [];
        if (digits === undefined || denies)
          failAt(
            line.at,
            'policy-syntax',
            'version 1 is a list of numbers of calls that are allowed',
            'Write 2 in the first line',
          );
        const at = line.at;
        rules.push({
          machine: '',
          statement: {
            name: digits,
            at,
            cases: [{ action: scmp.SCMP_ACT_ALLOW, when: { kind: 'always' }, at }],
          },
        });
        continue;
      }
      const [, section] = /^\[(\w+)\]$/.exec(line.text) ?? [];
      if (section === undefined) rules.push({ machine, statement: readRule(line, listed) });
      else {
        const name = section.toLowerCase();
        const known = SECTIONS.get(name) ?? (FOREIGN.test(name) ? 'another' : undefined);
        if (known === undefined)
          failUnknown('unknown-architecture', { text: section, at: line.at }, [...SECTIONS.keys()]);
        machine = known;
      }
    }
    const policy = (native: string): StatementPolicy => ({
      defaultAction,
      badArch: scmp.SCMP_ACT_KILL_THREAD,
      covers: arch => (version.text.trim() === '1' ? [arch] : abisOf(arch)),
      wins: 'strongest',
      width: 'register',
      missing: 'ignored',
      statements: rules
        .filter(rule => rule.machine === '' || rule.machine === native)
        .map(({ statement }) => statement),
      at: version.at,
    });
    return {
      defaultAction,
      architectures: { kind: 'native' },
      policy: context => resolveStatements(policy(context.target.arch), context),
    };
  },
};
