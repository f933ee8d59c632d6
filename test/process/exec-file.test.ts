// execFile: the callback, the promise and the errors of node:child_process, under a filter.
import assert from 'node:assert/strict';
import {
  ChildProcess,
  execFile as plainExecFile,
  type ExecFileException,
  type ExecFileOptions,
} from 'node:child_process';
import { promisify } from 'node:util';
import { compile, execFile, type SandboxOptions } from 'seccomp';

const harmless = compile({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ name: 'reboot', action: 'SCMP_ACT_ERRNO' }],
});

type Case = readonly [command: string, args: readonly string[], options?: () => ExecFileOptions];

const CASES: Readonly<Record<string, Case>> = {
  output: ['sh', ['-c', 'echo out; echo err >&2']],
  bytes: ['sh', ['-c', 'echo out; echo err >&2'], () => ({ encoding: 'buffer' })],
  'another encoding': ['echo', ['hi'], () => ({ encoding: 'hex' })],
  'a status': ['sh', ['-c', 'echo out; echo err >&2; exit 3']],
  'a signal': ['sh', ['-c', 'kill -KILL $$']],
  'a timeout': ['sleep', ['60'], () => ({ timeout: 20 })],
  'a timeout with a signal of choice': ['sleep', ['60'], () => ({ timeout: 20, killSignal: 'SIGKILL' })],
  'too much output': ['sh', ['-c', 'echo 0123456789; exec sleep 60'], () => ({ maxBuffer: 5 })],
  'too many bytes': [
    'sh',
    ['-c', 'echo 0123456789 >&2; exec sleep 60'],
    () => ({ maxBuffer: 5, encoding: 'buffer' }),
  ],
  'output of the size that is allowed': ['printf', ['12345'], () => ({ maxBuffer: 5 })],
  'no limit': ['echo', ['0123456789'], () => ({ maxBuffer: Infinity })],
  'a shell': ['echo', ['$((1 + 2))'], () => ({ shell: true })],
  'no such command': ['no-such-command', ['a']],
  'no permission': ['/etc/passwd', []],
  'a file in the way': ['/etc/passwd/x', []],
  'an abort': ['sleep', ['60'], () => ({ signal: AbortSignal.timeout(20) })],
};

describe('execFile', () => {
  const seen = (
    start: (callback: (error: ExecFileException | null, ...output: unknown[]) => void) => ChildProcess,
  ): Promise<unknown> =>
    new Promise(resolve => {
      try {
        const child = start((error, ...output) => {
          resolve({
            message: error?.message,
            name: error?.name,
            ...error,
            output,
            spawnfile: child.spawnfile,
          });
        });
        assert.ok(child instanceof ChildProcess);
      } catch (error) {
        resolve({ thrown: (error as Error).message });
      }
    });

  for (const [name, [command, args, options = () => ({})]] of Object.entries(CASES)) {
    it(`calls its callback like execFile of node:child_process for ${name}`, async () => {
      const ours = await seen(callback =>
        execFile(command, args, { ...options(), profile: harmless } as SandboxOptions, callback),
      );
      const plain = await seen(callback => plainExecFile(command, args, options(), callback));
      assert.deepEqual(ours, plain);
    });
  }

  it('confines the child, and returns a promise if it is promisified', async () => {
    const promise = promisify(execFile)('grep', ['Seccomp:', '/proc/self/status'], {
      profile: 'docker-default',
    });
    assert.ok(promise.child instanceof ChildProcess);
    assert.deepEqual(await promise, { stdout: 'Seccomp:\t2\n', stderr: '' });
  });

  it('rejects the promise with the output in the error', async () => {
    await assert.rejects(promisify(execFile)('sh', ['-c', 'echo out; exit 3'], { profile: harmless }), {
      code: 3,
      stdout: 'out\n',
      stderr: '',
    });
  });

  it('needs neither a list of arguments nor a callback', async () => {
    const child = execFile('true', { profile: harmless });
    assert.equal(await new Promise(resolve => child.on('exit', resolve)), 0);
    assert.deepEqual(await promisify(execFile)('true', { profile: harmless }), { stdout: '', stderr: '' });
  });

  it('throws for a profile with mistakes, or rejects the promise', async () => {
    assert.throws(() => execFile('true', { profile: '{}' }), { name: 'ProfileError' });
    await assert.rejects(promisify(execFile)('true', { profile: '{}' }), { name: 'ProfileError' });
  });

  it('refuses missing options and options of the wrong type', () => {
    assert.throws(() => (execFile as unknown as (file: string) => unknown)('true'), { code: 'bad-option' });
    for (const options of [
      { timeout: -1 },
      { maxBuffer: 'x' },
      { killSignal: 'SIGNONE' },
      { encodnig: 'utf8' },
    ]) {
      assert.throws(() => execFile('true', [], { profile: harmless, ...options } as SandboxOptions), {
        code: 'bad-option',
      });
    }
  });
});
