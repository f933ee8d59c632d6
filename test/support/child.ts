// Runs code in a separate Node process, because a loaded filter cannot be removed.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Milliseconds after which a child counts as hung; an emulated machine sets `CHILD_MINUTES` to more than one. */
export const CHILD_LIMIT = Number(process.env['CHILD_MINUTES'] ?? 1) * 60_000;

export interface Outcome {
  /** The exit code, or null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the body of an async function. It can use the exports of `seccomp` as `s`, those of `seccomp/inspect` and
 * `seccomp/libseccomp` as `inspect` and `c`, Node's modules by `m('fs')`, `tell(value)` to return a result as JSON on standard
 * output, `until(condition)` to wait for events without a fixed duration, and `harmless`, a filter that does not affect Node.
 */
export function inChild(
  body: string,
  options: {
    readonly node?: string;
    readonly args?: readonly string[];
    readonly user?: number | undefined;
  } = {},
): Outcome {
  const program = `
    import * as s from 'seccomp';
    ${/\binspect\./.test(body) ? "import * as inspect from 'seccomp/inspect';" : ''}
    ${/\bc\.FilterContext/.test(body) ? "import * as c from 'seccomp/libseccomp';" : ''}
    import { createRequire } from 'node:module';
    import { writeSync } from 'node:fs';
    const m = createRequire(${JSON.stringify(`${root}package.json`)});
    const tell = value => writeSync(1, JSON.stringify(value, (_, v) => typeof v === 'bigint' ? String(v) : v) + '\\n');
    const until = async condition => { while (!condition()) await new Promise(resolve => setTimeout(resolve, 1)); };
    ${/\bharmless\b/.test(body) ? HARMLESS : ''}
    ${body}`;
  const { status, signal, stdout, stderr } = spawnSync(
    options.node ?? process.execPath,
    [...(options.args ?? []), '--input-type=module', '-e', program],
    {
      cwd: root,
      encoding: 'utf8',
      timeout: CHILD_LIMIT,
      ...(options.user !== undefined && { uid: options.user, gid: options.user }),
    },
  );
  return { code: status, signal, stdout, stderr };
}

/** Compiled once here, because compiling takes a cold process as long as everything else. */
const HARMLESS =
  "const harmless = s.compile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'reboot', action: 'SCMP_ACT_ERRNO' }] });";

/** The value that the child told, or an error with all of its output if it told none. */
export function told<T>(outcome: Outcome): T {
  const line = outcome.stdout.trim().split('\n').pop() ?? '';
  if (line === '') throw new Error(`the child told nothing: ${JSON.stringify(outcome)}`);
  return JSON.parse(line) as T;
}

/** Runs several command lines in one process, which costs one start. They must not replace the process by a command. */
export function cliTogether(lines: readonly (readonly string[])[]): readonly Omit<Outcome, 'signal'>[] {
  // A random mark, because programs can contain any bytes.
  const mark = `<${randomUUID()}>`;
  const program = `
    import { writeSync } from 'node:fs';
    import { runCommandLine } from ${JSON.stringify(`${root}dist/cli/program.js`)};
    const codes = [];
    for (const line of ${JSON.stringify(lines)}) {
      codes.push(await runCommandLine('0', line));
      for (const descriptor of [1, 2]) writeSync(descriptor, ${JSON.stringify(mark)});
    }
    writeSync(1, JSON.stringify(codes));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: CHILD_LIMIT,
  });
  const [results, errors] = [stdout.split(mark), stderr.split(mark)];
  if (status !== 0 || results.length !== lines.length + 1)
    throw new Error(`not all command lines were run: ${stderr}`);
  const codes = JSON.parse(results.at(-1) ?? '') as readonly number[];
  return lines.map((_, index) => ({
    code: codes[index] ?? null,
    stdout: results[index] ?? '',
    stderr: errors[index] ?? '',
  }));
}

/** Runs the command line tool. */
export function cli(args: readonly string[], input = ''): Outcome {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [`${root}bundle/cli.js`, ...args], {
    cwd: root,
    encoding: 'utf8',
    input,
    timeout: CHILD_LIMIT,
  });
  return { code: status, signal, stdout, stderr };
}
