// Assembles programs from listings, and from text written by hand in the same notation.
import { AssemblyError } from '../../util/errors.js';
import { requireText } from '../../util/failures.js';
import { ABIS } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { oneOf, ownOptions } from '../../util/options.js';
import { labelKey, readLines, type Line, type Source } from './lines.js';
import { architectureOf, constantOf } from './names.js';
import type { JumpTarget } from './statement.js';
import { failAt, readTokens, show } from './tokens.js';
import { knownAt } from '../listing/known.js';
import { unusedFields } from '../listing/notation.js';
import { findFault, type Instruction, type Program } from '../program.js';
import { BPF } from '../opcodes.js';

/** Options of `assemble`. */
export interface AssembleOptions {
  /** The name of the text in messages; default: `<text>`. */
  readonly file?: string | undefined;
  /** The ABI of call names at points where the program has not tested the architecture. */
  readonly abi?: AbiName | undefined;
}

/**
 * Assembles a program from the output of `disassemble` in any of its forms, or from the same notation with labels and
 * comments. The program has exactly the instructions of the text.
 *
 * Line numbers are labels. If a line shows the fields of its instruction, they must agree with the statement.
 *
 * Throws AssemblyError, with line and column: `bad-statement`, `bad-number`, `unknown-name`, `misplaced-name`,
 * `unknown-abi`, `unknown-label`, `duplicate-label`, `backward-jump`, `far-jump`, `listing-mismatch`, and
 * `bad-program` or `bad-program-size` for a program that the kernel would reject; UsageError (`bad-option`,
 * `bad-argument`).
 */
export function assemble(text: string, options: AssembleOptions = {}): Program {
  requireText('the text of a program', text, 'Decode the bytes to a string first');
  const { file = '<text>', abi } = ownOptions(options, ['file', 'abi']);
  oneOf('abi', abi, Object.keys(ABIS));
  const source = readLines(readTokens(text, file));
  const { lines } = source;
  const [first] = lines;
  if (first === undefined) {
    throw new AssemblyError('bad-program-size', 'there is no instruction', 'Write at least one return', {
      file,
      line: 1,
      column: 1,
    });
  }
  const program = withNames(
    lines.map((line, index) => instructionOf(line, index, source)),
    lines,
    abi,
  );
  lines.forEach((line, index) => {
    checkColumns(line, index, program[index]);
  });
  const fault = findFault(program);
  if (fault !== undefined) failAt((lines[fault.index] ?? first).first, 'bad-program', fault.reason);
  return program;
}

/** The instruction of a line; names of calls are still 0. */
function instructionOf(line: Line, index: number, source: Source): Instruction {
  const { statement } = line;
  switch (statement.kind) {
    case 'simple':
      return withUnused({ code: statement.code, jt: 0, jf: 0, k: statement.k }, line);
    case 'goto':
      return withUnused({ code: BPF.JA, jt: 0, jf: 0, k: skip(statement.target, index, source) }, line);
    case 'test': {
      const { code, constant, whenTrue, whenFalse } = statement;
      const k = typeof constant === 'number' ? constant : (architectureOf(constant) ?? 0);
      const [jt, jf] = [whenTrue, whenFalse].map(target => shortSkip(target, index, source));
      return withUnused({ code, jt: jt ?? 0, jf: jf ?? 0, k }, line);
    }
  }
}

function withUnused(instruction: Instruction, { unused }: Line): Instruction {
  const result = { ...instruction };
  for (const { field, value, token } of unused) {
    if (!unusedFields(instruction).includes(field))
      failAt(
        token,
        'bad-statement',
        `the instruction reads ${field}, and the statement already defines its value`,
      );
    result[field] = value;
  }
  return result;
}

/** The number of instructions that a jump skips. */
function skip(target: JumpTarget, index: number, { labels }: Source): number {
  if (target === undefined) return 0;
  const label =
    labels.get(labelKey(target)) ??
    failAt(
      target,
      'unknown-label',
      `there is no label ${show(target)}`,
      'Write it before a statement, with a colon',
    );
  const count = label.index - (index + 1);
  if (count >= 0) return count;
  return failAt(
    target,
    'backward-jump',
    `${show(target)} does not come after this instruction; it is in line ${label.token.at.line}`,
    'Programs can only jump forward: move the target after the jump',
  );
}

/** The maximum number of instructions that a test can skip; `goto` has no such limit. */
const MAX_SKIP = 255;

function shortSkip(target: JumpTarget, index: number, source: Source): number {
  const count = skip(target, index, source);
  if (target === undefined || count <= MAX_SKIP) return count;
  return failAt(
    target,
    'far-jump',
    `${show(target)} is ${count} instructions ahead, but a test skips at most ${MAX_SKIP}`,
    `Put a "goto ${target.text}" within reach, with a label, and jump to the label`,
  );
}

/** Resolves the names of calls, whose numbers depend on the architecture that the program has tested before. */
function withNames(program: Program, lines: readonly Line[], abi: AbiName | undefined): Program {
  const known = knownAt(program);
  return program.map((instruction, index) => {
    const statement = lines[index]?.statement;
    if (statement?.kind !== 'test' || typeof statement.constant === 'number') return instruction;
    return { ...instruction, k: constantOf(statement.constant, known[index], abi) };
  });
}

function checkColumns({ columns }: Line, index: number, instruction: Instruction | undefined): void {
  if (columns === undefined || instruction === undefined) return;
  const { lineNumber, first, fields } = columns;
  const remedy = 'Correct one of them, or leave the columns out';
  if (Number(lineNumber.text) !== index)
    failAt(lineNumber, 'listing-mismatch', `this is instruction ${index}, not ${show(lineNumber)}`, remedy);
  for (const field of ['code', 'jt', 'jf', 'k'] as const) {
    if (fields[field] === instruction[field]) continue;
    const [column, text] = [fields[field], instruction[field]].map(value => `0x${value.toString(16)}`);
    failAt(
      first,
      'listing-mismatch',
      `the columns have ${field} ${column ?? ''}, but the statement has ${text ?? ''}`,
      remedy,
    );
  }
}
