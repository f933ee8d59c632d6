// dump: the kernel returns the loaded programs, and the target continues as if nothing had happened.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SeccompError } from '#lib/util/errors.js';
import { encode } from '#lib/bpf/program.js';
import { dump, type ThreadDump } from '#lib/process/inspect/dump.js';
import { inChild, told } from '../support/child.js';
import { live, liveNode, liveUnderFilter, needsDump, scenes, type Live } from '../support/live.js';

const hex = ({ layers }: ThreadDump): readonly string[] =>
  layers.map(({ program }) => encode(program).toString('hex'));

const failure = (action: () => unknown): SeccompError => {
  try {
    action();
  } catch (error) {
    if (error instanceof SeccompError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

const stateOf = (pid: number): string =>
  /^State:\s*(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

describe('dump', function () {
  before(function () {
    needsDump(this);
  });

  const running: Live[] = [];
  const started = (target: Live): Live => {
    running.push(target);
    return target;
  };
  afterEach(() => Promise.all(running.splice(0).map(target => target.end())));

  /** A target that has loaded its filters, and its message. */
  async function ready<T>(body: string): Promise<Live & { readonly told: T }> {
    const target = started(liveNode(body));
    return { ...target, told: JSON.parse(await target.line()) as T };
  }

  async function goesOn(target: Live): Promise<void> {
    target.say('ping');
    assert.equal(await target.line(), 'pong');
  }

  describe('of a process', () => {
    it('returns the bytes of its filter', async () => {
      const target = await ready<string>(
        `const filter = denying('swapon'); s.load(filter); tell(filter.bpf.toString('hex'));`,
      );
      const dumped = dump(target.pid);
      assert.deepEqual(hex(dumped), [target.told]);
      assert.deepEqual(
        { ...dumped, layers: [], name: '' },
        {
          id: target.pid,
          pid: target.pid,
          name: '',
          mode: 'filter',
          layers: [],
          differing: [],
          warnings: [],
        },
      );
      await goesOn(target);
    });

    it('returns several layers in the order in which they were loaded, with the flag that the kernel reports', async () => {
      const target = await ready<string[]>(`
        const filters = ['swapon', 'reboot', 'acct'].map(denying);
        s.load(filters[0]); s.load(filters[1], { log: true }); s.load(filters[2]);
        tell(filters.map(filter => filter.bpf.toString('hex')));`);
      const dumped = dump(target.pid);
      assert.deepEqual(hex(dumped), target.told);
      assert.deepEqual(
        dumped.layers.map(({ flags }) => flags),
        [[], ['SECCOMP_FILTER_FLAG_LOG'], []],
      );
    });

    it('returns as many layers and instructions as the kernel accepts', async () => {
      const { pid, told: layers } = await ready<number>(`
        const filler = count => inspect.encode([
          ...Array.from({ length: count - 1 }, () => ({ code: 0x20, jt: 0, jf: 0, k: 0 })),
          { code: 0x06, jt: 0, jf: 0, k: s.SCMP_ACT_ALLOW }]);
        let layers = 0;
        for (const length of [4096, 100, 1]) {
          try { for (;; layers++) s.load(filler(length)); } catch ({ code }) { if (code !== 'chain-too-long') throw code; }
        }
        tell(layers);`);
      const dumped = dump(pid, { threads: false });
      assert.equal(dumped.layers.length, layers);
      assert.equal(dumped.layers[0]?.program.length, 4096);
      assert.equal(dumped.layers.at(-1)?.program.length, 1);
    });

    it('returns no layers and the reason if there is no filter', () => {
      const { mode, layers, warnings } = dump(process.pid);
      assert.deepEqual([mode, layers, warnings.map(({ code }) => code)], ['disabled', [], ['not-filtered']]);
    });

    it('reports that strict mode has no program', async () => {
      const target = started(live(scenes(), ['strict']));
      await target.line();
      const { mode, layers, warnings } = dump(target.pid);
      assert.deepEqual([mode, layers, warnings.map(({ code }) => code)], ['strict', [], ['strict-mode']]);
    });
  });

  describe('of threads', () => {
    /** Starts a worker with its own filter, and calls `then` with the id of its thread. */
    const FILTERED_WORKER = `
      const { Worker } = m('node:worker_threads');
      const worker = new Worker(\`
        const s = require('seccomp');
        const { threads: [id] } = s.load(s.compile({ defaultAction: 'SCMP_ACT_ALLOW' }), { scope: 'thread' });
        require('node:worker_threads').parentPort.postMessage(id);
        setInterval(() => undefined, 1000);\`, { eval: true, execArgv: [] });
      worker.on('message', id => then(id));`;
    const ONE_FILTERED = `const then = tell; ${FILTERED_WORKER}`;

    it('names those that have other filters', async () => {
      const target = await ready<number>(ONE_FILTERED);
      const { mode, differing, warnings } = dump(target.pid);
      assert.equal(mode, 'disabled');
      assert.deepEqual(
        differing.map(thread => [thread.id, thread.layers.length]),
        [[target.told, 1]],
      );
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ['not-filtered', 'threads-differ'],
      );
      await goesOn(target);
    });

    it('distinguishes different filters of equal number', async () => {
      const target = await ready<number>(
        `const then = id => { s.load(denying('swapon'), { scope: 'thread' }); tell(id); }; ${FILTERED_WORKER}`,
      );
      const { layers, differing } = dump(target.pid);
      const worker = differing.find(({ id }) => id === target.told);
      assert.deepEqual([layers.length, worker?.layers.length], [1, 1]);
    });

    it('reads one by its id, without comparing others', async () => {
      const target = await ready<number>(ONE_FILTERED);
      const { id, pid, layers, differing } = dump(target.told);
      assert.deepEqual([id, pid, layers.length, differing], [target.told, target.pid, 1, []]);
    });

    it('does not stop other threads on request', async () => {
      const target = await ready<number>(ONE_FILTERED);
      assert.deepEqual(dump(target.pid, { threads: false }).differing, []);
    });

    it('reports none if a filter covers all threads', async () => {
      const target = await ready(`s.load(denying('swapon')); tell(s.status().threads.length);`);
      assert.ok(Number(target.told) > 5);
      assert.deepEqual(dump(target.pid).differing, []);
    });
  });

  describe('does not affect its target:', () => {
    it('a Node with busy threads', async () => {
      const target = await ready(`
        const { readFile } = m('fs/promises');
        s.load(denying('swapon'));
        const work = async () => { for (;;) await readFile('/proc/self/stat'); };
        for (let count = 0; count < 8; count++) work().catch(error => { console.log(String(error)); process.exit(1); });
        tell('working');`);
      for (let count = 0; count < 20; count++) dump(target.pid);
      await goesOn(target);
    });

    it('a program that waits in a system call, which is not interrupted', async () => {
      const target = started(liveUnderFilter('sh', '-c', 'echo waits; read word; echo "$? $word"'));
      await target.line();
      for (let count = 0; count < 20; count++) dump(target.pid);
      target.say('hello');
      assert.equal(await target.line(), '0 hello');
    });

    it('one that sleeps, for the full time', async () => {
      const target = started(
        liveUnderFilter(
          process.execPath,
          '-e',
          `const started = process.hrtime.bigint();
           console.log('sleeps');
           Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
           console.log(process.hrtime.bigint() - started >= 700_000_000n ? 'slept' : 'woke up early');
           // On a slow machine the last dumps come after the sleep.
           process.stdin.resume();`,
        ),
      );
      await target.line();
      for (let count = 0; count < 20; count++) dump(target.pid);
      assert.equal(await target.line(), 'slept');
    });

    it('one that is stopped, which remains stopped until SIGCONT', async () => {
      const target = await ready(`s.load(denying('swapon')); tell('ready');`);
      target.child.kill('SIGSTOP');
      while (stateOf(target.pid) !== 'T') await pause(5);
      assert.equal(dump(target.pid).layers.length, 1);
      assert.equal(stateOf(target.pid), 'T');
      target.child.kill('SIGCONT');
      await goesOn(target);
    });

    it('one that gets signals meanwhile, without losing any', async () => {
      const target = await ready(
        `s.load(denying('swapon')); process.on('SIGUSR1', () => console.log('signal')); tell('ready');`,
      );
      for (let count = 0; count < 100; count++) {
        target.child.kill('SIGUSR1');
        dump(target.pid, { threads: false });
        assert.equal(await target.line(), 'signal');
      }
    });

    it('one that cannot be stopped, which times out', async () => {
      const target = started(liveUnderFilter(scenes(), 'vfork'));
      await target.line();
      const { code, message } = failure(() => dump(target.pid));
      assert.equal(code, 'process-does-not-stop', message);
      assert.equal(/^TracerPid:\s*0$/m.test(readFileSync(`/proc/${target.pid}/status`, 'utf8')), true);
      target.child.stdin?.end();
      assert.equal(await target.line(), 'done');
    });

    it('one that ends meanwhile, whose parent gets its exit code', async () => {
      for (let count = 0; count < 10; count++) {
        const target = await ready(`s.load(denying('swapon')); tell('ready'); process.exit(7);`);
        const ended = once(target.child, 'exit') as Promise<[number]>;
        const { code } = failure(() => {
          for (;;) dump(target.pid);
        });
        assert.equal(code, 'no-such-process');
        assert.deepEqual(await ended, [7, null]);
      }
    });

    it('a child of another thread, whose stop is not mistaken for its end', async () => {
      const target = await ready(`s.load(denying('swapon')); tell('ready');`);
      let exits = 0;
      target.child.on('exit', () => exits++);
      const worker = new Worker(
        `const { parentPort } = require('node:worker_threads');
         const { dump } = require('seccomp');
         for (let count = 0; count < 500; count++) dump(${target.pid}, { threads: false });
         parentPort.postMessage('done');`,
        { eval: true, execArgv: [] },
      );
      const done = once(worker, 'message').then(() => 'done');
      // At each end of a child, libuv checks the states of all children.
      while ((await Promise.race([done, pause(1, 'dumping')])) !== 'done') {
        const other = live('true', []);
        await once(other.child, 'exit');
      }
      assert.equal(exits, 0);
      await goesOn(target);
    });
  });

  it('leaves nothing behind', async () => {
    const target = await ready(`s.load(denying('swapon')); tell('ready');`);
    const { before, after } = told<{ before: unknown; after: unknown }>(
      inChild(`
        const { readdirSync, readFileSync } = m('node:fs');
        const held = () => ({
          descriptors: readdirSync('/proc/self/fd').length,
          threads: s.status().threads.length,
          children: readdirSync('/proc/self/task').map(id => readFileSync('/proc/self/task/' + id + '/children', 'utf8')).join(''),
          signals: readFileSync('/proc/thread-self/status', 'utf8').match(/^Sig(Blk|Ign|Cgt).*$/gm),
        });
        s.dump(${target.pid});
        const before = held();
        for (let count = 0; count < 20; count++) s.dump(${target.pid});
        tell({ before, after: held() });`),
    );
    assert.deepEqual(after, before);
  });

  describe('is refused', () => {
    it('without privileges, and reports which are needed', async () => {
      const target = await ready(`s.load(denying('swapon')); tell('ready');`);
      const { code, message } = told<{ code: string; message: string }>(
        inChild(`
          s.features();
          process.setgid(65534); process.setuid(65534);
          try { s.dump(${target.pid}); tell({ code: 'none' }); } catch ({ code, message }) { tell({ code, message }); }`),
      );
      assert.equal(code, 'dump-refused');
      assert.match(message, /PTRACE_SEIZE: EPERM.*CAP_SYS_ADMIN/);
      await goesOn(target);
    });

    it("without privileges for a user's own processes too", async () => {
      const target = await ready(`
        process.setgid(65534); process.setuid(65534);
        s.load(denying('swapon')); tell('ready');`);
      const { code, message } = told<{ code: string; message: string }>(
        inChild(`
          s.features();
          process.setgid(65534); process.setuid(65534);
          try { s.dump(${target.pid}); tell({ code: 'none' }); } catch ({ code, message }) { tell({ code, message }); }`),
      );
      assert.equal(code, 'dump-refused');
      assert.match(message, /CAP_SYS_ADMIN/);
      await goesOn(target);
    });

    it('to a process that is under a filter itself', async () => {
      const target = await ready(`s.load(denying('swapon')); tell('ready');`);
      const { code } = told<{ code: string }>(
        inChild(`
          s.load(harmless);
          try { s.dump(${target.pid}); tell({ code: 'none' }); } catch ({ code }) { tell({ code }); }`),
      );
      assert.equal(code, 'dump-from-filtered');
    });

    it('to a process about itself', () => {
      const { code } = told<{ code: string }>(
        inChild(`
          s.load(harmless);
          try { s.dump(process.pid); tell({ code: 'none' }); } catch ({ code }) { tell({ code }); }`),
      );
      assert.equal(code, 'dump-self');
    });

    it('while another process traces the target, and names that process', async () => {
      const target = await ready(`s.load(denying('swapon')); tell('ready');`);
      const tracer = started(live(scenes(), ['trace', String(target.pid)]));
      await tracer.line();
      const { code, message } = failure(() => dump(target.pid));
      assert.equal(code, 'already-traced');
      assert.match(message, new RegExp(`^process ${tracer.pid} already traces ${target.pid},.*EPERM`));
      await tracer.end();
      assert.equal(dump(target.pid).layers.length, 1);
    });

    it('for a process that does not exist, or is a zombie', async () => {
      assert.equal(failure(() => dump(2 ** 22 + 1)).code, 'no-such-process');
      const parent = started(live('sh', ['-c', 'exec 3<&0; (read word <&3) & echo $!; exec sleep 60']));
      const zombie = Number(await parent.line());
      while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await pause(5);
      parent.say('end');
      while (stateOf(zombie) !== 'Z') await pause(5);
      assert.equal(failure(() => dump(zombie)).code, 'no-such-process');
    });

    it('for invalid ids, and for unknown options', () => {
      for (const id of [0, -1, 1.5, NaN, Infinity, 2 ** 31])
        assert.equal(failure(() => dump(id)).code, 'bad-pid');
      assert.equal(failure(() => dump(1, JSON.parse('{"thread":true}') as object)).code, 'bad-option');
      assert.equal(failure(() => dump(1, JSON.parse('{"threads":1}') as object)).code, 'bad-option');
    });
  });
});
