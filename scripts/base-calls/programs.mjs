// The measured activities, and a program for each.
import { ACTIVITY_PROGRAMS } from './activity-programs.mjs';
import { BASE_PROGRAMS } from './base-programs.mjs';

export const ACTIVITIES = {
  base: 'Every program: timers, garbage collection, console output, and every way to end',
  'http-server': 'An HTTP server that listened before the load answers requests',
  sockets: 'TCP and UDP sockets opened after the load',
  fetch: 'fetch() of an http URL',
  'dns-lookup': 'dns.lookup(), by the C library on the thread pool',
  'dns-resolve': 'dns.resolve(), by c-ares; the server refuses',
  'fs-sync': 'fs, synchronous',
  'fs-async': 'fs.promises, with the thread pool started before the load',
  crypto: 'Hashes, random bytes, key pairs and key derivation',
  zlib: 'gzip and brotli, synchronous and on the thread pool',
  pool: 'The thread pool starts after the load',
  worker: 'A Worker starts and ends after the load',
  wasm: 'WebAssembly is compiled and run after the load',
  import: 'Modules are imported and required after the load',
  'child-process': 'child_process runs another program, which inherits the filter',
  'child-node': 'child_process.fork() of another Node, which inherits the filter',
};

/**
 * A program ends by itself with exit code 0 unless `ends` says otherwise, and prints what `prints` says on a standard output
 * of the kind `stdout`. `drive` acts on it from outside once it has printed a line.
 * @typedef {object} Program
 * @property {string} name
 * @property {string} activity
 * @property {(load: () => void, given: { port: number, require: NodeJS.Require }) => void} run
 * @property {number | NodeJS.Signals} [ends]
 * @property {string} [stdout]
 * @property {string} [prints]
 * @property {(started: { pid: number, port: number }) => unknown} [drive]
 */

/** @type {readonly Program[]} */
export const PROGRAMS = [...BASE_PROGRAMS, ...ACTIVITY_PROGRAMS];

export const programsOf = activity => PROGRAMS.filter(program => program.activity === activity);

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

/**
 * Calls that the processor decides about: with protection keys, V8 of Node 20 guards the code of WebAssembly by them, and
 * the parser of fetch() is WebAssembly. In the lists on every machine, too.
 */
const OF_THE_PROCESSOR = { fetch: { 20: ['pkey_mprotect'] }, wasm: { 20: ['pkey_mprotect'] } };

/** What is in the list of an activity whether a run shows it or not. */
export const luck = (activity, major) => [
  ...(LUCK[activity] ?? []),
  ...(OF_THE_PROCESSOR[activity]?.[major] ?? []),
];

/** Files that programs load. */
export const FILES = {
  'late.cjs': 'module.exports = 1;\n',
  'late.mjs': 'export const late = 1;\n',
  'answer.cjs': "process.send('hello');\nprocess.on('message', () => process.disconnect());\n",
};
