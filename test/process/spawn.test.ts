// spawn: the filter covers the command from its start, everything else is as in node:child_process, and nothing leaks.
import assert from 'node:assert/strict';
import {
  ChildProcess,
  spawn as plainSpawn,
  type ChildProcessWithoutNullStreams,
  type SpawnOptions,
} from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  compile,
  SCMP_ACT_ALLOW,
  SCMP_ACT_ERRNO,
  SCMP_ACT_KILL_PROCESS,
  spawn,
  status,
  type Instruction,
  type SandboxOptions,
} from 'seccomp';
import { encode } from 'seccomp/inspect';
import { inChild, told } from '../support/child.js';
import { numberOf } from '../support/native.js';
import { staticProgram } from '../support/static-program.js';
import { written } from '../support/written.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';
import { skip } from '../support/skip.js';

const allowing = (...names: readonly string[]): SeccompProfile =>
  written({
    defaultAction: 'SCMP_ACT_KILL_PROCESS',
    syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }],
  });
const harmless = compile({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ name: 'reboot', action: 'SCMP_ACT_ERRNO' }],
});

/** A program with one action for one native call and another action for all others. */
const answering = (name: string, answer: number, otherwise: number): Buffer =>
  encode([
    { code: 0x20, jt: 0, jf: 0, k: 0 },
    {
      code: 0x15,
      jt: 0,
      jf: 1,
      k: numberOf(name),
    },
    { code: 0x06, jt: 0, jf: 0, k: answer },
    { code: 0x06, jt: 0, jf: 0, k: otherwise },
  ]);

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout };
}

const run = (command: string, args: readonly string[], options: SpawnOptions & SandboxOptions) =>
  ended(spawn(command, args, { ...options, stdio: 'pipe' }));

describe('spawn', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-spawn-'));
    chmodSync(directory, 0o755);
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });
  const file = (name: string, content: string | Uint8Array, mode: number): string => {
    writeFileSync(join(directory, name), content, { mode });
    return join(directory, name);
  };

  describe('confines the child', () => {
    it('from its first instruction, under a profile with only execve and exit_group', async () => {
      const profile = allowing('execve', 'exit_group');
      assert.deepEqual(await run(staticProgram(directory, [], 0), [], { profile }), {
        code: 0,
        signal: null,
        stdout: '',
      });
      const { signal } = await run(staticProgram(directory, ['getpid'], 0), [], { profile });
      assert.equal(signal, 'SIGSYS');
    });

    it('by its layer and that of isolation, with no_new_privs, and does not change the parent', async () => {
      const { stdout } = await run('grep', ['-E', 'NoNewPrivs|Seccomp', '/proc/self/status'], {
        profile: 'docker-default',
      });
      assert.match(stdout, /^NoNewPrivs:\s1\nSeccomp:\s2\nSeccomp_filters:\s2\n$/);
      const { mode, noNewPrivs } = status();
      assert.deepEqual([mode, noNewPrivs], ['disabled', false]);
    });

    it('by any kind of profile', async () => {
      const object: SeccompProfile = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EXDEV' }],
      };
      const path = file('profile.json', JSON.stringify(object), 0o644);
      const filter = compile(object);
      for (const profile of [object, JSON.stringify(object), Buffer.from(JSON.stringify(object)), path]) {
        const { code } = await run('mkdir', [join(directory, 'never')], { profile });
        assert.equal(code, 1, inspect(profile));
      }
      for (const profile of [filter, filter.policy, filter.bpf]) {
        const { code } = await run('mkdir', [join(directory, 'never')], { profile });
        assert.equal(code, 1);
      }
      assert.ok(!existsSync(join(directory, 'never')));
    });

    it('by a program of 4096 instructions', async () => {
      const filler: Instruction[] = Array.from({ length: 4095 }, () => ({ code: 0x20, jt: 0, jf: 0, k: 0 }));
      const profile = encode([...filler, { code: 0x06, jt: 0, jf: 0, k: SCMP_ACT_ALLOW }]);
      const { stdout } = await run('grep', ['Seccomp:', '/proc/self/status'], { profile });
      assert.match(stdout, /Seccomp:\s2/);
    });

    it("on top of the parent's filter", () => {
      const { stdout, parent } = told<{ stdout: string; parent: number }>(
        inChild(`
          s.applyProfile('docker-default');
          const child = s.spawn('grep', ['Seccomp_filters', '/proc/self/status'], { profile: 'docker-default' });
          let stdout = '';
          child.stdout.on('data', text => (stdout += text));
          child.on('close', () => tell({ stdout, parent: s.status().filters }));`),
      );
      assert.match(stdout, /Seccomp_filters:\s3/);
      assert.equal(parent, 1);
    });

    it('if a worker starts it', () => {
      const { stdout } = told<{ stdout: string }>(
        inChild(`
          const { Worker } = m('node:worker_threads');
          const worker = new Worker(\`
            const { parentPort } = require('node:worker_threads');
            const child = require('seccomp').spawn('grep', ['Seccomp:', '/proc/self/status'], { profile: 'docker-default' });
            let stdout = '';
            child.stdout.on('data', text => (stdout += text));
            child.on('close', () => parentPort.postMessage({ stdout }));\`, { eval: true, execArgv: [] });
          worker.on('message', tell);`),
      );
      assert.match(stdout, /Seccomp:\s2/);
    });

    it('each by its own profile, two hundred at once', async () => {
      const errnos = Array.from({ length: 200 }, (_, index) => index + 1);
      const children = errnos.map(errno => {
        const profile: SeccompProfile = {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [
            { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: errno % 2 === 0 ? 0 : 28 },
          ],
        };
        return run('mkdir', [join(directory, 'never')], { profile });
      });
      const codes = (await Promise.all(children)).map(({ code }) => code);
      assert.deepEqual(
        codes,
        errnos.map(errno => (errno % 2 === 0 ? 0 : 1)),
      );
      assert.ok(!existsSync(join(directory, 'never')));
    });
  });

  describe('never runs the command', () => {
    const started = (): boolean => existsSync(join(directory, 'started'));
    const touch = (options: SandboxOptions): ChildProcess =>
      spawn('touch', [join(directory, 'started')], options);

    it('if the profile has mistakes', () => {
      assert.throws(() => touch({ profile: '{ "defaultAction": "SCMP_ACT_ALOW" }' }), {
        name: 'ProfileError',
        code: 'unknown-action',
      });
      assert.throws(() => touch({ profile: 'no-such-profile' }), { code: 'unknown-profile' });
      assert.throws(() => touch({ profile: Buffer.alloc(8) }), { code: 'bad-program' });
      assert.ok(!started());
    });

    it('if options are unknown, misplaced or missing', () => {
      for (const options of [
        { profile: harmless, stdoi: 'pipe' },
        { profile: harmless, strict: true },
        { profile: harmless, capabilities: [] },
        { profile: harmless.policy, capabilities: [] },
        { profile: harmless, stdio: 5 },
        { profile: harmless, stdio: 'pip' },
        { profile: harmless, log: 1 },
        null,
        undefined,
        'pipe',
      ]) {
        assert.throws(() => touch(options as SandboxOptions), { name: 'UsageError', code: 'bad-option' });
      }
      assert.throws(() => touch({} as SandboxOptions), { name: 'UsageError', code: 'bad-option' });
      assert.ok(!started());
    });

    it('if there is no such command', () => {
      for (const [command, args] of [
        ['', []],
        ['a\0b', []],
        ['true', ['a\0b']],
        [5, []],
        ['true', [{}]],
      ] as [string, string[]][]) {
        assert.throws(() => spawn(command, args, { profile: harmless }), { code: 'bad-argument' });
      }
      assert.throws(() => spawn('true', ['a', 'b\0c'], { profile: harmless }), {
        message: /^argument 1 of the command cannot be "b\\u0000c"/,
      });
    });

    it('if the profile refuses execve', () => {
      const profile: SeccompProfile = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ name: 'execve', action: 'SCMP_ACT_ERRNO' }],
      };
      assert.throws(() => touch({ profile }), { name: 'LoadError', code: 'exec-refused' });
      assert.ok(!started());
    });

    it('if a raw program kills it at execve', async () => {
      const child = touch({ profile: answering('execve', SCMP_ACT_KILL_PROCESS, SCMP_ACT_ALLOW) });
      assert.deepEqual(await once(child, 'exit'), [null, 'SIGSYS']);
      assert.ok(!started());
    });

    it('if no_new_privs would be needed', function () {
      if (process.getuid?.() !== 0) skip(this, 'an ordinary user has nothing to give up');
      const child = (): ChildProcess =>
        spawn('touch', [join(directory, 'started')], {
          profile: harmless,
          noNewPrivs: false,
          uid: 65534,
          gid: 65534,
        });
      assert.throws(child, { name: 'LoadError', code: 'no-new-privs-required', errno: 13 });
      assert.ok(!started());
    });

    it("if the parent's filter refuses seccomp", () => {
      const outcome = told<{ code: string; errno: number }>(
        inChild(`
          s.features();
          s.load(s.compile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'seccomp', action: 'SCMP_ACT_ERRNO' }] }));
          try { s.spawn('touch', [${JSON.stringify(join(directory, 'started'))}], { profile: harmless }); tell({ code: 'none' }); }
          catch ({ code, errno }) { tell({ code, errno }); }`),
      );
      assert.deepEqual(outcome, { code: 'seccomp-refused', errno: 1 });
      assert.ok(!started());
    });

    it("if the parent's filter kills at seccomp", () => {
      const outcome = told<{ code: string }>(
        inChild(`
          s.features();
          s.load(s.compile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'seccomp', action: 'SCMP_ACT_KILL_PROCESS' }] }));
          try { s.spawn('touch', [${JSON.stringify(join(directory, 'started'))}], { profile: harmless }); tell({ code: 'none' }); }
          catch ({ code }) { tell({ code }); }`),
      );
      assert.deepEqual(outcome, { code: 'launcher-ended' });
      assert.ok(!started());
    });

    it('if no descriptors are left', () => {
      const { code, errno } = told<{ code: string; errno: number }>(
        inChild(`
          const { openSync } = m('node:fs');
          s.features();
          // What spawn needs of the package is read when it is first called.
          try { s.spawn('true', [], { profile: 5 }); } catch {}
          m('node:child_process').execFileSync('prlimit', ['--nofile=64', '--pid', String(process.pid)]);
          const keep = [];
          try { for (;;) keep.push(openSync('/dev/null')); } catch {}
          try { s.spawn('touch', [${JSON.stringify(join(directory, 'started'))}], { profile: harmless }); m('node:fs').closeSync(keep[0]); tell({ code: 'none' }); }
          catch ({ code, errno }) { m('node:fs').closeSync(keep[0]); tell({ code, errno }); }`),
      );
      assert.deepEqual([code, errno], ['no-launcher', 24]);
    });

    it('if the chain of filters would become too long', () => {
      const { codes } = told<{ codes: string[] }>(
        inChild(`
          const filler = Array.from({ length: 4095 }, () => ({ code: 0x20, jt: 0, jf: 0, k: 0 }));
          const program = inspect.encode([...filler, { code: 0x06, jt: 0, jf: 0, k: s.SCMP_ACT_ALLOW }]);
          const codes = [];
          for (let layer = 0; layer < 8; layer++) {
            try { s.spawn('true', [], { profile: program }); s.load(program); }
            catch ({ code }) { codes.push(code); break; }
          }
          tell({ codes });`),
      );
      assert.deepEqual(codes, ['chain-too-long']);
    });

    it('if files in memory may not be executed', function () {
      if (process.getuid?.() !== 0)
        skip(this, 'only root can make the namespace that the setting belongs to');
      const { code } = told<{ code: string }>(
        inChild(`
          const { execFileSync } = m('node:child_process');
          const script = 'echo 2 > /proc/sys/vm/memfd_noexec && exec "$0" --input-type=module -e "$1"';
          const body = "import { spawn } from 'seccomp'; try { spawn('true', [], { profile: 'docker-default' }); console.log('none'); } catch ({ code }) { console.log(code); }";
          let code = 'no-launcher';
          try { code = execFileSync('unshare', ['--pid', '--fork', '--mount-proc', 'sh', '-c', script, process.execPath, body], { encoding: 'utf8' }).trim(); }
          catch ({ stderr }) { code = 'unshare: ' + stderr; }
          tell({ code });`),
      );
      if (code.startsWith('unshare')) skip(this, `there is no such namespace here: ${code}`);
      assert.equal(code, 'no-launcher');
    });
  });

  describe('otherwise behaves like spawn of node:child_process', () => {
    interface Seen {
      readonly thrown?: string;
      readonly events?: readonly string[];
      readonly about?: readonly unknown[];
    }

    /** Everything that a program can observe of a child, in order. */
    async function seen(start: () => ChildProcess): Promise<Seen> {
      let child;
      try {
        child = start();
      } catch (error) {
        const { message, code, errno, syscall } = error as NodeJS.ErrnoException;
        return { thrown: [message, code, errno, syscall].join(' ') };
      }
      assert.ok(child instanceof ChildProcess);
      const events: string[] = [];
      const note =
        (name: string) =>
        (...values: readonly unknown[]): void => {
          const told = values.map(value =>
            value instanceof Error ? JSON.stringify([value.message, value]) : String(value),
          );
          events.push([name, ...told].join(' '));
        };
      for (const name of ['spawn', 'error', 'exit', 'message']) child.on(name, note(name));
      for (const [index, stream] of child.stdio.entries()) {
        if (stream && index > 0) {
          let text = '';
          stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
          child.on('close', () => events.push(`${index}: ${text}`));
        }
      }
      const [code, signal] = (await once(child, 'close').catch(() => once(child, 'close'))) as unknown[];
      note('close')(code, signal);
      const { exitCode, signalCode, killed, spawnfile, spawnargs, stdio } = child;
      const streams = stdio.map(stream => stream?.constructor.name ?? null);
      return {
        events,
        about: [exitCode, signalCode, killed, spawnfile, spawnargs, streams, child.pid === undefined],
      };
    }

    const same = async (
      command: string,
      args: readonly string[],
      options: () => SpawnOptions = () => ({}),
    ): Promise<Seen> => {
      const plain = await seen(() => plainSpawn(command, args, options()));
      const isolated = await seen(() => spawn(command, args, { ...options(), profile: harmless }));
      const ours = await seen(() =>
        spawn(command, args, { ...options(), profile: harmless, isolation: 'none' }),
      );
      assert.deepEqual(ours, plain);
      // The test environment may have inheritable descriptors, which an isolated child does not get.
      if (!args.some(word => word.includes('/fd'))) assert.deepEqual(isolated, plain);
      return isolated;
    };

    const CASES: Record<string, [command: string, args: readonly string[], options?: () => SpawnOptions]> = {
      'exit status': ['sh', ['-c', 'exit 7']],
      signal: ['sh', ['-c', 'kill -TERM $$']],
      'an execve that fails with a status of its own': ['sh', ['-c', 'exec /no/such/file']],
      output: ['sh', ['-c', 'echo out; echo err >&2']],
      'no arguments': ['true', []],
      'an empty argument': ['printf', ['[%s]', '', 'a b']],
      argv0: ['sh', ['-c', 'echo "$0"; tr "\\0" " " </proc/$$/cmdline'], () => ({ argv0: 'another' })],
      'a shell': ['echo', ['$((1 + 2))', ';', 'echo', '$0'], () => ({ shell: true })],
      'a named shell': ['echo', ['$0'], () => ({ shell: '/bin/bash' })],
      cwd: ['pwd', [], () => ({ cwd: '/usr' })],
      'a relative path from cwd': ['./bin/env', ['echo', 'hi'], () => ({ cwd: '/usr' })],
      'an environment': ['env', [], () => ({ env: { PATH: '/usr/bin:/bin', A: '1', B: undefined } })],
      'an empty environment': ['env', [], () => ({ env: {} })],
      'PATH of the child': ['sh', ['-c', 'echo hi'], () => ({ env: { PATH: '/nowhere:/bin' } })],
      'a PATH without it': ['ls', [], () => ({ env: { PATH: '/nowhere' } })],
      'an empty item of PATH': ['env', [], () => ({ cwd: '/usr/bin', env: { PATH: '/nowhere:' } })],
      'no descriptors but its own': ['sh', ['-c', 'ls /proc/self/fd | wc -l'], () => ({ stdio: 'pipe' })],
      'more streams': [
        'sh',
        ['-c', 'echo three >&3; echo five >&5; ls /proc/$$/fd'],
        () => ({ stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ignore', 'pipe'] }),
      ],
      'a list that is too short': ['echo', ['hi'], () => ({ stdio: ['ignore'] })],
      'a new session': ['sh', ['-c', 'ps -o sid= -p $$ | grep -c -w $$'], () => ({ detached: true })],
      'the session of the parent': ['sh', ['-c', 'ps -o sid= -p $$ | grep -c -w $$']],
      timeout: ['sleep', ['60'], () => ({ timeout: 20, killSignal: 'SIGKILL' })],
      'a signal that was aborted': ['sleep', ['60'], () => ({ signal: AbortSignal.abort('enough') })],
      'a signal that aborts': ['sleep', ['60'], () => ({ signal: AbortSignal.timeout(20) })],
      'ignored signals': ['grep', ['-E', 'Sig(Blk|Ign|Cgt)', '/proc/self/status']],
      'no such command': ['no-such-command', ['a']],
      'no such file': ['/no/such/file', []],
      'no such directory': ['true', [], () => ({ cwd: '/no/such/directory' })],
      'a directory': ['/etc', []],
      'no permission': ['/etc/passwd', ['a']],
      'no directory': ['/etc/passwd/x', []],
      'a name that is too long': ['x'.repeat(256), []],
      'an argument that is too long': ['true', ['x'.repeat(140_000)]],
      'no such user, without privileges': ['true', [], () => ({ uid: -2, gid: -2 })],
      'an aborted start of no command': ['no-such-command', [], () => ({ signal: AbortSignal.abort() })],
    };
    for (const [name, [command, args, options]] of Object.entries(CASES)) {
      it(`with ${name}`, async () => {
        await same(command, args, options);
      });
    }

    it('with a script, a loop of links, a file without a format and a file that is being written', async () => {
      const script = file('script', '#!/bin/sh\necho "$0" "$@"\n', 0o755);
      const shebang = file('lost', '#!/no/such/interpreter\n', 0o755);
      const bare = file('bare', 'echo bare "$0" "$@"\n', 0o755);
      const garbage = file('garbage', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xff, 0, 0, 0]), 0o755);
      const loop = join(directory, 'loop');
      symlinkSync(loop, loop);
      for (const command of [script, shebang, bare, garbage, loop]) await same(command, ['a', 'b c']);
      await same('bare', ['a'], () => ({ env: { PATH: directory } }));
    });

    it('with another user', async function () {
      if (process.getuid?.() !== 0) skip(this, 'only root can become an ordinary user');
      const { events } = await same('id', ['-u'], () => ({ uid: 65534, gid: 65534 }));
      assert.ok(events?.includes('1: 65534\n'));
      const secret = file('secret', '#!/bin/sh\n', 0o700);
      await same(secret, [], () => ({ uid: 65534, gid: 65534 }));
    });

    it('with messages', async () => {
      const code =
        'process.send({ fd: process.env.NODE_CHANNEL_FD, keys: Object.keys(process.env) }, () => process.disconnect())';
      const { events } = await same(process.execPath, ['-e', code], () => ({
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: { A: '1' },
      }));
      assert.ok(events?.some(event => event.startsWith('message')));
    });

    it('with standard input', async () => {
      const child = spawn('cat', { profile: 'docker-default' });
      child.stdin.end('hello');
      assert.equal((await ended(child)).stdout, 'hello');
    });

    it('with nothing of this package in its environment, arguments or descriptors', async () => {
      const { stdout } = await run(
        'sh',
        [
          '-c',
          'tr "\\0" "\\n" </proc/$$/environ; tr "\\0" " " </proc/$$/cmdline; readlink /proc/$$/exe /proc/$$/fd/*; cat /proc/$$/comm',
        ],
        { profile: 'docker-default', env: { PATH: '/usr/bin:/bin' } },
      );
      assert.doesNotMatch(stdout, /seccomp|memfd|launch/);
      assert.match(stdout, /^PATH=\/usr\/bin:\/bin\nsh -c /);
    });
  });

  describe('reports the result of execve', () => {
    const missing = async (profile: Uint8Array): Promise<string | undefined> => {
      const child = spawn('/no/such/file', [], { profile });
      const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
      return error.code;
    };

    it('under a program that allows execve and kills at any other call, even exit_group', async () => {
      assert.equal(await missing(answering('execve', SCMP_ACT_ALLOW, SCMP_ACT_KILL_PROCESS)), 'ENOENT');
    });

    it('under a program that only allows execve, so that the launcher cannot even exit', async () => {
      assert.equal(await missing(answering('execve', SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1))), 'ENOENT');
    });

    it('under a program that refuses execve', async () => {
      assert.equal(await missing(answering('execve', SCMP_ACT_ERRNO(13), SCMP_ACT_ALLOW)), 'EACCES');
      assert.throws(
        () => spawn('true', [], { profile: answering('execve', SCMP_ACT_ERRNO(1), SCMP_ACT_ALLOW) }),
        { message: 'spawn EPERM', code: 'EPERM', errno: -1, syscall: 'spawn' },
      );
    });
  });

  it('leaks no descriptors, whether the command runs or not', async () => {
    const count = (): number => readdirSync('/proc/self/fd').length;
    const some = async (): Promise<void> => {
      for (const command of ['true', 'no-such-command', '/etc/passwd', '/etc/passwd/x']) {
        try {
          const child = spawn(command, [], { profile: harmless });
          child.on('error', () => undefined);
          await once(child, 'close').catch(() => once(child, 'close'));
        } catch (error) {
          assert.equal((error as NodeJS.ErrnoException).code, 'ENOTDIR');
        }
      }
    };
    await some();
    const before = count();
    for (let round = 0; round < 50; round++) await some();
    assert.equal(count(), before);
  });

  it('leaves no process behind', async () => {
    const children = (): readonly string[] =>
      readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ');
    const before = children();
    const child = spawn('no-such-command', [], { profile: harmless });
    await once(child, 'error');
    await once(child, 'close');
    await once(spawn('true', [], { profile: harmless }), 'exit');
    assert.deepEqual(
      children().filter(id => !before.includes(id)),
      [],
    );
  });
});
