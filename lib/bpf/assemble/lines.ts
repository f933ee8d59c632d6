// Parses the lines of an assembly text: statements, their columns, and the labels before them.
import { MAX_INSTRUCTIONS, type Instruction } from '../program.js';
import { isNumeric, parseNumber } from './number.js';
import { isWord, NEXT, parseStatement, type AssemblyStatement } from './statement.js';
import { failAt, show, unexpected, type Reader, type Token } from './tokens.js';

/** One instruction as it is written. */
export interface Line {
  readonly statement: AssemblyStatement;
  /** Values for fields that the instruction does not read. */
  readonly unused: readonly UnusedField[];
  /** The fields that a listing prints before the statement. */
  readonly columns: Columns | undefined;
  /** The first word of the statement. */
  readonly first: Token;
}

interface UnusedField {
  readonly field: 'jt' | 'jf' | 'k';
  readonly value: number;
  readonly token: Token;
}

export interface Columns {
  readonly lineNumber: Token;
  readonly first: Token;
  readonly fields: Instruction;
}

/** A label and the index of the instruction after it. */
interface Label {
  readonly index: number;
  readonly token: Token;
}

export interface Source {
  readonly lines: readonly Line[];
  readonly labels: ReadonlyMap<string, Label>;
}

/** The key of a label. Ignores leading zeros of line numbers. */
export const labelKey = ({ text }: Token): string =>
  /^\d+$/.test(text) ? text.replace(/^0+(?=\d)/, '') : text;

/** Reads all lines. Throws AssemblyError. */
export function readLines(reader: Reader): Source {
  const lines: Line[] = [];
  const labels = new Map<string, Label>();
  for (;;) {
    let first = reader.next();
    let columns: Columns | undefined;
    while (columns === undefined && isWord(first) && reader.accept(':')) {
      define(labels, first, lines.length);
      if (isNumeric(first) && isNumeric(reader.peek())) columns = readColumns(first, reader);
      first = reader.next();
    }
    if (first.text === '') return { lines, labels };
    if (lines.length === MAX_INSTRUCTIONS)
      failAt(first, 'bad-program-size', `the kernel accepts at most ${MAX_INSTRUCTIONS} instructions`);
    const statement = parseStatement(first, reader);
    lines.push({ statement, unused: readUnused(reader), columns, first });
    const following = reader.peek();
    if (!following.startsLine && following.text !== '')
      unexpected(following, 'the end of the line', 'Start each statement on a new line');
  }
}

function define(labels: Map<string, Label>, token: Token, index: number): void {
  if (token.text === NEXT || (isNumeric(token) && !/^\d+$/.test(token.text)))
    failAt(token, 'bad-statement', `${show(token)} cannot be a label`, 'Start a label with a letter');
  const key = labelKey(token);
  const other = labels.get(key);
  if (other !== undefined) {
    failAt(
      token,
      'duplicate-label',
      `the label ${show(token)} is already defined in line ${other.token.at.line}`,
      'Use another name',
    );
  }
  labels.set(key, { index, token });
}

function readColumns(lineNumber: Token, reader: Reader): Columns {
  const first = reader.peek();
  const [code, jt, jf, k] = [0xffff, 0xff, 0xff, 0xffffffff].map(most => parseNumber(reader.next(), most));
  return { lineNumber, first, fields: { code: code ?? 0, jt: jt ?? 0, jf: jf ?? 0, k: k ?? 0 } };
}

/** Reads the values after `with`, for fields that an instruction does not read. */
function readUnused(reader: Reader): readonly UnusedField[] {
  if (!reader.accept('with')) return [];
  const fields: UnusedField[] = [];
  do {
    const token = reader.next();
    const { text: field } = token;
    if (field !== 'jt' && field !== 'jf' && field !== 'k') return unexpected(token, '"jt", "jf" or "k"');
    reader.expect('=');
    fields.push({ field, value: parseNumber(reader.next(), field === 'k' ? 0xffffffff : 0xff), token });
  } while (reader.accept(','));
  return fields;
}
