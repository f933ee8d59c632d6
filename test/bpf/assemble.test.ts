// Assembly: listings assemble to the same bytes, hand-written text has the expected meaning, and mistakes are reported with a
// place and a remedy.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { AssemblyError } from '#lib/util/errors.js';
import { assemble, type AssembleOptions } from '#lib/bpf/assemble/assemble.js';
import { disassemble, type DisassembleOptions } from '#lib/bpf/listing/disassemble.js';
import { encode, MAX_INSTRUCTIONS, validate, type Instruction, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO } from '#lib/kernel/constants.js';
import { Random, seed } from '../support/random.js';
import { randomProgram } from '../support/random-program.js';

const FORMS = ['listing', 'plain', 'source'] as const;
const insn = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const ret = insn(BPF.RET_K, SCMP_ACT_ALLOW);

/** Asserts that each form of a listing assembles to the same program. */
function comesBack(program: Program, where: string, options: DisassembleOptions = {}): void {
  for (const form of FORMS) {
    const text = disassemble(program, { ...options, form });
    assert.deepEqual(encode(assemble(text)), encode(program), `${where}, ${form}:\n${text.slice(0, 5000)}`);
  }
}

function failure(text: string, options: AssembleOptions = {}): AssemblyError {
  try {
    assemble(text, options);
  } catch (error) {
    assert.ok(error instanceof AssemblyError, String(error));
    return error;
  }
  return assert.fail(`assembled: ${text.slice(0, 200)}`);
}

describe('assembly: a listing assembles to the same program', () => {
  const start = seed();

  for (const arch of ['x86_64', 'aarch64'] as const) {
    for (const codegen of ['tree', 'libseccomp'] as const) {
      it(`docker-default for ${arch}, written by ${codegen}`, () => {
        comesBack(compile('docker-default', { arch, codegen }).program, `${arch} ${codegen}`);
      });
    }
  }

  it(`random programs of every instruction, with any values in unused fields (SEED=${start})`, () => {
    const random = new Random(start);
    for (let index = 0; index < 1500; index++) {
      comesBack(randomProgram(random, 1 + random.below(80)), `program ${index} of SEED=${start}`);
    }
  });

  it(`random programs up to the kernel's maximum length (SEED=${start})`, () => {
    const random = new Random(start);
    for (let index = 0; index < 5; index++)
      comesBack(randomProgram(random, MAX_INSTRUCTIONS), `program ${index} of SEED=${start}`);
  });

  it(`random programs listed with names of an ABI that they do not test (SEED=${start})`, () => {
    const random = new Random(start);
    for (let index = 0; index < 200; index++) {
      const abi = random.pick(Object.keys(ABIS) as AbiName[]);
      comesBack(randomProgram(random, 1 + random.below(80)), `program ${index} of SEED=${start}`, { abi });
    }
  });

  it('even with other line ends, other blanks, and comments', () => {
    const { program, disassembly } = compile('docker-default', { arch: 'x86_64' });
    for (const text of [
      disassembly.replaceAll('\n', '\r\n'),
      disassembly.replace(/ +/g, '\t'),
      disassembly.replace(/$/gm, ' // seen'),
      `# from a colleague\n\n${disassembly}`,
    ]) {
      assert.deepEqual(assemble(text), program);
    }
  });
});

describe('assembly: programs written by hand', () => {
  const same = (text: string, program: Program, options: AssembleOptions = {}): void => {
    assert.deepEqual(assemble(text, options), program);
  };

  it('have labels, comments and names', () => {
    same(
      `
      # Nothing but read and write.
      A = arch
      if (A != ARCH_X86_64) goto dead      // other ABIs
      A = sys_number
      if (A == read) goto good
      if (A == write) goto good else goto refuse
      good: return ALLOW
      refuse:
      return ERRNO(EPERM)
      dead:
      return KILL_PROCESS
      `,
      [
        insn(BPF.LD_ABS, 4),
        insn(BPF.JEQ_K, ABIS.x86_64.audit, 0, 5),
        insn(BPF.LD_ABS, 0),
        insn(BPF.JEQ_K, 0, 1, 0),
        insn(BPF.JEQ_K, 1, 0, 1),
        ret,
        insn(BPF.RET_K, SCMP_ACT_ERRNO(1)),
        insn(BPF.RET_K, 0x80000000),
      ],
    );
  });

  it('may choose between two labels, and call the next instruction "next"', () => {
    same('A = arch\nA == ARCH_AARCH64 ? next : dead\nreturn ALLOW\ndead: return KILL', [
      insn(BPF.LD_ABS, 4),
      insn(BPF.JEQ_K, ABIS.aarch64.audit, 0, 1),
      ret,
      insn(BPF.RET_K, 0),
    ]);
    same('if (A < 5) goto next else goto end\nend: return A', [insn(BPF.JGE_K, 5), insn(BPF.RET_A)]);
    same('goto next\nreturn A', [insn(BPF.JA), insn(BPF.RET_A)]);
  });

  it('may break a statement at blanks', () => {
    same('if (\n  A == X # a comment\n)\n  goto end\nelse\n  goto next\nreturn ALLOW\nend:\nreturn A', [
      insn(BPF.JEQ_X, 0, 1, 0),
      ret,
      insn(BPF.RET_A),
    ]);
  });

  const tests: readonly (readonly [condition: string, instruction: Instruction])[] = [
    ['(A == 5)', insn(BPF.JEQ_K, 5, 1, 0)],
    ['(A != 5)', insn(BPF.JEQ_K, 5, 0, 1)],
    ['(A > 5)', insn(BPF.JGT_K, 5, 1, 0)],
    ['(A <= 5)', insn(BPF.JGT_K, 5, 0, 1)],
    ['(A >= X)', insn(BPF.JGE_X, 0, 1, 0)],
    ['(A < X)', insn(BPF.JGE_X, 0, 0, 1)],
    ['(A & 0x10)', insn(BPF.JSET_K, 16, 1, 0)],
    ['(!(A & 0x10))', insn(BPF.JSET_K, 16, 0, 1)],
    ['!(A & 0x10)', insn(BPF.JSET_K, 16, 0, 1)],
    ['!(!((A != 5)))', insn(BPF.JEQ_K, 5, 0, 1)],
    ['(A == -1)', insn(BPF.JEQ_K, 0xffffffff, 1, 0)],
  ];
  for (const [condition, instruction] of tests) {
    it(`test ${condition}`, () => {
      same(`if ${condition} goto end\nreturn ALLOW\nend: return A`, [instruction, ret, insn(BPF.RET_A)]);
    });
  }

  const values: readonly (readonly [statement: string, instruction: Instruction])[] = [
    ['A = -1', insn(BPF.LD_IMM, 0xffffffff)],
    ['A = -A', insn(BPF.NEG)],
    ['A += -16', insn(BPF.ADD_K, 0xfffffff0)],
    ['X = -2147483648', insn(BPF.LDX_IMM, 0x80000000)],
    ['A = 4294967295', insn(BPF.LD_IMM, 0xffffffff)],
    ['A = data[60]', insn(BPF.LD_ABS, 60)],
  ];
  for (const [statement, instruction] of values) {
    it(`write ${statement}`, () => {
      same(`${statement}\nreturn A`, [instruction, insn(BPF.RET_A)]);
    });
  }

  const answers: readonly (readonly [text: string, k: number])[] = [
    ['KILL', 0],
    ['USER_NOTIF', 0x7fc00000],
    ['NOTIFY', 0x7fc00000],
    ['TRACE', 0x7ff00000],
    ['TRACE(65535)', 0x7ff0ffff],
    ['ERRNO(EWOULDBLOCK)', SCMP_ACT_ERRNO(11)],
    ['ERRNO(0xfff)', SCMP_ACT_ERRNO(4095)],
    ['0x7fff0000', SCMP_ACT_ALLOW],
  ];
  for (const [text, k] of answers) {
    it(`return ${text}`, () => {
      same(`return ${text}`, [insn(BPF.RET_K, k)]);
    });
  }

  it('may name calls with their ABI, whatever the program has tested', () => {
    for (const [name, abi, call] of [
      ['x86_64.read', 'x86_64', 'read'],
      ['amd64.write', 'x86_64', 'write'],
      ['x32.execve', 'x32', 'execve'],
      ['i386.open', 'x86', 'open'],
      ['arm64.openat', 'aarch64', 'openat'],
      ['arm.open', 'arm', 'open'],
    ] as const) {
      same(`A = sys_number\nif (A == ${name}) goto next\nreturn A`, [
        insn(BPF.LD_ABS, 0),
        insn(BPF.JEQ_K, syscallNumber(abi, call)),
        insn(BPF.RET_A),
      ]);
    }
  });

  it('use the call names of the given ABI if they test none', () => {
    const text = 'A = sys_number\nif (A == write) goto next\nreturn A';
    same(text, [insn(BPF.LD_ABS, 0), insn(BPF.JEQ_K, 64), insn(BPF.RET_A)], { abi: 'aarch64' });
  });

  it('may jump any distance with goto, and farther than 255 instructions with a test', () => {
    const far = `${'A = 1\n'.repeat(4000)}`;
    assert.equal(assemble(`goto end\n${far}end: return A`)[0]?.k, 4000);
    assert.equal(assemble(`if (A == 1) goto end\n${'A = 1\n'.repeat(255)}end: return A`)[0]?.jt, 255);
  });

  it('may be a listing with lines added: line numbers are labels', () => {
    const text = disassemble([insn(BPF.LD_ABS, 16), insn(BPF.JEQ_K, 5, 0, 1), ret, insn(BPF.RET_A)], {
      form: 'plain',
    });
    const edited = text.replace('0002:', 'A += 1\n 0002:');
    assert.deepEqual(assemble(edited)[1], insn(BPF.JEQ_K, 5, 0, 2));
  });
});

describe('assembly: mistakes', () => {
  const arch = 'A = arch\nif (A != ARCH_X86_64) goto dead\nA = sys_number\n';
  const dead = '\nreturn ALLOW\ndead: return KILL';
  const mistakes: readonly (readonly [code: string, place: string, message: RegExp, text: string])[] = [
    ['bad-statement', '1:1', /"B" is unexpected here: expected a label, "A"/, 'B = 5'],
    ['bad-statement', '1:3', /"5" is unexpected here: expected an assignment or a comparison/, 'A 5'],
    ['bad-statement', '1:5', /"foo" is unexpected here: expected a number, "sys_number"/, 'A = foo'],
    ['bad-statement', '2:3', /expected is a new|the end of the text/, 'A\n= '],
    ['bad-statement', '1:11', /"A" is unexpected here: expected the end of the line/, 'return A  A = 5'],
    ['bad-statement', '1:16', /"16" is unexpected here: expected "32"/, 'A = args[0] >> 16'],
    ['bad-statement', '1:4', /"A" is unexpected here: expected "\("/, 'if A == 5 goto x'],
    ['bad-statement', '1:13', /"return" is unexpected here: expected "goto"/, 'if (A == 5) return ALLOW'],
    ['bad-statement', '1:3', /"§" is not part of any statement.*comments after #/, 'A § 5'],
    ['bad-statement', '1:2', /"\\u0000" is not part/, 'A\0'],
    ['bad-statement', '1:8', /ERRNO without an errno.*ERRNO\(EPERM\)/, 'return ERRNO'],
    ['bad-statement', '1:1', /"next" cannot be a label/, 'next: return ALLOW'],
    ['bad-statement', '1:1', /"0x1" cannot be a label/, '0x1: return ALLOW'],
    ['bad-statement', '1:19', /the instruction reads k/, 'return ALLOW with k=1'],
    ['bad-statement', '1:19', /"code" is unexpected here/, 'return ALLOW with code=1'],
    ['bad-number', '1:5', /"4294967296" is more than 0xffffffff/, 'A = 4294967296'],
    ['bad-number', '1:6', /"2147483649" is more than 0x80000000/, 'A = -2147483649'],
    ['bad-number', '1:10', /"6" is more than 0x5/, 'A = args[6]'],
    ['bad-number', '1:5', /"010" is not a number.*without leading zeros/, 'A = 010'],
    ['bad-number', '1:5', /"0xg" is not a number/, 'A = 0xg'],
    ['bad-number', '1:14', /"65536" is more than 0xffff/, 'return TRACE(65536)'],
    ['unknown-name', '1:8', /there is no action "ALOW". Did you mean "ALLOW"/, 'return ALOW'],
    ['unknown-name', '1:14', /there is no errno "EPRM". Did you mean "EPERM"/, 'return ERRNO(EPRM)'],
    [
      'unknown-name',
      '2:10',
      /no architecture "ARCH_X8664". Did you mean "ARCH_X86_64"/,
      'A = arch\nif (A == ARCH_X8664) goto next\nreturn A',
    ],
    [
      'unknown-name',
      '4:10',
      /no system call "raed" on x86_64. Did you mean "read"/,
      `${arch}if (A == raed) goto dead${dead}`,
    ],
    [
      'unknown-name',
      '4:10',
      /no system call "open" on aarch64/,
      `${arch}if (A == aarch64.open) goto dead${dead}`,
    ],
    [
      'misplaced-name',
      '3:10',
      /"ARCH_X86_64" is compared with something other than an architecture. Load it first: A = arch/,
      'X = 1\nA = sys_number\nif (A == ARCH_X86_64) goto next\nreturn A',
    ],
    [
      'misplaced-name',
      '2:10',
      /"read" is compared with something other than the number of a call/,
      'A = args[0]\nif (A == read) goto next\nreturn A',
    ],
    [
      'unknown-abi',
      '2:10',
      /the number of "read" depends on the architecture.*x86_64.read/,
      'A = sys_number\nif (A == read) goto next\nreturn A',
    ],
    ['unknown-label', '1:6', /there is no label "end"/, 'goto end\nreturn A'],
    ['unknown-label', '1:6', /there is no label "0005"/, 'goto 0005\nreturn A'],
    ['duplicate-label', '2:1', /the label "end" is already defined in line 1/, 'end: A = 1\nend: return A'],
    ['duplicate-label', '2:1', /the label "7" is already defined/, '0007: A = 1\n7: return A'],
    [
      'backward-jump',
      '2:6',
      /"top" does not come after this instruction; it is in line 1/,
      'top: A = 1\ngoto top\nreturn A',
    ],
    ['backward-jump', '1:12', /"here" does not come after/, 'here: goto here\nreturn A'],
    [
      'far-jump',
      '1:18',
      /"end" is 256 instructions ahead, but a test skips at most 255. Put a "goto end" within reach/,
      `if (A == 1) goto end\n${'A = 1\n'.repeat(256)}end: return A`,
    ],
    [
      'listing-mismatch',
      '1:7',
      /the columns have k 0x0, but the statement has 0x7fff0000. Correct one/,
      '0000: 0x06 0x00 0x00 0x00000000 return ALLOW',
    ],
    [
      'listing-mismatch',
      '1:1',
      /this is instruction 0, not "0003"/,
      '0003: 0x06 0x00 0x00 0x7fff0000 return ALLOW',
    ],
    [
      'bad-statement',
      '1:17',
      /"return" is unexpected here: expected a number/,
      '0000: 0x06 0x00 return ALLOW',
    ],
    ['bad-statement', '1:33', /"end" is unexpected here/, '0000: 0x00 0x00 0x00 0x00000000 end: return A'],
    ['bad-program-size', '1:1', /there is no instruction/, '# nothing\n\n'],
    ['bad-program-size', '4097:1', /at most 4096 instructions/, 'return A\n'.repeat(4097)],
    ['bad-program', '2:3', /division by zero/, 'A = 1\n  A /= 0\nreturn A'],
    ['bad-program', '1:1', /scratch word 3 is read before/, 'A = mem[3]\nreturn A'],
    ['bad-program', '1:1', /offset 64 is outside/, 'A = data[64]\nreturn A'],
    ['bad-program', '2:1', /the last instruction must be a return/, 'return A\nA = 1'],
    ['bad-program', '1:1', /past the end/, 'goto end\nreturn A\nend:'],
  ];
  for (const [code, place, message, text] of mistakes) {
    it(`${code}: ${message.source.slice(0, 70)}`, () => {
      const error = failure(text);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.equal(`${error.at.line}:${error.at.column}`, place, error.message);
    });
  }

  it('name the file if it is given', () => {
    const { message, at } = failure('A = ?', { file: 'my.asm' });
    assert.match(message, /^my\.asm:1:5: "\?" is unexpected here/);
    assert.equal(at.file, 'my.asm');
  });

  it('of usage are a different error', () => {
    assert.throws(() => assemble(5 as unknown as string), { code: 'bad-argument' });
    assert.throws(() => assemble('return A', { abi: 'mips' as AbiName }), { code: 'bad-option' });
    assert.throws(() => assemble('return A', { arch: 'x86_64' } as AssembleOptions), { code: 'bad-option' });
  });
});

describe('assembly: hostile text', () => {
  const listing = disassemble(
    compile(
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [
          { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' },
          { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
        ],
      },
      { arch: 'x86_64' },
    ),
  );
  const start = seed();

  /** Asserts that a text is an error with a place, or a program that the kernel accepts. */
  function ends(text: string): void {
    try {
      validate(assemble(text));
    } catch (error) {
      assert.ok(error instanceof AssemblyError, error instanceof Error ? error.stack : String(error));
      assert.ok(error.message.length < 1000, 'the message repeats the text');
    }
  }

  it('a listing that is cut off before its last line is an error', () => {
    const lastLine = listing.trimEnd().lastIndexOf('\n');
    for (let length = 0; length < lastLine; length++) failure(listing.slice(0, length));
  });

  it(`changed characters lead to an error or another program (SEED=${start})`, () => {
    const random = new Random(start);
    for (let round = 0; round < 3000; round++) {
      const text = listing.split('');
      for (let count = 1 + random.below(3); count > 0; count--)
        text[random.below(text.length)] = random.pick([
          ...[' ', '\n', '\0', '0', '9', 'x', 'A', '(', ')', '!', '-', ':', '#', '=', '💥', '\ud800', ''],
        ]);
      ends(text.join(''));
    }
  });

  const many = 1_000_000;
  const floods: readonly (readonly [what: string, text: string])[] = [
    ['blanks', ' '.repeat(many)],
    ['blanks before a word', `${' '.repeat(many)}B`],
    ['empty lines', '\n'.repeat(many)],
    ['NULs', '\0'.repeat(many)],
    ['one comment', `#${'x'.repeat(many)}`],
    ['one word', 'a'.repeat(many)],
    ['one number', `A = ${'9'.repeat(many)}`],
    ['zeros in a hexadecimal number', `A = 0x${'0'.repeat(many)}`],
    ['zeros in a label that is none', `goto ${'0'.repeat(many)}x\nreturn A`],
    ['zeros in a line number', `${'0'.repeat(many)}: return B`],
    ['parentheses', `if ${'('.repeat(many)}A == 1`],
    ['negations', `if ${'!'.repeat(many)}(A == 1) goto`],
    ['labels', `${Array.from({ length: 200_000 }, (_, index) => `l${index}:\n`).join('')}B`],
    ['labels of one name', 'a:'.repeat(many)],
    ['equals signs, as under the head of a listing, and more', `${'='.repeat(many)}${' '.repeat(many)}x`],
    ['unused fields', `return A with ${'k=1,'.repeat(many)}`],
    ['statements in one line', 'A = 1 '.repeat(many)],
    ['statements', 'A = 1\n'.repeat(many)],
    ['letters beyond ASCII', '\u{1d538}'.repeat(many)],
  ];
  for (const [what, text] of floods) {
    it(`megabytes of ${what}`, () => {
      assert.ok(failure(text).message.length < 1000);
    });
  }
});
