// Processes that run while a test inspects them.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { status } from '#lib/process/inspect/status.js';
import { built } from './built.js';
import { skip } from './skip.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A process that communicates by lines. */
export interface Live {
  readonly pid: number;
  readonly child: ChildProcess;
  /** The next line of its standard output. Rejects if the process ends first. */
  line(): Promise<string>;
  /** Writes a line to its standard input. */
  say(text: string): void;
  /** Kills it and waits for its end. */
  end(): Promise<void>;
}

/** Starts a command. */
export function live(command: string, args: readonly string[]): Live {
  const child = spawn(command, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  const { pid, stdin, stdout } = child;
  if (pid === undefined) throw new Error(`${command} does not start`);
  const lines: AsyncIterator<string> = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    pid,
    child,
    async line() {
      const next = await lines.next();
      if (next.done === true) throw new Error(`${command} ended without another line`);
      return next.value;
    },
    say: text => stdin.write(`${text}\n`),
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/**
 * Starts Node with the body of an async function. It can use the exports of `seccomp` as `s`, Node's modules by `m('fs')`,
 * `denying(name)`, which returns a filter that refuses one call, and `tell(value)`, which prints a line of JSON. The process
 * answers every line with `pong`, and is ready once it has told something.
 */
export const liveNode = (body: string): Live =>
  live(process.execPath, [
    '--input-type=module',
    '-e',
    `import * as s from 'seccomp';
     ${/\binspect\./.test(body) ? "import * as inspect from 'seccomp/inspect';" : ''}
     import { createRequire } from 'node:module';
     const m = createRequire(${JSON.stringify(`${root}package.json`)});
     const tell = value => console.log(JSON.stringify(value));
     const denying = name => s.compile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name, action: 'SCMP_ACT_ERRNO' }] });
     m('readline').createInterface({ input: process.stdin }).on('line', () => console.log('pong'));
     ${body}`,
  ]);

/** Starts a command under a filter that does not affect it. */
export const liveUnderFilter = (command: string, ...args: readonly string[]): Live =>
  live(process.execPath, [
    `${root}dist/cli/main.js`,
    'run',
    `${root}test/fixtures/harmless.json`,
    '--',
    command,
    ...args,
  ]);

/** The program of test/native/scenes.cc. */
export const scenes = (): string =>
  built({ name: 'scenes', compiler: 'c++', sources: ['test/native/scenes.cc'], flags: ['-std=c++20'] });

const CAP_SYS_ADMIN = 21n;

/** Skips tests that read filters back if this user may not do so. */
export function needsDump(test: Mocha.Context): void {
  const [, effective = '0'] = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const privileged = ((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
  if (privileged && status().mode === 'disabled') return;
  skip(test, 'reading filters back needs CAP_SYS_ADMIN, and to be under no filter');
}
