// Reads JSON token by token, with precise syntax errors.
import { printParseErrorCode, visit, type ParseErrorCode } from 'jsonc-parser';
import type { Code } from '../util/codes.js';
import { ProfileError } from '../util/errors.js';
import { hasOwn, own } from '../util/own.js';
import { quote } from '../util/suggest.js';
import type { Findings } from './findings.js';
import {
  MAX_DEPTH,
  MAX_KEY,
  MAX_VALUES,
  pointerOf,
  reportDuplicate,
  type JsonArray,
  type JsonDocument,
  type JsonMember,
  type JsonObject,
  type JsonValue,
  type Placed,
} from './json.js';

const EXPECTED: Readonly<Record<string, string>> = {
  PropertyNameExpected: 'a key in double quotes',
  ValueExpected: 'a value',
  ColonExpected: '":"',
  CommaExpected: '","',
  CloseBraceExpected: '"}"',
  CloseBracketExpected: '"]"',
  EndOfFileExpected: 'the end of the text',
};

const BROKEN: Readonly<Record<string, string>> = {
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfString: 'this string does not end on its line',
  UnexpectedEndOfNumber: 'this number is incomplete',
  InvalidUnicode: 'this string has a \\u without four hexadecimal digits',
  InvalidEscapeCharacter: 'this string has an unknown escape',
  InvalidCharacter: 'this string has a control character that is not escaped',
};

/** The message and the remedy for a syntax error. */
function syntaxError(
  error: ParseErrorCode,
  before: string,
  found: string,
): readonly [message: string, remedy?: string] {
  const name = printParseErrorCode(error);
  const broken = own(BROKEN, name);
  if (name === 'InvalidCommentToken') return [broken ?? name, 'Put the text into a key "comment"'];
  if (broken !== undefined) return [broken];
  const message = `expected ${own(EXPECTED, name) ?? 'a value'}, found ${found === '' ? 'the end of the text' : quote(found)}`;
  if (found.startsWith("'")) return [message, 'JSON writes strings in double quotes'];
  if (/^[}\]]/.test(found) && before.trimEnd().endsWith(',')) return [message, 'Remove the comma before it'];
  return [message];
}

/**
 * Reads one JSON text with the position of each value. Duplicate keys are reported to `findings`.
 *
 * Throws ProfileError at the first fault of syntax (`json-syntax`) and beyond MAX_DEPTH (`too-deep`), MAX_VALUES
 * (`too-many-values`) and MAX_KEY (`key-too-long`).
 */
export function readExactly(text: string, file: string, findings: Findings): JsonValue {
  const document: JsonDocument = { kind: 'document', file };
  type Container =
    | { readonly node: JsonObject; readonly members: Map<string, JsonMember> }
    | { readonly node: JsonArray; readonly items: JsonValue[] };
  const open: Container[] = [];
  let root: JsonValue | undefined;
  let pending: Placed | undefined;
  let count = 0;

  const fail = (code: Code, line: number, column: number, message: string, remedy?: string): never => {
    const around = pending ?? open.at(-1)?.node;
    const at = {
      file,
      line: line + 1,
      column: column + 1,
      pointer: around === undefined ? '' : pointerOf(around),
    };
    throw new ProfileError([
      { code, severity: 'error', message, at, ...(remedy !== undefined && { remedy }) },
    ]);
  };

  const placed = (line: number, column: number): Placed => {
    if (++count > MAX_VALUES)
      fail('too-many-values', line, column, `the text has more than ${MAX_VALUES} values`);
    const container = open.at(-1);
    return {
      parent: container?.node ?? document,
      key:
        container === undefined
          ? ''
          : hasOwn(container, 'items')
            ? container.items.length
            : (pending?.key ?? ''),
      line: line + 1,
      column: column + 1,
    };
  };

  const add = (value: JsonValue): void => {
    const container = open.at(-1);
    if (container === undefined) root = value;
    else if (hasOwn(container, 'items')) container.items.push(value);
    else if (pending !== undefined) container.members.set(String(pending.key), { key: pending, value });
    pending = undefined;
  };

  const begin = (line: number, column: number, container: Container): void => {
    if (open.length === MAX_DEPTH)
      fail('too-deep', line, column, `values are nested more than ${MAX_DEPTH} deep`);
    add(container.node);
    open.push(container);
  };

  visit(
    text,
    {
      onObjectBegin(_offset, _length, line, column) {
        const members = new Map<string, JsonMember>();
        const at = placed(line, column);
        begin(line, column, { node: { kind: 'object', ...at, pointer: pointerOf(at), members }, members });
      },
      onArrayBegin(_offset, _length, line, column) {
        const items: JsonValue[] = [];
        const at = placed(line, column);
        begin(line, column, { node: { kind: 'array', ...at, pointer: pointerOf(at), items }, items });
      },
      onObjectEnd: () => void open.pop(),
      onArrayEnd: () => void open.pop(),
      onObjectProperty(name, _offset, _length, line, column) {
        if (name.length > MAX_KEY)
          fail('key-too-long', line, column, `a key is longer than ${MAX_KEY} characters`);
        const container = open.at(-1);
        if (container === undefined || hasOwn(container, 'items')) return;
        pending = { parent: container.node, key: name, line: line + 1, column: column + 1 };
        const earlier = container.members.get(name);
        if (earlier !== undefined) reportDuplicate(earlier.key, pending, findings);
      },
      onLiteralValue(value: unknown, offset, length, line, column) {
        const node = placed(line, column);
        if (typeof value === 'string') add({ kind: 'string', ...node, value });
        else if (typeof value === 'number')
          add({ kind: 'number', ...node, text: text.slice(offset, offset + length) });
        else if (typeof value === 'boolean') add({ kind: 'boolean', ...node, value });
        else add({ kind: 'null', ...node });
      },
      onError(error, offset, length, line, column) {
        fail(
          'json-syntax',
          line,
          column,
          ...syntaxError(error, text.slice(0, offset), text.slice(offset, offset + length)),
        );
      },
    },
    { disallowComments: true },
  );
  if (root === undefined) throw new Error('unreachable: jsonc-parser reports an empty text');
  return root;
}
