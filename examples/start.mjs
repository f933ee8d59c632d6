// Applies Docker's default profile to this process and shows the effects: every line has the kernel's result before and
// after. Exits with 1 if a result is not as expected.
import { spawnSync } from 'node:child_process';
import { scrypt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gunzip, gzip } from 'node:zlib';
import { applyProfile, status } from 'seccomp';
import { makeTarget, syscallNumber } from 'seccomp/inspect';

const { arch } = makeTarget();
const helper = buildHelper();

/** An argument that the kernel itself rejects, so that the calls do nothing even if the filter allows them. */
const BAD_POINTER = '1';

/** Calls that a child makes, which inherits the filter. `after` lists the expected results. */
const CALLS = [
  { title: 'unshare: new namespaces', call: 'unshare', args: ['0x1'], after: ['EPERM'] },
  {
    title: 'mount: a file system',
    call: 'mount',
    args: [BAD_POINTER, BAD_POINTER, BAD_POINTER],
    after: ['EPERM'],
  },
  { title: 'bpf: a program in the kernel', call: 'bpf', args: ['0xffff'], after: ['EPERM'] },
  { title: "keyctl: the kernel's keyrings", call: 'keyctl', args: ['0xffff'], after: ['EPERM'] },
  { title: 'userfaultfd', call: 'userfaultfd', args: ['0xffff'], after: ['EPERM'] },
  { title: 'perf_event_open', call: 'perf_event_open', args: [BAD_POINTER], after: ['EPERM'] },
  { title: 'socket(AF_ALG), by its argument', call: 'socket', args: ['38', '0xff'], after: ['EPERM'] },
  { title: 'clone3: libc falls back to clone', call: 'clone3', args: ['0', '0'], after: ['ENOSYS'] },
  // The profile has EPERM. If this Node has open rings, applyProfile uses ENOSYS for io_uring.
  { title: 'io_uring_setup', call: 'io_uring_setup', args: ['0', '0'], after: ['EPERM', 'ENOSYS'] },
  // Docker allows it since Linux 4.8: a traced process can no longer bypass its filter.
  { title: 'ptrace, which the profile allows', call: 'ptrace', args: ['16', '0'], after: ['ESRCH'] },
];

/** Typical work of programs, done in this process. */
const WORK = [
  ['files', files],
  ['TCP on the loopback', () => withServer(port => talk(port))],
  [
    'fetch from a local server',
    () => withServer(async port => (await fetch(`http://127.0.0.1:${port}/`)).text()),
  ],
  ['DNS: localhost', () => lookup('localhost')],
  ['crypto: scrypt on the thread pool', () => promisify(scrypt)('secret', 'salt', 32)],
  ['zlib', async () => promisify(gunzip)(await promisify(gzip)('x'.repeat(10_000)))],
  ['a worker thread', runWorker],
  ['a child process', runChild],
];

const before = CALLS.map(ask);

const receipt = applyProfile('docker-default');

const after = CALLS.map(ask);
const work = [];
for (const [title, run] of WORK) work.push([title, await outcome(run)]);

const { mode, filters, noNewPrivs, threads } = status();
console.log(
  `docker-default, ${receipt.filter.instructions} instructions, verified and loaded on Node ${process.version}`,
);
console.log(
  `/proc: mode ${mode}, ${filters ?? 'unknown'} layer(s) on each of ${threads.length} threads, no_new_privs ${noNewPrivs ? 'set' : 'not set'}`,
);

let failures = 0;
const row = (title, was, is, expected) => {
  if (!expected) failures++;
  console.log(`  ${title.padEnd(34)} ${was.padEnd(10)} ${is}${expected ? '' : '   <-- not expected'}`);
};
console.log(`\n  ${'system call'.padEnd(34)} before     under the filter`);
CALLS.forEach(({ title, after: expected }, index) =>
  row(title, before[index], after[index], expected.includes(after[index])),
);
console.log(`\n  ${'work'.padEnd(45)} under the filter`);
for (const [title, result] of work) row(title, '', result, result === 'works');

const codes = new Map(receipt.warnings.map(warning => [warning.code, warning]));
if (codes.size > 0) console.log('\nWhat a reader of the profile should know:');
for (const { code, message } of codes.values()) console.log(`- ${message} [${code}]`);

if (mode !== 'filter' || !noNewPrivs) {
  failures++;
  console.log('\nNot every thread of this process is filtered.');
}
console.log(failures === 0 ? '\nAll as expected.' : `\n${failures} not as expected.`);
process.exitCode = failures === 0 ? 0 : 1;

/** Compiles syscall.cc if it has changed. */
function buildHelper() {
  const source = fileURLToPath(new URL('syscall.cc', import.meta.url));
  const directory = fileURLToPath(new URL('../out/examples/', import.meta.url));
  const program = join(directory, 'syscall');
  if (existsSync(program) && statSync(program).mtimeMs >= statSync(source).mtimeMs) return program;
  mkdirSync(directory, { recursive: true });
  const draft = `${program}.${process.pid}`;
  const {
    status: code,
    error,
    stderr,
  } = spawnSync('c++', ['-O1', '-o', draft, source], { encoding: 'utf8' });
  if (code !== 0) {
    console.error(`syscall.cc does not compile: ${error?.message ?? stderr}`);
    process.exit(1);
  }
  renameSync(draft, program);
  return program;
}

/** The name of the errno that a call returns. */
function ask({ call, args }) {
  const { stdout, stderr, signal, error } = spawnSync(helper, [String(syscallNumber(arch, call)), ...args], {
    encoding: 'utf8',
  });
  const errno = Number(stdout);
  if (stdout === '') return error?.code ?? signal ?? stderr.trim();
  return errno === 0
    ? 'success'
    : (Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`);
}

async function outcome(run) {
  try {
    await run();
    return 'works';
  } catch (error) {
    return error.code ?? error.message;
  }
}

async function files() {
  const directory = await mkdtemp(join(tmpdir(), 'seccomp-start-'));
  try {
    await writeFile(join(directory, 'a'), 'text');
    if ((await readFile(join(directory, 'a'), 'utf8')) !== 'text')
      throw new Error('the file holds something else');
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function withServer(use) {
  const server = createServer((request, response) => response.end('hello'));
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(server.address().port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function talk(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    socket.once('data', data => {
      socket.destroy();
      resolve(data);
    });
    socket.once('error', reject);
  });
}

function runWorker() {
  return new Promise((resolve, reject) => {
    const worker = new Worker('require("node:worker_threads").parentPort.postMessage(6 * 7)', { eval: true });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function runChild() {
  const { status: code, error, stdout } = spawnSync(process.execPath, ['-p', '6 * 7'], { encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (code !== 0 || stdout.trim() !== '42') throw new Error(`exit code ${code}`);
}
