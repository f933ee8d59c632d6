// Removes names from rules in a profile's text and adds rules; the rest of the text stays unchanged.
import { applyEdits, findNodeAtLocation, modify, parseTree, type Edit, type Node } from 'jsonc-parser';
import { ACTIONS, actionData, actionKind, type ActionName } from '../../kernel/action.js';
import { SCMP_ACT_ERRNO, SCMP_ACT_TRACE } from '../../kernel/constants.js';
import { callsNamed, isGroupName } from '../../kernel/calls/call-groups.js';
import { own } from '../../util/own.js';
import type { ProfileCondition, Restriction } from '../profile.js';
import type { AddedRule, Plan } from './plan.js';

/** The column at which lists of names are wrapped. */
const WIDTH = 100;

/** Applies a plan that was made for the profile with this text. */
export function editText(text: string, { removed, added }: Plan): string {
  const root = parseTree(text);
  if (root === undefined) throw new Error('unreachable: the text of a profile is JSON');
  const gone = new Map<Node, Set<Node>>();
  for (const { at } of removed) {
    // `/syscalls/3/names/5` of the new format, `/syscalls/3/name` of the old one.
    const path = at.pointer
      .split('/')
      .slice(1)
      .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const node = nodeAt(root, path);
    const parent = parentOf(node);
    const list = parent?.type === 'array' ? parent : undefined;
    const item = list === undefined ? nodeAt(root, path.slice(0, -1)) : node;
    const holder = list ?? parentOf(item);
    if (item === undefined || holder === undefined)
      throw new Error(`unreachable: nothing is at ${at.pointer}`);
    gone.set(holder, (gone.get(holder) ?? new Set()).add(item));
  }
  // A rule whose names are all removed is removed too.
  for (const [list, items] of [...gone]) {
    const rule = parentOf(parentOf(list));
    if (
      parentOf(list)?.type !== 'property' ||
      items.size < childrenOf(list).length ||
      rule?.type !== 'object'
    )
      continue;
    const rules = parentOf(rule);
    if (rules?.type !== 'array') continue;
    gone.delete(list);
    gone.set(rules, (gone.get(rules) ?? new Set()).add(rule));
  }
  const edits = [...gone].flatMap(([list, items]) => removals(text, list, items));
  const rest = applied(text, edits);
  return added.length === 0 ? rest : withRules(rest, added);
}

/** Replaces every group in `names` by its calls, which Docker can read. */
export function writeOutGroups(text: string): string {
  const root = parseTree(text);
  return applied(text, childrenOf(root && syscallsOf(root)).flatMap(groupsIn));
}

/** Edits that replace the groups in the `names` or the `name` of a rule. */
function groupsIn(rule: Node): readonly Edit[] {
  const member = (key: RegExp): readonly Node[] =>
    childrenOf(childrenOf(rule).find(each => key.test(keyOf(each))));
  const [, list] = member(/^names$/iu);
  const written = (list?.type === 'array' ? childrenOf(list) : []).flatMap((node): readonly Edit[] => {
    const calls = callsOfGroup(node);
    return calls === undefined ? [] : [replacing(node, calls)];
  });
  const [key, single] = member(/^name$/iu);
  const calls = single && callsOfGroup(single);
  if (key === undefined || single === undefined || calls === undefined) return written;
  // In the old format, `name` is one call and `names` is empty.
  return list === undefined
    ? [replacing(key, '"names"'), replacing(single, `[${calls}]`)]
    : [replacing(list, `[${calls}]`), replacing(single, '""')];
}

const replacing = ({ offset, length }: Node, content: string): Edit => ({ offset, length, content });

/** The calls of a group, separated by commas; undefined for any other name. */
function callsOfGroup(node: Node): string | undefined {
  const name: unknown = own(node, 'value');
  if (typeof name !== 'string' || !isGroupName(name)) return undefined;
  return callsNamed(name)
    .map(call => JSON.stringify(call))
    .join(', ');
}

/** Applies edits that do not overlap, in one pass because a profile may name half a million calls. */
function applied(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { offset, length, content } of edits.toSorted((a, b) => a.offset - b.offset)) {
    parts.push(text.slice(from, offset), content);
    from = offset + length;
  }
  parts.push(text.slice(from));
  return parts.join('');
}

function nodeAt(root: Node, path: readonly string[]): Node | undefined {
  let node: Node | undefined = root;
  for (const step of path)
    node = node && findNodeAtLocation(node, [node.type === 'array' ? Number(step) : step]);
  return node;
}

/** Edits that remove items from a list, with the commas and lines that become superfluous. */
function removals(text: string, list: Node, items: ReadonlySet<Node>): readonly Edit[] {
  const all = childrenOf(list);
  if (all.every(item => items.has(item)))
    return [{ offset: list.offset + 1, length: list.length - 2, content: '' }];
  const ranges: { start: number; end: number }[] = [];
  const end = (node: Node): number => node.offset + node.length;
  /** The last item so far that stays. */
  let before: Node | undefined;
  for (const [index, item] of all.entries()) {
    if (!items.has(item)) {
      before = item;
      continue;
    }
    const next = all[index + 1];
    const sameLine = before !== undefined && !text.slice(end(before), item.offset).includes('\n');
    if (before !== undefined && (sameLine || next === undefined))
      ranges.push({ start: end(before), end: end(item) });
    else ranges.push({ start: item.offset, end: next?.offset ?? end(item) });
  }
  const merged: { start: number; end: number }[] = [];
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    const previous = merged.at(-1);
    if (previous !== undefined && range.start <= previous.end)
      previous.end = Math.max(previous.end, range.end);
    else merged.push({ ...range });
  }
  return merged.map(({ start, end: stop }) => ({ offset: start, length: stop - start, content: '' }));
}

/** Adds rules after the last one, with the same indentation. */
function withRules(text: string, added: readonly AddedRule[]): string {
  const root = parseTree(text);
  const list = root && syscallsOf(root);
  const last = childrenOf(list).at(-1);
  if (last === undefined) {
    const rules = added.map(rule => JSON.parse(ruleText(rule, '', '')) as unknown);
    const path = list === undefined ? [...profilePath(root), 'syscalls'] : pathOf(list);
    const formattingOptions = { insertSpaces: true, tabSize: 2 };
    return applyEdits(text, modify(text, path, rules, { formattingOptions }));
  }
  const line = text.lastIndexOf('\n', last.offset) + 1;
  const [indent = ''] = /^[ \t]*/.exec(text.slice(line, last.offset)) ?? [];
  const ownLine = text.slice(line, last.offset).trim() === '' && line > 0;
  const unit = indent.startsWith('\t') ? '\t' : '  ';
  const pieces = added.map(rule =>
    ownLine ? `,\n${indent}${ruleText(rule, indent, unit)}` : `, ${ruleText(rule, '', '')}`,
  );
  const offset = last.offset + last.length;
  return text.slice(0, offset) + pieces.join('') + text.slice(offset);
}

/** The path to the profile in its text: the root, or `linux.seccomp` of an OCI configuration. */
const profilePath = (root: Node | undefined): readonly string[] =>
  root !== undefined &&
  nodeAt(root, ['defaultAction']) === undefined &&
  nodeAt(root, ['linux', 'seccomp']) !== undefined
    ? ['linux', 'seccomp']
    : [];

/** The list of rules; its key may be in any case. */
function syscallsOf(root: Node): Node | undefined {
  const member = childrenOf(nodeAt(root, profilePath(root))).find(property =>
    /^syscalls$/iu.test(keyOf(property)),
  );
  const value = childrenOf(member)[1];
  return value?.type === 'array' ? value : undefined;
}

/** The keys that lead to the value of a member. */
const pathOf = (node: Node): string[] => {
  const member = parentOf(node);
  const object = parentOf(member);
  if (member === undefined || object === undefined) return [];
  return [...pathOf(object), keyOf(member)];
};

const parentOf = (node: Node | undefined): Node | undefined => own(node, 'parent');
const childrenOf = (node: Node | undefined): readonly Node[] => own(node, 'children') ?? [];
const keyOf = (member: Node): string => String(own(childrenOf(member)[0], 'value'));

/** Formats a rule as JSON, on one line if there is no indentation. */
function ruleText(rule: AddedRule, indent: string, unit: string): string {
  const { comment, names, action } = rule;
  const conditions = own(rule, 'conditions') ?? [];
  const kind = actionKind(action);
  const name = (Object.keys(ACTIONS) as ActionName[]).find(
    each => ACTIONS[each] === kind && each !== 'SCMP_ACT_KILL',
  );
  const carries = kind === SCMP_ACT_ERRNO(0) || kind === SCMP_ACT_TRACE(0);
  const inner = `${indent}${unit}`;
  const members = [
    ...(comment === undefined ? [] : [`"comment": ${JSON.stringify(comment)}`]),
    `"names": ${unit === '' ? JSON.stringify(names) : namesText(names, inner, unit)}`,
    `"action": ${JSON.stringify(name)}`,
    ...(carries ? [`"errnoRet": ${actionData(action)}`] : []),
    ...(conditions.length === 0 ? [] : [`"args": [${conditions.map(conditionText).join(', ')}]`]),
    ...restrictionText('includes', own(rule, 'includes')),
    ...restrictionText('excludes', own(rule, 'excludes')),
  ];
  return unit === ''
    ? `{ ${members.join(', ')} }`
    : `{\n${members.map(member => `${inner}${member}`).join(',\n')}\n${indent}}`;
}

const conditionText = (condition: ProfileCondition): string => {
  const { arg, op, value } = condition;
  const numbers =
    op === 'SCMP_CMP_MASKED_EQ' ? `"value": ${condition.mask}, "valueTwo": ${value}` : `"value": ${value}`;
  return `{ "index": ${arg}, ${numbers}, "op": "${op}" }`;
};

function restrictionText(key: string, restriction: Restriction | undefined): readonly string[] {
  if (restriction === undefined) return [];
  const { caps, arches } = restriction;
  const least = own(restriction, 'minKernel');
  const members = [
    ...(caps.length === 0 ? [] : [`"caps": ${JSON.stringify(caps)}`]),
    ...(arches.length === 0 ? [] : [`"arches": ${JSON.stringify(arches)}`]),
    ...(least === undefined ? [] : [`"minKernel": "${least.major}.${least.minor}"`]),
  ];
  return members.length === 0 ? [] : [`"${key}": { ${members.join(', ')} }`];
}

function namesText(names: readonly string[], indent: string, unit: string): string {
  const line = `[${names.map(name => JSON.stringify(name)).join(', ')}]`;
  if (indent.length + line.length < WIDTH - 10) return line;
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    const piece = `${JSON.stringify(name)},`;
    if (last !== undefined && last.length + piece.length + 1 <= WIDTH)
      lines[lines.length - 1] = `${last} ${piece}`;
    else lines.push(`${indent}${unit}${piece}`);
  }
  return `[\n${lines.join('\n').slice(0, -1)}\n${indent}]`;
}
