// Tests filters in the running kernel, through a small program that makes the calls in a child.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import { SCMP_ACT_ERRNO } from '#lib/kernel/constants.js';
import type { Witness } from '#lib/util/errors.js';
import type { Event } from '#lib/kernel/event.js';
import { built } from './built.js';

/** The program of a probe. `headers` are the project's headers that it includes. */
export const probe = (
  name = 'kernel-probe',
  {
    headers = [],
    flags = [],
  }: { readonly headers?: readonly string[]; readonly flags?: readonly string[] } = {},
): string =>
  built({
    name,
    compiler: 'c++',
    sources: [`test/native/${name}.cc`, ...headers],
    flags: ['-std=c++20', '-pthread', ...flags],
  });

function withFiles<T>(programs: readonly Program[], use: (paths: readonly string[]) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-test-'));
  try {
    const paths = programs.map((program, index) => join(directory, `${index}.bpf`));
    programs.forEach((program, index) => writeFileSync(paths[index] ?? '', encode(program)));
    return use(paths);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The first errno that represents an action. Real errnos are lower, so a call that was really made would be noticed. */
const FIRST_CODE = 2000;

/**
 * The kernel's action for each call under one program. Every action of the program is first replaced by a distinct errno,
 * so that no call is ever made.
 */
export function kernelAnswers(program: Program, events: readonly Witness[]): readonly number[] {
  const actions = [...new Set(program.filter(({ code }) => code === BPF.RET_K).map(({ k }) => k))];
  const disguised = program.map(instruction =>
    instruction.code === BPF.RET_K
      ? { ...instruction, k: SCMP_ACT_ERRNO(FIRST_CODE + actions.indexOf(instruction.k)) }
      : instruction,
  );
  const input = Buffer.alloc(events.length * 56);
  events.forEach(({ arch, syscall, args }, index) => {
    input.writeUInt32LE(arch, index * 56);
    input.writeUInt32LE(syscall, index * 56 + 4);
    for (let arg = 0; arg < 6; arg++) input.writeBigUInt64LE(args[arg] ?? 0n, index * 56 + 8 + 8 * arg);
  });
  const output = withFiles([disguised], paths =>
    execFileSync(probe(), ['answers', ...paths], { input, maxBuffer: 1 << 28 }),
  );
  return events.map((_, index) => {
    const errno = Number(-output.readBigInt64LE(index * 8));
    const action = actions[errno - FIRST_CODE];
    if (action === undefined)
      throw new Error(`call ${index} came back with ${-errno}: the kernel did not ask the filter`);
    return action;
  });
}

/** The result of one real call under filters, oldest first: `value N`, `errno N`, `signal N`, `trace N value M`. */
export function kernelCall(
  programs: readonly Program[],
  event: Pick<Event, 'arch' | 'syscall'> & { args?: readonly bigint[] },
): string {
  const args = Array.from({ length: 6 }, (_, arg) => String(event.args?.[arg] ?? 0n));
  return withFiles(programs, paths =>
    execFileSync(probe(), ['call', String(event.arch), String(event.syscall), ...args, ...paths], {
      encoding: 'utf8',
    }).trim(),
  );
}

/** The kernel's verdict on each program: 0, or the errno of the refusal. No program is loaded. */
export function kernelVerdicts(programs: readonly Program[]): readonly number[] {
  const input = programs.flatMap(program => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(program.length);
    return [length, encode(program)];
  });
  const output = execFileSync(probe(), ['verdicts'], { input: Buffer.concat(input), maxBuffer: 1 << 28 });
  return programs.map((_, index) => output.readInt32LE(index * 4));
}

/** Whether this machine supports i386 calls. If a kernel or a hypervisor does not, the instruction kills. */
export function servesI386(): boolean {
  const { audit } = ABIS.x86;
  return (
    process.arch === 'x64' &&
    kernelCall([], { arch: audit, syscall: syscallNumber('x86', 'getpid') ?? -1 }).startsWith('value ')
  );
}
