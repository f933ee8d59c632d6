// The rings of a running Node: operations on them bypass filters. So under a filter that refuses io_uring, no code in the
// process may use them, except libuv for its own operations.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { callerAddon } from '../support/caller.js';
import { CHILD_LIMIT, inChild, told, type Outcome } from '../support/child.js';
import { skip } from '../support/skip.js';

const hasRings = readdirSync('/proc/self/fd').some(descriptor => {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`) === 'anon_inode:[io_uring]';
  } catch {
    return false; // the descriptor by which the directory was read
  }
});

/** Refuses the attacks' calls and new rings, but not the use of open rings. */
const PROFILE = `{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [
  { names: ['mkdir', 'mkdirat', 'socket', 'io_uring_setup'], action: 'SCMP_ACT_ERRNO', errno: 'EROFS' }] }`;

/** Docker's default without directories. */
const DOCKER = `(() => {
  const profile = JSON.parse(m('fs').readFileSync(m.resolve('seccomp/profiles/docker-default.json'), 'utf8'));
  for (const rule of profile.syscalls) rule.names = rule.names.filter(name => !name.startsWith('mkdir'));
  return profile;
})()`;

/**
 * `forge(directory)` writes a mkdir into every mapped ring of libuv, as any code can that may write to its own memory.
 * `exists(directory)` makes libuv submit the entries on this loop's ring, and checks the directory.
 */
const FORGE = `
  const fs = m('fs');
  const open = path => { const file = fs.openSync(path, 'r+'); return {
    read: (at, size) => { const bytes = Buffer.alloc(size); fs.readSync(file, bytes, 0, size, at); return bytes; },
    write: (at, bytes) => fs.writeSync(file, bytes, 0, bytes.length, at) }; };
  const forge = directory => {
    const memory = open('/proc/self/mem');
    const parts = fs.readFileSync('/proc/self/maps', 'utf8').split('\\n').filter(line => line.endsWith('[io_uring]')).map(line => {
      const [range, , offset, , inode] = line.split(/ +/);
      return { start: parseInt(range, 16), entries: parseInt(offset, 16) > 0, inode };
    });
    for (const queue of parts.filter(part => !part.entries)) {
      const { start } = parts.find(part => part.entries && part.inode === queue.inode);
      const words = memory.read(queue.start, 320);
      const word = offset => words.readUInt32LE(offset);
      // Before Linux 6.4, each counter has a cache line of its own.
      const compact = word(16) + 1 === word(24);
      const tail = word(compact ? 4 : 64), mask = word(compact ? 16 : 256);
      const path = start + 64 * ((tail + 100) & mask); // within an entry that is not in use
      memory.write(path, Buffer.from(directory + '\\0'));
      const entry = Buffer.alloc(64);
      entry[0] = 37; // IORING_OP_MKDIRAT
      entry.writeInt32LE(-100, 4); // AT_FDCWD
      entry.writeBigUInt64LE(BigInt(path), 16);
      entry.writeUInt32LE(0o755, 24);
      entry.writeBigUInt64LE(2n, 32); // libuv minds no failure of what it takes for EPOLL_CTL_DEL
      memory.write(start + 64 * (tail & mask), entry);
      const next = Buffer.alloc(4);
      next.writeUInt32LE((tail + 1) >>> 0);
      memory.write(queue.start + (compact ? 4 : 64), next);
    }
  };
  // A pipe of a child is added to the epoll set.
  const turn = () => new Promise((done, failed) => m('child_process').execFile('true', error => error ? failed(error) : done()));
  const exists = async directory => { await turn(); await turn(); return fs.existsSync(directory); };
  const code = action => { try { action(); return 'done'; } catch (error) { return error.code; } };
  const directory = m('path').join(m('os').tmpdir(), 'seccomp-ring-' + process.pid);
  const attack = async () => {
    forge(directory);
    const made = await exists(directory);
    if (made) fs.rmdirSync(directory);
    return made;
  };
`;

const forging = (body: string, options: Parameters<typeof inChild>[1] = {}): Outcome =>
  inChild(`${FORGE} ${body}`, options);

const asNobody = {
  node: 'setpriv',
  args: ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath],
};

describe("Node's rings", function () {
  before(function () {
    if (hasRings) return;
    skip(this, `Node ${process.version} holds no io_uring open here`);
  });

  describe('from JavaScript', () => {
    before(function () {
      const { stdout, stderr } = forging('tell(await attack());');
      if (stdout.trim() === 'true') return;
      // On Linux before 6, /proc/self/mem cannot reach a ring; before 5.15, rings cannot create directories.
      assert.ok(Number.parseInt(release()) < 6, `the attack does not work without a filter: ${stderr}`);
      skip(this, `Linux ${release()} does not let JavaScript write to a ring`);
    });

    const users = process.getuid?.() === 0 ? [{}, asNobody] : [{}];
    for (const options of users) {
      const who = options === asNobody ? ' as an ordinary user' : '';

      it(`bypass a filter that leaves them open${who}, and load reports that`, () => {
        const seen = told(
          forging(
            `const { warnings } = s.load(s.compile(${PROFILE}));
             tell({ call: code(() => fs.mkdirSync(directory)), made: await attack(), warnings: warnings.map(({ code }) => code) });`,
            options,
          ),
        );
        assert.deepEqual(seen, { call: 'EROFS', made: true, warnings: ['io-uring-kept'] });
      });

      for (const [name, profile] of Object.entries({ PROFILE, DOCKER })) {
        it(`do nothing after applyProfile (${name})${who}, and the process continues`, () => {
          const { made, warnings } = told<{ made: boolean; warnings: unknown }>(
            forging(
              `const profile = ${profile};
               const { warnings } = s.applyProfile(profile);
               tell({ made: await attack(), warnings });`,
              options,
            ),
          );
          assert.deepEqual({ made, warnings }, { made: false, warnings: [] });
        });
      }
    }

    it('do nothing in a worker that was already running, nor through its ring', () => {
      const worker = `
        const m = require;
        ${FORGE}
        const { parentPort } = require('worker_threads');
        parentPort.on('message', async () => parentPort.postMessage(await attack()));
        parentPort.postMessage('ready');`;
      const seen = told(
        inChild(`
          const { Worker } = m('worker_threads');
          const worker = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [] });
          const answer = async question => {
            if (question) worker.postMessage(question);
            return (await m('events').once(worker, 'message'))[0];
          };
          await answer();
          const before = await answer('before');
          s.applyProfile(${PROFILE});
          const after = await answer('after');
          await worker.terminate();
          tell({ before, after });`),
      );
      assert.deepEqual(seen, { before: true, after: false });
    });

    it("do nothing in a fork with load: 'before-user-code'", () => {
      const module = `const m = require; ${FORGE} attack().then(made => process.send(made, () => process.exit()));`;
      const made = told(
        inChild(`
          const fs = m('fs');
          const file = m('path').join(m('os').tmpdir(), 'seccomp-ring-' + process.pid + '.cjs');
          fs.writeFileSync(file, ${JSON.stringify(module)});
          try {
            const child = s.fork(file, { profile: ${PROFILE}, load: 'before-user-code', execArgv: [] });
            tell(await Promise.race([m('events').once(child, 'message'), m('events').once(child, 'exit')]));
          } finally { fs.unlinkSync(file); }`),
      );
      assert.deepEqual(made, [false, null]);
    });
  });

  describe('from native code', () => {
    const native = (body: string): Outcome =>
      inChild(`const caller = m(${JSON.stringify(callerAddon())}); ${body}`);
    const EPOLL_CTL = 29;
    const SOCKET = 45;

    it('accept no operation except EPOLL_CTL, which passes the filter as epoll_ctl', () => {
      const seen = told<{ before: number[]; after: Record<string, number[]> }>(
        native(`
          caller.openRing(0);
          const before = [caller.operationOnRing(0, 0, 0, 0), Math.min(caller.operationOnRing(${SOCKET}, 1, 0, 1), 0)];
          s.applyProfile(${PROFILE});
          const after = {};
          for (let opcode = 0; opcode < 256; opcode++) (after[caller.operationOnRing(opcode, -1, 2, 0)] ??= []).push(opcode);
          tell({ before, after });`),
      );
      // Rings can create sockets since Linux 5.19.
      assert.ok(seen.before[0] === 0 && (seen.before[1] === 0 || seen.before[1] === -22), 'open before');
      const all = Array.from({ length: 256 }, (_, opcode) => opcode);
      assert.deepEqual(seen.after, {
        '-13': all.filter(opcode => opcode !== EPOLL_CTL),
        '-9': [EPOLL_CTL],
      });
    });

    it('accept nothing through other arguments of io_uring_enter', () => {
      const number = 'syscallNumber(inspect.makeTarget().arch, "io_uring_enter")';
      const seen = told<number[]>(
        native(`
          const ring = caller.openRing(0);
          caller.operationOnRing(0, 0, 0, 0);
          s.applyProfile(${PROFILE});
          const enter = (...args) => caller.call(inspect.${number}, ring, ...args);
          tell([enter(1, 0, 0, 0, 0), enter(1, 1, 1, 0, 8), enter(1, 1, 1 | 8, 0, 0), enter(1, 1, 1 | 16, 0, 0), enter(0, 0, 2, 0, 0)]);`),
      );
      assert.deepEqual(seen, [-38, -38, -38, -38, -38]);
    });

    it('accept nothing through the call of another ABI', function () {
      const enter = 'caller.callI386(426, ring, 1, 1, 1, 0, 0)';
      const open = 'const ring = caller.openRing(0); caller.operationOnRing(0, 0, 0, 0);';
      const before = native(`${open} tell(${enter});`);
      // arm64 and some kernels do not support i386 calls.
      if (before.signal !== null || told(before) !== 0) skip(this, 'this kernel has no calls of i386');
      const profile = `{ architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'], ...${PROFILE} }`;
      assert.equal(told(native(`${open} s.applyProfile(${profile}); tell(${enter});`)), -38);
    });

    it('prevent a load while the kernel polls one of them; with force, the load warns', function () {
      const seen = told<{ opened: number; refused?: string; forced?: string[] }>(
        native(`
          const opened = caller.openRing(2); // IORING_SETUP_SQPOLL
          const profile = ${PROFILE};
          const refused = (() => { try { s.applyProfile(profile); return 'loaded'; } catch (error) { return error.code; } })();
          const before = s.status().mode;
          const { warnings } = s.applyProfile(profile, { force: true });
          tell({ opened: Math.min(opened, 0), refused, before, forced: warnings.map(({ code }) => code) });`),
      );
      if (seen.opened < 0) skip(this, 'polling needs a privilege before Linux 5.11');
      assert.deepEqual(seen, {
        opened: 0,
        refused: 'rings-polled',
        before: 'disabled',
        forced: ['io-uring-kept'],
      });
    });
  });

  describe('still work for libuv', () => {
    /** A server, files, timers, child processes and workers, `times` of each at once. */
    const EVERYTHING = `
      const http = m('http'), fs = m('fs'), { once } = m('events'), { Worker } = m('worker_threads');
      const server = http.createServer((_, response) => response.end('answer')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const request = () => new Promise((done, failed) =>
        http.get({ port: server.address().port, host: '127.0.0.1', agent: false }, response => response.resume().on('end', done)).on('error', failed));
      const worker = () => once(new Worker("require('net').createServer().listen(0, function () { this.close(); });", { eval: true, execArgv: [] }), 'exit');
      const echo = () => new Worker("require('worker_threads').parentPort.on('message', async n => { await require('fs').promises.stat('/'); require('worker_threads').parentPort.postMessage(n); });", { eval: true, execArgv: [] });
      const everything = async times => {
        const all = await Promise.all(Array.from({ length: times }, async () => {
          for (let i = 0; i < 10; i++) await request();
          await fs.promises.readFile('/proc/self/status');
          await new Promise(done => setTimeout(done, 1));
          await new Promise((done, failed) => m('child_process').execFile('true', error => error ? failed(error) : done()));
          return (await worker())[0];
        }));
        return all.every(code => code === 0);
      };`;

    it("under Docker's default, with workers that run, start and end at that moment", () => {
      const seen = told(
        inChild(`
          ${EVERYTHING}
          const running = [echo(), echo()];
          const ask = async () => { for (const each of running) { each.postMessage(1); await once(each, 'message'); } };
          await ask();
          const meanwhile = everything(4);
          const { warnings } = s.applyProfile('docker-default');
          const before = await meanwhile;
          const after = await everything(8);
          await ask();
          const threads = s.status().threads.every(({ mode }) => mode === 'filter');
          await Promise.all(running.map(each => each.terminate()));
          server.close();
          tell({ warnings, before, after, threads });`),
      );
      assert.deepEqual(seen, { warnings: [], before: true, after: true, threads: true });
    });

    it('during and after a violation listener; libuv itself causes no violations', () => {
      const seen = told(
        inChild(`
          ${EVERYTHING}
          const events = [];
          const violations = s.onViolation(({ syscall }) => events.push(syscall));
          s.applyProfile('docker-default', { violations });
          const before = await everything(2);
          violations.close();
          const after = await everything(2);
          server.close();
          tell({ before, after, rings: events.filter(name => name === 'io_uring_enter') });`),
      );
      assert.deepEqual(seen, { before: true, after: true, rings: [] });
    });

    it('in workers that confine themselves one after another, and whose rings reuse descriptors', () => {
      const seen = told(
        inChild(`
          const { Worker } = m('worker_threads');
          const code = \`
            const s = require('seccomp'), net = require('net');
            s.applyProfile(\${JSON.stringify(${PROFILE.replace("'socket', ", '')})}, { scope: 'thread' });
            const server = net.createServer(socket => socket.end('x')).listen(0, () =>
              net.connect(server.address().port).resume().on('close', () => server.close()));\`;
          const codes = [];
          for (let i = 0; i < 4; i++) codes.push((await m('events').once(new Worker(code, { eval: true, execArgv: [] }), 'exit'))[0]);
          tell(codes);`),
      );
      assert.deepEqual(seen, [0, 0, 0, 0]);
    });

    // A longer time limit means a slow machine.
    const loads = CHILD_LIMIT > 60_000 ? 5 : Number(process.env['RING_LOADS'] ?? 15);
    it(`at ${String(loads)} loads while workers start and end: none is refused`, function () {
      this.timeout(10 * CHILD_LIMIT);
      const one = `
        const { Worker } = m('worker_threads');
        const codes = [];
        let going = true;
        const churn = async () => { while (going) codes.push((await m('events').once(new Worker('setTimeout(() => {}, 1)', { eval: true, execArgv: [] }), 'exit'))[0]); };
        const churning = [churn(), churn(), churn()];
        await until(() => codes.length >= 2);
        const before = codes.length;
        let code = 'loaded';
        try { s.applyProfile(${PROFILE}); } catch (error) { code = error.code; }
        await until(() => codes.length >= before + 4);
        going = false;
        await Promise.all(churning);
        tell({ code, ended: codes.every(each => each === 0) });`;
      const outcomes = Array.from({ length: loads }, () => told(inChild(one)));
      assert.deepEqual(
        outcomes,
        Array.from({ length: loads }, () => ({ code: 'loaded', ended: true })),
      );
    });
  });

  describe('cause a warning', () => {
    const codes = (load: string): unknown =>
      told(inChild(`const { warnings } = ${load}; tell(warnings.map(({ code }) => code));`));
    const open = (names: string): string =>
      `s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: [${names}], action: 'SCMP_ACT_ERRNO' }] })`;

    it('if a profile allows io_uring and refuses calls that it can replace', () => {
      assert.deepEqual(codes(open("'mkdir', 'mkdirat'")), ['io-uring-kept']);
    });

    it('not if no operation can replace refused calls, nor if a profile refuses io_uring', () => {
      assert.deepEqual(codes(open("'reboot'")), []);
      assert.deepEqual(codes(open("'mkdir', 'io_uring_enter'")), []);
    });
  });
});
