// Automatic fixes: text changes for findings that have exactly one fix.
import { findNodeAtLocation, getNodeValue, parseTree, type Node } from 'jsonc-parser';
import { isGroupName } from '../kernel/calls/call-groups.js';
import type { Location } from '../util/errors.js';
import { own, owned } from '../util/own.js';

/** A finding of `lint`, or a problem of `parseProfile`. */
export interface Fixable {
  /** The code of the finding. */
  readonly code: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** The position of the finding. */
  readonly at?: Location;
}

/** A text change that resolves a finding. */
export interface Fix {
  /** A short description of the change. */
  readonly title: string;
  /** The offset of the replaced text, in UTF-16 units. */
  readonly offset: number;
  /** The length of the replaced text, in UTF-16 units. */
  readonly length: number;
  /** The new text. */
  readonly replacement: string;
}

/** The text after a fix. */
export const applyFix = (text: string, { offset, length, replacement }: Fix): string =>
  `${text.slice(0, offset)}${replacement}${text.slice(offset + length)}`;

type Path = (string | number)[];

/** A description of a fix, and the whole text after it. */
interface Repaired {
  readonly title: string;
  readonly text: string;
}
type Repair = (text: string, path: Path) => Repaired | undefined;

/**
 * The fix for a finding in its JSON text; undefined unless the finding determines one. The rest of the text keeps its layout.
 */
export function fixFor(finding: Fixable, text: string): Fix | undefined {
  const repaired = repair(finding, text);
  return repaired && changeTo(repaired, text);
}

/** The shortest replacement that changes one text to the other. */
function changeTo({ title, text: after }: Repaired, before: string): Fix {
  const shorter = Math.min(before.length, after.length);
  let offset = 0;
  while (offset < shorter && before[offset] === after[offset]) offset++;
  let same = 0;
  while (same < shorter - offset && before.at(-1 - same) === after.at(-1 - same)) same++;
  const end = after.length - same;
  return { title, offset, length: before.length - same - offset, replacement: after.slice(offset, end) };
}

function repair(finding: Fixable, text: string): Repaired | undefined {
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

function replaceString(text: string, offset: number, meant: string): Repaired | undefined {
  const found = /^"(?:[^"\\\n]|\\.)*"/.exec(text.slice(offset))?.[0];
  if (found === undefined) return undefined;
  return {
    title: `Write "${meant}"`,
    text: `${text.slice(0, offset)}${JSON.stringify(meant)}${text.slice(offset + found.length)}`,
  };
}

function removeComma(text: string, offset: number): Repaired | undefined {
  const comma = text.lastIndexOf(',', offset - 1);
  if (comma < 0 || text.slice(comma + 1, offset).trim() !== '') return undefined;
  return { title: 'Remove the comma', text: `${text.slice(0, comma)}${text.slice(comma + 1)}` };
}

/** The node at a path. */
function nodeAt(text: string, path: Path): Node | undefined {
  const root = parseTree(text);
  return root && findNodeAtLocation(root, path);
}

const endOf = ({ offset, length }: Node): number => offset + length;

const splice = (text: string, start: number, end: number, replacement = ''): string =>
  `${text.slice(0, start)}${replacement}${text.slice(end)}`;

/** Removes an item of an array or a member of an object, together with its comma. */
function remove(text: string, node: Node): string {
  const parent = own(node, 'parent');
  const whole = parent?.type === 'property' ? parent : node;
  const siblings = own(own(whole, 'parent'), 'children') ?? [whole];
  const index = siblings.indexOf(whole);
  const [before, after] = [siblings[index - 1], siblings[index + 1]];
  if (before !== undefined) return splice(text, endOf(before), endOf(whole));
  return splice(text, whole.offset, after === undefined ? endOf(whole) : after.offset);
}

function valueAt(text: string, path: Path): unknown {
  const node = nodeAt(text, path);
  return node && (getNodeValue(node) as unknown);
}

const RULE = 2;
const CONDITION = 4;

/** Removes the node at a path, or at its first `depth` steps. */
const removal =
  (title: string, depth?: number): Repair =>
  (text, path) => {
    const node = path.length === 0 ? undefined : nodeAt(text, path.slice(0, depth));
    return node && { title, text: remove(text, node) };
  };

/** Skips groups, because they may have more calls than the finding. */
const unlessGroup =
  (repair: Repair): Repair =>
  (text, path) => {
    const name = valueAt(text, path);
    return typeof name === 'string' && isGroupName(name) ? undefined : repair(text, path);
  };

/** Removes a name, or the whole rule if it has no other name. */
const removeName = unlessGroup((text, path) => {
  const names = valueAt(text, path.slice(0, -1));
  return Array.isArray(names) && names.length > 1
    ? removal('Remove the name')(text, path)
    : removal('Remove the rule', RULE)(text, path);
});

/** Adds a missing key to a condition. */
const completion =
  (key: string): Repair =>
  (text, path) => {
    const last = own(nodeAt(text, path.slice(0, CONDITION)), 'children')?.at(-1);
    return (
      last && { title: `Write ${key}: 0`, text: splice(text, endOf(last), endOf(last), `, "${key}": 0`) }
    );
  };

const unquote: Repair = (text, path) => {
  const node = nodeAt(text, path);
  const value: unknown = node && getNodeValue(node);
  return node !== undefined && typeof value === 'string' && /^\d{1,15}$/.test(value)
    ? { title: 'Remove the quotation marks', text: splice(text, node.offset, endOf(node), value) }
    : undefined;
};

const REPAIRS: Readonly<Record<string, Repair>> = {
  'condition-always-true': removal('Remove the condition', CONDITION),
  'duplicate-rule': unlessGroup(removal('Remove the rule', RULE)),
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
};
