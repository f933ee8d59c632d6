// loadFilter, loadAndExec and seccomp_load: what the kernel then enforces, in a separate process.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CHILD_LIMIT } from '../support/child.js';

const fixture = fileURLToPath(new URL('../fixtures/native/load.js', import.meta.url));

/** Runs one scenario of the fixture and returns its output. */
const scenario = (name: string): unknown =>
  JSON.parse(execFileSync(process.execPath, [fixture, name], { encoding: 'utf8', timeout: CHILD_LIMIT }));

describe('loadFilter', () => {
  it('enforces the program on the calling thread', () => {
    assert.deepEqual(scenario('enforces'), { answer: { listener: -1 }, ppid: -1, seccomp: 2, noNewPrivs: 1 });
  });

  it('sets no_new_privs only on request', () => {
    assert.deepEqual(scenario('keeps-privileges'), { noNewPrivs: 0 });
  });

  it('refuses programs of invalid length before it changes anything', () => {
    const refused = { failed: 'seccomp', errno: 22, threadId: 0, threadName: '' };
    assert.deepEqual(scenario('bad-lengths'), {
      answers: [refused, refused, refused],
      noNewPrivs: 0,
      seccomp: 0,
    });
  });

  it("returns the kernel's errno for a program it refuses", () => {
    assert.deepEqual(scenario('bad-program'), { failed: 'seccomp', errnoName: 'EINVAL' });
  });

  it("returns the kernel's errno for flags it refuses", () => {
    assert.deepEqual(scenario('bad-flags'), { failed: 'seccomp', errnoName: 'EINVAL' });
  });

  it('covers all threads with TSYNC', () => {
    assert.deepEqual(scenario('all-threads'), { answer: { listener: -1 }, unfiltered: 0 });
  });

  it('names the thread that has another filter, and loads the filter into no other thread', () => {
    assert.deepEqual(scenario('diverging-thread'), {
      failed: 'seccomp',
      errnoName: 'ECANCELED',
      named: true,
      threadName: true,
      seccomp: 0,
    });
  });

  it('fails with ESRCH if it must not name the thread', () => {
    assert.deepEqual(scenario('diverging-thread-esrch'), { errnoName: 'ESRCH', threadId: 0 });
  });

  it('returns the listener of a program that notifies', () => {
    assert.deepEqual(scenario('listener'), { isDescriptor: true, closesOnExec: true });
  });

  it('accepts a program in shared memory', () => {
    assert.deepEqual(scenario('shared-memory'), { listener: -1 });
  });

  it('can be repeated after a filter that refuses to probe the kernel for features', () => {
    assert.deepEqual(scenario('after-a-filter'), {
      first: { listener: -1 },
      errnoName: 'EPERM',
      apiLevel: true,
    });
  });
});

describe('loadAndExec', () => {
  it('executes the other program in the same process, under the filter', () => {
    const { stdout, status, pid } = spawnSync(process.execPath, [fixture, 'exec'], { encoding: 'utf8' });
    assert.equal(status, 7);
    assert.match(stdout, new RegExp(`^pid ${pid}\nargument one two\nvariable value\n`));
    assert.match(stdout, /NoNewPrivs:\t1\nSeccomp:\t2/);
  });

  it('resets signals to their defaults, and unblocks them', () => {
    const { stdout } = spawnSync(process.execPath, [fixture, 'exec'], { encoding: 'utf8' });
    assert.match(stdout, /SigBlk:\t0+\nSigIgn:\t0+\n/);
  });

  it('changes nothing if the program does not exist', () => {
    assert.deepEqual(scenario('exec-nothing'), {
      failed: 'execve',
      errnoName: 'ENOENT',
      noNewPrivs: 0,
      seccomp: 0,
      sameSignals: true,
    });
  });

  it('changes only no_new_privs if the kernel refuses the filter', () => {
    assert.deepEqual(scenario('exec-refused'), {
      failed: 'seccomp',
      errnoName: 'EINVAL',
      noNewPrivs: 1,
      seccomp: 0,
      sameSignals: true,
    });
  });

  it('refuses a listener, which would not survive execve', () => {
    assert.deepEqual(scenario('exec-listener'), { failed: 'seccomp', errnoName: 'EINVAL', noNewPrivs: 0 });
  });
});

describe('FilterContext.load', () => {
  it('enforces the filter', () => {
    assert.deepEqual(scenario('context'), { ppid: -1, seccomp: 2, noNewPrivs: 1 });
  });

  it('hides the reason of a failure unless SYSRAWRC is set', () => {
    assert.deepEqual(scenario('context-failure'), { plain: 'ECANCELED', raw: 'EINVAL' });
  });

  it('creates a listener for NOTIFY, through which calls are answered', () => {
    assert.deepEqual(scenario('notifications'), {
      syscall: 'getppid',
      valid: true,
      answered: 4242,
      failedWith: -1,
      validAfterwards: false,
    });
  });

  it('returns a new listener after the global state was reset', () => {
    assert.deepEqual(scenario('second-listener'), { closed: true, second: true });
  });
});
