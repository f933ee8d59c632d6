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
 * A program exits with code 0, or as `ends` says, and prints `prints` to a standard output of the kind `stdout`. `drive`
 * acts on it from outside once it has printed a line.
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
 * Calls that depend on chance: of threads that wait for a lock or are still starting at the load, and of mkdtemp, which
 * looks for an unused name. They are always in the lists, so that chance does not change the lists.
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
 * Calls that depend on the processor: if it has protection keys, the V8 of Node 20 protects WebAssembly code with them,
 * and the parser of fetch() is WebAssembly. They too are always in the lists.
 */
const OF_THE_PROCESSOR = { fetch: { 20: ['pkey_mprotect'] }, wasm: { 20: ['pkey_mprotect'] } };

/** The calls that are always in the list of an activity. */
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
