// The gaps of a filter on one thread of Node: tests show each gap, and that the tool for it closes it.
import assert from 'node:assert/strict';
import { callerAddon } from '../support/caller.js';
import { inChild, told, type Outcome } from '../support/child.js';
import { skip } from '../support/skip.js';

/** A child with a profile that refuses to create directories, and the values that the tests below need. */
const child = (body: string, args: readonly string[] = []): Outcome =>
  inChild(
    `
    const fs = m('fs');
    const { Worker } = m('worker_threads');
    const { once } = m('events');
    const caller = m(${JSON.stringify(callerAddon())});
    const directory = fs.mkdtempSync(m('node:os').tmpdir() + '/seccomp-leaks-');
    const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EROFS' }] };
    const codeOf = async action => { try { await action(); return 'done'; } catch (error) { return error.code; } };
    // Code that runs in either place sees: fs, directory, codeOf, done(value).
    const prelude = "const fs = require('fs'); const directory = " + JSON.stringify(directory) + "; const codeOf = " + codeOf + ";";
    // A worker thread that confines itself, as little as the kernel can: no thread but this one.
    const inThread = async code => {
      const worker = new Worker(prelude + \`
        const done = value => require('worker_threads').parentPort.postMessage(value);
        require('seccomp').load(require('seccomp').compile(\${JSON.stringify(profile)}), { scope: 'thread' });
        (async () => { \${code} })();\`, { eval: true, execArgv: [] });
      worker.unref();
      return (await once(worker, 'message'))[0];
    };
    // The same code in a process of its own.
    const inProcess = async (code, options = {}) => {
      const file = directory + '/module.cjs';
      fs.writeFileSync(file, prelude + 'const done = value => process.send(value, () => process.exit()); (async () => {' + code + '})();');
      return (await once(s.fork(file, { profile, execArgv: [], ...options }), 'message'))[0];
    };
    try { ${body} } finally { fs.rmSync(directory, { recursive: true, force: true }); }
    process.exit();`,
    { args },
  );

const threadAndProcess = (code: string): unknown =>
  told(
    child(
      `tell({ thread: await inThread(${JSON.stringify(code)}), process: await inProcess(${JSON.stringify(code)}) });`,
    ),
  );

describe("The pool's threads", () => {
  it("make calls that a worker's filter refuses; not those that the filter of the process refuses", () => {
    const code = `done({ own: await codeOf(() => fs.mkdirSync(directory + '/a')), pool: await codeOf(() => fs.promises.mkdir(directory + '/b')) });`;
    assert.deepEqual(threadAndProcess(code), {
      thread: { own: 'EROFS', pool: 'done' },
      process: { own: 'EROFS', pool: 'EROFS' },
    });
  });

  it("inherit the filter of a worker that starts them, so that the main thread's calls fail; not if `load` filters the worker", () => {
    // CommonJS, because the pool reads ES modules and would then run before any worker.
    const mainAfter = (loading: string): unknown => {
      const worker = `
        const s = require('seccomp');
        const { parentPort, workerData: profile } = require('worker_threads');
        ${loading}
        require('fs').promises.access('/').then(() => parentPort.postMessage('ready'));`;
      const main = `
        new (require('worker_threads').Worker)(${JSON.stringify(worker)}, { eval: true, workerData: profile, execArgv: [] }).on('message', async () => {
          const own = await codeOf(() => fs.mkdirSync(directory + '/a'));
          console.log(JSON.stringify({ own, pool: await codeOf(() => fs.promises.mkdir(directory + '/b')) }));
          process.exit();
        });`;
      return told(
        child(`
          const code = prelude + 'const profile = ' + JSON.stringify(profile) + ';' + ${JSON.stringify(main)};
          tell(JSON.parse(m('child_process').execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' })));`),
      );
    };
    const raw = `
      const context = new (require('seccomp/libseccomp').FilterContext)(s.SCMP_ACT_ALLOW);
      const inspect = require('seccomp/inspect');
      for (const name of ['mkdir', 'mkdirat']) if (inspect.syscallNumber(inspect.makeTarget().arch, name) !== undefined) context.ruleAdd(s.SCMP_ACT_ERRNO(30), name);
      context.load();`;
    const ours = `s.load(s.compile(profile), { scope: 'thread' });`;
    assert.deepEqual(mainAfter(raw), { own: 'done', pool: 'EROFS' });
    assert.deepEqual(mainAfter(ours), { own: 'done', pool: 'done' });
  });
});

describe('Other threads', () => {
  it('have no filter if only a worker has one; all have one if the process has', () => {
    const code = `
      const modes = fs.readdirSync('/proc/self/task').map(id => /Seccomp:\\s(\\d)/.exec(fs.readFileSync('/proc/self/task/' + id + '/status', 'utf8'))[1]);
      done([...new Set(modes)].sort());`;
    assert.deepEqual(threadAndProcess(code), { thread: ['0', '2'], process: ['2'] });
  });

  it('prevent a filter for the process while a worker has one; not if that worker is a process', () => {
    const later = (first: string): unknown =>
      told(
        child(
          `await ${first}("done(1); setInterval(() => 0, 1e3);"); tell(await codeOf(() => s.load(harmless)));`,
        ),
      );
    assert.equal(later('inThread'), 'thread-diverges');
    assert.equal(later('inProcess'), 'done');
  });
});

describe('Children', () => {
  it('inherit the filter of a worker and keep it; those of `spawn` have their own, and the process that starts them has none', () => {
    const own = `fs.readFileSync('/proc/thread-self/status', 'utf8')`;
    const cat = (module: string, options: string): string =>
      `require('${module}').execFileSync('cat', ['/proc/self/status'], { encoding: 'utf8', ${options} })`;
    const filters = (status: string): string => `/Seccomp_filters:\\s(\\d)/.exec(${status})[1]`;
    const inherited = `done({ worker: ${filters(own)}, child: ${filters(cat('child_process', ''))} })`;
    assert.deepEqual(told(child(`tell(await inThread(${JSON.stringify(inherited)}));`)), {
      worker: '1',
      child: '1',
    });
    const given = `parentPort.postMessage({ worker: ${filters(own)}, child: ${filters(cat('seccomp', 'profile: workerData'))} })`;
    const code = `const fs = require('fs'); const { parentPort, workerData } = require('worker_threads'); ${given}`;
    const spawned = told(
      child(`
        const worker = new Worker(${JSON.stringify(code)}, { eval: true, execArgv: [], workerData: profile });
        tell((await once(worker, 'message'))[0]);`),
    );
    // The layer of its profile, and that of isolation.
    assert.deepEqual(spawned, { worker: '0', child: '2' });
  });
});

describe('Rings', () => {
  it('let native code bypass every filter if they were open before', function () {
    const seen = told<{ opened: number; ring?: unknown }>(
      child(`
        const noSockets = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['socket', 'io_uring_setup'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' }] };
        const opened = caller.openRing();
        if (opened < 0) tell({ opened });
        else {
          s.applyProfile(noSockets, { force: true });
          const call = caller.call(inspect.syscallNumber(inspect.makeTarget().arch, 'socket'), 1, 1);
          const ring = caller.socketOnRing(1, 1);
          tell({ opened: 0, call, ring: ring >= 0 ? 'a socket' : ring });
        }`),
    );
    if (seen.opened < 0) skip(this, 'this machine has no io_uring');
    if (seen.ring === -22) skip(this, 'there are no sockets on rings before Linux 5.19');
    assert.deepEqual(seen, { opened: 0, call: -13, ring: 'a socket' });
  });

  it('fail in a program that starts under a filter which refuses them', () => {
    const code = `
      const links = fs.readdirSync('/proc/self/fd').map(fd => { try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } });
      done({ rings: links.filter(link => link.includes('io_uring')).length, opened: require(${JSON.stringify(callerAddon())}).openRing() });`;
    assert.deepEqual(
      told(child(`tell(await inProcess(${JSON.stringify(code)}, { profile: 'docker-default' }));`)),
      { rings: 0, opened: -1 },
    );
  });
});

describe('SIGSYS', () => {
  it('makes refused calls look successful if JavaScript handles it; with onViolation they fail', () => {
    // The result register keeps its value from before the call: the number on x86_64, the first argument on arm64.
    const ppid = (listen: string): unknown =>
      told(
        child(`
          const parent = process.ppid;
          ${listen}
          s.load(s.compile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['getppid'], action: 'SCMP_ACT_TRAP' }] }), { force: true });
          const answer = process.ppid;
          tell(answer === -1 ? 'failed' : answer === parent ? 'made' : 'a success that is none');`),
      );
    assert.equal(ppid(`process.on('SIGSYS', () => undefined);`), 'a success that is none');
    assert.equal(ppid(`s.onViolation(() => undefined);`), 'failed');
  });

  it('ends the process if the thread SignalInspector makes a refused call; an errno does not', () => {
    const wake = (options: string): Outcome =>
      child(
        `
        // With SIGUSR1 that thread wakes the main one by a write of eight bytes, which may fail with EAGAIN.
        const eight = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['write'], action: 'SCMP_ACT_ERRNO', errno: 'EAGAIN', args: [{ index: 2, value: 8, op: 'SCMP_CMP_EQ' }] }] };
        s.applyProfile(eight, ${options});
        process.kill(process.pid, 'SIGUSR1');
        while (m('inspector').url() === undefined) await new Promise(resolve => setTimeout(resolve, 10));
        tell('inspected');
        // An ordinary exit waits for a thread that is woken in the same way.
        process.kill(process.pid, 'SIGKILL');`,
        ['--inspect-port=0'],
      );
    assert.equal(wake(`{ violations: s.onViolation(() => undefined) }`).signal, 'SIGSYS');
    assert.equal(told(wake('{}')), 'inspected');
  });
});
