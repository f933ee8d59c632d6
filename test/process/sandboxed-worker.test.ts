// SandboxedWorker: it behaves like Worker of node:worker_threads, in a process under a filter.
import assert from 'node:assert/strict';
import { once, type EventEmitter } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { MessageChannel, SHARE_ENV, Worker, type WorkerOptions } from 'node:worker_threads';
import type { SyscallName } from '#lib/kernel/calls/call-names.js';
import { SandboxedWorker, WorkerError, type ForkLoad, type SandboxedWorkerOptions } from 'seccomp';
import { NEEDED_CALLS } from 'seccomp/inspect';
import { inChild, told } from '../support/child.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';

const ALLOW: SeccompProfile = { defaultAction: 'SCMP_ACT_ALLOW' };
const NO_MKDIR: SeccompProfile = {
  ...ALLOW,
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EROFS' }],
};
const LOADS: readonly ForkLoad[] = ['before-exec', 'before-user-code'];

const sandboxed = (code: string, options: Partial<SandboxedWorkerOptions> = {}): SandboxedWorker =>
  new SandboxedWorker(code, { profile: ALLOW, eval: true, ...options });

/** All events of a worker until it ends. */
async function history(
  worker: Worker | SandboxedWorker,
  messages: readonly unknown[],
): Promise<{ readonly code: number; readonly [what: string]: unknown }> {
  const events: unknown[] = [];
  const emitter: EventEmitter = worker;
  const describe = (value: unknown): unknown =>
    value instanceof Error
      ? {
          class: value.constructor.name,
          ...Object.fromEntries(Object.entries(value)),
          name: value.name,
          message: value.message.split('\n')[0],
          stack: typeof value.stack,
        }
      : value;
  // Its order among messages is undefined: in Node's Worker it uses another channel.
  let online = 0;
  emitter.on('online', () => online++);
  for (const name of ['message', 'error'])
    emitter.on(name, (value: unknown) => events.push([name, describe(value)]));
  for (const message of messages) worker.postMessage(message);
  worker.stdin?.end('to standard input');
  const [code, stdout, stderr] = await Promise.all([
    new Promise<number>(resolve => emitter.on('exit', resolve)),
    text(worker.stdout),
    text(worker.stderr),
  ]);
  return { online, events, code, stdout, stderr: stderr !== '' };
}

const CASES: Readonly<
  Record<string, { code: string; options?: Partial<WorkerOptions>; messages?: readonly unknown[] }>
> = {
  'a module that does nothing': { code: '' },
  'workerData, argv, env and being no main thread': {
    code: `const w = require('worker_threads'); w.parentPort.postMessage([w.isMainThread, w.workerData, process.argv.slice(2), process.env]);`,
    options: { workerData: { deep: [new Map([[1n, new Date(0)]])] }, argv: ['a', 7], env: { A: 'b' } },
  },
  'messages of every kind, which come back': {
    code: `const { parentPort } = require('worker_threads'); parentPort.on('message', m => m === 'end' ? parentPort.close() : parentPort.postMessage(m));`,
    messages: [
      undefined,
      null,
      { cmd: 'NODE_INTERNAL', kind: 'exit', code: 5 },
      new Float64Array([1, 2]),
      circular(),
      new Set([NaN, -0, /x/g, new RangeError('far')]),
      'end',
    ],
  },
  'options of the command line': {
    code: `require('worker_threads').parentPort.postMessage(process.execArgv);`,
    options: { execArgv: ['--no-warnings'] },
  },
  'an exit code of its own': { code: 'process.exit(7)' },
  'an exit code that does not fit into a byte': { code: 'process.exit(259)' },
  'an error with a code': {
    code: `throw Object.assign(new TypeError('wrong'), { code: 'E_WRONG', detail: { a: 1 } });`,
  },
  'an error of a class of its own': {
    code: `class Odd extends Error { name = 'Odd'; action = () => 1; } setTimeout(() => { throw new Odd('odd'); });`,
  },
  'an error of the system': { code: `require('fs').readFileSync('/does/not/exist');` },
  'a thrown value that is not an error': { code: `throw [1, 'two'];` },
  'a mistake in the code': { code: 'const const' },
  'a module that is missing': { code: '/does/not/exist.js', options: { eval: false } },
  'standard output and error': {
    code: `console.log('out'); console.error('err'); process.stdout.write('x'.repeat(3e6));`,
    options: { stdout: true, stderr: true },
  },
  'standard input': {
    code: `process.stdin.pipe(process.stdout);`,
    options: { stdin: true, stdout: true },
  },
  'too little memory': {
    code: `const all = []; for (;;) all.push(Array(1000).fill(Math.random()));`,
    options: { resourceLimits: { maxOldGenerationSizeMb: 16 } },
  },
};

function circular(): object {
  const object: { self?: object } = {};
  object.self = object;
  return object;
}

describe('SandboxedWorker', () => {
  let directory = '';
  before(() => (directory = mkdtempSync(join(tmpdir(), 'seccomp-worker-'))));
  after(() => {
    rmSync(directory, { recursive: true });
  });

  for (const [name, { code, options = {}, messages = [] }] of Object.entries(CASES)) {
    it(`does what Worker does with ${name}`, async () => {
      const all = { eval: true, stdout: true, stderr: true, execArgv: [], ...options };
      const theirs = await history(new Worker(code, all), messages);
      const ours = await history(new SandboxedWorker(code, { ...(all as object), profile: ALLOW }), messages);
      // The exit code of a process has eight bits.
      const { code: exitCode } = theirs;
      assert.deepEqual(ours, { ...theirs, code: exitCode & 0xff });
    });
  }

  for (const load of LOADS) {
    describe(`with load: '${load}'`, () => {
      it('confines every thread of the process, its pool and its children', async () => {
        const worker = sandboxed(
          `const fs = require('fs'); const { parentPort } = require('worker_threads');
           const attempt = async action => { try { await action(); return 'done'; } catch ({ code }) { return code; } };
           const modes = () => fs.readdirSync('/proc/self/task').map(id => /Seccomp:\\s(\\d)/.exec(fs.readFileSync('/proc/self/task/' + id + '/status', 'utf8'))[1]);
           (async () => parentPort.postMessage({
             own: await attempt(() => fs.mkdirSync('/tmp/never-made')),
             pool: await attempt(() => fs.promises.mkdir('/tmp/never-made')),
             child: require('child_process').spawnSync('mkdir', ['/tmp/never-made']).status,
             modes: [...new Set(modes())],
           }))();`,
          { profile: NO_MKDIR, load },
        );
        assert.deepEqual((await once(worker, 'message'))[0], {
          own: 'EROFS',
          pool: 'EROFS',
          child: 1,
          modes: ['2'],
        });
      });

      it('accepts CommonJS and ES modules, by path and by URL', async () => {
        const common = join(directory, 'common.cjs');
        const module = join(directory, 'module.mjs');
        writeFileSync(common, `require('worker_threads').parentPort.postMessage(__filename);`);
        writeFileSync(
          module,
          `import { parentPort } from 'node:worker_threads'; parentPort.postMessage(import.meta.filename ?? new URL(import.meta.url).pathname);`,
        );
        for (const [name, path] of [
          [common, common],
          [pathToFileURL(module), module],
        ] as const) {
          const worker = new SandboxedWorker(name, { profile: 'docker-default', load });
          assert.deepEqual(await once(worker, 'message'), [path]);
        }
      });

      it('runs nothing and emits a LoadError if the process cannot be confined', async () => {
        const profile: SeccompProfile =
          load === 'before-exec'
            ? { ...ALLOW, syscalls: [{ name: 'execve', action: 'SCMP_ACT_ERRNO' }] }
            : { ...ALLOW, syscalls: [{ name: 'futex', action: 'SCMP_ACT_ERRNO' }] };
        const file = join(directory, `ran-${load}`);
        const worker = sandboxed(`require('fs').writeFileSync(${JSON.stringify(file)}, '')`, {
          profile,
          load,
        });
        const errors: unknown[] = [];
        worker.on('error', error =>
          errors.push([
            Reflect.get(Object(error) as object, 'name'),
            Reflect.get(Object(error) as object, 'code'),
          ]),
        );
        assert.equal(await new Promise(resolve => worker.on('exit', resolve)), 1);
        const code = load === 'before-exec' ? 'exec-refused' : 'node-cannot-continue';
        assert.deepEqual(errors, [['LoadError', code]]);
        assert.ok(!readdirSync(directory).includes(`ran-${load}`));
        assert.equal(await worker.terminate(), 1);
      });
    });
  }

  it("needs no more than Node's base calls and those of a worker, with load: 'before-user-code'", async () => {
    const worker = sandboxed(
      `const { parentPort, workerData } = require('worker_threads');
       let code; try { require('fs').mkdirSync('/tmp/never-made'); } catch (error) { code = error.code; }
       parentPort.postMessage([workerData, code]);`,
      {
        load: 'before-user-code',
        workerData: 1,
        profile: {
          defaultAction: 'SCMP_ACT_ERRNO',
          syscalls: [
            {
              names: [
                ...new Set<SyscallName>([
                  ...NEEDED_CALLS.base,
                  ...NEEDED_CALLS.worker,
                  'statx',
                  'lseek',
                  'readlink',
                  'newfstatat',
                  'getcwd',
                ]),
              ].filter(name => name !== 'clone3'),
              action: 'SCMP_ACT_ALLOW',
            },
            { names: ['clone', 'rseq', 'set_robust_list', 'prctl'], action: 'SCMP_ACT_ALLOW' },
            { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS' },
          ],
        },
      },
    );
    assert.deepEqual(await once(worker, 'message'), [[1, 'EPERM']]);
  });

  it("starts under a profile that kills at every undocumented call, with load: 'before-user-code'", async () => {
    const page = readFileSync(new URL('../../../docs/workers.md', import.meta.url), 'utf8');
    const [row = ''] = /^\| `'before-user-code'` .*$/m.exec(page) ?? [];
    const words = Array.from(row.split('|')[3]?.matchAll(/`([^`]+)`/g) ?? [], ([, word = '']) => word);
    assert.deepEqual(words.slice(0, 3), ['NEEDED_CALLS.base', '.worker', '.import']);
    const names = [
      ...NEEDED_CALLS.base,
      ...NEEDED_CALLS.worker,
      ...NEEDED_CALLS.import,
      ...(words.slice(3) as SyscallName[]),
    ].filter(name => name !== 'clone3');
    // A module behind a symbolic link, which loads other modules.
    writeFileSync(join(directory, 'part.cjs'), 'exports.part = 1;');
    writeFileSync(join(directory, 'other.mjs'), 'export const other = 2;');
    writeFileSync(
      join(directory, 'whole.mjs'),
      `import { parentPort } from 'node:worker_threads'; import { readFile } from 'node:fs/promises';
       import { other } from './other.mjs'; import part from './part.cjs';
       parentPort.postMessage([other, part.part, (await readFile(new URL('./part.cjs', import.meta.url), 'utf8')).length]);`,
    );
    symlinkSync(join(directory, 'whole.mjs'), join(directory, 'link.mjs'));
    const worker = new SandboxedWorker(join(directory, 'link.mjs'), {
      load: 'before-user-code',
      profile: {
        defaultAction: 'SCMP_ACT_KILL_PROCESS',
        syscalls: [
          { names: [...new Set(names)], action: 'SCMP_ACT_ALLOW' },
          { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS' },
        ],
      },
    });
    assert.deepEqual(await once(worker, 'message'), [[2, 1, 17]]);
  });

  it('copies transferred values, and detaches them', async () => {
    const worker = sandboxed(
      `const w = require('worker_threads'); w.parentPort.once('message', m => w.parentPort.postMessage([w.workerData, m], [m]));`,
      { workerData: 0 },
    );
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    worker.postMessage(buffer, [buffer]);
    assert.equal(buffer.byteLength, 0);
    assert.deepEqual(await once(worker, 'message'), [[0, new Uint8Array([1, 2, 3]).buffer]]);
  });

  it('sends only the bytes of a view, not the rest of its memory pool', async () => {
    const worker = sandboxed(
      `const { parentPort } = require('worker_threads');
       parentPort.once('message', m => parentPort.postMessage([Buffer.from(m).toString(), Buffer.from(m.buffer).includes('next to it')]));`,
    );
    const pooled = Buffer.from('bytes');
    Buffer.from('next to it');
    worker.postMessage(pooled);
    assert.deepEqual(await once(worker, 'message'), [['bytes', false]]);
  });

  const uncloneable: Readonly<Record<string, () => readonly [value: unknown, list?: readonly unknown[]]>> = {
    'a function': () => [() => 1],
    'a port in the value': () => [new MessageChannel().port1],
    'a port to be transferred': () => {
      const { port1 } = new MessageChannel();
      return [{ port1 }, [port1]];
    },
    'shared memory': () => [new SharedArrayBuffer(1)],
  };
  for (const [name, make] of Object.entries(uncloneable)) {
    it(`throws DataCloneError for ${name}, and the worker continues`, async () => {
      const worker = sandboxed(`require('worker_threads').parentPort.once('message', m => process.exit(m));`);
      const [value, list = []] = make();
      assert.throws(
        () => {
          worker.postMessage(value, list as ArrayBuffer[]);
        },
        (error: unknown) => error instanceof DOMException && error.name === 'DataCloneError',
      );
      assert.throws(() => sandboxed('', { workerData: value, transferList: list as ArrayBuffer[] }), {
        name: 'DataCloneError',
      });
      worker.postMessage(4);
      assert.deepEqual(await once(worker, 'exit'), [4]);
    });
  }

  it('emits messageerror for values from the worker that cannot be cloned to another process', async () => {
    const worker = sandboxed(
      `const { parentPort, MessageChannel } = require('worker_threads');
       parentPort.postMessage(new SharedArrayBuffer(1));
       const { port1 } = new MessageChannel();
       parentPort.postMessage(port1, [port1]);
       parentPort.postMessage('next');`,
    );
    const errors: string[] = [];
    worker.on('messageerror', ({ name }) => errors.push(name));
    assert.deepEqual(await once(worker, 'message'), ['next']);
    assert.deepEqual(errors, ['DataCloneError', 'DataCloneError']);
    await worker.terminate();
  });

  for (const load of LOADS) {
    it(`returns the error of fork for a Node that does not exist, with load: '${load}'`, async () => {
      const worker = sandboxed('', { execPath: '/no/node', load });
      const errors: string[] = [];
      worker.on('error', error => errors.push(String(error)));
      assert.equal(await new Promise(resolve => worker.on('exit', resolve)), 1);
      assert.deepEqual(errors, ['Error: spawn /no/node ENOENT']);
      assert.equal(worker.pid, undefined);
    });
  }

  it('continues if its output is no longer read', async () => {
    const worker = sandboxed(
      `const { parentPort } = require('worker_threads');
       parentPort.once('message', () => {
         for (let i = 0; i < 100; i++) console.log('x'.repeat(1e5));
         setTimeout(() => process.exit(4), 100);
       });`,
      { stdout: true },
    );
    await once(worker, 'online');
    worker.stdout.destroy();
    worker.postMessage(0);
    assert.deepEqual(await once(worker, 'exit'), [4]);
  });

  it('loses no message if a listener throws', () => {
    const seen = told(
      inChild(`
        const worker = new s.SandboxedWorker("for (let i = 0; i < 1000; i++) require('worker_threads').parentPort.postMessage(i)", { eval: true, profile: harmless });
        let thrown = 0, sum = 0;
        process.on('uncaughtException', () => thrown++);
        worker.on('message', value => { sum += value; if (value % 2) throw new Error('no'); });
        await new Promise(resolve => worker.on('exit', resolve));
        tell({ sum, thrown });`),
    );
    assert.deepEqual(seen, { sum: 499500, thrown: 500 });
  });

  it('emits exit even without an error listener', () => {
    const seen = told(
      inChild(`
        let thrown;
        process.on('uncaughtException', error => { thrown = error.code; });
        const worker = new s.SandboxedWorker("process.kill(process.pid, 'SIGKILL')", { eval: true, profile: harmless });
        const code = await new Promise(resolve => worker.on('exit', resolve));
        tell({ thrown, code });`),
    );
    assert.deepEqual(seen, { thrown: 'worker-ended', code: 137 });
  });

  it('is ended by terminate, whatever it is doing', async () => {
    const worker = sandboxed(`require('worker_threads').parentPort.postMessage(1); for (;;);`);
    await once(worker, 'message');
    const exit = once(worker, 'exit');
    assert.equal(await worker.terminate(), 1);
    assert.deepEqual(await exit, [1]);
    assert.equal(await worker.terminate(), 1);
    assert.throws(() => process.kill(worker.pid ?? 0, 0), { code: 'ESRCH' });
    worker.postMessage('lost');
  });

  it('emits a WorkerError if its profile kills it', async () => {
    const worker = sandboxed(`require('fs').mkdirSync('/tmp/never-made')`, {
      profile: { ...ALLOW, syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_KILL_PROCESS' }] },
    });
    const exit = new Promise(resolve => worker.on('exit', resolve));
    const [error] = (await once(worker, 'error')) as [unknown];
    assert.ok(error instanceof WorkerError);
    assert.deepEqual([error.code, error.signal], ['worker-ended', 'SIGSYS']);
    assert.equal(await exit, 128 + 31);
  });

  it('writes to the streams of this process, unless the options request streams', () => {
    const { stdout, stderr } = inChild(`
      const worker = new s.SandboxedWorker("console.log('out'); console.error('err')", { eval: true, profile: harmless });
      await new Promise(resolve => worker.on('exit', resolve));`);
    assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
  });

  it('keeps this process alive, unless unref says otherwise, and does not outlive it', async () => {
    const run = (more: string): { pid: number; last: string } => {
      const { stdout, code } = inChild(`
        const worker = new s.SandboxedWorker("const t = setInterval(() => 0, 1e3); require('worker_threads').parentPort.once('message', () => process.exit())", { eval: true, profile: harmless });
        await new Promise(resolve => worker.once('online', resolve));
        tell(worker.pid);
        ${more}`);
      assert.equal(code, 0);
      const [pid = '', last = ''] = stdout.trim().split('\n');
      return { pid: Number(pid), last };
    };
    assert.equal(
      run(`worker.on('exit', code => tell('exit')); setTimeout(() => worker.postMessage(0), 10);`).last,
      '"exit"',
    );
    const { pid } = run('worker.unref();');
    const isRunning = (): boolean => {
      try {
        return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
      } catch {
        return false;
      }
    };
    while (isRunning()) await new Promise(resolve => setTimeout(resolve, 10));
  });

  it('can be started by a worker and by a confined process', () => {
    const code = `new (require('seccomp').SandboxedWorker)("require('worker_threads').parentPort.postMessage(6)", { eval: true, profile: 'docker-default' })`;
    const seen = told(
      inChild(`
        s.applyProfile('docker-default');
        const { Worker } = m('worker_threads');
        const worker = new Worker(${JSON.stringify(`${code}.on('message', m => require('worker_threads').parentPort.postMessage(m + 1))`)}, { eval: true, execArgv: [] });
        tell(await new Promise(resolve => worker.on('message', resolve)));
        worker.terminate();`),
    );
    assert.equal(seen, 7);
  });

  it('refuses options that only Worker or fork has, and unknown ones', () => {
    const refused: readonly object[] = [
      { stdio: 'inherit' },
      { serialization: 'json' },
      { trackUnmanagedFds: true },
      { env: SHARE_ENV },
      { load: 'later' },
      { stdout: 1 },
      { profile: undefined },
    ];
    for (const options of refused)
      assert.throws(() => sandboxed('', options), /Error/, JSON.stringify(options));
    assert.throws(() => sandboxed('', { profile: '{}' }), { name: 'ProfileError' });
    assert.throws(() => sandboxed(7 as unknown as string), { code: 'bad-argument' });
    assert.throws(() => new (SandboxedWorker as unknown as new (name: string) => unknown)('x'), {
      code: 'bad-option',
    });
  });

  it('leaks no descriptors and no processes', async () => {
    const count = (): number => readdirSync('/proc/self/fd').length;
    await once(sandboxed(''), 'exit');
    const before = count();
    const many = Array.from({ length: 8 }, (_, index) => sandboxed(index % 2 === 0 ? '' : 'for (;;);'));
    await Promise.all(
      many.map((worker, index) => (index % 2 === 0 ? once(worker, 'exit') : worker.terminate())),
    );
    assert.equal(count(), before);
  });
});
