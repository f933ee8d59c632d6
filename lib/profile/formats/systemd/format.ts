// SystemCallFilter=, SystemCallArchitectures= and SystemCallErrorNumber= of systemd's units. Source: systemd.exec(5), seccomp-util.c.
import { isKnownSyscall } from '../../../kernel/abi.js';
import { abisOf, type AbiName } from '../../../kernel/architectures.js';
import type { Action } from '../../../kernel/action.js';
import { MAX_ERRNO } from '../../../kernel/action.js';
import {
  SCMP_ACT_ALLOW,
  SCMP_ACT_ERRNO,
  SCMP_ACT_KILL_PROCESS,
  SCMP_ACT_KILL_THREAD,
} from '../../../kernel/constants.js';
import { errnoNames, errnoNumber } from '../../../kernel/errno.js';
import type { Location } from '../../../util/errors.js';
import { topOf } from '../../../util/place.js';
import { didYouMean, quote } from '../../../util/suggest.js';
import { failAt, failUnknown } from '../common/scanner.js';
import { checkCall, resolveStatements, type CallStatement } from '../common/statements.js';
import type { TextFormat } from '../text-format.js';
import { systemdGroup, systemdGroups } from './groups.js';

/** The names of ABIs in SystemCallArchitectures=. */
export const ARCHITECTURE_NAMES: Readonly<Record<AbiName, string>> = {
  x86: 'x86',
  x86_64: 'x86-64',
  x32: 'x32',
  arm: 'arm',
  aarch64: 'arm64',
};
const ABIS_BY_NAME: ReadonlyMap<string, readonly AbiName[]> = new Map([
  ...(Object.keys(ARCHITECTURE_NAMES) as AbiName[]).map((abi): [string, AbiName[]] => [
    ARCHITECTURE_NAMES[abi],
    [abi],
  ]),
  ['native', []],
]);

const KEYS = ['SystemCallFilter', 'SystemCallArchitectures', 'SystemCallErrorNumber'];

/** Other settings of a unit about system calls, which this package does not support. */
const OTHERS = ['SystemCallLog'];

/** A word of a setting with its position. */
interface Word {
  readonly text: string;
  readonly at: Location;
}

/** One assignment. */
interface Setting {
  readonly key: string;
  readonly words: readonly Word[];
  readonly at: Location;
}

/** The assignments of supported keys, with continued lines joined. */
function settingsOf(text: string, file: string): readonly Setting[] {
  const settings: Setting[] = [];
  let open: { key: string; words: Word[]; at: Location } | undefined;
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  lines.forEach((raw, index) => {
    const line = raw.replace(/\r$/, '');
    const at = (column: number): Location =>
      Object.freeze({ file, line: index + 1, column: column + 1, pointer: '' });
    if (open !== undefined && /^[ \t]*[#;]/.test(line)) return;
    let start = 0;
    if (open === undefined) {
      if (/^[ \t]*(?:[#;]|\[.*\][ \t]*$|$)/.test(line)) return;
      const [, indent = '', key = '', middle] = /^([ \t]*)([A-Za-z]\w*)([ \t]*=)/.exec(line) ?? [];
      if (middle === undefined)
        failAt(at(0), 'policy-syntax', 'this line is not an assignment', 'Write SystemCallFilter=…');
      if (OTHERS.includes(key))
        failAt(at(indent.length), 'not-expressible', `${key}= is another filter`, 'Remove the line');
      open = { key, words: [], at: at(indent.length) };
      start = indent.length + key.length + middle.length;
    }
    const continued = line.endsWith('\\');
    const value = continued ? line.slice(0, -1) : line;
    const words = /[^ \t]+/g;
    words.lastIndex = start;
    for (let match = words.exec(value); match !== null; match = words.exec(value))
      open.words.push({ text: match[0], at: at(match.index) });
    if (continued) return;
    if (KEYS.includes(open.key)) settings.push(open);
    open = undefined;
  });
  if (open !== undefined) failAt((open as Setting).at, 'policy-syntax', 'the last line ends in a backslash');
  return settings;
}

/** The action of a call: an errno, `kill`, or undefined for that of the list. */
type Answer = Action | undefined;

function readErrno({ text, at }: Word): Action | undefined {
  if (text === 'kill') return SCMP_ACT_KILL_PROCESS;
  const number = /^\d{1,4}$/.test(text) ? Number(text) : errnoNumber(text);
  if (number === undefined || number > MAX_ERRNO)
    return failUnknown('unknown-errno', { text, at }, [...errnoNames(), 'kill']);
  return SCMP_ACT_ERRNO(number);
}

/** The list that results from all assignments of SystemCallFilter=. */
function filterOf(settings: readonly Setting[]):
  | {
      readonly allows: boolean;
      readonly calls: ReadonlyMap<string, { readonly answer: Answer; readonly at: Location }>;
    }
  | undefined {
  let allows: boolean | undefined;
  const calls = new Map<string, { answer: Answer; at: Location }>();
  for (const { words, at } of settings) {
    const [first, ...rest] = words;
    if (first === undefined) {
      // An empty assignment resets all before it.
      allows = undefined;
      calls.clear();
      continue;
    }
    const inverted = first.text.startsWith('~');
    const names = inverted
      ? [{ text: first.text.slice(1), at: { ...first.at, column: first.at.column + 1 } }, ...rest]
      : words;
    if (allows === undefined) {
      allows = !inverted;
      if (allows)
        for (const name of systemdGroup('@default') ?? []) calls.set(name, { answer: undefined, at });
    }
    for (const word of names) {
      if (word.text === '') continue;
      const [name, errno] = splitOnce(word.text);
      const answer =
        errno === undefined
          ? undefined
          : readErrno({ text: errno, at: { ...word.at, column: word.at.column + name.length + 1 } });
      if (answer !== undefined && !inverted)
        failAt(
          word.at,
          'policy-syntax',
          `${quote(word.text)} has an errno, but the line allows calls`,
          'Write it in a line that begins with ~',
        );
      for (const call of membersOf(name, word.at)) {
        if (inverted !== allows || (inverted && answer !== undefined))
          calls.set(call, { answer, at: word.at });
        else calls.delete(call);
      }
    }
  }
  return allows === undefined ? undefined : { allows, calls };
}

function splitOnce(text: string): readonly [string, string | undefined] {
  const colon = text.indexOf(':');
  return colon === -1 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

function membersOf(name: string, at: Location): readonly string[] {
  if (!name.startsWith('@')) {
    checkCall(name, at);
    return [name];
  }
  const group = systemdGroup(name);
  if (group !== undefined) return group;
  const all = systemdGroups();
  return failAt(
    at,
    'unknown-group',
    `systemd has no group ${quote(name)}`,
    didYouMean(name, all, `It has ${all.join(', ')}`),
  );
}

/** The ABIs that are allowed in addition to the native one; undefined if all are. */
function architecturesOf(settings: readonly Setting[]): readonly AbiName[] | undefined {
  let allowed: AbiName[] | undefined;
  for (const { words } of settings) {
    if (words.length === 0) allowed = undefined;
    for (const { text, at } of words) {
      const names = ABIS_BY_NAME.get(text);
      if (names === undefined) failUnknown('unknown-architecture', { text, at }, [...ABIS_BY_NAME.keys()]);
      allowed = [...(allowed ?? []), ...names];
    }
  }
  return allowed;
}

/** The settings of systemd's units. */
export const SYSTEMD: TextFormat = {
  format: 'systemd',
  name: 'settings of a unit of systemd',
  is: text => /^[ \t]*SystemCall(?:Filter|Architectures|ErrorNumber|Log)[ \t]*=/m.test(text),
  read(text, file) {
    const settings = settingsOf(text, file);
    const of = (key: string): readonly Setting[] => settings.filter(setting => setting.key === key);
    const filter = filterOf(of('SystemCallFilter'));
    const others = architecturesOf(of('SystemCallArchitectures'));
    const [errno] = of('SystemCallErrorNumber').at(-1)?.words ?? [];
    const denied = (errno === undefined ? undefined : readErrno(errno)) ?? SCMP_ACT_KILL_PROCESS;
    // An errno of 0 means none.
    const negative = denied === SCMP_ACT_ERRNO(0) ? SCMP_ACT_KILL_PROCESS : denied;
    const defaultAction = filter?.allows === true ? negative : SCMP_ACT_ALLOW;
    const listed = filter?.allows === true ? SCMP_ACT_ALLOW : negative;
    const statements = Array.from(filter?.calls ?? [], ([name, { answer, at }]): CallStatement => ({
      name,
      at,
      cases: [{ action: answer ?? listed, when: { kind: 'always' }, at }],
    }));
    return {
      defaultAction,
      architectures: { kind: 'native' },
      policy(context) {
        const all = abisOf(context.target.arch);
        const covered = all.filter((name, index) => index === 0 || others?.includes(name) !== false);
        return resolveStatements(
          {
            defaultAction,
            // If no ABI is left out, systemd loads no filter on architectures.
            badArch: covered.length === all.length ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_THREAD,
            covers: () => covered,
            wins: 'first',
            width: 'register',
            missing: 'ignored',
            statements: statements.filter(({ name }) => isKnownSyscall(name)),
            at: topOf(file),
          },
          context,
        );
      },
    };
  },
};
