// Programs in the notations of other tools: each is read as the same instructions.
import assert from 'node:assert/strict';
import { readProgramText } from '#lib/bpf/assemble/read-program.js';
import { disassemble } from '#lib/bpf/listing/disassemble.js';
import { toC } from '#lib/bpf/c-array.js';
import { encode, type Program } from '#lib/bpf/program.js';
import { SeccompError } from '#lib/util/errors.js';

const PROGRAM: Program = [
  { code: 0x20, jt: 0, jf: 0, k: 4 },
  { code: 0x15, jt: 0, jf: 2, k: 0xc000003e },
  { code: 0x20, jt: 0, jf: 0, k: 0 },
  { code: 0x06, jt: 0, jf: 0, k: 0x7fff0000 },
  { code: 0x06, jt: 0, jf: 0, k: 0x50001 },
];
const BYTES = [...encode(PROGRAM)].map(byte => byte.toString(16).padStart(2, '0'));

/** Lines with `length` bytes each, formatted by `line`. */
const rows = (length: number, line: (bytes: readonly string[], offset: number) => string): string =>
  Array.from({ length: Math.ceil(BYTES.length / length) }, (_, row) =>
    line(BYTES.slice(row * length, (row + 1) * length), row * length),
  ).join('\n');
const address = (offset: number): string => offset.toString(16).padStart(8, '0');

describe('readProgramText', () => {
  for (const [what, text] of [
    ['a listing of seccomp-tools', disassemble(PROGRAM)],
    [
      'a listing of scmp_bpf_disasm',
      ` line  OP   JT   JF   K\n=================================\n${PROGRAM.map(
        ({ code, jt, jf, k }, index) =>
          ` ${String(index).padStart(4, '0')}: 0x${code.toString(16).padStart(2, '0')} 0x0${jt} 0x0${jf} 0x${k.toString(16).padStart(8, '0')}   ld  $data[4]`,
      ).join('\n')}\n`,
    ],
    ['an array in C', toC(PROGRAM)],
    [
      'entries of an array',
      PROGRAM.map(
        ({ code, jt, jf, k }) => `{ 0x${code.toString(16)}, ${jt}, ${jf}, 0x${k.toString(16)} },`,
      ).join('\n'),
    ],
    [
      'fields of minijail',
      PROGRAM.map(
        ({ code, jt, jf, k }, index) =>
          `${index}: \t{ code=0x${code.toString(16)}, jt=${jt}, jf=${jf}, k=0x${k.toString(16)} \t}`,
      ).join('\n'),
    ],
    [
      'decimal numbers',
      `${PROGRAM.length}\n${PROGRAM.map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k}`).join('\n')}\n`,
    ],
    ['plain hexadecimal', rows(30, bytes => bytes.join(''))],
    ['od -An -tx1', rows(16, bytes => ` ${bytes.join(' ')}`)],
    [
      'xxd',
      rows(16, (bytes, offset) => `${address(offset)}: ${bytes.join('').replace(/.{4}/g, '$& ')}  . ab ..>.`),
    ],
    [
      'hexdump -C',
      `${rows(16, (bytes, offset) => `${address(offset)}  ${bytes.slice(0, 8).join(' ')}  ${bytes.slice(8).join(' ')}  | ..ab>.|`)}\n${address(BYTES.length)}\n`,
    ],
  ] as const) {
    it(`reads ${what}`, () => {
      assert.deepEqual(readProgramText(text), PROGRAM);
    });
  }

  for (const [what, text] of [
    ['a profile', '{ "defaultAction": "SCMP_ACT_ALLOW" }'],
    ['a policy in the words format', 'default: allowed\nread: LOG\n'],
    ['nothing', ''],
  ] as const) {
    it(`does not recognise ${what}`, () => {
      assert.equal(readProgramText(text), undefined);
    });
  }

  for (const [what, text, code] of [
    ['a line that is no instruction', '{ 0x20, 0, 0, 4 },\n{ 0x20, 0, 0 },', 'bad-statement'],
    ['a number that is too large', '{ 0x20, 0, 0, 4 },\n{ 0x15, 256, 0, 0 },', 'bad-number'],
    ['bytes that are not whole instructions', `${BYTES.join(' ')} 00`, 'bad-program-size'],
    ['a program that the kernel refuses', '{ 0x20, 0, 0, 4 },', 'bad-program'],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => readProgramText(text),
        (error: unknown) => error instanceof SeccompError && error.code === code,
      );
    });
  }
});
