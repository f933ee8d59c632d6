// Runs workloads of scripts/measured-programs.mjs, directly or under a tool, and returns results that can be compared.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../bundle/cli.js', import.meta.url));
const NOBODY = 65534;
/** The factor of all time limits, for emulated processors. */
const PATIENCE = Number(process.env.PATIENCE ?? 1);

/** The command of this package's tool, to prepend to that of a program. */
export const seccomp =
  (...args) =>
  argv => [process.execPath, CLI, ...args, '--', ...argv];

export const sorted = names => [...new Set(names)].sort();

/** The names of the calls in a file of `seccomp run --report-only --json --report-file`. */
export const reportedCalls = file =>
  existsSync(file)
    ? sorted(
        readFileSync(file, 'utf8')
          .split('\n')
          .flatMap(line => {
            try {
              return [JSON.parse(line).syscall ?? String(JSON.parse(line).number)];
            } catch {
              return [];
            }
          }),
      )
    : [];

const freePort = () =>
  new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(port));
    });
  });

/** Runs a workload in a new folder, under a tool if `wrapped` prepends its command. */
export async function perform(program, workload, wrapped = argv => argv) {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-program-'));
  const port = await freePort();
  const as = program.user ? { uid: NOBODY, gid: NOBODY } : {};
  if (program.user) chownSync(directory, NOBODY, NOBODY);
  else chmodSync(directory, 0o755);
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    LANG: 'C.UTF-8',
    DIR: directory,
    PORT: String(port),
    PATIENCE: String(PATIENCE),
    FASTIFY: process.env.FASTIFY ?? '',
    ...workload.env,
  };
  const shell = script => spawnSync('sh', ['-ec', script], { env, encoding: 'utf8', ...as });
  /** Replaces parts that differ from run to run. */
  const plain = text =>
    text
      .replaceAll(directory, 'DIR')
      .replaceAll(String(port), 'PORT')
      .replace(/\d+ms|\d{4}-\d\d-\d\d[T ][\d:.]+Z?|\[[a-z0-9 ]+\]/g, '');
  try {
    const made = shell(program.setup);
    if (made.status !== 0) throw new Error(`${program.name} cannot be set up: ${made.stderr}`);
    const argv = workload.run.map(word => word.replace(/\$(DIR|PORT)/g, (_, name) => env[name]));
    const [command, ...args] = wrapped(workload.run[0] === 'sh' ? workload.run : argv);
    const child = spawn(command, args, {
      env,
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...as,
      detached: true,
    });
    const chunks = [];
    const errors = [];
    child.stdout.on('data', chunk => chunks.push(chunk));
    child.stderr.on('data', chunk => errors.push(chunk));
    const ended = new Promise(resolve =>
      child.on('close', (code, signal) => {
        writeFileSync(join(directory, 'ended'), '');
        resolve({ code, signal });
      }),
    );
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has already ended.
      }
    };
    const timer = setTimeout(kill, 180_000 * PATIENCE);
    let driven = '';
    if (workload.drive !== undefined) {
      const driver = spawn('sh', ['-ec', workload.drive], {
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
        ...as,
      });
      driver.stdout.on('data', chunk => (driven += chunk));
      const code = await new Promise(resolve => driver.on('close', resolve));
      if (code !== 0) driven += ` the client ended with ${code}`;
      if (code === 9) kill();
    }
    const { code, signal } = await ended;
    clearTimeout(timer);
    const after = workload.after === undefined ? '' : shell(workload.after).stdout;
    return {
      outcome: JSON.stringify([
        code,
        signal,
        workload.drive === undefined ? plain(Buffer.concat(chunks).toString()) : '',
        plain(driven),
        plain(after),
      ]),
      errors: Buffer.concat(errors).toString(),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
