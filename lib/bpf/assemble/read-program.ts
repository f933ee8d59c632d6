// Detects and reads texts that contain programs: listings and dumps of numbers.
import { AssemblyError } from '../../util/errors.js';
import { requireText } from '../../util/failures.js';
import { decode, MAX_INSTRUCTIONS, validate, type Instruction, type Program } from '../program.js';
import { assemble } from './assemble.js';

/** A notation of programs. */
interface Notation {
  /** Its name in messages. */
  readonly name: string;
  readonly is: (text: string) => boolean;
  readonly read: (text: string, file: string) => Program;
}

const NUMBER = String.raw`(?:0[xX][\da-fA-F]{1,8}|\d{1,10})`;
const SEPARATOR = String.raw`[ \t]*[ \t,][ \t]*`;
const FOUR = `(${NUMBER})${SEPARATOR}(${NUMBER})${SEPARATOR}(${NUMBER})${SEPARATOR}(${NUMBER})`;

const DISASM = new RegExp(String.raw`^[ \t]*\d+:[ \t]+${FOUR}(?=[ \t]|$)`);
const ARRAY = new RegExp(
  String.raw`^[ \t]*(?:(?:\d+|\[\d+\]):?[ \t=]*)?\{[ \t]*(?:\.?\w+[ \t]*=[ \t]*)?${FOUR.replaceAll(SEPARATOR, String.raw`[ \t]*,[ \t]*(?:\.?\w+[ \t]*=[ \t]*)?`)}[ \t]*\}`,
);
const DECIMAL = /^[ \t]*(\d{1,5})[ \t]+(\d{1,3})[ \t]+(\d{1,3})[ \t]+(\d{1,10})[ \t]*$/;
/** Lines without instructions: headings, rules, comments, the frame of a C array. */
const EMPTY =
  /^[ \t]*(?:$|#|\/\/|\/\*.*\*\/[ \t]*$|=+[ \t]*$|line[ \t]+(?:OP|CODE)\b|len[ \t]*==|filter:|\}[ \t]*;?[ \t]*$|(?:static|const|struct|unsigned)\b.*\{[ \t]*$)/;

/** A notation with one instruction per line, as four numbers. */
const lines = (name: string, pattern: RegExp, is: (text: string) => boolean): Notation => ({
  name,
  is,
  read: (text, file) => readFours(text, file, name, pattern),
});

function readFours(text: string, file: string, name: string, pattern: RegExp): Program {
  const program: Instruction[] = [];
  const all = text.replace(/^\uFEFF/, '').split('\n');
  all.forEach((raw, index) => {
    const line = raw.replace(/\r$/, '');
    if (EMPTY.test(line)) return;
    const fail = (code: 'bad-statement' | 'bad-number' | 'bad-program-size', message: string): never => {
      throw new AssemblyError(code, `${message} (the text looks like ${name})`, undefined, {
        file,
        line: index + 1,
        column: 1,
      });
    };
    // tcpdump -ddd and iptables write the length before the instructions.
    if (pattern === DECIMAL && program.length === 0 && /^[ \t]*\d+[ \t]*$/.test(line)) return;
    const [, ...fields] = pattern.exec(line) ?? [];
    if (fields.length !== 4) fail('bad-statement', 'the line is not one instruction');
    const [code = 0, jt = 0, jf = 0, k = 0] = fields.map(Number);
    if (code > 0xffff || jt > 0xff || jf > 0xff || k > 0xffffffff)
      fail('bad-number', 'a number has too many bits');
    if (program.length === MAX_INSTRUCTIONS)
      fail('bad-program-size', `the kernel accepts at most ${MAX_INSTRUCTIONS} instructions`);
    program.push({ code, jt, jf, k });
  });
  validate(program);
  return program;
}

/** The address before the bytes of a line, as hexdump -C, xxd and od print it. */
const ADDRESS = /^[ \t]*[\da-fA-F]{7,8}:?(?:[ \t]+|$)/;
/** The bytes as characters at the end of a line, between bars or after spaces. */
const BARRED = /[ \t]*\|.*$/;
const APART = /[ \t]{2,}(?![\da-fA-F \t]*$).*$/;
const BYTES = /^[ \t]*(?:[\da-fA-F]{2}[ \t]*)+$/;

const DUMP: Notation = {
  name: 'bytes in hexadecimal',
  // Requires that the first instruction loads a word: 20 00 00 00.
  is: text =>
    /^(?:[ \t]*[\da-fA-F]{7,8}:?[ \t]+)?[ \t]*20 ?00 ?00 ?00[ \t]*(?:[\da-fA-F]{2}[ \t]*){4}/.test(text),
  read(text, file) {
    const bytes: number[] = [];
    text.split('\n').forEach((raw, index) => {
      const line = raw.replace(/\r$/, '').replace(ADDRESS, '').replace(BARRED, '').replace(APART, '');
      if (/^[ \t]*$/.test(line)) return;
      if (!BYTES.test(line)) {
        throw new AssemblyError(
          'bad-statement',
          'the line is not bytes (the text looks like bytes in hexadecimal)',
          'Remove everything except the bytes',
          { file, line: index + 1, column: 1 },
        );
      }
      for (const [digits] of line.matchAll(/[\da-fA-F]{2}/g)) bytes.push(Number.parseInt(digits, 16));
    });
    return decode(Uint8Array.from(bytes));
  },
};

const NOTATIONS: readonly Notation[] = [
  lines('a listing of scmp_bpf_disasm', DISASM, text =>
    /^[ \t]*line[ \t]+OP[ \t]+JT[ \t]+JF[ \t]+K\b/m.test(text),
  ),
  {
    name: 'a listing of seccomp-tools',
    is: text => /^[ \t]*line[ \t]+CODE[ \t]+JT[ \t]+JF[ \t]+K\b/m.test(text),
    read: (text, file) => assemble(text, { file }),
  },
  lines('an array of struct sock_filter', ARRAY, text =>
    new RegExp(ARRAY.source, 'm').test(text.slice(0, 4000)),
  ),
  lines('instructions in decimal', DECIMAL, text =>
    /^[ \t]*(?:\d+[ \t\r]*\n)?[ \t]*32[ \t]+0[ \t]+0[ \t]+\d+[ \t\r]*$/m.test(text.slice(0, 200)),
  ),
  DUMP,
];

/**
 * Returns the program of a text that is a listing of seccomp-tools or scmp_bpf_disasm, an array of `struct sock_filter`,
 * instructions in decimal (`32 0 0 4`), or bytes in hexadecimal; undefined for any other text. The format is detected
 * from the content.
 * Throws AssemblyError with line and column; ProgramError for a program that the kernel would reject; UsageError
 * (`bad-argument`).
 */
export function readProgramText(text: string, file = '<text>'): Program | undefined {
  requireText('the text of a program', text);
  return NOTATIONS.find(({ is }) => is(text))?.read(text, file);
}
