// Selftests about several threads: those of Node, its workers, and those of a C program.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, spawnSync } from 'seccomp';
import { encode } from '#lib/bpf/program.js';
import * as scmp from '#lib/kernel/constants.js';
import { answering } from '../support/answering.js';
import { callerProgram, canBuild } from '../support/caller-program.js';
import { inChild, told } from '../support/child.js';
import { liveNode, needsDump } from '../support/live.js';
import type { Case } from './selftest-names.js';
import { skip } from '../support/skip.js';

/** Runs a C program under a filter with an action for getsid. Returns its output, or the signal that ended it. */
function caller(
  test: Mocha.Context,
  action: number,
  command: (program: string) => readonly string[],
): string {
  if (!canBuild) skip(test, 'there is no C compiler');
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-selftests-'));
  try {
    const [file = '', ...args] = command(callerProgram(directory));
    const profile = encode(answering('getsid', action));
    const { signal, stdout } = spawnSync(file, args, { profile, encoding: 'utf8' });
    return signal ?? stdout.trim();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The result of a program whose second thread makes the call. */
const inSecondThread = (test: Mocha.Context, action: number): string =>
  caller(test, action, program => [program, 'threads', '1']);

/** Node with a worker that runs `code`, posts its result, and ends when it gets a message. */
const withWorker = (code: string, body: string): string => `
  const { Worker } = m('worker_threads');
  const worker = new Worker(\`
    const { parentPort } = require('worker_threads');
    const s = require('seccomp');
    const harmless = s.compile({ defaultAction: 'SCMP_ACT_ALLOW' });
    const attempt = action => { try { return action(); } catch ({ code }) { return code; } };
    parentPort.once('message', () => process.exit());
    parentPort.postMessage(${code});\`, { eval: true, execArgv: [] });
  const posted = await new Promise(resolve => worker.once('message', resolve));
  const attempt = action => { try { return action(); } catch ({ code, thread }) { return { code, thread: thread?.id }; } };
  ${body}
  process.exit();`;

const DIVERGED = `s.load(harmless, { scope: 'thread' }).threads[0]`;

export const THREADS: Readonly<Record<string, Case>> = {
  KILL_thread() {
    // The number of threads that got the expected result.
    assert.equal(inSecondThread(this, scmp.SCMP_ACT_KILL_THREAD), '0');
  },
  KILL_process() {
    assert.equal(inSecondThread(this, scmp.SCMP_ACT_KILL_PROCESS), 'SIGSYS');
  },
  KILL_unknown() {
    // The kernel would kill the process, but the package refuses the program first.
    assert.throws(() => inSecondThread(this, 0xaaaaaaaa), { code: 'unsupported-action' });
  },
  'TRAP.ign'() {
    const ignoring = (program: string): readonly string[] => [
      'sh',
      '-c',
      `trap '' SYS; exec ${program} getsid`,
    ];
    assert.equal(caller(this, scmp.SCMP_ACT_TRAP, ignoring), 'SIGSYS');
  },
  TSYNC_first() {
    const { flags, mode } = told<{ flags: string[]; mode: string }>(
      inChild(`const { flags } = s.load(harmless); tell({ flags, mode: s.status().mode });`),
    );
    assert.deepEqual([flags, mode], [['SECCOMP_FILTER_FLAG_TSYNC'], 'filter']);
  },
  'TSYNC.siblings_fail_prctl'() {
    const code = told(
      inChild(`
        s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['seccomp', 'prctl'], action: 'SCMP_ACT_ERRNO', errno: 'EINVAL' }] });
        ${withWorker(`attempt(() => { ${DIVERGED}; return 'loaded'; })`, 'tell(posted);')}`),
    );
    assert.equal(code, 'seccomp-refused');
  },
  'TSYNC.two_siblings_with_ancestor'() {
    const layers = told<number[]>(
      inChild(`
        s.load(harmless);
        ${withWorker('0', 's.load(harmless); tell(s.status().threads.map(({ filters }) => filters));')}`),
    );
    assert.deepEqual([...new Set(layers)], [2]);
  },
  'TSYNC.two_sibling_want_nnp'() {
    assert.equal(
      told(inChild(withWorker('0', 'tell(s.status().threads.some(({ noNewPrivs }) => noNewPrivs));'))),
      false,
    );
  },
  'TSYNC.two_siblings_with_no_filter'() {
    const threads = told<{ filters: number; noNewPrivs: boolean }[]>(
      inChild(
        withWorker(
          '0',
          's.load(harmless); tell(s.status().threads.map(({ filters, noNewPrivs }) => ({ filters, noNewPrivs })));',
        ),
      ),
    );
    assert.ok(threads.length > 1);
    for (const thread of threads) assert.deepEqual(thread, { filters: 1, noNewPrivs: true });
  },
  'TSYNC.two_siblings_with_one_divergence'() {
    const { posted, failure } = told<{ posted: number; failure: { code: string; thread: number } }>(
      inChild(withWorker(DIVERGED, 'tell({ posted, failure: attempt(() => s.load(harmless)) });')),
    );
    assert.deepEqual(failure, { code: 'thread-diverges', thread: posted });
  },
  'TSYNC.two_siblings_with_one_divergence_no_tid_in_err'() {
    const failure = told(
      inChild(withWorker(DIVERGED, 'tell(attempt(() => s.load(harmless, { listener: true })));')),
    );
    assert.deepEqual(failure, { code: 'thread-diverges' });
  },
  'TSYNC.two_siblings_not_under_filter'() {
    const { first, second } = told<{ first: { code: string }; second: string }>(
      inChild(
        withWorker(
          DIVERGED,
          `const first = attempt(() => s.load(harmless));
           const ended = new Promise(resolve => worker.once('exit', resolve));
           worker.postMessage('end');
           await ended;
           const gone = () => !m('fs').existsSync('/proc/self/task/' + posted);
           await until(gone);
           tell({ first, second: attempt(() => s.load(harmless).scope) });`,
        ),
      ),
    );
    assert.deepEqual([first.code, second], ['thread-diverges', 'process']);
  },
  async get_metadata() {
    needsDump(this);
    const node = liveNode(
      `s.load(denying('reboot'), { log: true }); s.load(denying('reboot')); tell(process.pid);`,
    );
    try {
      await node.line();
      assert.deepEqual(
        dump(node.pid).layers.map(({ flags }) => flags),
        [['SECCOMP_FILTER_FLAG_LOG'], []],
      );
    } finally {
      await node.end();
    }
  },
};
