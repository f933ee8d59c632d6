// load: scopes, diverging threads, privileges and the kernel's limits, each tested in the kernel.
import assert from 'node:assert/strict';
import { inChild, told } from '../support/child.js';
import { skip } from '../support/skip.js';

describe('load', () => {
  it('accepts a raw program that compile made', () => {
    const { filters } = told<{ filters: number }>(inChild(`s.load(harmless.bpf); tell(s.status());`));
    assert.equal(filters, 1);
  });

  it('accepts the bytes of another realm, as do spawnSync and functions that inspect programs', () => {
    const outcome = inChild(`
      const bytes = m('node:vm').runInNewContext('list => new Uint8Array(list)')([...harmless.bpf]);
      const { status } = s.spawnSync('true', [], { profile: bytes });
      s.load(bytes, { dryRun: true });
      tell([status, s.disassemble(bytes) === s.disassemble(harmless), s.diff(bytes, harmless).length]);`);
    assert.deepEqual(told(outcome), [0, true, 0]);
  });

  it("covers only the calling thread with scope 'thread'", () => {
    const { modes } = told<{ modes: string[] }>(
      inChild(`s.load(harmless, { scope: 'thread' }); tell({ modes: s.status().threads.map(t => t.mode) });`),
    );
    assert.equal(modes.filter(mode => mode === 'filter').length, 1);
    assert.ok(modes.filter(mode => mode === 'disabled').length >= 10, modes.join());
  });

  it('names the worker whose own filter prevents it from getting this one', () => {
    const { code, thread, expected, filters } = told<{
      code: string;
      thread: { id: number; name: string };
      expected: number;
      filters: number;
    }>(
      inChild(`
        const { Worker } = m('node:worker_threads');
        const worker = new Worker(\`
          const { parentPort } = require('node:worker_threads');
          const s = require('seccomp');
          const harmless = s.compile({ defaultAction: 'SCMP_ACT_ALLOW' });
          const { threads: [expected] } = s.load(harmless, { scope: 'thread' });
          parentPort.postMessage(expected);
          setInterval(() => undefined, 1000);\`, { eval: true, execArgv: [] });
        const expected = await new Promise(done => worker.on('message', done));
        try { s.load(harmless); tell({ code: 'none' }); }
        catch ({ code, thread }) { tell({ code, thread, expected, filters: s.status().threads[0].filters }); }
        process.exit();`),
    );
    assert.equal(code, 'thread-diverges');
    assert.equal(thread.id, expected);
    assert.notEqual(thread.name, '');
    assert.equal(filters, 0, 'the main thread was left as it was');
  });

  it('requires a scope in a worker', () => {
    const { code } = told<{ code: string }>(
      inChild(`
        const { Worker } = m('node:worker_threads');
        const worker = new Worker(\`
          const { parentPort } = require('node:worker_threads');
          try { require('seccomp').applyProfile('docker-default'); parentPort.postMessage('none'); }
          catch ({ code }) { parentPort.postMessage(code); }\`, { eval: true, execArgv: [] });
        tell({ code: await new Promise(done => worker.on('message', done)) });`),
    );
    assert.equal(code, 'scope-required');
  });

  it('lets a worker sandbox itself, and starts the pool first so that it does not inherit the filter', () => {
    const outcome = inChild(`
      const { Worker } = m('node:worker_threads');
      const worker = new Worker(\`
        const { parentPort } = require('node:worker_threads');
        const fs = require('node:fs');
        const { applyProfile } = require('seccomp');
        applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }] }, { scope: 'thread' });
        let code = 'none';
        try { fs.mkdirSync('/tmp/never-made'); } catch (error) { code = error.code; }
        parentPort.postMessage(code);\`, { eval: true, execArgv: [] });
      const inWorker = await new Promise(done => worker.on('message', done));
      const fs = m('node:fs');
      const made = fs.mkdtempSync(m('node:os').tmpdir() + '/seccomp-');
      await fs.promises.mkdir(made + '/pool');
      tell({ inWorker, pool: fs.existsSync(made + '/pool'), main: s.status().threads[0].mode });`);
    assert.deepEqual(told(outcome), { inWorker: 'EPERM', pool: true, main: 'disabled' }, outcome.stderr);
  });

  it('fails without no_new_privs and without CAP_SYS_ADMIN', function () {
    if (process.getuid?.() !== 0)
      skip(this, 'the child gives up root; an ordinary user has nothing to give up');
    const { code, errno, noNewPrivs } = told<{ code: string; errno: number; noNewPrivs: boolean }>(
      inChild(`
        const filter = harmless;
        s.features();
        process.setgid(65534); process.setuid(65534);
        try { s.load(filter, { noNewPrivs: false, scope: 'thread' }); tell({ code: 'none' }); }
        catch ({ code, errno }) { tell({ code, errno, noNewPrivs: s.status().noNewPrivs }); }`),
    );
    assert.deepEqual(
      { code, errno, noNewPrivs },
      { code: 'no-new-privs-required', errno: 13, noNewPrivs: false },
    );
  });

  it('reports that the chain of filters is too long', () => {
    const { code, layers } = told<{ code: string; layers: number }>(
      inChild(`
        const filler = Array.from({ length: 4095 }, () => ({ code: 0x20, jt: 0, jf: 0, k: 0 }));
        const program = inspect.encode([...filler, { code: 0x06, jt: 0, jf: 0, k: s.SCMP_ACT_ALLOW }]);
        let layers = 0;
        try { for (; layers < 20; layers++) s.load(program); tell({ code: 'none' }); }
        catch ({ code }) { tell({ code, layers }); }`),
    );
    assert.equal(code, 'chain-too-long');
    assert.ok(layers >= 3, `${layers} layers`);
  });

  it('refuses bytes that are not a program before it calls the kernel', () => {
    const { codes, noNewPrivs } = told<{ codes: string[]; noNewPrivs: boolean }>(
      inChild(`
        const codes = [Buffer.alloc(0), Buffer.alloc(7), Buffer.alloc(8 * 4097), Buffer.alloc(8), Buffer.from('20000000030000000600000000000000', 'hex')]
          .map(bytes => { try { s.load(bytes); return 'none'; } catch ({ code }) { return code; } });
        tell({ codes, noNewPrivs: s.status().noNewPrivs });`),
    );
    assert.deepEqual(codes, [
      'bad-program-size',
      'bad-program-size',
      'bad-program-size',
      'bad-program',
      'bad-program',
    ]);
    assert.equal(noNewPrivs, false);
  });

  it('returns the descriptor of a listener on request', () => {
    const { type, flags } = told<{ type: string; flags: string[] }>(
      inChild(`
        const { listener, flags } = s.load(harmless, { listener: true });
        tell({ type: m('node:fs').readlinkSync('/proc/self/fd/' + listener), flags });`),
    );
    assert.match(type, /seccomp notify/);
    assert.deepEqual(flags, [
      'SECCOMP_FILTER_FLAG_TSYNC',
      'SECCOMP_FILTER_FLAG_NEW_LISTENER',
      'SECCOMP_FILTER_FLAG_TSYNC_ESRCH',
    ]);
  });

  it('reports why a second listener is impossible', () => {
    const { code } = told<{ code: string }>(
      inChild(`
        const filter = harmless;
        s.load(filter, { listener: true });
        try { s.load(filter, { listener: true }); tell({ code: 'none' }); } catch ({ code }) { tell({ code }); }`),
    );
    assert.equal(code, 'listener-exists');
  });
});

describe('status', () => {
  it('describes another process, thread by thread', () => {
    const { pid, mode } = told<{ pid: number; mode: string }>(inChild('tell(s.status(process.ppid));'));
    assert.equal(pid, process.pid);
    assert.equal(mode, 'disabled');
  });

  it('reports a process that does not exist', () => {
    const { code } = told<{ code: string }>(
      inChild('try { s.status(2 ** 22 + 1); } catch ({ code }) { tell({ code }); }'),
    );
    assert.equal(code, 'no-such-process');
  });
});
