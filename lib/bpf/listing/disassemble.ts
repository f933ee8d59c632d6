// Lists a program in the notation that readers of seccomp filters know.
import { UsageError } from '../../util/errors.js';
import { ABIS } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { oneOf, ownOptions } from '../../util/options.js';
import { certainCall, knownAt, type Known } from './known.js';
import { architectureName, callName } from './names.js';
import { hex, lineNumber, wordAt } from './notation.js';
import { statement } from './statement.js';
import { decode, successors, WORD, type Instruction, type Program, ownProgram } from '../program.js';
import { BPF } from '../opcodes.js';
import { isUint8Array } from '../../util/host/bytes.js';

/** A program, its bytes, or a filter. */
export type ProgramSource =
  | Program
  | Uint8Array
  | {
      /** The program of a Filter, or of a layer from `dump`. */
      readonly program: Program;
    };

/** Assumptions for resolving names. */
export interface AnnotateOptions {
  /** The ABI of call names at points where the program has not tested the architecture. */
  readonly abi?: AbiName | undefined;
}

/** The forms of a listing. */
export const LISTING_FORMS = ['listing', 'plain', 'source'] as const;

/** Options of `disassemble`. */
export interface DisassembleOptions extends AnnotateOptions {
  /**
   * `listing` (default): line numbers, the fields of each instruction, what it does. `plain`: without the fields.
   * `source`: with labels for the lines that are jumped to and no numbers, for editing.
   */
  readonly form?: (typeof LISTING_FORMS)[number] | undefined;
}

/** An instruction with its statement and the facts that hold on every path to it. */
export interface AnnotatedInstruction extends Instruction {
  /** Its line number, from 0. */
  readonly index: number;
  /** The statement; targets are line numbers. */
  readonly text: string;
  /** The instructions that may run next. In a program that the kernel would reject, they may be past the end. */
  readonly targets: readonly number[];
  /** Whether the instruction is reachable. */
  readonly reached: boolean;
  /** The architecture of the calls that reach the instruction, e.g. `ARCH_X86_64`, or its AUDIT_ARCH value in hexadecimal. */
  readonly arch?: string;
  /** The system call that reaches the instruction, e.g. `read`, or its number. */
  readonly syscall?: string;
}

/**
 * Lists a program, valid or not, one instruction per line, with names for architectures, system calls and actions where
 * they are certain. `assemble` reads every form of the output.
 * Throws ProgramError (`bad-program-size`) for bytes that are not a program, UsageError (`bad-option`, `bad-filter`).
 */
export function disassemble(source: ProgramSource, options: DisassembleOptions = {}): string {
  const { form = 'listing', abi } = ownOptions(options, ['abi', 'form']);
  oneOf('form', form, LISTING_FORMS);
  checkAbi(abi);
  const program = programIn(source);
  return `${form === 'source' ? sourceText(program, abi) : numberedText(program, form === 'listing', abi)}\n`;
}

/** Returns the listing as data. Throws as `disassemble` does. */
export function annotate(
  source: ProgramSource,
  options: AnnotateOptions = {},
): readonly AnnotatedInstruction[] {
  const { abi } = ownOptions(options, ['abi']);
  checkAbi(abi);
  const program = programIn(source);
  const known = knownAt(program);
  return program.map((instruction, index) => {
    const here = known[index];
    const audit = here?.audit;
    const call = here === undefined ? undefined : certainCall(here);
    return {
      index,
      ...instruction,
      text: textOf(instruction, here, abi, skip => lineNumber(index + 1 + skip)),
      targets: [...new Set(successors(program, index))],
      reached: here !== undefined,
      ...(audit !== undefined && { arch: architectureName(audit) ?? hex(audit) }),
      ...(call !== undefined && { syscall: callName(audit, call, abi) ?? String(call) }),
    };
  });
}

function checkAbi(abi: unknown): void {
  oneOf('abi', abi, Object.keys(ABIS));
}

function programIn(source: ProgramSource): Program {
  if (isUint8Array(source)) return decode(source);
  if (typeof source === 'object' && (source as unknown) !== null && Object.hasOwn(source, 'program'))
    return ownProgram((source as Extract<ProgramSource, { program: Program }>).program);
  if (Array.isArray(source)) return ownProgram(source as Program);
  throw new UsageError(
    'bad-filter',
    'the value to disassemble is neither a filter nor a program',
    'Pass the result of compile or decode, or the bytes of a program',
  );
}

function numberedText(program: Program, withFields: boolean, abi: AbiName | undefined): string {
  const known = knownAt(program);
  const lines = program.map((instruction, index) => {
    const { code, jt, jf, k } = instruction;
    const fields = withFields ? `${hex(code, 2)} ${hex(jt, 2)} ${hex(jf, 2)} ${hex(k, 8)}  ` : '';
    const text = textOf(instruction, known[index], abi, skip => lineNumber(index + 1 + skip));
    return ` ${lineNumber(index)}: ${fields}${text}${comment(instruction, known[index], abi)}`;
  });
  return (withFields ? [' line  CODE  JT   JF      K', '='.repeat(33), ...lines] : lines).join('\n');
}

function sourceText(program: Program, abi: AbiName | undefined): string {
  const known = knownAt(program);
  const label = (index: number): string => `L${index}`;
  const named = new Set<number>();
  const statements = program.map((instruction, index) => {
    const text = textOf(instruction, known[index], abi, skip => {
      named.add(index + 1 + skip);
      return label(index + 1 + skip);
    });
    return `  ${text}${comment(instruction, known[index], abi)}`;
  });
  return statements
    .flatMap((text, index) => (named.has(index) ? [`${label(index)}:`, text] : [text]))
    .join('\n');
}

function textOf(
  instruction: Instruction,
  known: Known | undefined,
  abi: AbiName | undefined,
  target: (skip: number) => string,
): string {
  return statement(instruction, {
    target,
    constant: k => (known === undefined ? undefined : nameOf(k, instruction.code, known, abi)) ?? hex(k),
  });
}

/** The name of a test's constant, by the content of the accumulator. */
function nameOf(
  k: number,
  code: number,
  { word, audit }: Known,
  abi: AbiName | undefined,
): string | undefined {
  if (code === BPF.JSET_K) return undefined;
  if (word === WORD.arch) return architectureName(k);
  if (word !== WORD.nr) return undefined;
  const name = callName(audit, k, abi);
  // In an order comparison, 0x40000000 is the marker bit of x32 and not its call number 0.
  return code !== BPF.JEQ_K && name?.startsWith('x32.') === true ? undefined : name;
}

/**
 * Comments on a load of an argument with the call, which may have been tested far above, or notes that the instruction
 * is unreachable.
 */
function comment({ code, k }: Instruction, known: Known | undefined, abi: AbiName | undefined): string {
  if (known === undefined) return '  # not reached';
  const word = code === BPF.LD_ABS ? wordAt(k) : undefined;
  const call = certainCall(known);
  if (word === undefined || word < WORD.low(0) || call === undefined) return '';
  const name = callName(known.audit, call, abi);
  return name === undefined ? '' : `  # ${name}`;
}
