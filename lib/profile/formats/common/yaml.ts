// Reads YAML into the values of JSON, with positions, so that both formats share one reader of fields.
import type * as Yaml from 'yaml';
import type { Code } from '../../../util/codes.js';
import type { Location } from '../../../util/errors.js';
import { own } from '../../../util/own.js';
import {
  MAX_DEPTH,
  MAX_KEY,
  MAX_VALUES,
  pointerOf,
  type JsonArray,
  type JsonDocument,
  type JsonMember,
  type JsonObject,
  type JsonValue,
  type Placed,
} from '../../json.js';
import { failAt } from './scanner.js';
import { yamlLibrary } from './yaml-library.js';

/** The maximum length of a text, because reading YAML takes far longer than JSON. */
const MAX_LENGTH = 1024 * 1024;

/**
 * Reads the non-empty documents of a YAML text, of which there must be at least one. Throws ProfileError (`yaml-syntax`,
 * `too-deep`, `too-many-values`, `key-too-long`, `profile-too-large`), also for aliases, merge keys, tags and duplicate keys, which
 * other readers treat differently.
 */
export function readYaml(text: string, file: string): readonly [JsonValue, ...JsonValue[]] {
  const { isAlias, isMap, isScalar, isSeq, LineCounter } = yamlLibrary();
  const lines = new LineCounter();
  const locationAt = (offset: number): Location => {
    const { line, col } = lines.linePos(offset);
    return Object.freeze({ file, line: Math.max(1, line), column: Math.max(1, col), pointer: '' });
  };
  const fail = (offset: number, code: Code, message: string, remedy?: string): never =>
    failAt(locationAt(offset), code, message, remedy);
  if (text.length > MAX_LENGTH)
    fail(
      0,
      'profile-too-large',
      `the YAML text is longer than ${MAX_LENGTH} characters`,
      'A profile has a few kilobytes',
    );
  let documents: readonly Yaml.Document[];
  try {
    documents = documentsIn(text, lines);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail(0, 'too-deep', `values are nested more than ${MAX_DEPTH} deep`);
  }
  for (const { errors, warnings } of documents) {
    for (const { pos, message } of [...errors, ...warnings]) {
      if (message.includes('call stack'))
        fail(pos[0], 'too-deep', `values are nested more than ${MAX_DEPTH} deep`);
      fail(pos[0], 'yaml-syntax', message.replace(/\s+/g, ' '), 'Correct the YAML');
    }
  }
  const [first, ...others] = documents.flatMap(({ contents }) => contents ?? []);
  if (first === undefined) return fail(0, 'yaml-syntax', 'the text has no value');
  const document: JsonDocument = { kind: 'document', file };
  let count = 0;
  const read = (node: unknown, parent: Placed['parent'], key: string | number, depth: number): JsonValue => {
    const offset = startOf(node);
    if (depth > MAX_DEPTH) fail(offset, 'too-deep', `values are nested more than ${MAX_DEPTH} deep`);
    if (++count > MAX_VALUES) fail(offset, 'too-many-values', `the text has more than ${MAX_VALUES} values`);
    const { line, column } = locationAt(offset);
    const placed: Placed = { parent, key, line, column };
    if (isAlias(node)) return fail(offset, 'yaml-syntax', 'aliases are not read', 'Write the value out');
    if (isSeq(node)) {
      const items: JsonValue[] = [];
      const array: JsonArray = { kind: 'array', ...placed, pointer: pointerOf(placed), items };
      for (const item of node.items) items.push(read(item, array, items.length, depth + 1));
      return array;
    }
    if (isMap(node)) {
      const members = new Map<string, JsonMember>();
      const object: JsonObject = { kind: 'object', ...placed, pointer: pointerOf(placed), members };
      for (const { key: name, value } of node.items) {
        const at = startOf(name) || offset;
        if (!isScalar(name) || typeof name.value !== 'string')
          return fail(at, 'yaml-syntax', 'a key is not a string');
        if (name.value.length > MAX_KEY)
          fail(at, 'key-too-long', `a key is longer than ${MAX_KEY} characters`);
        // Readers of YAML 1.1, such as that of Kubernetes, insert the members of the value.
        if (name.value === '<<') fail(at, 'yaml-syntax', 'merge keys are not read', 'Write the members out');
        if (members.has(name.value)) fail(at, 'yaml-syntax', 'Map keys must be unique', 'Correct the YAML');
        const where = locationAt(at);
        const own: Placed = { parent: object, key: name.value, line: where.line, column: where.column };
        members.set(name.value, { key: own, value: read(value, object, name.value, depth + 1) });
      }
      return object;
    }
    const value: unknown = isScalar(node) ? node.value : node;
    if (value === null || value === undefined) return { kind: 'null', ...placed };
    if (typeof value === 'boolean') return { kind: 'boolean', ...placed, value };
    if (typeof value === 'string') return { kind: 'string', ...placed, value };
    if (typeof value === 'number') {
      const source = isScalar(node) ? own(node, 'source') : undefined;
      if (/^[-+]?0\d/.test(source ?? ''))
        fail(
          offset,
          'yaml-syntax',
          'a number with a zero before it is octal for some readers',
          'Remove the zero',
        );
      return { kind: 'number', ...placed, text: numberText(source, value) };
    }
    return fail(offset, 'yaml-syntax', 'this is not a JSON value');
  };
  const whole = (contents: unknown): JsonValue => read(contents, document, '', 1);
  return [whole(first), ...others.map(whole)];
}

/** The documents of a text, up to the first one with a problem. A document has its first problem, but not all others. */
function documentsIn(text: string, lines: Yaml.LineCounter): readonly Yaml.Document[] {
  const { Composer, Parser } = yamlLibrary();
  const composer = new Composer({
    lineCounter: lines,
    schema: 'core',
    merge: false,
    prettyErrors: false,
    stringKeys: true,
    // Duplicate keys are checked above, because the library compares each key with all others.
    uniqueKeys: false,
  });
  reportOnce(composer);
  const documents: Yaml.Document[] = [];
  for (const document of composer.compose(tokensOf(new Parser(lines.addNewLine), text))) {
    documents.push(document);
    if (document.errors.length + document.warnings.length > 0) break;
  }
  return documents;
}

/**
 * Makes the library create only its first error and its first warning. Each has a stack trace, which is slow for the hundreds of
 * thousands of mistakes of a hostile text. Later ones are in the same document or in later documents, and so are never reported.
 */
function reportOnce(composer: Yaml.Composer): void {
  type Report = (source: unknown, code: string, message: string, isWarning?: boolean) => void;
  const reporting = composer as unknown as { onError: Report };
  const report = reporting.onError;
  const reported = new Set<boolean>();
  reporting.onError = (source, code, message, isWarning = false) => {
    if (reported.has(isWarning)) return;
    report(source, code, message, isWarning);
    // Only afterwards, because the report itself fails if the stack is full.
    reported.add(isWarning);
  };
}

/** The tokens of a text without all errors but the first, for the same reason. */
function* tokensOf(parser: Yaml.Parser, text: string): Generator<Yaml.CST.Token> {
  let isFaulty = false;
  for (const token of parser.parse(text)) {
    if (token.type !== 'error' || !isFaulty) yield token;
    isFaulty ||= token.type === 'error';
  }
}

/** Where a node begins. */
const startOf = (node: unknown): number => {
  const range = own((node as Partial<Yaml.Node> | null) ?? undefined, 'range');
  return range?.[0] ?? 0;
};

/** A number in decimal digits, exactly, as in JSON: YAML also has hexadecimal and octal ones. */
function numberText(source: string | undefined, value: number): string {
  const text = source?.replace(/^\+/, '') ?? String(value);
  return /^0[xo][\da-f]+$/i.test(text) && text.length < 40 ? String(BigInt(text)) : text;
}
