// Configurations of nsjail, which have a policy of kafel in their strings. Source: config.proto and config.cc of nsjail.
import type { Location } from '../../../util/errors.js';
import { failAt } from '../common/scanner.js';

const SETTING = /^[ \t]*seccomp_(?:string|policy_file)[ \t]*:/m;
const STRING = /^([ \t]*seccomp_string[ \t]*:[ \t]*)(["'])((?:\\.|(?!\2)[^\\\n])*)\2/gm;
const FILE = /^[ \t]*seccomp_policy_file[ \t]*:/m;

/** Whether a text is a configuration of nsjail with a policy. */
export const isNsjail = (text: string): boolean => SETTING.test(text);

/** The policy, each character at its place in the configuration, and blanks for the rest. Throws ProfileError (`not-expressible`). */
export function policyOfNsjail(text: string, file: string): string {
  const named = FILE.exec(text);
  if (named !== null)
    failAt(
      locationOf(text, named.index, file),
      'not-expressible',
      'the policy is in another file',
      'Read that file',
    );
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  let [policy, end] = ['', 0];
  for (const { 0: whole, 1: before = '', 3: content = '', index } of text.matchAll(STRING)) {
    const start = index + before.length + 1;
    policy += `${blank(text.slice(end, start))}${unescaped(content)} `;
    end = index + whole.length;
  }
  return policy + blank(text.slice(end));
}

/** What escapes stand for, as long as they are. */
const unescaped = (content: string): string =>
  content.replace(/\\(.)/g, (escape, letter: string) =>
    letter === 'n' || letter === 't' ? '  ' : /["'\\]/.test(letter) ? ` ${letter}` : escape,
  );

function locationOf(text: string, offset: number, file: string): Location {
  const lines = text.slice(0, offset).split('\n');
  return Object.freeze({ file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1, pointer: '' });
}
