// Recording by perf events: the same calls as by the tracer, of commands and of running processes, with lost events counted.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { record, type RecordedCall, type Recording, type RecordRunningOptions } from 'seccomp';
import { isRuntime } from '#lib/process/trace/perf/summarize.js';
import { cli, inChild, told } from '../support/child.js';
import { skip } from '../support/skip.js';

const callOf = ({ calls }: Recording, name: string): RecordedCall | undefined =>
  calls.find(({ syscall }) => syscall === name);

const counts = ({ calls }: Recording): readonly (readonly [string, number])[] =>
  calls.map(({ syscall, count }) => [syscall, count]);

/** The mount point of version 2 of cgroups. */
const CGROUP2 = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find(
  path => existsSync(path) && statfsSync(path).type === 0x63677270,
);

describe('record by perf events', function () {
  this.timeout(60_000);
  let directory = '';
  before(async function () {
    try {
      await record('true', { by: 'perf', stdio: 'ignore' }).recording;
    } catch {
      skip(this, 'perf events cannot be recorded here');
    }
    directory = mkdtempSync(join(tmpdir(), 'seccomp-perf-'));
  });
  after(() => {
    if (directory !== '') rmSync(directory, { recursive: true });
  });

  describe('of a command', () => {
    it('has every call that the tracer sees, from the first instruction on', async () => {
      const command = ['-c', 'cat /dev/null; (true); /bin/true; exit 0'];
      const [traced, seen] = [
        await record('/bin/sh', command, { stdio: 'ignore' }).recording,
        await record('/bin/sh', command, { stdio: 'ignore', by: 'perf' }).recording,
      ];
      assert.equal(seen.sources[0]?.how, 'perf');
      assert.equal(seen.sources[0].lost, 0);
      // After a signal of a child, some calls are made again.
      const restarted = ['wait4', 'rt_sigreturn'];
      const steady = (recording: Recording): object =>
        counts(recording).filter(([name]) => !restarted.includes(name));
      assert.deepEqual(steady(seen), steady(traced));
      assert.deepEqual(
        seen.calls.map(({ programs }) => programs),
        traced.calls.map(({ programs }) => programs),
      );
    });

    it('has every value of recorded arguments, however often a call was made', async () => {
      const { recording } = record(
        process.execPath,
        [
          '-e',
          'for (let i = 0; i < 100; i++) try { process.kill(process.pid, i % 3 === 0 ? 0 : 28) } catch {}',
        ],
        { stdio: 'ignore', by: 'perf' },
      );
      const signals = callOf(await recording, 'kill')?.args.find(({ index }) => index === 1);
      assert.deepEqual(signals, { index: 1, values: [0n, 28n], bits: 28n, more: false, unknown: false });
    });

    it('keeps the bits of arguments with too many values', async () => {
      const source = join(directory, 'many.c');
      const program = join(directory, 'many');
      writeFileSync(
        source,
        '#include <sys/syscall.h>\n#include <unistd.h>\nint main(void) { for (long i = 0; i < 200; i++) syscall(SYS_unshare, 1L << 31 | i); }',
      );
      execFileSync('cc', ['-o', program, source]);
      const recorded = await record(program, { stdio: 'ignore', by: 'perf' }).recording;
      const [flags] = callOf(recorded, 'unshare')?.args ?? [];
      assert.deepEqual(flags, { index: 0, values: [], bits: 0x800000ffn, more: true, unknown: false });
    });

    it('distinguishes ABIs', async function () {
      if (process.arch !== 'x64') skip(this, 'this is for x86_64');
      const source = join(directory, 'x32.c');
      const program = join(directory, 'x32');
      // Fails with ENOSYS if the kernel does not serve the ABI.
      writeFileSync(source, '#include <unistd.h>\nint main(void) { syscall(0x40000000 + 112); }');
      execFileSync('cc', ['-o', program, source]);
      const recorded = await record(program, { stdio: 'ignore', by: 'perf' }).recording;
      assert.equal(callOf(recorded, 'setsid')?.abi, 'x32');
    });

    it('does not change output and exit codes, and lets commands trace others', () => {
      const file = join(directory, 'recording.json');
      for (const script of [
        'echo one; echo two >&2; exit 3',
        'kill -TERM $$',
        'cat',
        'strace -o /dev/null true',
      ]) {
        const plain = spawnSync('sh', ['-c', script], { input: 'text', encoding: 'utf8' });
        const { stdout, stderr, code } = cli(
          ['record', '--by', 'perf', '-o', file, '--', 'sh', '-c', script],
          'text',
        );
        assert.deepEqual([stdout, stderr], [plain.stdout, plain.stderr], script);
        assert.equal(code, plain.status ?? 143, script);
      }
    });

    it('counts programs that gain privileges as lost, which the tracer can follow', async function () {
      if (process.getuid?.() !== 0) skip(this, 'only root can make a program that gains rights');
      const program = join(directory, 'set-user-id');
      copyFileSync('/bin/true', program);
      chmodSync(program, 0o4755);
      chmodSync(directory, 0o755);
      const script = `setpriv --reuid 65534 --regid 65534 --clear-groups sh -c '${program}; :'`;
      const recorded = await record('sh', ['-c', script], { stdio: 'ignore', by: 'perf' }).recording;
      assert.equal(recorded.sources[0]?.lost, 1);
      const traced = await record('sh', ['-c', script], { stdio: 'ignore' }).recording;
      assert.ok(callOf(traced, 'exit_group')?.programs.includes(program));
    });

    it('counts lost records', async () => {
      const calls = 400_000;
      const { child, recording } = record(
        'sh',
        ['-c', `read line; exec dd if=/dev/zero of=/dev/null bs=1 count=${calls / 2}`],
        { stdio: ['pipe', 'ignore', 'ignore'], by: 'perf' },
      );
      const stopped = recorder();
      process.kill(stopped, 'SIGSTOP');
      const ended = new Promise(resolve => child.on('exit', resolve));
      child.stdin?.end('\n');
      await ended;
      process.kill(stopped, 'SIGCONT');
      const recorded = await recording;
      const lost = recorded.sources[0]?.lost ?? 0;
      assert.ok(lost > 0);
      const seen = (callOf(recorded, 'read')?.count ?? 0) + (callOf(recorded, 'write')?.count ?? 0);
      assert.ok(seen + lost >= calls, `${seen} and ${lost}`);
    });

    it('reports that the recorder was killed, and the command continues', async () => {
      const { child, recording } = record('cat', { stdio: ['pipe', 'ignore', 'ignore'], by: 'perf' });
      process.kill(recorder(), 'SIGKILL');
      await assert.rejects(recording, { code: 'perf-ended' });
      const ended = new Promise(resolve => child.on('exit', resolve));
      child.stdin?.end();
      assert.equal(await ended, 0);
    });

    it('fails like spawn for a missing command', async () => {
      // Runs among the microtasks, before the error event.
      await Promise.resolve();
      const { recording } = record('/nowhere/at-all', { stdio: 'ignore', by: 'perf' });
      await assert.rejects(recording, { code: 'ENOENT' });
    });
  });

  describe('of running processes', () => {
    /** Starts a process with a child; both wait for a line before they make a call that no other process makes. */
    const waiting = async (): Promise<ChildProcess> => {
      const child = spawn(join(directory, 'waits'), { stdio: ['pipe', 'pipe', 'ignore'] });
      await new Promise(resolve => child.stdout.once('data', resolve));
      return child;
    };
    before(() => {
      const source = join(directory, 'waits.c');
      writeFileSync(
        source,
        `#include <stdio.h>
         #include <sys/syscall.h>
         #include <sys/wait.h>
         #include <unistd.h>
         int main(void) {
           char byte;
           if (fork() == 0) { read(0, &byte, 1); syscall(SYS_personality, 0xffffffff); return 0; }
           write(1, "x", 1);
           read(0, &byte, 1);
           syscall(SYS_sync);
           wait(0);
           return 0;
         }`,
      );
      execFileSync('cc', ['-o', join(directory, 'waits'), source]);
    });

    const recordWhile = async (child: ChildProcess, options: RecordRunningOptions): Promise<Recording> => {
      const { recording, stop } = record(options);
      const ended = new Promise(resolve => child.on('exit', resolve));
      child.stdin?.end('ab');
      await ended;
      stop();
      return recording;
    };

    const check = (recorded: Recording): void => {
      assert.equal(callOf(recorded, 'sync')?.count, 1);
      assert.deepEqual(callOf(recorded, 'personality')?.args[0]?.values, [0xffffffffn]);
      assert.deepEqual(callOf(recorded, 'personality')?.programs, [join(directory, 'waits')]);
      assert.equal(recorded.sources[0]?.how, 'perf');
    };

    it('follows a process and its earlier descendants', async () => {
      const child = await waiting();
      const recorded = await recordWhile(child, { pid: child.pid ?? 0 });
      check(recorded);
      assert.equal(callOf(recorded, 'execve'), undefined);
    });

    it('ends with the last process of --pid', async () => {
      const child = await waiting();
      const { recording } = record({ pid: child.pid ?? 0 });
      child.stdin?.end('ab');
      check(await recording);
    });

    it('follows a cgroup, and nothing else', async function () {
      if (CGROUP2 === undefined) skip(this, 'no control groups of version 2 are mounted');
      const cgroup = join(CGROUP2, `seccomp-test-${process.pid}`);
      mkdirSync(cgroup);
      try {
        const [child, other] = [await waiting(), await waiting()];
        for (const pid of [child.pid, childOf(child.pid ?? 0)])
          writeFileSync(join(cgroup, 'cgroup.procs'), String(pid));
        const others = new Promise(resolve => other.on('exit', resolve));
        const { recording, stop } = record({ cgroup });
        other.stdin?.end('ab');
        await others;
        const ended = new Promise(resolve => child.on('exit', resolve));
        child.stdin?.end('ab');
        await ended;
        stop();
        check(await recording);
      } finally {
        rmdirSync(cgroup);
      }
    });

    it('follows all processes except itself', async () => {
      const recorded = await recordWhile(await waiting(), { all: true });
      assert.ok((callOf(recorded, 'sync')?.count ?? 0) >= 1);
      const programs = recorded.calls.flatMap(call => call.programs);
      assert.ok(!programs.some(program => program.startsWith('/memfd:seccomp-perf')), programs.join());
    });

    it('ends with the worker that started it', () => {
      const outcome = inChild(`
        const { Worker } = m('worker_threads');
        const { once } = m('events');
        const { readdirSync, readlinkSync } = m('fs');
        const files = () => readdirSync('/proc/self/fd').flatMap(fd => { try { return [readlinkSync('/proc/self/fd/' + fd)]; } catch { return []; } });
        const isOurs = file => /seccomp/.test(file);
        const worker = new Worker(\`
          import { parentPort } from 'node:worker_threads';
          import { record } from 'seccomp';
          record({ pid: process.pid });
          parentPort.once('message', () => process.exit());
          parentPort.postMessage('');\`, { eval: true });
        await once(worker, 'message');
        const before = files().filter(isOurs);
        worker.postMessage('');
        await once(worker, 'exit');
        tell({ before, after: files().filter(isOurs) });`);
      const { before, after } = told<{ before: readonly string[]; after: readonly string[] }>(outcome);
      assert.deepEqual([before.length, after.length], [1, 0]);
    });

    it('ends after the given seconds, and writes the recording', () => {
      const file = join(directory, 'all.json');
      const { code, stderr } = cli(['record', '--all', '--seconds', '0.2', '-o', file]);
      assert.equal(code, 0, stderr);
      assert.match(readFileSync(file, 'utf8'), /"command":"--all"/);
      assert.match(stderr, /^seccomp: \d+ calls, \d+ different ones$/m);
    });

    it('writes the recording on Ctrl-C', async () => {
      const file = join(directory, 'interrupted.json');
      const cliFile = fileURLToPath(new URL('../../../bundle/cli.js', import.meta.url));
      const child = spawn(process.execPath, [cliFile, 'record', '--all', '-o', file], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await new Promise(resolve => child.stderr.once('data', resolve));
      let errors = '';
      child.stderr.on('data', data => (errors += String(data)));
      // By default, these signals would open Node's debugger, or end the recording without a file.
      for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) child.kill(signal);
      child.kill('SIGINT');
      assert.equal(await new Promise(resolve => child.on('exit', resolve)), 0);
      assert.doesNotMatch(errors, /Debugger/);
      assert.match(readFileSync(file, 'utf8'), /"kind": "seccomp recording"/);
    });

    it('leaves nothing mounted', () => {
      const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
      cli(['record', '--all', '--seconds', '0.1', '-o', join(directory, 'mounts.json')]);
      assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), mounts);
    });
  });

  it('reports that the recorder ended if a filter of this process kills it', () => {
    // The recorder inherits the filter of this process.
    const outcome = inChild(`
      s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['perf_event_open'], action: 'SCMP_ACT_KILL_PROCESS' }] });
      tell([() => s.record('true', [], { by: 'perf' }), () => s.record({ pid: process.pid })]
        .map(act => { try { act(); } catch ({ code }) { return code; } }));`);
    assert.deepEqual(told(outcome), ['perf-ended', 'perf-ended']);
  });

  it('reports to unprivileged users which privileges it needs, and what works without them', function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can become an ordinary user');
    if (Number(readFileSync('/proc/sys/kernel/perf_event_paranoid', 'utf8')) < 0)
      skip(this, 'ordinary users may record everything here (kernel.perf_event_paranoid)');
    const messages = told<readonly string[]>(
      inChild(`
        process.setgroups([]);
        process.setgid(65534);
        process.setuid(65534);
        const messages = [];
        for (const start of [() => s.record({ all: true }), () => s.record('true', { by: 'perf', stdio: 'ignore' })])
          try { start(); } catch (error) { messages.push(error.code + ': ' + error.message); }
        tell(messages);`),
    );
    assert.equal(messages.length, 2);
    for (const message of messages)
      assert.match(message, /^perf-unavailable: .*CAP_PERFMON.*seccomp record --/);
  });
});

describe('the targets of a recording', () => {
  const wrong: readonly (readonly [options: object, code: string])[] = [
    [{}, 'bad-option'],
    [{ pid: 1, all: true }, 'bad-option'],
    [{ pid: 0 }, 'bad-option'],
    [{ pid: 1, seconds: 0 }, 'bad-option'],
    [{ cgroup: '' }, 'bad-option'],
    [{ all: true, root: '/run' }, 'bad-option'],
    [{ pid: 2 ** 22 + 1 }, 'process-not-found'],
    [{ cgroup: '/no/such/group' }, 'cgroup-not-found'],
    [{ container: 'no-such-container' }, 'container-not-found'],
    [{ container: '../../etc' }, 'container-not-found'],
  ];
  for (const [options, code] of wrong)
    it(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => record(options as RecordRunningOptions), { code });
    });

  const commandLines: readonly (readonly string[])[] = [
    ['--pid', '1', '--', 'true'],
    [],
    ['--seconds', '1', '--', 'true'],
    ['--pid', 'x'],
  ];
  for (const words of commandLines)
    it(`refuses record ${words.join(' ')}`, () => {
      const { code } = cli(['record', '-o', join(tmpdir(), 'never-written.json'), ...words]);
      assert.equal(code, 2);
    });

  const programs: readonly (readonly [path: string, isRuntime: boolean])[] = [
    ['/usr/sbin/runc', true],
    ['/usr/bin/crun (deleted)', true],
    ['/memfd:runc_cloned:/proc/self/exe (deleted)', true],
    ['/usr/bin/containerd-shim-runc-v2', true],
    ['/', true],
    ['/app/runc/server', false],
    ['/usr/bin/truncate', false],
    ['/runc-like', false],
  ];
  for (const [path, expected] of programs)
    it(`${expected ? 'treats' : 'does not treat'} ${path} as a container runtime`, () => {
      assert.equal(isRuntime(path), expected);
    });
});

/** The recorder that shares its table with this process, though it is not a child. */
function recorder(): number {
  const tables = readdirSync('/proc/self/fd').flatMap(number => tableAt(`/proc/self/fd/${number}`) ?? []);
  const found = readdirSync('/proc').find(pid => {
    const table = tableAt(`/proc/${pid}/fd/4`);
    return table !== undefined && tables.includes(table) && pid !== String(process.pid);
  });
  assert.ok(found !== undefined, 'there is no recorder');
  return Number(found);
}

/** The inode of a table of a recorder, or undefined. */
function tableAt(path: string): number | undefined {
  try {
    return readlinkSync(path).includes('seccomp-table') ? statSync(path).ino : undefined;
  } catch {
    return undefined;
  }
}

/** The only child of a process. */
const childOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
