// Programs as C: a compiler accepts them without a warning, and the bytes are those of the program.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '#lib/filter/compile-profile.js';
import { toC } from '#lib/bpf/c-array.js';
import { decode, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { Random, seed } from '../support/random.js';
import { randomProgram } from '../support/random-program.js';
import { skip } from '../support/skip.js';

/** Compiles a C array, and returns the program. */
function compiled(array: string, name: string): Program {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-c-'));
  try {
    const [source, binary] = [join(directory, 'array.c'), join(directory, 'array')];
    writeFileSync(
      source,
      `#include <linux/filter.h>\n#include <stdio.h>\n${array}` +
        `int main(void) { return fwrite(${name}, sizeof ${name}, 1, stdout) == 1 ? 0 : 1; }\n`,
    );
    const { status, stderr } = spawnSync('gcc', ['-Wall', '-Wextra', '-Werror', '-o', binary, source], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return decode(execFileSync(binary));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('programs as C', () => {
  it('have a comment for each instruction', () => {
    assert.equal(
      toC([{ code: BPF.RET_K, jt: 0, jf: 0, k: 0x7fff0000 }], 'allow_all'),
      'static const struct sock_filter allow_all[] = {\n\t{ 0x06, 0, 0, 0x7fff0000 }, /* 0000: return ALLOW */\n};\n',
    );
  });

  it('must have a valid C identifier as their name', () => {
    for (const name of ['', '1', 'a b', 'a-b', 'a;', 'é'])
      assert.throws(() => toC([{ code: BPF.RET_A, jt: 0, jf: 0, k: 0 }], name), { code: 'bad-option' });
  });

  const start = seed();
  it(`compile to the same program (SEED=${start})`, function () {
    if (spawnSync('gcc', ['--version']).error !== undefined) skip(this, 'there is no gcc');
    const program = compile('docker-default', { arch: 'x86_64' }).program;
    assert.deepEqual(compiled(toC(program), 'filter'), program);
    const random = randomProgram(new Random(start), 4000);
    assert.deepEqual(compiled(toC(random, 'sandbox'), 'sandbox'), random);
  });
});
