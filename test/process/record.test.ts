// The recorder: it records every call of a command and its descendants, without a noticeable effect on the command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatRecording, record, type RecordedCall, type Recording } from 'seccomp';
import { cli, inChild, told } from '../support/child.js';
import { skip } from '../support/skip.js';

const callOf = ({ calls }: Recording, name: string): RecordedCall | undefined =>
  calls.find(({ syscall }) => syscall === name);

describe('record', function () {
  this.timeout(60_000);

  it('has every call of a command and its children, with programs and counts', async () => {
    const { recording } = record('/bin/sh', ['-c', 'true; /bin/true; /bin/true; :'], { stdio: 'ignore' });
    const recorded = await recording;
    assert.equal(recorded.runs, 1);
    assert.equal(recorded.sources[0]?.how, 'tracer');
    assert.equal(recorded.sources[0].lost, 0);
    // One call by the launcher, two by the shell.
    assert.equal(callOf(recorded, 'execve')?.count, 3);
    assert.equal(callOf(recorded, 'exit_group')?.count, 3);
    assert.equal(callOf(recorded, 'exit_group')?.programs.length, 2);
  });

  it('has all values of arguments that grant power, from every process', async () => {
    const { recording } = record(
      process.execPath,
      ['-e', 'require("net").connect(9, "127.0.0.1").on("error", () => {})'],
      {
        stdio: 'ignore',
      },
    );
    const recorded = await recording;
    for (const name of ['mmap', 'mprotect']) {
      const prot = callOf(recorded, name)?.args.find(({ index }) => index === 2);
      assert.equal(prot?.unknown, false, name);
      assert.ok(prot.values.includes(3n), name);
    }
    assert.deepEqual(callOf(recorded, 'socket')?.args.find(({ index }) => index === 0)?.values, [2n]);
  });

  it('leaves no zombie tracers in a process that adopts orphans', function () {
    if (process.getuid?.() !== 0) skip(this, 'namespaces of processes need root');
    const body = `
      const { record } = require('seccomp');
      const { readdirSync, readFileSync } = require('fs');
      const ended = () => readdirSync('/proc').filter(pid => {
        try { return /^seccomp-tracer\\) Z/.test(readFileSync('/proc/' + pid + '/stat', 'utf8').split('(')[1]); } catch { return false; }
      });
      (async () => {
        // A tracer may not have ended yet when the next one starts.
        for (let run = 0; run < 3 || (run < 20 && ended().length > 1); run++)
          await record('true', { stdio: 'ignore' }).recording;
        console.log(process.pid, ended().length <= 1);
      })();`;
    const words = ['--pid', '--fork', '--mount-proc', process.execPath, '-e', body];
    const { stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' });
    if (stderr.includes('unshare')) skip(this, `there is no such namespace here: ${stderr}`);
    assert.equal(stdout, '1 true\n', stderr);
  });

  it('causes no leak warning of Node if many commands run at once, nor does report-only', () => {
    const outcome = inChild(`
      const { record, spawn } = s;
      const warnings = [];
      process.on('warning', ({ name }) => warnings.push(name));
      const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }] };
      const each = start => Promise.all(Array.from({ length: 12 }, start));
      (async () => {
        const before = process.listenerCount('exit');
        await each(() => record('true').recording);
        await each(() => new Promise(resolve => spawn('true', { profile, reportOnly: true, onViolation: () => {} }).on('close', resolve)));
        tell({ warnings, isMore: process.listenerCount('exit') > before });
      })();`);
    assert.deepEqual(told(outcome), { warnings: [], isMore: false });
  });

  it('does not change output and exit codes', () => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-record-'));
    try {
      for (const script of ['echo one; echo two >&2; exit 3', 'kill -TERM $$', 'cat', 'sleep 0 & wait']) {
        const file = join(directory, 'recording.json');
        const plain = spawnSync('sh', ['-c', script], { input: 'text', encoding: 'utf8' });
        const { stdout, stderr, code } = cli(['record', '-o', file, '--', 'sh', '-c', script], 'text');
        assert.deepEqual([stdout, stderr], [plain.stdout, plain.stderr], script);
        assert.equal(code, plain.status ?? 143, script);
        assert.match(readFileSync(file, 'utf8'), /"kind": "seccomp recording"/);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('results in profiles under which the command works with other input', () => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-record-'));
    const at = (name: string): string => join(directory, name);
    try {
      cli(['record', '-o', at('r.json'), '--', 'sort'], 'b\na\n');
      cli(['record', '-o', at('r.json'), '--merge', '--', 'sort', '-r'], 'b\na\n');
      assert.match(readFileSync(at('r.json'), 'utf8'), /"runs": 2/);
      for (const mode of ['none', 'safe']) {
        assert.equal(cli(['generate', '--arguments', mode, at('r.json'), '-o', at('p.json')]).code, 0);
        const { stdout, code } = cli(['run', at('p.json'), '--', 'sort', '-u', '-n'], '3\n1\n2\n3\n');
        assert.deepEqual([stdout, code], ['1\n2\n3\n', 0], mode);
      }
      // The profile does not allow much else.
      assert.notEqual(cli(['run', at('p.json'), '--', 'unshare', '--user', 'true']).code, 0);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('works for an unprivileged user', function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can become an ordinary user');
    const names = told<readonly string[]>(
      inChild(`
        process.setgid(65534);
        process.setuid(65534);
        const { recording } = s.record('/bin/true', { stdio: 'ignore' });
        tell((await recording).calls.map(({ syscall }) => syscall));`),
    );
    assert.ok(names.includes('exit_group'), names.join());
  });

  it('is rejected with the error of a command that cannot start', async () => {
    // Runs among the microtasks, before the error event.
    await Promise.resolve();
    const { recording } = record('true', { cwd: '/nowhere', stdio: 'ignore' });
    await assert.rejects(recording, { code: 'ENOENT' });
  });

  it('stops on request, and the command continues', async () => {
    const { child, recording, stop } = record('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
    const ended = new Promise<number | null>(resolve => {
      child.on('exit', resolve);
    });
    // Output of the command shows that it runs.
    await new Promise(resolve => {
      child.stdout?.once('data', resolve);
      child.stdin?.write('x');
    });
    stop();
    const text = formatRecording(await recording);
    child.stdin?.end();
    assert.equal(await ended, 0);
    assert.match(text, /"call":"read"/);
  });

  it('reports commands that want to trace others, which cannot be recorded', async function () {
    if (spawnSync('strace', ['-V']).status !== 0) skip(this, 'there is no strace');
    const { recording } = record('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
    await assert.rejects(recording, { code: 'traces-itself' });
  });

  for (const options of [{ phase: 1 }, { profile: 'docker-default' }])
    it(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => record('true', options as object), { code: 'bad-option' });
    });
});
