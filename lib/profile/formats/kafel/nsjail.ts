// Configurations of nsjail that contain a policy of kafel in strings. Source: config.proto and config.cc of nsjail.
import type { Location } from '../../../util/errors.js';
import { failAt } from '../common/scanner.js';

const SETTING = /^[ \t]*seccomp_(?:string|policy_file)[ \t]*:/m;
const STRING = /^([ \t]*seccomp_string[ \t]*:[ \t]*)(["'])((?:\\.|(?!\2)[^\\\n])*)\2/gm;
const FILE = /^[ \t]*seccomp_policy_file[ \t]*:/m;

/** Whether a text is a configuration of nsjail with a policy. */
export const isNsjail = (text: string): boolean => SETTING.test(text);

/**
 * The policy, with each character at its position in the configuration and blanks for the rest. Throws ProfileError
 * (`not-expressible`).
 */
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
    refuseOthers(text, end, index, file);
    const start = index + before.length + 1;
    policy += `${blank(text.slice(end, start))}${unescaped(content)} `;
    end = index + whole.length;
    if (!ALONE.test(text.slice(end)))
      failAt(
        locationOf(text, end, file),
        'not-expressible',
        'a string is followed by something that is not read with it',
        'Write each seccomp_string, of one string, on its own line',
      );
  }
  refuseOthers(text, end, text.length, file);
  return policy + blank(text.slice(end));
}

/** What may follow a string: the end of its line, but no second string, which would be concatenated. */
const ALONE = /^[ \t]*[;,]?[ \t\r]*(?:#[^\n]*)?(?:\n|$)(?!(?:\s|#[^\n]*(?:\n|$))*["'])/;

/** Rejects settings in unsupported forms, such as lists or several on a line, except in comments. */
function refuseOthers(text: string, from: number, to: number, file: string): void {
  const between = text.slice(from, to).replace(/^[ \t]*#[^\n]*/gm, comment => ' '.repeat(comment.length));
  const other = between.indexOf('seccomp_string');
  if (other < 0) return;
  failAt(
    locationOf(text, from + other, file),
    'not-expressible',
    'this is not one setting with one string',
    'Write each seccomp_string, of one string, on its own line',
  );
}

/** Replaces escapes by text of the same length. A comment ends at an escaped newline. */
const unescaped = (content: string): string =>
  content
    .replace(/\/\/(?:(?!\\n).)*/g, comment => ' '.repeat(comment.length))
    .replace(/\\(.)/g, (escape, letter: string) =>
      letter === 'n' || letter === 't' ? '  ' : /["'\\]/.test(letter) ? ` ${letter}` : escape,
    );

function locationOf(text: string, offset: number, file: string): Location {
  const lines = text.slice(0, offset).split('\n');
  return Object.freeze({ file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1, pointer: '' });
}
