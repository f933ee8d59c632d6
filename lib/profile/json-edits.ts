// Edits lists in JSON text and leaves everything else as it was written: key order, indentation, comments in keys.
import { parseTree, type Node } from 'jsonc-parser';
import { own } from '../util/own.js';

/** What to change, by JSON pointers (RFC 6901) into the text as it is. */
export interface JsonEdits {
  /** Items of lists to remove. An item within a removed one is ignored. */
  readonly remove: ReadonlySet<string>;
  /** A value to append to a list: the pointer of the list, and the JSON text of the value. */
  readonly append?: { readonly list: string; readonly text: string };
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with the edits made. It must be JSON that `readJson` has accepted, so that its depth is bounded. */
export function editJson(text: string, requested: JsonEdits): string {
  const { remove } = requested;
  const append = own(requested, 'append');
  const edits: Edit[] = [];
  const visit = (node: Node, pointer: string): void => {
    const items = own(node, 'children') ?? [];
    if (node.type === 'object') {
      for (const member of items) {
        const [key, value] = own(member, 'children') ?? [];
        if (key !== undefined && value !== undefined)
          visit(value, `${pointer}/${escaped(String(own(key, 'value')))}`);
      }
      return;
    }
    if (node.type !== 'array') return;
    const kept: Node[] = [];
    items.forEach((item, index) => {
      const at = `${pointer}/${index}`;
      if (remove.has(at)) return;
      kept.push(item);
      visit(item, at);
    });
    const appended = append?.list === pointer ? append.text : undefined;
    edits.push(...removals(items, new Set(kept)));
    const last = kept.at(-1);
    if (appended === undefined) return;
    if (last === undefined) edits.push({ start: endOf(node) - 1, end: endOf(node) - 1, text: appended });
    else {
      // On a line of its own where the first item is on one.
      const margin = text.slice(node.offset + 1, items[0]?.offset);
      edits.push({ start: endOf(last), end: endOf(last), text: `,${margin}${appended}` });
    }
  };
  const root = parseTree(text);
  if (root !== undefined) visit(root, '');
  return applied(text, edits);
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const endOf = ({ offset, length }: Node): number => offset + length;

/** Removes items with the comma before them, and those at the beginning of a list with the comma after them. */
function removals(items: readonly Node[], kept: ReadonlySet<Node>): readonly Edit[] {
  const [first] = items;
  const last = items.at(-1);
  if (first === undefined || last === undefined) return [];
  const leading = items.findIndex(item => kept.has(item));
  const head = items[leading];
  if (head === undefined) return [{ start: first.offset, end: endOf(last), text: '' }];
  return [
    { start: first.offset, end: head.offset, text: '' },
    ...items.flatMap((item, index): readonly Edit[] => {
      const before = items[index - 1];
      if (index <= leading || before === undefined || kept.has(item)) return [];
      return [{ start: endOf(before), end: endOf(item), text: '' }];
    }),
  ];
}

/** Edits do not overlap. */
function applied(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, text: inserted } of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    parts.push(text.slice(from, start), inserted);
    from = end;
  }
  parts.push(text.slice(from));
  return parts.join('');
}
