// The recording of a running process: it separates the origins of calls, and leaves nothing behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { parseRecording } from 'seccomp';
import { inChild, told } from '../support/child.js';
import { nodes } from '../support/nodes.js';
import { skip } from '../support/skip.js';

/** Makes distinct calls in the main thread, a worker, the pool and a child. */
const FOUR = `
  const { mkdtempSync, mkdirSync, rmSync, promises } = m('fs');
  const { Worker } = m('worker_threads');
  const { once } = m('events');
  const { spawn } = m('child_process');
  const directory = mkdtempSync(m('node:os').tmpdir() + '/seccomp-running-');
  const four = async () => {
    mkdirSync(directory + '/main');
    await promises.rename(directory + '/main', directory + '/pool');
    const worker = new Worker("const get = process.getBuiltinModule; get('fs').symlinkSync('x', get('worker_threads').workerData)", {
      eval: true, workerData: directory + '/worker',
    });
    await once(worker, 'exit');
    await once(spawn('chmod', ['700', directory + '/pool']), 'close');
  };
  const phasesOf = (recording, ...names) => names.map(name =>
    recording.calls.filter(({ syscall }) => syscall.replace('at2', 'at').replace('at', '') === name).map(({ phase }) => phase));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));`;

const users: readonly (readonly [string, number | undefined])[] =
  process.getuid?.() === 0
    ? [
        ['root', undefined],
        ['an ordinary user', 65534],
      ]
    : [['an ordinary user', undefined]];

describe('startRecording', function () {
  this.timeout(120_000);

  for (const [name, node] of nodes) {
    it(`separates main thread, pool, workers and children, on ${name}`, () => {
      const { phases, same } = told<{ phases: readonly string[][]; same: boolean }>(
        inChild(
          `${FOUR}
          const recording = s.startRecording();
          await four();
          const result = recording.stop();
          tell({
            phases: phasesOf(result, 'mkdir', 'rename', 'symlink', 'fchmod'),
            same: s.formatRecording(s.parseRecording(s.formatRecording(result))) === s.formatRecording(result),
          });`,
          { node },
        ),
      );
      assert.deepEqual(phases, [['main'], ['pool'], ['workers'], ['children']]);
      assert.ok(same);
    });
  }

  for (const [name, user] of users) {
    it(`leaves nothing behind, as ${name}`, () => {
      const { before, during, after, children } = told<Record<string, unknown>>(
        inChild(
          `${FOUR}
          const { readFileSync, readdirSync } = m('fs');
          const traced = () => readFileSync('/proc/self/status', 'utf8').match(/^(TracerPid|Seccomp|NoNewPrivs):.*/gm);
          const before = traced();
          const recording = s.startRecording();
          const during = traced();
          await four();
          recording.stop();
          const children = () => readdirSync('/proc/self/task')
            .flatMap(id => readFileSync('/proc/self/task/' + id + '/children', 'utf8').split(' ').filter(pid => pid !== ''));
          await until(() => children().length === 0);
          tell({ before, during, after: traced(), children: children() });`,
          { user },
        ),
      );
      assert.deepEqual(after, before);
      assert.notDeepEqual(during, before);
      assert.deepEqual(children, []);
    });
  }

  it('separates phases and their origins, for a profile of each', () => {
    const { phases, names } = told<{ phases: readonly string[][]; names: readonly string[][] }>(
      inChild(`
        const { mkdirSync, rmdirSync, symlinkSync, unlinkSync, mkdtempSync } = m('fs');
        const directory = mkdtempSync(m('node:os').tmpdir() + '/seccomp-running-');
        const recording = s.startRecording({ phase: 'start' });
        mkdirSync(directory + '/a');
        recording.phase('serving');
        symlinkSync('x', directory + '/b');
        recording.phase('start');
        unlinkSync(directory + '/b');
        const result = recording.stop();
        rmdirSync(directory + '/a');
        rmdirSync(directory);
        const allowed = phase => s.generateProfile([result], { phase }).profile.syscalls
          .filter(({ action }) => action === 'SCMP_ACT_ALLOW').flatMap(({ names }) => names)
          .filter(name => ['mkdir', 'symlink', 'unlink', 'rmdir'].includes(name));
        tell({
          phases: ['mkdir', 'symlink', 'unlink', 'rmdir'].map(name =>
            result.calls.filter(({ syscall }) => syscall === name || syscall === name + 'at').map(({ phase }) => phase)),
          names: ['start', 'serving', 'serving/main'].map(allowed),
        });`),
    );
    assert.deepEqual(phases, [['start/main'], ['serving/main'], ['start/main'], []]);
    const [start = [], serving = [], main = []] = names;
    assert.ok(
      start.includes('mkdir') && start.includes('unlink') && !start.includes('symlink'),
      start.join(),
    );
    assert.ok(serving.includes('symlink') && !serving.includes('mkdir'), serving.join());
    assert.deepEqual(main, serving);
  });

  it('does not include the calls of the recorder itself', () => {
    const names = told<readonly string[]>(
      inChild(`
        const recording = s.startRecording();
        tell([...new Set(recording.stop().calls.map(({ syscall }) => syscall))]);`),
    );
    for (const own of ['prctl', 'kill', 'clone', 'clone3', 'pipe2', 'memfd_create', 'socketpair', 'ptrace'])
      assert.ok(!names.includes(own), own);
  });

  it('does not record the calls that a snapshot makes', () => {
    const added = told<readonly string[]>(
      inChild(`
        const names = ({ calls }) => calls.map(({ phase, syscall }) => phase + ' ' + syscall);
        const recording = s.startRecording();
        const first = names(recording.snapshot());
        tell(names(recording.snapshot()).filter(name => name.startsWith('main ') && !first.includes(name)));`),
    );
    // Node itself makes calls for memory and files at any time.
    const asking = ['getrusage', 'prlimit64', 'uname'];
    assert.deepEqual(
      added.filter(name => asking.includes(name.slice('main '.length))),
      [],
    );
  });

  it('returns snapshots while it runs, and the full recording at the end', () => {
    const counts = told<readonly number[]>(
      inChild(`
        const { mkdtempSync, rmdirSync } = m('fs');
        const count = ({ calls }) => calls.filter(({ syscall }) => /^mkdir/.test(syscall)).reduce((sum, { count }) => sum + count, 0);
        const make = () => rmdirSync(mkdtempSync(m('node:os').tmpdir() + '/seccomp-running-'));
        const recording = s.startRecording();
        make();
        const first = count(recording.snapshot());
        for (let i = 0; i < 10; i++) make();
        const second = count(recording.snapshot());
        const last = count(recording.stop());
        make();
        tell([first, second, last, count(recording.stop()), count(recording.snapshot())]);`),
    );
    assert.deepEqual(counts, [1, 11, 11, 11, 11]);
  });

  it('ignores negative numbers, which no call has', function () {
    const python = 'import ctypes; libc = ctypes.CDLL(None); libc.syscall(-1); libc.syscall(-5)';
    if (spawnSync('python3', ['-c', python]).status !== 0) skip(this, 'there is no Python');
    const text = told<string>(
      inChild(`
        const recording = s.startRecording();
        m('child_process').execFileSync('python3', ['-c', ${JSON.stringify(python)}]);
        tell(s.formatRecording(recording.stop()));`),
    );
    assert.doesNotMatch(text, /"-\d/);
    assert.ok(parseRecording(text).calls.length > 0);
  });

  it('is limited to one at a time, and can be restarted', () => {
    const { code, second } = told<{ code: string; second: number }>(
      inChild(`
        const recording = s.startRecording();
        let code;
        try { s.startRecording(); } catch (error) { code = error.code; }
        recording.stop();
        const again = s.startRecording();
        tell({ code, second: again.stop().runs });`),
    );
    assert.equal(code, 'tracer-refused');
    assert.equal(second, 1);
  });

  it('reports its end if the tracer is killed, and the process continues', () => {
    const { code, before, alive } = told<{ code: string; before: boolean; alive: string }>(
      inChild(`
        const { mkdtempSync, readdirSync, readFileSync, rmdirSync, promises } = m('fs');
        const recording = s.startRecording();
        rmdirSync(mkdtempSync(m('node:os').tmpdir() + '/seccomp-running-'));
        const tracer = Number(/TracerPid:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
        process.kill(tracer, 'SIGKILL');
        await until(() => readFileSync('/proc/self/status', 'utf8').includes('TracerPid:\\t0'));
        const alive = await promises.readFile('/proc/self/comm', 'utf8');
        let code;
        try { recording.stop(); } catch (error) { code = error.code; }
        tell({ code, before: recording.snapshot().calls.some(({ syscall }) => /^mkdir/.test(syscall)), alive });`),
    );
    assert.equal(code, 'tracer-ended');
    assert.ok(before);
    assert.notEqual(alive, '');
  });

  it('records the whole process even from a worker', () => {
    const phases = told<readonly string[]>(
      inChild(`
        const { Worker } = m('worker_threads');
        const { once } = m('events');
        const { mkdirSync } = m('fs');
        const worker = new Worker(\`
          import { parentPort } from 'node:worker_threads';
          import { startRecording } from 'seccomp';
          const recording = startRecording();
          parentPort.once('message', () => {
            parentPort.postMessage(recording.stop().calls.filter(({ syscall }) => /^mkdir/.test(syscall)).map(({ phase }) => phase));
            parentPort.close();
          });
          parentPort.postMessage('recording');\`, { eval: true });
        await once(worker, 'message');
        try { mkdirSync('/'); } catch {}
        worker.postMessage('stop');
        const [phases] = await once(worker, 'message');
        tell(phases);`),
    );
    assert.deepEqual(phases, ['main']);
  });

  it('ends with the worker that started it', () => {
    const outcome = inChild(`
      const { Worker } = m('worker_threads');
      const { once } = m('events');
      const traced = () => !/^TracerPid:\\t0$/m.test(m('fs').readFileSync('/proc/self/status', 'utf8'));
      const worker = new Worker(\`
        import { parentPort } from 'node:worker_threads';
        import { startRecording } from 'seccomp';
        startRecording();
        parentPort.once('message', () => {});
        parentPort.postMessage('');\`, { eval: true });
      await once(worker, 'message');
      const before = traced();
      worker.postMessage('');
      await once(worker, 'exit');
      const after = traced();
      s.startRecording().stop();
      tell({ before, after });`);
    assert.deepEqual(told(outcome), { before: true, after: false });
  });

  it('refuses unknown options, and phases that are not strings', () => {
    const codes = told<readonly string[]>(
      inChild(`
        const codes = [];
        for (const act of [
          () => s.startRecording({ threads: true }),
          () => s.startRecording({ phase: 1 }),
          () => { const r = s.startRecording(); try { r.phase('x'.repeat(300)); } finally { r.stop(); } },
        ]) try { act(); } catch (error) { codes.push(error.code); }
        tell(codes);`),
    );
    assert.deepEqual(codes, ['bad-option', 'bad-option', 'bad-option']);
  });
});
