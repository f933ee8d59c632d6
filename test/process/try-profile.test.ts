// applyProfile with reportOnly: a running process gets reports of calls that the profile would refuse, and is not affected
// otherwise.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { inChild, told } from '../support/child.js';
import { nodes } from '../support/nodes.js';
import { skip } from '../support/skip.js';

/** The number of reported calls of the server; 100,000 are promised. */
const CALLS = Number(process.env['RUNNING_NODE_CALLS'] ?? 2_000);

const users: readonly (readonly [string, number | undefined])[] =
  process.getuid?.() === 0
    ? [
        ['root', undefined],
        ['an ordinary user', 65534],
      ]
    : [['an ordinary user', undefined]];

/** `refusing(...names)`, and `attempt(names, options)`, which counts reports by call in `counts`. */
const PREPARE = `
  const { readFileSync } = m('fs');
  const { once } = m('events');
  const counts = {};
  const refusing = (...names) => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_KILL_PROCESS' }] });
  const attempt = (names, options) => s.applyProfile(refusing(...names), {
    reportOnly: true,
    unknownSyscalls: 'default',
    onViolation: ({ syscall, count }) => { counts[syscall] = (counts[syscall] ?? 0) + count; },
    ...options,
  });
  const tracer = () => Number(/TracerPid:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);`;

/** Handlers without SA_RESTART, children and pipes: an interrupted call is an exception. */
const PYTHON = `
import os, signal, time
rung = 0
def ring(*_):
    global rung
    rung += 1
signal.signal(signal.SIGALRM, ring)
signal.siginterrupt(signal.SIGALRM, True)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for i in range(10):
    pid = os.fork()
    if pid == 0:
        os._exit(i)
    assert os.waitpid(pid, 0)[1] == i << 8
for i in range(100):
    os.close(os.open('/dev/null', os.O_RDONLY))
while rung < 100:
    time.sleep(0.001)
signal.setitimer(signal.ITIMER_REAL, 0)
print('done')
`;

describe('applyProfile with reportOnly', function () {
  this.timeout(600_000);

  for (const [name, node] of nodes) {
    it(`reports every call of a server under load, with workers and the pool, on ${name}`, () => {
      const { bad, renames, links, total, lost } = told<Record<string, number>>(
        inChild(
          `${PREPARE}
          const http = m('http');
          const { promises } = m('fs');
          const { Worker } = m('worker_threads');
          const server = http.createServer((request, response) => {
            promises.rename('/nowhere/a', '/nowhere/b').catch(() => response.end('ok'));
          });
          server.listen(0, '127.0.0.1');
          await once(server, 'listening');
          const { port } = server.address();
          const client = m('child_process').spawn(process.execPath, ['-e', \`
            const http = require('http');
            process.stdin.once('data', () => {
              const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
              let left = Number(process.argv[1]), open = 0, bad = 0;
              const next = () => {
                if (left === 0) { if (open === 0) { process.stdout.write(String(bad)); process.exit(); } return; }
                left--; open++;
                const over = fault => { open--; bad += fault; next(); };
                http.get({ port: \${port}, host: '127.0.0.1', agent }, response => {
                  response.resume().on('end', () => over(response.statusCode === 200 ? 0 : 1));
                }).on('error', () => over(1));
              };
              for (let i = 0; i < 20; i++) next();
            });\`, '${Math.ceil(CALLS / 10)}'], { stdio: ['pipe', 'pipe', 'inherit'] });
          const worker = new Worker(\`
            const get = process.getBuiltinModule;
            get('worker_threads').parentPort.once('message', () => {
              for (let i = 0; i < ${Math.ceil(CALLS / 10)}; i++) try { get('fs').linkSync('/nowhere/a', '/nowhere/b'); } catch {}
            });\`, { eval: true });
          await once(worker, 'online');
          const { reports } = attempt(['rename', 'renameat', 'renameat2', 'link', 'linkat', 'read', 'write', 'writev', 'futex', 'epoll_pwait', 'accept4']);
          let bad = '';
          client.stdout.on('data', chunk => { bad += chunk; });
          client.stdin.end('go');
          worker.postMessage('go');
          await Promise.all([once(client, 'close'), once(worker, 'exit')]);
          reports.stop();
          const number = pattern => Object.entries(counts).filter(([name]) => pattern.test(name)).reduce((sum, [, count]) => sum + count, 0);
          tell({ bad: Number(bad), renames: number(/^rename/), links: number(/^link/), total: number(/./), lost: reports.lost });
          server.close();`,
          { node },
        ),
      );
      const half = Math.ceil(CALLS / 10);
      assert.deepEqual({ bad, renames, links, lost }, { bad: 0, renames: half, links: half, lost: 0 });
      assert.ok(Number(total) > CALLS / 2, `${total} of ${CALLS}`);
    });
  }

  for (const [name, user] of users) {
    it(`refuses and changes nothing, and reports this in the receipt, as ${name}`, () => {
      const { receipt, counts, status, undone } = told<{
        receipt: Readonly<Record<string, unknown>>;
        counts: Readonly<Record<string, number>>;
        status: string;
        undone: string;
      }>(
        inChild(
          `${PREPARE}
          const { mkdtempSync, rmdirSync } = m('fs');
          const status = () => readFileSync('/proc/self/status', 'utf8').match(/^(Seccomp|NoNewPrivs|TracerPid):\\s.*/gm).join();
          const before = status();
          const { filter, reports, ...receipt } = attempt(['mkdir', 'mkdirat', 'rmdir', 'unlinkat']);
          for (let i = 0; i < 50; i++) rmdirSync(mkdtempSync(m('node:os').tmpdir() + '/seccomp-running-'));
          reports.flush();
          const seen = { ...counts };
          const during = status();
          reports.stop();
          rmdirSync(mkdtempSync(m('node:os').tmpdir() + '/seccomp-running-'));
          tell({ receipt, counts: seen, status: during.replace(/TracerPid:\\s*\\d+/, ''), undone: String(status() === before && seen.mkdir === counts.mkdir) });`,
          { user },
        ),
      );
      assert.deepEqual(counts, { mkdir: 50, rmdir: 50 });
      assert.match(status, /NoNewPrivs:\t0.*Seccomp:\t0/);
      assert.equal(undone, 'true');
      assert.deepEqual(
        { scope: receipt['scope'], flags: receipt['flags'], noNewPrivs: receipt['noNewPrivs'] },
        { scope: 'process', flags: [], noNewPrivs: false },
      );
    });
  }

  it('reports as spawn does: with the place, the thread, the remedy, and the action of the profile', () => {
    const violation = told<Record<string, unknown>>(
      inChild(`${PREPARE}
        let first;
        const { reports } = attempt(['mkdir', 'mkdirat'], { onViolation: violation => { first ??= violation; } });
        try { m('fs').mkdirSync('/'); } catch {}
        reports.stop();
        tell({ ...first, text: s.formatReport(first), isMain: first.thread.id === process.pid, isNode: first.program === m('fs').realpathSync(process.execPath) });`),
    );
    assert.equal(violation['syscall'], 'mkdir');
    assert.equal(violation['action'], 'KILL_PROCESS');
    assert.deepEqual([violation['allowed'], violation['starting'], violation['count']], [true, false, 1]);
    assert.ok(violation['isMain'] === true && violation['isNode'] === true);
    assert.match(String(violation['text']), /^mkdir\(.*was allowed, although the profile has KILL_PROCESS/);
  });

  it('does not report the calls by which this package lists the threads', () => {
    const { counts, threads } = told<{ counts: object; threads: number }>(
      inChild(`${PREPARE}
        const { reports, threads } = attempt(['getdents', 'getdents64']);
        reports.stop();
        tell({ counts, threads: threads.length });`),
    );
    assert.deepEqual(counts, {});
    assert.ok(threads > 1);
  });

  it('compares arguments as the kernel would, including 64-bit ones', () => {
    const counts = told<readonly number[]>(
      inChild(`${PREPARE}
        const { ftruncateSync, openSync, unlinkSync } = m('fs');
        const path = '/tmp/seccomp-running-' + process.pid;
        const file = openSync(path, 'w');
        unlinkSync(path);
        const limit = 2 ** 32 + 5;
        tell(['EQ', 'NE', 'LT', 'LE', 'GT', 'GE', 'MASKED_EQ'].map(op => {
          const mask = 2 ** 32 + 4;
          const args = [{ index: 1, op: 'SCMP_CMP_' + op, value: op === 'MASKED_EQ' ? mask : limit, ...(op === 'MASKED_EQ' && { valueTwo: mask }) }];
          let sum = 0;
          const { reports } = s.applyProfile(
            { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['ftruncate'], action: 'SCMP_ACT_ERRNO', args }] },
            { reportOnly: true, onViolation: ({ count }) => { sum += count; } },
          );
          for (const length of [0, 5, limit, limit + 1, 2 ** 33]) ftruncateSync(file, length);
          reports.stop();
          return sum;
        }));`),
    );
    assert.deepEqual(counts, [1, 4, 2, 3, 2, 3, 2]);
  });

  it('reports calls of children, with pipes, signals and handlers that interrupt calls', function () {
    const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
    if (python.status !== 0) skip(this, 'there is no Python');
    const { outputs, forks, rung } = told<{ outputs: readonly string[]; forks: number; rung: number }>(
      inChild(`${PREPARE}
        let rung = 0;
        process.on('SIGUSR2', () => rung++);
        const { reports } = attempt(['clone', 'clone3', 'vfork', 'fork', 'read', 'write', 'close', 'wait4', 'openat']);
        const run = (...words) => new Promise((resolve, reject) => {
          const child = m('child_process').spawn(words[0], words.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
          let output = '';
          child.stdout.on('data', chunk => { output += chunk; });
          child.on('error', reject).on('close', code => resolve(output + code));
          child.stdin.end('through a pipe');
        });
        const bell = setInterval(() => process.kill(process.pid, 'SIGUSR2'), 1);
        const outputs = await Promise.all([
          run(${JSON.stringify(python.stdout.trim())}, '-c', ${JSON.stringify(PYTHON)}),
          ...Array.from({ length: 10 }, () => run('sh', '-c', 'cat | cat; exit 3')),
        ]);
        await until(() => rung > 20);
        clearInterval(bell);
        reports.stop();
        tell({ outputs, rung, forks: (counts.clone ?? 0) + (counts.clone3 ?? 0) + (counts.vfork ?? 0) + (counts.fork ?? 0) });`),
    );
    assert.deepEqual(outputs, ['done\n0', ...Array.from({ length: 10 }, () => 'through a pipe3')]);
    // Eleven children; the Python script starts ten, and each of the ten shells starts two for its pipe.
    assert.ok(forks >= 11 + 10 + 20, String(forks));
    assert.ok(rung > 20);
  });

  it('reports the remaining calls at the end of the process, keeps its exit code, and leaves no process', () => {
    const outcome = inChild(`${PREPARE}
      attempt(['mkdir', 'mkdirat']);
      const pid = tracer();
      process.on('exit', () => tell({ counts, tracer: pid }));
      for (let i = 0; i < 7; i++) try { m('fs').mkdirSync('/'); } catch {}
      process.exitCode = 7;`);
    const { counts, tracer } = told<{ counts: Record<string, number>; tracer: number }>(outcome);
    assert.equal(outcome.code, 7, outcome.stderr);
    assert.deepEqual(counts, { mkdir: 7 });
    assert.ok(tracer > 0);
    // The process that adopts orphans may not have reaped it yet.
    assert.ok(!existsSync(`/proc/${tracer}/exe`), 'the tracer is left over');
  });

  for (const ending of ['process.exit(9)', "process.kill(process.pid, 'SIGTERM')", 'process.abort()']) {
    it(`does not change ${ending}`, () => {
      const outcome = inChild(`${PREPARE}
        attempt(['mkdir', 'futex', 'exit_group', 'exit', 'kill', 'tgkill', 'rt_sigaction']);
        tell(tracer());
        ${ending};
        setInterval(() => {}, 1000);`);
      const plain = inChild(`${ending}; setInterval(() => {}, 1000);`);
      assert.deepEqual([outcome.code, outcome.signal], [plain.code, plain.signal]);
      const tracer = told<number>(outcome);
      // The tracer learns of the end at the same time as this process.
      for (let left = 100_000; left > 0 && existsSync(`/proc/${tracer}/exe`); left--);
      assert.ok(!existsSync(`/proc/${tracer}/exe`), 'the tracer is left over');
    });
  }

  it('does not keep the process alive', () => {
    const { code, signal } = inChild(`${PREPARE} attempt(['mkdir']);`);
    assert.deepEqual([code, signal], [0, null]);
  });

  it('does not end the server if the tracer is killed, and warns', () => {
    const { answers, warning, counts } = told<{
      answers: readonly string[];
      warning: Readonly<Record<string, string>>;
      counts: Readonly<Record<string, number>>;
    }>(
      inChild(`${PREPARE}
        const { mkdtempSync, rmdirSync, promises } = m('fs');
        const server = m('http').createServer((request, response) => {
          rmdirSync(mkdtempSync(m('node:os').tmpdir() + '/seccomp-running-'));
          promises.stat('/').then(() => response.end('ok'));
        });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const ask = async () => (await fetch('http://127.0.0.1:' + server.address().port)).text();
        attempt(['mkdir', 'read', 'write', 'epoll_pwait', 'futex']);
        const warned = once(process, 'warning');
        const answers = [await ask()];
        process.kill(tracer(), 'SIGKILL');
        const [{ name, code, message }] = await warned;
        for (let i = 0; i < 20; i++) answers.push(await ask());
        server.close();
        server.closeAllConnections();
        tell({ answers, warning: { name, code, message }, counts });`),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: 21 }, () => 'ok'),
    );
    assert.equal(warning['code'], 'tracer-ended');
    assert.equal(counts['mkdir'], 1);
  });

  it('stops reporting if another process wants to trace a child, and lets it', function () {
    if (spawnSync('strace', ['-V']).status !== 0) skip(this, 'there is no strace');
    const { code, output } = told<{ code: string; output: string }>(
      inChild(`${PREPARE}
        const { reports } = attempt(['mkdir']);
        reports.ref();
        const warned = once(process, 'warning');
        const output = m('child_process').spawnSync('strace', ['true'], { encoding: 'utf8' }).stderr;
        const [{ code }] = await warned;
        tell({ code, output });`),
    );
    assert.equal(code, 'traces-itself');
    assert.match(output, /execve\(.*exited with 0/s);
  });

  it('can be stopped, and the profile enforced', () => {
    const { counts, code } = told<{ counts: Record<string, number>; code: string }>(
      inChild(`${PREPARE}
        const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }] };
        const attempts = () => { try { m('fs').mkdirSync('/'); } catch (error) { return error.code; } };
        const { reports } = s.applyProfile(profile, { reportOnly: true, onViolation: ({ syscall, count }) => { counts[syscall] = count; } });
        attempts();
        reports.stop();
        s.applyProfile(profile);
        tell({ counts, code: attempts() });`),
    );
    assert.deepEqual(counts, { mkdir: 1 });
    assert.equal(code, 'EACCES');
  });

  it('refuses contradicting options', () => {
    const codes = told<readonly string[]>(
      inChild(`${PREPARE}
        const codes = [];
        const listener = () => undefined;
        for (const options of [
          { reportOnly: true },
          { reportOnly: 'yes', onViolation: listener },
          { onViolation: listener },
          { reportFallbacks: true },
          { reportOnly: true, onViolation: listener, scope: 'thread' },
          { reportOnly: true, onViolation: listener, dryRun: true },
          { reportOnly: true, onViolation: listener, listener: false },
        ]) try { s.applyProfile(refusing('mkdir'), options); codes.push('none'); } catch (error) { codes.push(error.code); }
        tell([...codes, tracer()]);`),
    );
    assert.deepEqual(codes, [...Array.from({ length: 7 }, () => 'bad-option'), 0]);
  });
});
