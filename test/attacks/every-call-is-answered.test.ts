// Whatever handlers and their error listeners do, every waiting call is answered, and the process continues.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { superviseListener } from 'seccomp';
import { callerProgram, canBuild } from '../support/caller-program.js';
import { inChild, told } from '../support/child.js';
import { skip } from '../support/skip.js';

const CALLS = 8;

describe('Every call is answered', () => {
  let directory = '';
  let caller = '';
  before(function () {
    if (!canBuild) skip(this, 'there is no C compiler');
    directory = mkdtempSync(join(tmpdir(), 'seccomp-answered-'));
    caller = callerProgram(directory);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** Supervises threads whose calls wait at the same time; all but one get the response 42, which the program counts. */
  const batch = (one: string, options: string): { right: number; errors: string[]; uncaught: string[] } =>
    told(
      inChild(`
        const { text } = m('stream/consumers');
        const errors = [], uncaught = [];
        process.on('uncaughtException', error => uncaught.push(error.message));
        let calls = 0;
        const one = () => { ${one} };
        const supervised = s.supervise(${JSON.stringify(caller)}, ['threads', '${CALLS}'], {
          profile: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['getsid'], action: 'SCMP_ACT_NOTIFY' }] },
          otherwise: () => {
            // While the first call keeps this thread, the others arrive.
            if (calls++ === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
            if (calls === 2) return one();
            return new Promise(resolve => setTimeout(resolve, 20, { value: 42 }));
          },
          ${options}
        });
        const right = Number(await text(supervised.child.stdout));
        await supervised.finished;
        if (supervised.pending !== 0) throw new Error('still pending: ' + supervised.pending);
        tell({ right, errors, uncaught });`),
    );

  const note = `onError: error => errors.push(error.message),`;
  const fail = `onError: error => { throw new Error('onError: ' + error.message); },`;
  const cases: readonly [
    name: string,
    one: string,
    options: string,
    errors: readonly string[],
    uncaught: readonly string[],
  ][] = [
    ['a handler throws', `throw new Error('fault');`, note, ['fault'], []],
    ['a handler throws and nobody hears of it', `throw new Error('fault');`, '', [], ['fault']],
    ['onError throws too', `throw new Error('fault');`, fail, [], ['onError: fault']],
    [
      'onError throws for a promise',
      `return Promise.reject(new Error('fault'));`,
      fail,
      [],
      ['onError: fault'],
    ],
    [
      'a response throws when it is read',
      `return { get errno() { throw new Error('getter'); } };`,
      note,
      ['getter'],
      [],
    ],
    [
      'onError throws for such a response',
      `return { get errno() { throw new Error('getter'); } };`,
      fail,
      [],
      ['onError: getter'],
    ],
    [
      'a promise has a method of its own that throws',
      `return Object.assign(Promise.resolve({ errno: 'EPERM' }), { then() { throw new Error('then'); } });`,
      note,
      [],
      [],
    ],
    [
      'a promise throws when it is looked at',
      `return Object.defineProperty(Promise.resolve({ errno: 'EPERM' }), 'constructor', { get() { throw new Error('constructor'); } });`,
      note,
      ['constructor'],
      [],
    ],
    [
      'a promise never settles, with answerTimeout',
      `return new Promise(() => {});`,
      `answerTimeout: 50,`,
      [],
      [],
    ],
  ];
  for (const [name, one, options, errors, uncaught] of cases) {
    it(`if ${name}: one call fails, the others get the responses of their handlers`, () => {
      assert.deepEqual(batch(one, options), { right: CALLS - 1, errors, uncaught });
    });
  }

  it('with ENOSYS if the listener is closed under its supervisor, which emits an error without a call and ends', () => {
    const seen = told(
      inChild(`
        const fs = m('fs');
        const { text } = m('stream/consumers');
        const link = fd => { try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
        const errors = [];
        const { child, finished } = s.supervise(${JSON.stringify(caller)}, ['getsid', '2'], {
          profile: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['getsid'], action: 'SCMP_ACT_NOTIFY' }] },
          otherwise: async () => {
            await null;
            for (const fd of fs.readdirSync('/proc/self/fd').filter(fd => link(fd).includes('seccomp notify'))) fs.closeSync(Number(fd));
            return { value: 1 };
          },
          onError: (error, call) => errors.push([error.code, call === undefined]),
        });
        const printed = await text(child.stdout);
        await finished;
        tell({ printed, errors });`),
    );
    assert.deepEqual(seen, { printed: '-1 38\n-1 38\n', errors: [['listener-unusable', true]] });
  });

  it('by the end of the command if the listener cannot be watched: it is killed, and the error is thrown', () => {
    const seen = told(
      inChild(`
        // The event loop has its own descriptors by now, but may not watch any others.
        s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['ioctl'], action: 'SCMP_ACT_ERRNO', errno: 'EBADF', args: [{ index: 1, value: 0x40082104, op: 'SCMP_CMP_EQ' }] }] }, { force: true });
        const before = m('fs').readdirSync('/proc/self/fd').length;
        let code;
        try {
          s.supervise('sleep', ['60'], { profile: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_NOTIFY' }] }, stdio: 'ignore' });
        } catch (error) { code = error.code; }
        tell({ code, left: m('fs').readdirSync('/proc/self/fd').length - before });`),
    );
    assert.deepEqual(seen, { code: 'listener-unusable', left: 0 });
  });

  it('unless the descriptor is not a listener, which is rejected before any operation on it', () => {
    for (const descriptor of [0x7fffffff, 0]) {
      assert.throws(() => superviseListener(descriptor, {}), { code: 'listener-unusable' });
    }
  });
});
