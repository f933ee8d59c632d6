// Selftests about calls that a supervisor answers.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { supervise, type Response, type SupervisedCall, type SuperviseOptions } from 'seccomp';
import * as scmp from '#lib/kernel/constants.js';
import { answering } from '../support/answering.js';
import { nativeAudit as audit, numberOf } from '../support/native.js';
import { callerProgram, canBuild } from '../support/caller-program.js';
import { inChild, told } from '../support/child.js';
import { kernelCall } from '../support/kernel.js';
import type { Case } from './selftest-names.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';
import { skip } from '../support/skip.js';

const profile: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['getsid'], action: 'SCMP_ACT_NOTIFY' }],
};

/** A value that getsid never returns. */
const MAGIC = 0x7fffffff;
const ANSWERED = `${MAGIC} 0`;

type Handler = (call: SupervisedCall) => Response | Promise<Response>;

/** Runs a C program whose getsid goes to the handler. Returns its output and how it ended. */
async function asked(
  this: Mocha.Context,
  args: readonly string[],
  handler: Handler,
  { before = [], ...options }: Partial<SuperviseOptions> & { readonly before?: readonly string[] } = {},
): Promise<{ readonly lines: readonly string[]; readonly signal: NodeJS.Signals | null }> {
  if (!canBuild) skip(this, 'there is no C compiler');
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-selftests-'));
  try {
    const answers: Promise<Response>[] = [];
    const [command = '', ...words] = [...before, callerProgram(directory), ...args];
    const { child, finished } = supervise(command, words, {
      profile,
      otherwise: call => {
        const answer = Promise.resolve(handler(call));
        answers.push(answer);
        return answer;
      },
      ...options,
    });
    assert.ok(child.stdout);
    const ended = once(child, 'exit') as Promise<[code: number | null, signal: NodeJS.Signals | null]>;
    const lines = (await text(child.stdout)).trim().split('\n');
    const [, signal] = await ended;
    // No process is left under the filter.
    await finished;
    await Promise.all(answers);
    return { lines, signal };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Waits for the letter of `State` in the status of a thread. */
async function untilState(thread: number, letter: string): Promise<void> {
  const pattern = new RegExp(`^State:\\s+${letter}`, 'm');
  while (!pattern.test(readFileSync(`/proc/${thread}/status`, 'utf8')))
    await new Promise(resolve => setTimeout(resolve, 1));
}

const endsWithTheCaller: Case = async function () {
  const { lines } = await asked.call(this, ['getsid'], () => ({ value: MAGIC }));
  assert.deepEqual(lines, [ANSWERED]);
};

export const NOTIFICATIONS: Readonly<Record<string, Case>> = {
  async user_notification_basic() {
    const unheard = answering('getppid', scmp.SCMP_ACT_NOTIFY);
    assert.equal(kernelCall([unheard], { arch: audit, syscall: numberOf('getppid') }), 'errno 38');
    const code = told(
      inChild(`
        s.load(harmless, { listener: true });
        try { s.load(harmless, { listener: true }); } catch ({ code }) { tell(code); }`),
    );
    assert.equal(code, 'listener-exists');
    const { lines } = await asked.call(this, ['getsid'], () => ({ value: MAGIC }));
    assert.deepEqual(lines, [ANSWERED]);
  },
  user_notification_with_tsync() {
    const flags = told<string[]>(inChild(`tell(s.load(harmless, { listener: true }).flags);`));
    assert.deepEqual(flags.sort(), [
      'SECCOMP_FILTER_FLAG_NEW_LISTENER',
      'SECCOMP_FILTER_FLAG_TSYNC',
      'SECCOMP_FILTER_FLAG_TSYNC_ESRCH',
    ]);
  },
  async user_notification_kill_in_middle() {
    const waits: boolean[] = [];
    const { signal } = await asked.call(this, ['getsid'], async call => {
      waits.push(call.isWaiting());
      process.kill(call.pid, 'SIGKILL');
      while (call.isWaiting()) await new Promise(resolve => setTimeout(resolve, 1));
      waits.push(call.isWaiting());
      return { value: MAGIC };
    });
    assert.deepEqual(waits, [true, false]);
    assert.equal(signal, 'SIGKILL');
  },
  async user_notification_signal() {
    const waits: boolean[] = [];
    const { lines } = await asked.call(this, ['interrupted'], async call => {
      process.kill(call.pid, 'SIGUSR1');
      while (call.isWaiting()) await new Promise(resolve => setTimeout(resolve, 1));
      waits.push(call.isWaiting());
      return { value: MAGIC };
    });
    assert.deepEqual(waits, [false]);
    assert.deepEqual(lines, ['handled', '-1 4']);
  },
  async user_notification_closed_listener() {
    if (!canBuild) skip(this, 'there is no C compiler');
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-selftests-'));
    try {
      const supervised = supervise(callerProgram(directory), ['getsid'], {
        profile,
        otherwise: () => {
          supervised.close();
          return { value: MAGIC };
        },
      });
      assert.ok(supervised.child.stdout);
      assert.equal((await text(supervised.child.stdout)).trim(), '-1 38');
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
  async user_notification_child_pid_ns() {
    const unshare = ['unshare', '--user', '--pid', '--fork'];
    if (spawnSync('unshare', [...unshare.slice(1), 'true']).status !== 0)
      skip(this, 'namespaces of users and processes cannot be made here');
    const pids: number[] = [];
    const handler: Handler = call => {
      pids.push(call.pid);
      return { value: MAGIC };
    };
    const { lines } = await asked.call(this, ['getsid'], handler, { before: unshare });
    assert.deepEqual(lines, [ANSWERED]);
    assert.ok((pids[0] ?? 0) > 1, 'as this namespace numbers it');
  },
  async user_notification_continue() {
    const { lines } = await asked.call(this, ['getsid'], () => ({ continue: true }));
    assert.match(lines[0] ?? '', /^\d+ 0$/);
    assert.notEqual(lines[0], ANSWERED);
  },
  user_notification_filter_empty: endsWithTheCaller,
  user_ioctl_notification_filter_empty: endsWithTheCaller,
  async user_notification_filter_empty_threaded() {
    const { lines } = await asked.call(this, ['threads', '2'], () => ({ value: 42 }));
    assert.deepEqual(lines, ['2']);
  },
  async user_notification_addfd() {
    const fd = openSync('/dev/null', 'r');
    const given = await asked.call(this, ['getsid', '3'], () => ({ fd }));
    closeSync(fd);
    assert.deepEqual(given.lines, ['3 0', '4 0', '5 0']);
  },
  async user_notification_addfd_rlimit() {
    if (spawnSync('prlimit', ['--version']).status !== 0) skip(this, 'there is no prlimit');
    const fd = openSync('/dev/null', 'r');
    const { lines } = await asked.call(this, ['getsid'], ({ pid }) => {
      spawnSync('prlimit', ['--pid', `${pid}`, '--nofile=0']);
      return { fd };
    });
    closeSync(fd);
    assert.deepEqual(lines, ['-1 24']);
  },
  async user_notification_fifo() {
    const ids: bigint[] = [];
    const { lines } = await asked.call(this, ['threads', '3'], call => {
      ids.push(call.id);
      return { value: 42 };
    });
    assert.deepEqual(lines, ['3']);
    assert.deepEqual(
      ids.map(id => id - (ids[0] ?? 0n)),
      [0n, 1n, 2n],
    );
  },
  async user_notification_wait_killable() {
    const { lines } = await asked.call(
      this,
      ['interrupted'],
      async call => {
        process.kill(call.pid, 'SIGUSR1');
        await untilState(call.pid, 'D');
        return { value: MAGIC };
      },
      { waitKillable: true },
    );
    assert.deepEqual(lines, ['handled', ANSWERED]);
  },
  async user_notification_wait_killable_fatal() {
    const { signal } = await asked.call(
      this,
      ['getsid'],
      async call => {
        process.kill(call.pid, 'SIGTERM');
        while (call.isWaiting()) await new Promise(resolve => setTimeout(resolve, 1));
        return { value: MAGIC };
      },
      { waitKillable: true },
    );
    assert.equal(signal, 'SIGTERM');
  },
};
