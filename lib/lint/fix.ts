// What a click can do about a finding: a change of the text, where the finding says exactly what to change.
import { applyEdits, findNodeAtLocation, getNodeValue, modify, parseTree } from 'jsonc-parser';
import type { Location } from '../util/errors.js';
import { own, owned } from '../util/own.js';

/** A finding of `lint`, or a problem of `parseProfile`. */
export interface Fixable {
  /** Its code. */
  readonly code: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** Where it is. */
  readonly at?: Location;
}

/** A text without the finding. */
export interface Fix {
  /** What is done, in a few words. */
  readonly title: string;
  /** The whole text afterwards. */
  readonly text: string;
}

type Path = (string | number)[];
type Repair = (text: string, path: Path) => Fix | undefined;

/**
 * The fix for a finding in the JSON text that it is about; undefined where there is none that the finding settles. The layout of
 * the rest of the text stays.
 */
export function fixFor(finding: Fixable, text: string): Fix | undefined {
  const { code, remedy = '', at } = owned(finding);
  if (at === undefined) return undefined;
  const offset = offsetOf(text, at);
  const [, meant] = /^Did you mean "([^"\\]{1,80})"\?/.exec(remedy) ?? [];
  if (meant !== undefined) return replaceString(text, offset, meant);
  if (code === 'json-syntax' && remedy === 'Remove the comma before it') return removeComma(text, offset);
  return own(REPAIRS, code)?.(text, pathOf(at.pointer));
}

function offsetOf(text: string, { line, column }: Location): number {
  const ends = /\r\n|\n|\r/g;
  for (let left = line; left > 1; left--) ends.exec(text);
  return ends.lastIndex + column - 1;
}

const pathOf = (pointer: string): Path =>
  pointer
    .split('/')
    .slice(1)
    .map(step => (/^\d+$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~')));

function replaceString(text: string, offset: number, meant: string): Fix | undefined {
  const found = /^"(?:[^"\\\n]|\\.)*"/.exec(text.slice(offset))?.[0];
  if (found === undefined) return undefined;
  return {
    title: `Write "${meant}"`,
    text: `${text.slice(0, offset)}${JSON.stringify(meant)}${text.slice(offset + found.length)}`,
  };
}

function removeComma(text: string, offset: number): Fix | undefined {
  const comma = text.lastIndexOf(',', offset - 1);
  if (comma < 0 || text.slice(comma + 1, offset).trim() !== '') return undefined;
  return { title: 'Remove the comma', text: `${text.slice(0, comma)}${text.slice(comma + 1)}` };
}

/** Sets a value, or removes it. */
const set = (text: string, path: Path, value: unknown): string =>
  applyEdits(
    text,
    modify(text, path, value, { formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' } }),
  );

function valueAt(text: string, path: Path): unknown {
  const root = parseTree(text);
  const node = root && findNodeAtLocation(root, path);
  return node && (getNodeValue(node) as unknown);
}

const RULE = 2;
const CONDITION = 4;

/** Removes what a path leads to, as far as `depth` steps of it. */
const removal =
  (title: string, depth?: number): Repair =>
  (text, path) => {
    const where = path.slice(0, depth);
    if (where.length === 0 || valueAt(text, where) === undefined) return undefined;
    return { title, text: set(text, where, undefined) };
  };

/** Removes a name, or the rule that has no other one. */
const removeName: Repair = (text, path) => {
  const names = valueAt(text, path.slice(0, -1));
  return Array.isArray(names) && names.length > 1
    ? removal('Remove the name')(text, path)
    : removal('Remove the rule', RULE)(text, path);
};

/** Gives a condition a key that it lacks. */
const completion =
  (key: string): Repair =>
  (text, path) => ({ title: `Write ${key}: 0`, text: set(text, [...path.slice(0, CONDITION), key], 0) });

/** Compares the half that the kernel reads, where a condition compares with one value. */
const narrow: Repair = (text, path) => {
  const condition = path.slice(0, CONDITION);
  const value = valueAt(text, [...condition, 'value']);
  if (valueAt(text, [...condition, 'op']) !== 'SCMP_CMP_EQ' || typeof value !== 'number') return undefined;
  const masked = set(text, [...condition, 'op'], 'SCMP_CMP_MASKED_EQ');
  const half = set(masked, [...condition, 'value'], 0xffffffff);
  return { title: 'Compare 32 bits', text: set(half, [...condition, 'valueTwo'], value) };
};

const unquote: Repair = (text, path) => {
  const value = valueAt(text, path);
  return typeof value === 'string' && /^\d{1,15}$/.test(value)
    ? { title: 'Remove the quotation marks', text: set(text, path, Number(value)) }
    : undefined;
};

const REPAIRS: Readonly<Record<string, Repair>> = {
  'condition-always-true': removal('Remove the condition', CONDITION),
  'duplicate-rule': removal('Remove the rule', RULE),
  'errno-ignored': removal('Remove it'),
  'errno-zero': removal('Remove it'),
  'impossible-condition': removal('Remove the rule', RULE),
  'missing-index': completion('index'),
  'missing-value': completion('value'),
  'quoted-number': unquote,
  'repeated-name': removeName,
  'rule-equals-default': removal('Remove the rule', RULE),
  'rule-never-applies': removal('Remove the rule', RULE),
  'unknown-key': removal('Remove the key'),
  'unknown-syscall': removeName,
  'value-two-ignored': (text, path) =>
    removal('Remove valueTwo')(text, [...path.slice(0, CONDITION), 'valueTwo']),
  'wide-comparison': narrow,
};
