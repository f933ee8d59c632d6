// Programs without a C library, which make exactly the system calls that a test wants.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syscallNumber } from 'seccomp';

const NATIVE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/** Whether they can be built here. */
export const canBuild = spawnSync('gcc', ['--version']).status === 0;

const CALL = {
  x86_64: (number: number, argument: number) =>
    `asm volatile("syscall" :: "a"(${number}L), "D"(${argument}L) : "rcx", "r11", "memory");`,
  aarch64: (number: number, argument: number) =>
    `{ register long x8 asm("x8") = ${number}; register long x0 asm("x0") = ${argument}; asm volatile("svc #0" : "+r"(x0) : "r"(x8) : "memory"); }`,
}[NATIVE];

/** Builds a program that makes calls without arguments and exits with a status. Returns its path. */
export function staticProgram(directory: string, calls: readonly string[], status: number): string {
  const path = join(directory, ['program', ...calls, status].join('-'));
  const lines = [...calls.map(name => [name, 0] as const), ['exit_group', status] as const].map(
    ([name, argument]) => CALL(syscallNumber(NATIVE, name) ?? -1, argument),
  );
  writeFileSync(`${path}.c`, `void _start(void) {\n${lines.join('\n')}\n__builtin_unreachable();\n}\n`);
  execFileSync('gcc', ['-O1', '-static', '-nostdlib', '-ffreestanding', '-o', path, `${path}.c`]);
  return path;
}
