// Measures which system calls Node itself goes on making after a filter is loaded into it, because nobody documents them.
// Writes lib/process/base-calls.ts and docs/node-base-calls.md; with --check, measures again and fails on anything new.
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, get } from 'node:http';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary } from './nodes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const MAJORS = [20, 22, 24, 26];
/** How often each program runs in each phase: enough for calls that depend on how threads happen to meet. */
const RUNS = 3;
/** A program that has not ended by then hangs; all of them end within a second. */
const TIMEOUT_MS = 8000;
/** Two programs at a time: more would make slow runs look like hangs on small machines. */
const PARALLEL = 2;
/** A path that does not exist: looking for it marks the moment of the load in a trace. */
const MARKER = '/the-filter-is-loaded-now';
/** Calls of a thread that is starting. One that is late by chance makes them after the load: they are asked of the pool. */
const STARTING = ['clone3', 'rseq', 'set_robust_list'];
const EPERM = 1;
const ENOSYS = 38;

// --- What is measured -------------------------------------------------------------------------------------------------

const ACTIVITIES = {
  base: 'Every program: timers, garbage collection, console output, and every way to end',
  'http-server': 'An HTTP server that listened before the load answers requests',
  sockets: 'TCP and UDP sockets opened after the load',
  fetch: 'fetch() of an http URL',
  'dns-lookup': 'dns.lookup(), by the C library on the thread pool',
  'dns-resolve': 'dns.resolve(), by c-ares; the server refuses',
  'fs-sync': 'fs, synchronous',
  'fs-async': 'fs.promises, with the thread pool filled before the load',
  crypto: 'Hashes, random bytes, key pairs and key derivation',
  zlib: 'gzip and brotli, synchronous and on the thread pool',
  pool: 'The thread pool starts after the load',
  worker: 'A Worker starts and ends after the load',
  import: 'Modules are imported and required after the load',
  'child-process': 'child_process runs another program, which inherits the filter',
  'child-node': 'child_process.fork() of another Node, which inherits the filter',
};

function consolePrograms(stdout) {
  return [
    {
      name: `console, ${stdout}, opened before`,
      activity: 'base',
      stdout,
      prints: 'late',
      run(load) {
        console.log('early');
        load();
        console.log('late');
        setTimeout(() => console.log('later'), 20);
      },
    },
    {
      name: `console, ${stdout}, opened after`,
      activity: 'base',
      stdout,
      prints: 'late',
      run(load) {
        load();
        console.log('late');
        console.error('error');
      },
    },
  ];
}

/**
 * Calls that a run makes or does not by luck: of threads that meet at a lock or are still starting at the moment of the
 * load, and of mkdtemp in search of a name. They are in the lists either way, so that the lists do not change by luck.
 */
const LUCK = {
  base: [
    'clock_nanosleep',
    'prctl',
    'rseq',
    'sched_getaffinity',
    'sched_getparam',
    'sched_getscheduler',
    'sched_yield',
    'set_robust_list',
  ],
  'fs-sync': ['getrandom'],
  'fs-async': ['getrandom'],
};

// Each program is written to a file of its own and calls load() at the moment that counts. It ends by itself with
// exit code 0 unless `ends` says otherwise. `drive` acts on it from outside once it has printed a line.
const PROGRAMS = [
  {
    name: 'timers',
    activity: 'base',
    run(load) {
      load();
      let turns = 0;
      const timer = setInterval(() => ++turns === 5 && clearInterval(timer), 10);
      setImmediate(() => process.nextTick(() => queueMicrotask(() => {})));
    },
  },
  {
    name: 'collector',
    activity: 'base',
    run(load) {
      load();
      const end = Date.now() + 400;
      let kept = [];
      let text = '';
      const turn = () => {
        for (let i = 0; i < 300; i++) {
          kept.push({ list: new Array(500).fill(i), bytes: Buffer.alloc(4096 + i) });
        }
        kept.push(Buffer.alloc(3000000), JSON.stringify(kept.slice(-20)), new Map(kept.entries()));
        text += 'x'.repeat(100000);
        if (text.length > 2000000) text = Buffer.from(text).toString('latin1').slice(-1);
        if (kept.length > 6000) kept = [];
        if (Date.now() < end) setImmediate(turn);
        else setTimeout(() => {}, 50);
      };
      turn();
    },
  },
  ...['pipe', 'socket', 'file', 'null'].flatMap(consolePrograms),
  {
    name: 'end by return',
    activity: 'base',
    run(load) {
      load();
    },
  },
  {
    name: 'end by process.exit',
    activity: 'base',
    ends: 3,
    run(load) {
      load();
      setTimeout(() => process.exit(3), 20);
    },
  },
  {
    name: 'end by uncaught error',
    activity: 'base',
    ends: 1,
    run(load) {
      load();
      throw new Error('uncaught');
    },
  },
  {
    name: 'end by rejected promise',
    activity: 'base',
    ends: 1,
    run(load) {
      load();
      void Promise.reject(new Error('rejected'));
    },
  },
  {
    name: 'end by SIGTERM',
    activity: 'base',
    ends: 'SIGTERM',
    drive: ({ pid }) => process.kill(pid, 'SIGTERM'),
    run(load, { require }) {
      load();
      setInterval(() => {}, 1000);
      require('fs').writeSync(1, `${process.pid}\n`);
    },
  },
  {
    name: 'end by handled SIGTERM',
    activity: 'base',
    ends: 4,
    drive: ({ pid }) => process.kill(pid, 'SIGTERM'),
    run(load, { require }) {
      process.on('SIGTERM', () => process.exit(4));
      load();
      setInterval(() => {}, 1000);
      require('fs').writeSync(1, `${process.pid}\n`);
    },
  },
  {
    name: 'filled pool',
    activity: 'base',
    run(load, { require }) {
      const { stat } = require('fs').promises;
      const filled = Promise.all(Array.from({ length: 8 }, () => stat('/')));
      // All four threads have to be up, or this measures their start.
      void filled.then(() => {
        setTimeout(() => {
          load();
          setTimeout(() => {}, 50);
        }, 50);
      });
    },
  },
  // Last, so that a call is only blamed on the terminal where nothing else needs it.
  ...consolePrograms('terminal'),
  {
    name: 'server',
    activity: 'http-server',
    drive: async ({ port }) => {
      for (let i = 0; i < 3; i++) await new Promise(resolve => fetchOnce(port, resolve));
    },
    run(load, { require }) {
      let left = 3;
      const server = require('http').createServer((request, response) => {
        response.end('x'.repeat(100000));
        if (--left === 0) server.close();
      });
      server.listen(0, '127.0.0.1', () => {
        load();
        require('fs').writeSync(1, `${process.pid} ${server.address().port}\n`);
      });
    },
  },
  {
    name: 'tcp',
    activity: 'sockets',
    run(load, { require }) {
      const net = require('net');
      load();
      const server = net
        .createServer(socket => socket.pipe(socket))
        .listen(0, '127.0.0.1', () => {
          const client = net.connect(server.address().port, '127.0.0.1', () =>
            client.setNoDelay().end('hello'),
          );
          client.resume().on('close', () => server.close());
        });
    },
  },
  {
    name: 'udp',
    activity: 'sockets',
    run(load, { require }) {
      const dgram = require('dgram');
      load();
      const server = dgram.createSocket('udp4').on('message', () => server.close());
      server.bind(0, '127.0.0.1', () => {
        const client = dgram.createSocket('udp4');
        client.send('hello', server.address().port, '127.0.0.1', () => client.close());
      });
    },
  },
  {
    name: 'fetch',
    activity: 'fetch',
    run(load, { port }) {
      load();
      void fetch(`http://127.0.0.1:${port}/`)
        .then(answer => answer.text())
        .then(text => process.exit(text === 'hello' ? 0 : 5));
    },
  },
  {
    name: 'dns.lookup',
    activity: 'dns-lookup',
    run(load, { require }) {
      const { lookup } = require('dns').promises;
      load();
      void lookup('localhost').then(() => lookup('name.invalid').catch(() => {}));
    },
  },
  {
    name: 'dns.resolve',
    activity: 'dns-resolve',
    run(load, { require }) {
      const dns = require('dns');
      load();
      const resolver = new dns.promises.Resolver({ timeout: 200, tries: 1 });
      resolver.setServers(['127.0.0.1:9']);
      void resolver.resolve4('name.invalid').catch(() => {});
    },
  },
  {
    name: 'fs sync',
    activity: 'fs-sync',
    run(load, { require }) {
      const fs = require('fs');
      const path = require('path');
      load();
      const directory = fs.mkdtempSync(path.join(require('os').tmpdir(), 'base-calls-'));
      const file = path.join(directory, 'file');
      const other = path.join(directory, 'other');
      fs.writeFileSync(file, 'text');
      fs.appendFileSync(file, 'more');
      fs.readFileSync(file, 'utf8');
      fs.statSync(file);
      fs.lstatSync(file);
      fs.accessSync(file);
      fs.existsSync(file);
      fs.copyFileSync(file, other);
      fs.renameSync(other, `${other}2`);
      fs.symlinkSync(file, other);
      fs.readlinkSync(other);
      fs.linkSync(file, `${other}3`);
      fs.realpathSync(other);
      fs.realpathSync.native(other);
      fs.chmodSync(file, 0o600);
      fs.utimesSync(file, 1, 1);
      fs.truncateSync(file, 1);
      fs.mkdirSync(path.join(directory, 'a', 'b'), { recursive: true });
      fs.readdirSync(directory, { withFileTypes: true, recursive: true });
      const descriptor = fs.openSync(file, 'r+');
      fs.writeSync(descriptor, 'at', 3);
      fs.readSync(descriptor, Buffer.alloc(4), 0, 4, 0);
      fs.fstatSync(descriptor);
      fs.fsyncSync(descriptor);
      fs.fdatasyncSync(descriptor);
      fs.closeSync(descriptor);
      fs.rmSync(directory, { recursive: true });
    },
  },
  {
    name: 'fs async',
    activity: 'fs-async',
    run(load, { require }) {
      const fs = require('fs').promises;
      const path = require('path');
      void (async () => {
        await Promise.all(Array.from({ length: 8 }, () => fs.stat('/')));
        load();
        const directory = await fs.mkdtemp(path.join(require('os').tmpdir(), 'base-calls-'));
        const file = path.join(directory, 'file');
        const other = path.join(directory, 'other');
        await fs.writeFile(file, 'text');
        await fs.appendFile(file, 'more');
        await fs.readFile(file, 'utf8');
        await fs.stat(file);
        await fs.lstat(file);
        await fs.access(file);
        await fs.copyFile(file, other);
        await fs.rename(other, `${other}2`);
        await fs.symlink(file, other);
        await fs.readlink(other);
        await fs.link(file, `${other}3`);
        await fs.realpath(other);
        await fs.chmod(file, 0o600);
        await fs.utimes(file, 1, 1);
        await fs.truncate(file, 1);
        await fs.mkdir(path.join(directory, 'a', 'b'), { recursive: true });
        await fs.readdir(directory, { withFileTypes: true, recursive: true });
        const handle = await fs.open(file, 'r+');
        await handle.write('at', 3);
        await handle.read(Buffer.alloc(4), 0, 4, 0);
        await handle.sync();
        await handle.datasync();
        await handle.close();
        const watcher = require('fs').watch(directory, () => {});
        watcher.close();
        await fs.rm(directory, { recursive: true });
      })();
    },
  },
  {
    name: 'crypto',
    activity: 'crypto',
    run(load, { require }) {
      const crypto = require('crypto');
      load();
      crypto.createHash('sha256').update('text').digest();
      crypto.randomBytes(1000);
      crypto.randomUUID();
      const pair = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
      crypto.sign('sha256', Buffer.from('text'), pair.privateKey);
      crypto.pbkdf2('secret', 'salt', 1000, 32, 'sha256', () => {});
      crypto.generateKeyPair('rsa', { modulusLength: 1024 }, () => {});
    },
  },
  {
    name: 'zlib',
    activity: 'zlib',
    run(load, { require }) {
      const zlib = require('zlib');
      load();
      const text = Buffer.alloc(1000000, 'text');
      zlib.gunzipSync(zlib.gzipSync(text));
      zlib.brotliDecompressSync(
        zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
      );
      zlib.gzip(text, (error, data) => zlib.gunzip(data, () => {}));
    },
  },
  {
    name: 'pool',
    activity: 'pool',
    run(load, { require }) {
      const { stat } = require('fs').promises;
      load();
      void Promise.all(Array.from({ length: 8 }, () => stat('/')));
    },
  },
  {
    name: 'worker',
    activity: 'worker',
    run(load, { require }) {
      const { Worker } = require('worker_threads');
      load();
      const source = "require('worker_threads').parentPort.on('message', m => process.exit(m))";
      const worker = new Worker(source, { eval: true });
      worker.on('online', () => worker.postMessage(0)).on('error', () => process.exit(5));
    },
  },
  {
    name: 'import',
    activity: 'import',
    run(load, { require }) {
      load();
      require('./late.cjs');
      void import('./late.mjs').then(() => import('node:sqlite').catch(() => {}));
    },
  },
  {
    name: 'child',
    activity: 'child-process',
    run(load, { require }) {
      const { execFile, execFileSync } = require('child_process');
      load();
      execFileSync('/bin/true');
      execFile('/bin/sh', ['-c', 'echo hello'], (error, stdout) =>
        process.exit(stdout === 'hello\n' ? 0 : 5),
      );
    },
  },
  {
    name: 'fork',
    activity: 'child-node',
    run(load, { require }) {
      const { fork } = require('child_process');
      load();
      const child = fork('./answer.cjs', { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
      child.on('message', message => child.send(message));
      child.on('exit', code => process.exit(code ?? 5));
    },
  },
];

/** What is asked of single calls beside the base list: these decide how a profile should answer them. */
const QUESTIONS = [
  { call: 'clone3', errno: EPERM, program: 'pool', asks: 'first use of the thread pool' },
  { call: 'clone3', errno: ENOSYS, program: 'pool', asks: 'first use of the thread pool' },
  { call: 'clone3', errno: EPERM, program: 'fs async', asks: 'thread pool filled before the load' },
  { call: 'clone3', errno: EPERM, program: 'worker', asks: 'new Worker' },
  { call: 'clone3', errno: ENOSYS, program: 'worker', asks: 'new Worker' },
  { call: 'io_uring_enter', errno: EPERM, program: 'timers', asks: 'idle event loop' },
  { call: 'io_uring_enter', errno: ENOSYS, program: 'timers', asks: 'idle event loop' },
  { call: 'io_uring_setup', errno: EPERM, program: 'worker', asks: 'new Worker' },
  { call: 'io_uring_setup', errno: EPERM, program: 'timers', asks: 'idle event loop' },
  { call: 'rseq', errno: EPERM, program: 'pool', asks: 'first use of the thread pool' },
  { call: 'rseq', errno: ENOSYS, program: 'pool', asks: 'first use of the thread pool' },
  { call: 'brk', errno: ENOSYS, program: 'collector', asks: 'garbage collection' },
  { call: 'set_robust_list', errno: EPERM, program: 'pool', asks: 'first use of the thread pool' },
  { call: 'getrandom', errno: EPERM, program: 'crypto', asks: 'random bytes' },
  { call: 'statx', errno: EPERM, program: 'import', asks: 'late import' },
];

const FILES = {
  'late.cjs': 'module.exports = 1;\n',
  'late.mjs': 'export const late = 1;\n',
  'answer.cjs': "process.send('hello');\nprocess.on('message', () => process.disconnect());\n",
};

// --- Running a program ------------------------------------------------------------------------------------------------

/** One GET request; calls back when the answer has ended or failed. */
function fetchOnce(port, settled) {
  get({ port, host: '127.0.0.1', agent: false }, answer => answer.resume().on('close', settled)).on(
    'error',
    settled,
  );
}

function nodes() {
  return MAJORS.map(major => {
    const path = nodeBinary(major);
    return { major, path, version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1) };
  });
}

function requireStrace() {
  const present = () => {
    try {
      return execFileSync('strace', ['--version'], { encoding: 'utf8' })
        .split('\n')[0]
        .replace(' -- version', '');
    } catch {
      return undefined;
    }
  };
  if (present() === undefined && process.getuid() === 0) execFileSync('apt-get', ['install', '-y', 'strace']);
  const version = present();
  if (version === undefined) throw new Error('strace is needed: apt-get install strace');
  return version;
}

/** Writes the programs to a directory of their own, as files that Node loads without touching its thread pool. */
function writePrograms(directory) {
  const api = JSON.stringify(join(root, 'dist', 'index.js'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text);
  for (const [index, { run }] of PROGRAMS.entries()) {
    const text = `'use strict';
const { profile, port } = JSON.parse(process.argv[2]);
const api = profile === undefined ? undefined : require(${api});
const mark = () => require('fs').existsSync(${JSON.stringify(MARKER)});
const load = () => (profile === undefined ? mark() : api.applyProfile(profile, { force: true }));
({ ${run.toString()} }).run(load, { port, require });
`;
    writeFileSync(join(directory, `${index}.cjs`), text);
  }
}

/** Standard output of the kind a program asks for: what to pass to spawn, and how to read what was written. */
function openStdout(kind, directory, id) {
  if (kind === 'null') return { stdio: 'ignore', text: () => undefined };
  if (kind !== 'pipe' && kind !== 'file') return { stdio: 'pipe', text: undefined };
  const path = join(directory, `out-${id}`);
  if (kind === 'pipe') execFileSync('mkfifo', [path]);
  // Two descriptions of one file: the program makes its own blocking, and the reader's must stay as it is.
  const reader = openSync(path, constants.O_RDONLY | constants.O_CREAT | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  const text = () => {
    const bytes = Buffer.alloc(65536);
    closeSync(writer);
    const length = readSync(reader, bytes, 0, bytes.length, null);
    closeSync(reader);
    rmSync(path);
    return bytes.toString('utf8', 0, length);
  };
  return { stdio: writer, text };
}

let runCount = 0;

/**
 * Runs a program once. The outcome is `ok`, `wrong` (it ended as no one asked it to, or did not print) or `fatal` (it
 * was killed by a signal or did not end).
 */
async function runOnce(lab, node, program, { profile, traced = false }) {
  const id = ++runCount;
  const trace = join(lab.directory, `trace-${id}`);
  const stdout = openStdout(program.stdout, lab.directory, id);
  const argument = JSON.stringify({ profile, port: lab.port });
  let command = [node.path, `${PROGRAMS.indexOf(program)}.cjs`, argument];
  if (traced) command = ['strace', '-f', '-qq', '-e', 'signal=none', '-o', trace, ...command];
  // util-linux's script gives the program a terminal of its own.
  if (program.stdout === 'terminal') {
    command = [
      'script',
      '-qec',
      command.map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' '),
      '/dev/null',
    ];
  }
  // A group of its own, so that a hanging program can be killed together with its children and its tracer.
  const child = spawn(command[0], command.slice(1), {
    cwd: lab.directory,
    detached: true,
    stdio: ['ignore', stdout.stdio, 'ignore'],
    env: { PATH: process.env.PATH, HOME: lab.directory, TMPDIR: lab.directory },
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', chunk => {
    text += chunk;
    const line = /^(\d+)(?: (\d+))?\n/.exec(text);
    if (line !== null && program.drive !== undefined && !child.driven) {
      child.driven = true;
      void program.drive({ pid: Number(line[1]), port: Number(line[2]) });
    }
  });
  const end = await new Promise(resolve => {
    const timer = setTimeout(() => {
      resolve('hang');
      process.kill(-child.pid, 'SIGKILL');
    }, TIMEOUT_MS);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      // script and strace report the death of their child by 128 + signal; strace also by dying of it.
      resolve(signal ?? code);
    });
  });
  text = stdout.text === undefined ? text : stdout.text();
  const expected = program.ends ?? 0;
  const printed = program.prints === undefined || text === undefined || text.includes(program.prints);
  const outcome =
    end === expected ? (printed ? 'ok' : 'wrong') : typeof end === 'number' && end < 128 ? 'wrong' : 'fatal';
  const detail = outcome === 'ok' ? '' : end === expected ? 'prints nothing' : describeEnd(end);
  const calls = traced ? readTrace(trace) : undefined;
  if (traced) rmSync(trace, { force: true });
  return { outcome, detail, calls, end };
}

const describeEnd = end => {
  if (end === 'hang') return 'does not end';
  if (end === 'SIGABRT' || end === 134) return 'aborts';
  return typeof end === 'number' ? `exits with ${end}` : `dies of ${end}`;
};

/** Names of the calls after the marker, of every thread and child; and the call on which a filter killed the process. */
function readTrace(path) {
  const lines = readFileSync(path, 'utf8').split('\n');
  const from = lines.findIndex(line => line.includes(MARKER));
  const names = new Set();
  for (const line of lines.slice(from + 1)) {
    const name = /^\d+ +([a-z_]\w*)\(/.exec(line)?.[1];
    if (name !== undefined) names.add(name);
  }
  const open = new Map();
  let killer;
  for (const line of lines) {
    const thread = /^\d+/.exec(line)?.[0];
    const name = /^\d+ +(?:<\.\.\. )?([a-z_]\w*)(?:\(| resumed)/.exec(line)?.[1];
    if (thread !== undefined && name !== undefined) open.set(thread, name);
    // The thread that made the call is the first to be reported.
    if (killer === undefined && line.includes('killed by SIGSYS')) killer = open.get(thread);
  }
  return { names, killer };
}

/** Runs tasks a few at a time and gives their results in order. */
async function inParallel(items, task) {
  const results = new Array(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await task(items[index]);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
  return results;
}

const programsOf = activity => PROGRAMS.filter(program => program.activity === activity);
const allowOnly = (names, defaultAction, defaultErrnoRet = undefined) => ({
  defaultAction,
  defaultErrnoRet,
  syscalls: [{ names: [...names], action: 'SCMP_ACT_ALLOW' }],
});
const refuse = (name, errnoRet) => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: [name], action: 'SCMP_ACT_ERRNO', errnoRet }],
});

// --- Measuring --------------------------------------------------------------------------------------------------------

/** Calls that the programs of an activity make after the load, by trace. */
async function traceActivity(lab, node, activity) {
  const runs = programsOf(activity).flatMap(program => Array.from({ length: RUNS }, () => program));
  const calls = new Set();
  for (const { name, result } of await inParallel(runs, async program => ({
    name: program.name,
    result: await runOnce(lab, node, program, { traced: true }),
  }))) {
    if (result.outcome !== 'ok')
      throw new Error(`Node ${node.version}, ${name}, unfiltered: ${result.detail}`);
    for (const call of result.calls.names) calls.add(call);
  }
  return calls;
}

/**
 * Proves that a list suffices: every program of the activity runs under a filter that kills the process on anything
 * else. A call that no trace happened to show is found by tracing the death, added, and the proof starts again.
 */
async function proveNeeded(lab, node, activity, calls) {
  const runs = programsOf(activity).flatMap(program => Array.from({ length: RUNS }, () => program));
  let last = '';
  for (let attempt = 0; attempt < 20; attempt++) {
    const profile = allowOnly(calls, 'SCMP_ACT_KILL_PROCESS');
    const results = await inParallel(runs, async program => ({
      program,
      result: await runOnce(lab, node, program, { profile }),
    }));
    const failed = results.find(({ result }) => result.outcome !== 'ok');
    if (failed === undefined) return;
    const where = `Node ${node.version}, ${failed.program.name}, list of ${activity}`;
    last = `${where}: ${failed.result.detail}`;
    for (let again = 0; again < 10; again++) {
      const { calls: seen } = await runOnce(lab, node, failed.program, { profile, traced: true });
      if (seen.killer === undefined) continue;
      if (calls.has(seen.killer)) throw new Error(`${where}: killed on ${seen.killer}, which is allowed`);
      report(`${where}: found ${seen.killer} only under the filter`);
      calls.add(seen.killer);
      break;
    }
  }
  throw new Error(`the list does not settle: ${last}`);
}

/** What becomes of the programs of an activity when one call fails with EPERM and everything else is allowed. */
async function refuseEach(lab, node, activity, calls) {
  const verdicts = await inParallel([...calls].sort(), async call => {
    let worst = { outcome: 'ok', program: '', detail: '' };
    for (let run = 0; run < RUNS; run++) {
      for (const program of programsOf(activity)) {
        const result = await runOnce(lab, node, program, { profile: refuse(call, EPERM) });
        if (result.outcome === 'fatal') return [call, { ...result, program: program.name }];
        if (result.outcome === 'wrong' && worst.outcome === 'ok')
          worst = { ...result, program: program.name };
      }
    }
    return [call, worst];
  });
  return new Map(verdicts);
}

/** Whether the base programs survive with the fatal calls alone, all others refused together. */
async function proveFatal(lab, node, fatal) {
  const profile = allowOnly(fatal, 'SCMP_ACT_ERRNO', EPERM);
  const runs = programsOf('base').flatMap(program => Array.from({ length: RUNS }, () => program));
  const results = await inParallel(runs, async program => ({
    program,
    result: await runOnce(lab, node, program, { profile }),
  }));
  return results
    .filter(({ result }) => result.outcome === 'fatal')
    .map(({ program, result }) => `${program.name} ${result.detail}`);
}

async function ask(lab, node, { call, errno, program: name }) {
  const program = PROGRAMS.find(candidate => candidate.name === name);
  let worst = 'goes on';
  for (let run = 0; run < RUNS; run++) {
    const result = await runOnce(lab, node, program, { profile: refuse(call, errno) });
    if (result.outcome !== 'ok') worst = result.detail;
  }
  return worst;
}

function report(line) {
  console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

async function measure() {
  const strace = requireStrace();
  const versions = nodes();
  const directory = mkdtempSync(join(tmpdir(), 'base-calls-'));
  writePrograms(directory);
  const server = createServer((request, response) => response.end('hello'));
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const lab = { directory, port: server.address().port };
  const measured = { strace, versions, needed: {}, verdicts: {}, pool: {}, survives: {}, answers: {} };
  try {
    for (const node of versions) {
      const needed = {};
      for (const activity of Object.keys(ACTIVITIES)) {
        const calls = new Set([
          ...(needed.base ?? []),
          ...(LUCK[activity] ?? []),
          ...(await traceActivity(lab, node, activity)),
        ]);
        await proveNeeded(lab, node, activity, calls);
        needed[activity] = calls;
        report(`Node ${node.version}: ${activity} needs ${calls.size} calls`);
      }
      measured.needed[node.major] = needed;
      measured.verdicts[node.major] = await refuseEach(lab, node, 'base', needed.base);
      const fatal = [...measured.verdicts[node.major]].filter(([, verdict]) => isFatal(verdict));
      report(`Node ${node.version}: fatal ${fatal.map(([call]) => call).join(' ')}`);
      const known = new Set(fatal.map(([call]) => call));
      const rest = [...needed.pool, 'rseq'].filter(call => !known.has(call) || STARTING.includes(call));
      measured.pool[node.major] = await refuseEach(lab, node, 'pool', new Set(rest));
      measured.answers[node.major] = await inParallel(QUESTIONS, question => ask(lab, node, question));
    }
    // The union over all versions: a thread that is still starting at the moment of the load shows only by luck.
    const { fatal, threads } = summarize(measured);
    for (const node of versions) {
      measured.survives[node.major] = await proveFatal(lab, node, [...fatal, ...threads]);
      report(
        `Node ${node.version}: with these alone ${measured.survives[node.major].join('; ') || 'goes on'}`,
      );
    }
  } finally {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  }
  return measured;
}

// --- Writing it down --------------------------------------------------------------------------------------------------

const union = sets => [...new Set(sets.flatMap(set => [...set]))].sort();
const isFatal = verdict => verdict?.outcome === 'fatal';

/** What the measurement says over all versions: `fatal` to refuse, to new `threads` too, and `needed` by activity. */
function summarize({ needed, verdicts, pool }) {
  const fatalIn = table =>
    union(Object.values(table).map(map => [...map.keys()].filter(call => isFatal(map.get(call)))));
  const fatal = fatalIn(verdicts).filter(call => !STARTING.includes(call));
  const threads = fatalIn(pool).filter(call => !fatal.includes(call));
  const always = union(Object.values(needed).map(activities => activities.base));
  const byActivity = Object.keys(ACTIVITIES).map(activity => {
    const calls = union(Object.values(needed).map(activities => activities[activity]));
    return [activity, activity === 'base' ? calls : calls.filter(call => !always.includes(call))];
  });
  return { fatal, threads, needed: Object.fromEntries(byActivity) };
}

/** ` (22, 24)` where only some versions do, nothing where all do. */
function onlySome(majors) {
  return majors.length === MAJORS.length ? '' : ` (${majors.join(', ')})`;
}

const machine = () => `${process.arch}, Linux ${release().split('.').slice(0, 2).join('.')}`;
const glibc = () => process.report.getReport().header.glibcVersionRuntime;
const list = words => `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
const versionsOf = ({ versions }) => list(versions.map(({ version }) => version));

/** The exported list. Calls on live io_uring rings are not in it: whether a process has rings is looked up where it matters. */
const baseCalls = fatal => fatal.filter(call => !call.startsWith('io_uring_'));

function writeSource(measured) {
  const { fatal, threads, needed } = summarize(measured);
  const lines = calls => calls.map(call => `'${call}',`).join('\n');
  const reasons = baseCalls(fatal).map(call => {
    const majors = MAJORS.filter(major => isFatal(measured.verdicts[major].get(call)));
    const { detail, program } = measured.verdicts[majors[0]].get(call);
    const where = majors.length === MAJORS.length ? '' : `, Node ${majors.join(', ')}`;
    return `'${call}', // ${detail}: ${program}${where}`;
  });
  return `// Generated by scripts/measure-base-calls.mjs on Node ${versionsOf(measured)} (${machine()}): do not edit.

/**
 * Calls that Node itself goes on making after a filter is loaded, and whose refusal with EPERM makes a program that does
 * nothing special abort, crash or hang on some version of Node: the union over versions, each with what happens and to
 * which program. \`io_uring_enter\`, fatal to a process with live rings, is not here: rings are looked for in the process.
 * See docs/node-base-calls.md.
 */
export const BASE_CALLS: readonly string[] = [
${reasons.join('\n')}
];

/**
 * Calls that a thread makes as it starts and whose refusal with EPERM makes Node abort: at the first use of the thread
 * pool, and thus in most programs whose pool is not filled before the load. \`clone3\` is fatal unless it answers ENOSYS and
 * \`clone\` is allowed; \`rseq\` with any error, to programs whose C library is glibc 2.35 or newer.
 */
export const THREAD_CALLS: readonly string[] = [
${lines(threads)}
];

/**
 * Calls that programs were seen to make after a filter was loaded, on any version of Node. \`base\` are those that every
 * program may make: a filter that kills on refusal has to allow all of them. The others come on top of it.
 */
export const NEEDED_CALLS = {
${Object.entries(needed)
  .map(
    ([activity, calls]) => `/** ${ACTIVITIES[activity]}. */
'${activity}': [\n${lines(calls)}\n],`,
  )
  .join('\n')}
} as const satisfies Readonly<Record<string, readonly string[]>>;
`;
}

function writePage(measured) {
  const { needed } = summarize(measured);
  const columns = MAJORS.map(major => `Node ${major}`).join(' | ');
  const rule = '---|'.repeat(MAJORS.length);
  const cell = (major, call) => {
    const verdict = measured.verdicts[major].get(call);
    if (verdict === undefined) return 'not made';
    if (verdict.outcome === 'ok') return 'harmless';
    const text = `${verdict.detail} (${verdict.program})`;
    return verdict.outcome === 'fatal' ? `**${text}**` : text;
  };
  const baseRows = needed.base.map(
    call => `| \`${call}\` | ${MAJORS.map(major => cell(major, call)).join(' | ')} |`,
  );
  const activityRows = Object.entries(ACTIVITIES)
    .filter(([activity]) => activity !== 'base')
    .map(([activity, text]) => {
      const calls = needed[activity].map(call => {
        const majors = MAJORS.filter(major => measured.needed[major][activity].has(call));
        return `\`${call}\`${onlySome(majors)}`;
      });
      return `| \`${activity}\` | ${text} | ${calls.join(', ') || 'nothing more'} |`;
    });
  const answerRows = QUESTIONS.map(({ call, errno, asks }, index) => {
    const answers = MAJORS.map(major => measured.answers[major][index]);
    return `| \`${call}\` | ${errno === EPERM ? 'EPERM' : 'ENOSYS'} | ${asks} | ${answers.join(' | ')} |`;
  });
  const survival = MAJORS.map(major => {
    const deaths = measured.survives[major];
    return `Node ${major} ${deaths.length === 0 ? 'goes on' : `does not: ${deaths.join('; ')}`}`;
  });
  return `<!-- Generated by scripts/measure-base-calls.mjs: do not edit. -->

# What Node itself needs from the kernel

A filter that is loaded into a running Node also meets the calls that Node makes for itself: its event loop, its garbage
collector, its console, its end. This page lists them as they were measured on Node ${versionsOf(measured)},
${machine()}, glibc ${glibc()}, ${measured.strace}. \`lib/process/base-calls.ts\` holds the same lists for the package's own check
before a load.

## Method

Small programs mark the moment at which a filter would be loaded.

1. Each runs ${RUNS} times under \`strace -f\`; the calls of all threads and children after the mark are its list.
2. Each runs ${RUNS} times under a filter that allows the list and kills the process on anything else. A call that only now
   shows is added, and the proof starts again.
3. Each call of the base list is refused alone, with EPERM, to every base program, ${RUNS} times. Where a program then aborts,
   dies of a signal or does not end within ${TIMEOUT_MS / 1000} seconds, the call is fatal to refuse.
4. The calls that the start of the thread pool adds are refused alone to the program that starts it.
5. The base programs run ${RUNS} times with the fatal calls of all versions alone, everything else refused with EPERM.

\`node scripts/measure-base-calls.mjs --check\` measures again and fails when a call is needed, or fatal to refuse, that the
lists do not have; lists that hold more than a run shows pass. Calls that are a matter of luck are in the lists whether
a run shows them or not: whether threads meet at a lock, or are still starting at the moment of the load.

## Every program

${ACTIVITIES.base}.
What happens when the call is refused with EPERM and all else is allowed; bold is fatal, and in brackets is the first
program that showed it.

| call | ${columns} |
|---|${rule}
${baseRows.join('\n')}

With the fatal calls of all versions alone and everything else refused: ${survival.join('; ')}.

A filter that kills instead of refusing has to allow every call of this table.

\`brk\` cannot be refused with any errno: it reports no errors, so the C library takes the small negative number for the
new end of its heap. \`getpid\`, \`gettid\` and \`tgkill\` are how Node dies of SIGTERM: without them it ignores the first one.

To start a thread, Node also cannot do without: ${summarize(measured)
    .threads.map(call => `\`${call}\``)
    .join(', ')}. A thread that is still starting at the moment
of the load makes these calls, too.

## By activity

What comes on top of the table above; numbers in brackets are the versions of Node that make the call, where not all do.
Where \`clone3\` answers ENOSYS, \`clone\` takes its place.

| activity | what the programs do | calls |
|---|---|---|
${activityRows.join('\n')}

## How single calls are best answered

| call | answer | while | ${columns} |
|---|---|---|${rule}
${answerRows.join('\n')}
`;
}

const formatted = async text => {
  const { format, resolveConfig } = await import('prettier');
  return format(text, { ...(await resolveConfig(join(root, 'lib', 'errors.ts'))), parser: 'typescript' });
};

/** What a new measurement has that the committed lists lack. Lists that hold more pass: see the page. */
async function missingFromCommitted(measured) {
  const committed = await import('../dist/process/base-calls.js');
  const { fatal, threads, needed } = summarize(measured);
  const lacks = (name, calls, known) =>
    calls.filter(call => !known.includes(call)).map(call => `${name}: ${call}`);
  return [
    ...lacks('BASE_CALLS', baseCalls(fatal), committed.BASE_CALLS),
    ...lacks('THREAD_CALLS', threads, committed.THREAD_CALLS),
    ...Object.entries(needed).flatMap(([activity, calls]) => {
      const known = [...committed.NEEDED_CALLS.base, ...(committed.NEEDED_CALLS[activity] ?? [])];
      return lacks(`NEEDED_CALLS.${activity}`, calls, known);
    }),
  ];
}

const measured = await measure();
if (process.argv.includes('--check')) {
  const missing = await missingFromCommitted(measured);
  if (missing.length > 0) {
    console.error(
      `the lists lack calls that were measured; run node scripts/measure-base-calls.mjs\n${missing.join('\n')}`,
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(join(root, 'lib', 'process', 'base-calls.ts'), await formatted(writeSource(measured)));
  writeFileSync(join(root, 'docs', 'node-base-calls.md'), writePage(measured));
}
