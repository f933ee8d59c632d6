// `seccomp disasm` and `seccomp asm`: files and standard input, round trips, and exit codes.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '#lib/filter/compile-profile.js';
import { toC } from '#lib/bpf/c-array.js';
import { annotate, disassemble } from '#lib/bpf/listing/disassemble.js';
import { decode } from '#lib/bpf/program.js';
import { cli } from '../support/child.js';

describe('seccomp disasm and asm', () => {
  let directory = '';
  const file = (name: string): string => join(directory, name);
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-asm-'));
    writeFileSync(file('default.bpf'), filter.bpf);
    writeFileSync(file('refused.bpf'), Buffer.from('3400000000000000060000000000ff7f', 'hex'));
    writeFileSync(file('ragged.bpf'), Buffer.alloc(9));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });
  const filter = compile('docker-default', { arch: 'aarch64' });

  it('list the compiled program of a profile', () => {
    const { code, stdout } = cli(['disasm', 'docker-default', '--arch', 'aarch64']);
    assert.equal(code, 0);
    assert.equal(stdout, filter.disassembly);
  });

  it('list a program, in any form', () => {
    for (const form of ['listing', 'plain', 'source'] as const) {
      const { code, stdout } = cli(['disasm', file('default.bpf'), '--form', form]);
      assert.equal(code, 0);
      assert.equal(stdout, disassemble(filter, { form }));
    }
  });

  it('list a program as JSON', () => {
    const { instructions } = JSON.parse(cli(['disasm', file('default.bpf'), '--json']).stdout) as {
      instructions: unknown;
    };
    assert.deepEqual(instructions, JSON.parse(JSON.stringify(annotate(filter))));
  });

  it('list a program that the kernel would refuse, say why, and exit with 1', () => {
    const { code, stdout, stderr } = cli(['disasm', file('refused.bpf')]);
    assert.equal(code, 1);
    assert.match(stdout, /A \/= 0x0\n.*return ALLOW/);
    assert.match(stderr, /instruction 0: division by zero \[bad-program\]/);
    const json = cli(['disasm', file('refused.bpf'), '--json']);
    assert.equal(json.code, 1);
    const { instructions, refused } = JSON.parse(json.stdout) as {
      instructions: unknown[];
      refused: { code: string };
    };
    assert.deepEqual([instructions.length, refused.code], [2, 'bad-program']);
  });

  it('exit with 2 for an argument that is neither a program nor a profile, or is missing', () => {
    for (const argument of [file('ragged.bpf'), file('none.bpf'), file('none.json'), 'no-such-profile']) {
      const { code, stderr } = cli(['disasm', argument]);
      assert.equal(code, 2, stderr);
    }
    assert.equal(cli(['asm', file('none.asm')]).code, 2);
  });

  it('assemble a listing to a file and to standard output', () => {
    for (const form of ['listing', 'plain', 'source'] as const) {
      const text = cli(['disasm', file('default.bpf'), '--form', form]).stdout;
      assert.equal(cli(['asm', '-', '-o', file('again.bpf')], text).code, 0);
      assert.deepEqual(readFileSync(file('again.bpf')), filter.bpf);
    }
  });

  it('assemble to C, to a listing and to JSON', () => {
    writeFileSync(
      file('hand.asm'),
      'A = arch\nA == ARCH_X86_64 ? next : dead\nreturn ALLOW\ndead: return KILL\n',
    );
    const { bpf } = JSON.parse(cli(['asm', file('hand.asm'), '--json']).stdout) as { bpf: string };
    const program = decode(Buffer.from(bpf, 'base64'));
    assert.equal(program.length, 4);
    assert.equal(cli(['asm', file('hand.asm'), '--format', 'c']).stdout, toC(program));
    assert.equal(cli(['asm', file('hand.asm'), '--format', 'asm']).stdout, disassemble(program));
  });

  it('report where a mistake is', () => {
    const { code, stderr } = cli(['asm', '-'], 'A = arch\nreturn ALOW\n');
    assert.equal(code, 2);
    assert.match(stderr, /<stdin>:2:8: there is no action "ALOW" \[unknown-name\]\. Did you mean "ALLOW"\?/);
    const { error } = JSON.parse(cli(['asm', '-', '--json'], '').stdout) as { error: { code: string } };
    assert.equal(error.code, 'bad-program-size');
  });

  it('take the ABI for names from --abi if a program tests none', () => {
    const text = 'A = sys_number\nif (A == write) goto next\nreturn A\n';
    assert.equal(cli(['asm', '-'], text).code, 2);
    const { stdout } = cli(['asm', '-', '--abi', 'arm', '--format', 'asm'], text);
    assert.match(stdout, /0x00000004 {2}if \(A == 0x4\)/);
    writeFileSync(
      file('bare.bpf'),
      Buffer.from('2000000000000000150000000400000006000000' + '0000ff7f', 'hex'),
    );
    assert.match(cli(['disasm', file('bare.bpf'), '--abi', 'arm']).stdout, /if \(A == arm\.write\)/);
  });
});
