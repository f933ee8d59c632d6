// onViolation in the running Node: refused calls still fail in the same way, and each is reported with its rule.
import assert from 'node:assert/strict';
import { inChild, told, type Outcome } from '../support/child.js';
import { callerAddon } from '../support/caller.js';
import { numberOf } from '../support/native.js';

/** A child with helpers: `pause()`, `events`, `caller`, and `codeOf` for the code of an error. */
const child = (body: string, options?: Parameters<typeof inChild>[1]): Outcome =>
  inChild(
    `
    const fs = m('fs');
    const { Worker } = m('worker_threads');
    const caller = m(${JSON.stringify(callerAddon())});
    const events = [];
    const pause = () => new Promise(resolve => setTimeout(resolve, 60));
    const codeOf = async action => { try { await action(); return 'done'; } catch (error) { return error.code; } };
    const deny = (names, more) => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_ERRNO', ...more }] });
    const noMkdir = deny(['mkdir', 'mkdirat'], { errno: 'EROFS' });
    const directory = '/tmp/seccomp-test-' + process.pid;
    ${body}`,
    options,
  );

const LISTEN = 'const violations = s.onViolation(event => events.push(event));';

const PLACES: Readonly<Record<string, string>> = {
  'the main thread': `await codeOf(() => fs.mkdirSync(directory))`,
  "libuv's pool": `await codeOf(() => fs.promises.mkdir(directory))`,
  'a worker': `await new Promise(resolve => new Worker(
    "const { parentPort, workerData } = require('worker_threads');" +
    "try { require('fs').mkdirSync(workerData) } catch (error) { parentPort.postMessage(error.code) }",
    { eval: true, execArgv: [], workerData: directory }).on('message', resolve))`,
};

describe('onViolation', () => {
  for (const [place, call] of Object.entries(PLACES)) {
    it(`reports a refused call on ${place}, which fails with the errno of the profile`, () => {
      const seen = told<{ code: string; calls: unknown[] }>(
        child(`${LISTEN}
          s.applyProfile(noMkdir, { violations });
          const code = ${call};
          await until(() => events.length > 0);
          tell({ code, calls: events.map(({ errnoName, count, layer }) => ({ errnoName, count, layer })) });`),
      );
      assert.deepEqual(seen, { code: 'EROFS', calls: [{ errnoName: 'EROFS', count: 1, layer: 1 }] });
    });
  }

  it('reports the newest filter that refuses, the place in its profile, and a remedy', () => {
    const event = told(
      child(`${LISTEN}
        s.applyProfile(noMkdir, { violations });
        s.applyProfile('{ "defaultAction": "SCMP_ACT_ALLOW",\\n "syscalls": [{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_TRAP" }] }', { violations });
        const code = await codeOf(() => fs.mkdirSync(directory));
        await until(() => events.length > 0);
        const [{ layer, at: { line }, remedy: { kind } }] = events;
        tell({ code, layer, line, kind });`),
    );
    assert.deepEqual(event, { code: 'EPERM', layer: 2, line: 2, kind: 'remove' });
  });

  it('reports no rule if the filter is unknown', () => {
    const event = told(
      child(`${LISTEN}
        s.load(s.compile(inspect.withTraps(s.resolveProfile(noMkdir))));
        await codeOf(() => fs.mkdirSync(directory));
        await until(() => events.length > 0);
        const [{ errnoName, layer, at, remedy }] = events;
        tell({ errnoName, layer, at, remedy });`),
    );
    assert.deepEqual(event, { errnoName: 'EROFS' });
  });

  it('lets Node continue under docker-default: files, sockets, workers and programs', () => {
    const { results, refused } = told<{ results: unknown; refused: string[] }>(
      child(`${LISTEN}
        const http = m('http');
        s.applyProfile('docker-default', { violations });
        const server = http.createServer((_, response) => response.end('served')).listen(0);
        await new Promise(resolve => server.once('listening', resolve));
        const fetched = await (await fetch('http://127.0.0.1:' + server.address().port)).text();
        const written = await codeOf(() => fs.promises.mkdir(directory));
        await fs.promises.rmdir(directory);
        const worker = new Worker('require("worker_threads").parentPort.postMessage(1 + 1)', { eval: true, execArgv: [] });
        const computed = await new Promise(resolve => worker.once('message', resolve));
        const ran = m('child_process').spawnSync('true').status;
        const mounted = caller.call(${numberOf('mount')});
        await until(() => events.some(({ syscall }) => syscall === 'mount'));
        server.closeAllConnections(); server.close();
        tell({ results: { fetched, written, computed, ran, mounted }, refused: events.map(s.formatViolation) });`),
    );
    assert.deepEqual(results, { fetched: 'served', written: 'done', computed: 2, ran: 0, mounted: -1 });
    const last = refused.at(-1) ?? '';
    assert.match(
      last,
      /^mount\(dev_name=0x0, .* failed with EPERM in thread \d+ \([\w-]+\)\. To allow it, add to "syscalls": /,
    );
    assert.ok(last.endsWith('{"names":["mount"],"action":"SCMP_ACT_ALLOW"}'), last);
  });

  it('names arguments as the kernel does, and constants', () => {
    const socket = told(
      child(`${LISTEN}
        s.applyProfile(deny(['socket']), { violations });
        caller.call(inspect.syscallNumber(inspect.makeTarget().arch, 'socket'), 38, 0x80005, 0);
        await until(() => events.length > 0);
        const [{ arguments: named }] = events;
        tell({ named, text: s.formatViolation(events[0]).split(' on ')[0] });`),
    );
    assert.deepEqual(socket, {
      named: [
        { name: 'domain', value: '38', words: 'AF_ALG' },
        { name: 'type', value: '524293', words: 'SOCK_SEQPACKET|SOCK_CLOEXEC' },
        { name: 'protocol', value: '0' },
      ],
      text: 'socket(domain=AF_ALG, type=SOCK_SEQPACKET|SOCK_CLOEXEC, protocol=0x0)',
    });
  });

  it('names them even if the filter refuses to open files', () => {
    const text = told<string>(
      child(`${LISTEN}
        s.applyProfile(deny(['open', 'openat', 'openat2', 'mkdir', 'mkdirat']), { violations });
        await codeOf(() => fs.mkdirSync(directory));
        await until(() => events.length > 0);
        tell(s.formatViolation(events[0]));`),
    );
    assert.match(text, /^mkdir(at)?\(.*mode=0777\)/);
  });

  it('is formatted on one line for any thread name', () => {
    const lines = told<string[]>(
      child(`${LISTEN}
        s.applyProfile(noMkdir, { violations });
        // By /proc, as Node has no other way.
        fs.writeFileSync('/proc/self/comm', 'a\\n\\x1b[2J');
        await codeOf(() => fs.mkdirSync(directory));
        await until(() => events.length > 0);
        tell(events.map(s.formatViolation));`),
    );
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^[ -~]* in thread \d+ \(a\\n\\x1b\[2J\), by [ -~]*$/);
  });

  it('does not keep the event loop alive', () => {
    const { code, stdout } = child(`${LISTEN} setTimeout(() => tell('alive'), 200).unref();`);
    assert.deepEqual([code, stdout], [0, '']);
  });

  it('keeps the event loop alive on request', () => {
    const outcome = child(`
      const violations = s.onViolation(() => undefined, { ref: true });
      setTimeout(() => { tell('alive'); violations.close(); }, 200).unref();`);
    assert.equal(told(outcome), 'alive');
  });

  it('delivers remaining events at the exit of the process', () => {
    const outcome = child(`
      const violations = s.onViolation(({ count }) => tell(count));
      s.applyProfile(noMkdir, { violations });
      await codeOf(() => fs.mkdirSync(directory));
      process.exit();`);
    assert.equal(told(outcome), 1);
  });

  it('delivers the other events if the listener throws, and the error is an uncaught exception', () => {
    const seen = told(
      child(`
        const errors = [];
        process.on('uncaughtException', error => errors.push(error.message));
        const violations = s.onViolation(({ args }) => { events.push(Number(args[0])); throw new Error('from the listener'); });
        s.applyProfile(deny(['reboot']), { violations });
        for (const magic of [1, 2]) caller.call(${numberOf('reboot')}, magic);
        await until(() => events.length > 1);
        tell({ events, errors });`),
    );
    assert.deepEqual(seen, { events: [1, 2], errors: ['from the listener', 'from the listener'] });
  });

  it('may be closed in its listener, which still receives the queued events', () => {
    const seen = told(
      child(`
        const violations = s.onViolation(({ args }) => { events.push(Number(args[0])); violations.close(); });
        s.applyProfile(deny(['reboot']), { violations });
        for (const magic of [1, 2]) caller.call(${numberOf('reboot')}, magic);
        await until(() => events.length > 1);
        tell({ events, dropped: violations.dropped });`),
    );
    assert.deepEqual(seen, { events: [1, 2], dropped: 0 });
  });

  it('reports at the end the calls that a filter prevented it from reporting', () => {
    const seen = told(
      child(`
        const written = () => fs.readdirSync('/proc/self/fd').map(Number).filter(id => {
          try { return /^flags:.*1$/m.test(fs.readFileSync('/proc/self/fdinfo/' + id, 'utf8')); } catch { return false; }
        });
        const before = written();
        ${LISTEN}
        const [ours] = written().filter(id => !before.includes(id));
        s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [
          { names: ['write'], action: 'SCMP_ACT_TRAP', args: [{ index: 0, value: ours, op: 'SCMP_CMP_EQ' }] },
          { names: ['reboot'], action: 'SCMP_ACT_TRAP' }] }, { violations });
        caller.call(${numberOf('reboot')});
        await pause();
        const told = events.length;
        violations.close();
        tell({ told, after: events.map(({ syscall }) => syscall) });`),
    );
    assert.deepEqual(seen, { told: 0, after: ['reboot'] });
  });

  it('has one listener in a process at a time', () => {
    const seen = told(
      child(`${LISTEN}
        const second = await codeOf(() => s.onViolation(() => undefined));
        violations.close();
        violations.close();
        const third = await codeOf(() => s.onViolation(() => undefined));
        tell({ second, third });`),
    );
    assert.deepEqual(seen, { second: 'violations-taken', third: 'done' });
  });

  it('works in a worker for the whole process, and ends with it', () => {
    const seen = told(
      child(`
        const worker = new Worker(
          "import('seccomp').then(s => { const { parentPort } = require('worker_threads');" +
          "s.onViolation(({ errnoName, thread }) => parentPort.postMessage({ errnoName, thread }), { ref: true }); parentPort.postMessage('ready') })",
          { eval: true, execArgv: [] });
        const next = () => new Promise(resolve => worker.once('message', resolve));
        await next();
        s.load(s.compile(inspect.withTraps(s.resolveProfile(noMkdir))));
        const first = await codeOf(() => fs.mkdirSync(directory));
        const { errnoName, thread } = await next();
        await worker.terminate();
        const after = await codeOf(() => fs.mkdirSync(directory));
        ${LISTEN}
        const last = await codeOf(() => fs.mkdirSync(directory));
        await until(() => events.length > 0);
        tell({ first, errnoName, main: thread.id === process.pid, after, last, events: events.length });`),
    );
    assert.deepEqual(seen, {
      first: 'EROFS',
      errnoName: 'EROFS',
      main: true,
      after: 'EROFS',
      last: 'EROFS',
      events: 1,
    });
  });

  it('refuses listeners that are not functions, and unknown options', () => {
    const codes = told(
      child(`tell([
        await codeOf(() => s.onViolation('listener')),
        await codeOf(() => s.onViolation(() => undefined, { reff: true })),
        await codeOf(() => s.applyProfile('docker-default', { violations: true, dryRun: true }))])`),
    );
    assert.deepEqual(codes, ['bad-listener', 'bad-option', 'bad-option']);
  });

  it('does not change which profiles Node can continue under', () => {
    const codes = told(
      child(`
        const violations = s.onViolation(() => undefined, { fatal: true });
        const apply = (names, action) => codeOf(() => s.applyProfile(
          { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action }] }, { violations, dryRun: true }));
        tell([await apply(['readlink', 'readlinkat'], 'SCMP_ACT_ERRNO'), await apply(['readlink', 'dup3', 'ioctl'], 'SCMP_ACT_KILL_PROCESS'),
          await apply(['futex'], 'SCMP_ACT_ERRNO')]);`),
    );
    assert.deepEqual(codes, ['done', 'node-cannot-continue', 'node-cannot-continue']);
  });

  it('reports a filter that refuses the calls it needs', () => {
    const seen = told(
      child(`s.applyProfile(deny(['pipe2'])); tell(await codeOf(() => s.onViolation(() => undefined)))`),
    );
    assert.equal(seen, 'violations-refused');
  });
});

describe('A listener that is closed', () => {
  /** Whether SIGSYS has a handler, according to the kernel's mask. */
  const HANDLED = `const handled = () => (BigInt('0x' + /SigCgt:\\s*(\\w+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) >> 30n & 1n) === 1n;`;

  it('restores the disposition of SIGSYS if no filter is in force', () => {
    const seen = told<{ before: boolean; during: boolean; after: boolean; filtered: boolean }>(
      child(`${HANDLED}
        const before = handled();
        ${LISTEN}
        const during = handled();
        violations.close();
        tell({ before, during, after: handled(), filtered: s.status().mode === 'filter' });`),
    );
    assert.deepEqual([seen.before, seen.during, seen.after], [false, true, seen.filtered]);
  });

  it('does not change a handler that was installed after it', () => {
    const outcome = child(`${LISTEN}
      let heard = 0;
      process.on('SIGSYS', () => heard++);
      violations.close();
      process.kill(process.pid, 'SIGSYS');
      await until(() => heard > 0);
      tell(heard);`);
    assert.equal(told(outcome), 1);
  });

  it('delivers the remaining events; later calls fail without a report', () => {
    const seen = told(
      child(`${LISTEN}
        s.applyProfile(noMkdir, { violations });
        await codeOf(() => fs.mkdirSync(directory));
        violations.close();
        const after = await codeOf(() => fs.mkdirSync(directory));
        await pause();
        tell({ after, events: events.length, dropped: violations.dropped });`),
    );
    assert.deepEqual(seen, { after: 'EROFS', events: 1, dropped: 0 });
  });
});

describe('Calls that are never trapped', () => {
  it('fail with the errno of the profile if a trap would end the process, like setuid on every thread', () => {
    const seen = told(
      child(`${LISTEN}
        s.applyProfile(deny(['setuid', 'setresuid']), { violations });
        const code = await codeOf(() => process.setuid(1000));
        await pause();
        tell({ code, events: events.length });`),
    );
    assert.deepEqual(seen, { code: 'EPERM', events: 0 });
  });
});

describe('A program that is started under a reported profile', () => {
  it('no longer has the handler, so its refused calls end it', () => {
    const signal = told(
      child(`${LISTEN}
        s.applyProfile(noMkdir, { violations });
        tell(m('child_process').spawnSync('mkdir', [directory]).signal)`),
    );
    assert.equal(signal, 'SIGSYS');
  });

  it('does not start if execve is refused, with the errno of the profile', () => {
    const code = told(
      child(`${LISTEN}
        s.applyProfile(deny(['execve'], { errno: 'EACCES' }), { violations });
        tell(m('child_process').spawnSync('true').error.code)`),
    );
    assert.equal(code, 'EACCES');
  });
});

describe('A profile that kills', () => {
  const kill = (options: string): Outcome =>
    child(`
      const violations = s.onViolation(() => undefined, ${options});
      s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['reboot'], action: 'SCMP_ACT_KILL_PROCESS' }] }, { violations });
      caller.call(${numberOf('reboot')}, 1, 2, 3);
      tell('alive');`);

  it('ends the process by SIGSYS', () => {
    const { signal, stdout, stderr } = kill('{}');
    assert.deepEqual([signal, stdout, stderr], ['SIGSYS', '', '']);
  });

  it('first prints the call to standard error on request', () => {
    const { signal, stdout, stderr } = kill('{ fatal: true }');
    assert.deepEqual([signal, stdout], ['SIGSYS', '']);
    assert.match(
      stderr,
      /^seccomp: reboot\(0x1, 0x2, 0x3, 0x0, 0x0, 0x0\) by thread \d+ \([\w-]+\) at 0x[0-9a-f]+ is forbidden: the process ends\n$/,
    );
  });
});

describe('load', () => {
  it('refuses a filter whose refusals are traps if there is no listener', () => {
    const seen = told(
      child(`
        const filter = s.compile(inspect.withTraps(s.resolveProfile(noMkdir)));
        tell([await codeOf(() => s.load(filter)), await codeOf(() => s.load(filter.bpf))]);`),
    );
    assert.deepEqual(seen, ['traps-unhandled', 'traps-unhandled']);
  });
});
