// The calls that the container runtimes' libseccomp knows: an older one skips the names of newer calls.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ABIS, knownSyscalls } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';

/** The number by ABI and name; positive only for a direct call. */
export type KnownNumbers = (abi: AbiName, name: string) => number;

/** Looks up every name in the library with which programs of this machine are linked. */
export function knownNumbers(): KnownNumbers {
  const source = fileURLToPath(new URL('../../../test/containers/known-syscalls.c', import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-known-'));
  try {
    const program = join(directory, 'known-syscalls');
    execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', program, source, '-l:libseccomp.so.2']);
    const questions = Object.values(ABIS).flatMap(({ name: abi, token }) =>
      [...knownSyscalls()].map(name => ({ abi, token, name })),
    );
    const answers = execFileSync(program, {
      input: questions.map(({ token, name }) => `${token} ${name}\n`).join(''),
      encoding: 'utf8',
    })
      .trim()
      .split('\n');
    const numbers = new Map(
      questions.map(({ abi, name }, index) => [`${abi} ${name}`, Number(answers[index])]),
    );
    return (abi, name) => numbers.get(`${abi} ${name}`) ?? -1;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
