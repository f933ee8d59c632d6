// Runs a program on a Node, with a filter or under strace, and returns how it ended.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot } from '../files.mjs';
import { run } from '../run.mjs';
import { installPackages, missingPackages } from '../debian-packages.mjs';
import { nodeBinary } from '../nodes.mjs';
import { FILES, PROGRAMS } from './programs.mjs';

/** The versions that are measured. */
export const MAJORS = [20, 22, 24, 26];
/** A path that does not exist: looking for it marks the moment of the load in a trace. */
const MARKER = '/the-filter-is-loaded-now';
/** The number of programs at a time: more would make slow runs look like hangs on small machines. */
const PARALLEL = 2;

export function nodes() {
  return MAJORS.map(major => {
    const path = nodeBinary(major);
    return { major, path, version: run(path, ['--version']).trim().slice(1) };
  });
}

/** Returns the version of strace, after installing it if it is missing. */
export function requireStrace() {
  installPackages(missingPackages({ strace: 'strace' }));
  const [version] = run('strace', ['--version']).split('\n');
  return version.replace(' -- version', '');
}

/**
 * Calls a function with a lab: a folder with the programs, a server for their requests, and the milliseconds after which
 * a program hangs.
 */
export async function inLab(patience, use) {
  const directory = mkdtempSync(join(tmpdir(), 'base-calls-'));
  writePrograms(directory);
  const server = createServer((request, response) => response.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    return await use({ directory, patience, port });
  } finally {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Writes each program to its own file, in a form that Node loads without its thread pool. */
function writePrograms(directory) {
  const api = JSON.stringify(inRoot('dist/entries/index.js'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text);
  for (const [index, program] of PROGRAMS.entries()) {
    const text = `'use strict';
const { profile, port } = JSON.parse(process.argv[2]);
const api = profile === undefined ? undefined : require(${api});
const mark = () => require('fs').existsSync(${JSON.stringify(MARKER)});
const load = () => (profile === undefined ? mark() : api.applyProfile(profile, { force: true }));
({ ${program.run.toString()} }).run(load, { port, require });
`;
    writeFileSync(join(directory, `${index}.cjs`), text);
  }
}

/**
 * Standard output of the kind a program asks for: the value for spawn, and a function that reads what was written.
 * @returns {{ stdio: 'ignore' | 'pipe' | number, text?: () => string | undefined }}
 */
function openStdout(kind, directory, id) {
  if (kind === 'null') return { stdio: 'ignore', text: () => undefined };
  if (kind !== 'pipe' && kind !== 'file') return { stdio: 'pipe' };
  const path = join(directory, `out-${id}`);
  if (kind === 'pipe') run('mkfifo', [path]);
  // Two open file descriptions: the program makes its own blocking, and the reader's must stay non-blocking.
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
 * Runs a program once. The outcome is `ok`, `wrong` (another exit code, or missing output) or `fatal` (it was killed by
 * a signal or did not end).
 * @param {{ directory: string, patience: number, port: number }} lab
 * @param {{ path: string }} node
 * @param {import('./programs.mjs').Program} program
 * @param {{ profile?: object, traced?: boolean }} how
 */
export async function runOnce(lab, node, program, { profile, traced = false }) {
  const id = ++runCount;
  const trace = join(lab.directory, `trace-${id}`);
  const stdout = openStdout(program.stdout, lab.directory, id);
  const argument = JSON.stringify({ profile, port: lab.port });
  let command = [node.path, `${PROGRAMS.indexOf(program)}.cjs`, argument];
  if (traced) command = ['strace', '-f', '-qq', '-e', 'signal=SIGSYS', '-o', trace, ...command];
  // util-linux's script runs the program in a new terminal.
  if (program.stdout === 'terminal') {
    command = [
      'script',
      '-qec',
      command.map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' '),
      '/dev/null',
    ];
  }
  // A new process group, so that a hanging program can be killed together with its children and its tracer.
  const child = spawn(command[0], command.slice(1), {
    cwd: lab.directory,
    detached: true,
    stdio: ['ignore', stdout.stdio, 'ignore'],
    env: { PATH: process.env.PATH, HOME: lab.directory, TMPDIR: lab.directory },
  });
  /** @type {string | undefined} */
  let text = '';
  let driven = false;
  child.stdout?.setEncoding('utf8').on('data', chunk => {
    text += chunk;
    const line = /^(\d+)(?: (\d+))?\n/.exec(text ?? '');
    if (line !== null && program.drive !== undefined && !driven) {
      driven = true;
      void program.drive({ pid: Number(line[1]), port: Number(line[2]) });
    }
  });
  const end = await new Promise(resolve => {
    const timer = setTimeout(() => {
      resolve('hang');
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, lab.patience);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      // script and strace exit with 128 + signal if their child is killed; strace may also kill itself by that signal.
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

/** The names of the calls after the marker, of every thread and child, and the call that a filter trapped, if any. */
function readTrace(path) {
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n');
  const from = lines.findIndex(line => line.includes(MARKER));
  const calls = lines.slice(from + 1).map(line => /^\d+ +([a-z_]\w*)\(/.exec(line)?.[1]);
  return {
    names: new Set(calls.filter(name => name !== undefined)),
    trapped: /si_syscall=(?:__NR_)?(\w+)/.exec(text)?.[1],
  };
}

/** Runs tasks a few at a time and returns their results in order. */
export async function inParallel(items, task) {
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
