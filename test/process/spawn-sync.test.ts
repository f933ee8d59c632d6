// spawnSync and execFileSync: the results and the errors of node:child_process, under a filter.
import assert from 'node:assert/strict';
import {
  execFileSync as plainExecFileSync,
  spawnSync as plainSpawnSync,
  type ExecFileSyncOptions,
  type SpawnSyncOptions,
} from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { compile, exec, execFileSync, spawnSync } from 'seccomp';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';

const harmless = compile({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ name: 'reboot', action: 'SCMP_ACT_ERRNO' }],
});

/** A result or an error, without parts that differ from run to run. */
function seen(call: () => unknown): unknown {
  const plain = (value: unknown): unknown => {
    if (value instanceof Error) {
      const { message, ...rest } = Object.fromEntries(
        Object.getOwnPropertyNames(value).map(name => [name, value[name as keyof Error]]),
      );
      return {
        message,
        ...Object.fromEntries(
          Object.entries(rest).map(([name, own]) => [
            name,
            name === 'stack' ? '' : name === 'error' ? String(own) : plain(own),
          ]),
        ),
      };
    }
    return value;
  };
  try {
    const value = call();
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, own]) => [name, name === 'pid' && own !== 0 ? 'pid' : plain(own)]),
    );
  } catch (error) {
    const thrown = plain(error) as Record<string, unknown>;
    return { ...thrown, ...(typeof thrown['pid'] === 'number' && thrown['pid'] > 0 ? { pid: 'pid' } : {}) };
  }
}

type Case = readonly [command: string, args: readonly string[], options?: SpawnSyncOptions];

const CASES: Readonly<Record<string, Case>> = {
  'output and a status': ['sh', ['-c', 'echo out; echo err >&2; exit 3']],
  text: ['echo', ['hi'], { encoding: 'utf8' }],
  input: ['cat', [], { input: 'hello' }],
  'more streams': ['sh', ['-c', 'echo five >&5'], { stdio: [null, null, null, 'ignore', 'ignore', 'pipe'] }],
  'a shell': ['echo', ['$((1 + 2))'], { shell: true }],
  'a signal': ['sh', ['-c', 'kill -KILL $$']],
  'a timeout': ['sleep', ['60'], { timeout: 20, killSignal: 'SIGKILL' }],
  'too much output': ['sh', ['-c', 'echo 0123456789; exec sleep 60'], { maxBuffer: 5 }],
  'no such command': ['no-such-command', ['a', 'b']],
  'no such directory': ['true', ['a'], { cwd: '/no/such/directory' }],
  'no permission': ['/etc/passwd', []],
  'a file in the way': ['/etc/passwd/x', ['a']],
  'an argument that is too long': ['true', ['x'.repeat(140_000)]],
  'an environment': ['env', [], { env: { PATH: '/usr/bin:/bin', A: '1' } }],
};

describe('spawnSync', () => {
  it('confines the child', () => {
    const { stdout } = spawnSync('grep', ['-E', 'Seccomp', '/proc/self/status'], {
      profile: 'docker-default',
      encoding: 'utf8',
    });
    // The child's own layer, and that of isolation.
    assert.equal(stdout, 'Seccomp:\t2\nSeccomp_filters:\t2\n');
  });

  for (const [name, [command, args, options = {}]] of Object.entries(CASES)) {
    it(`returns the same as spawnSync of node:child_process for ${name}`, () => {
      assert.deepEqual(
        seen(() => spawnSync(command, args, { ...options, profile: harmless })),
        seen(() => plainSpawnSync(command, args, options)),
      );
    });
  }

  it('throws if the child cannot be confined, and runs nothing', () => {
    const profile: SeccompProfile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ name: 'execve', action: 'SCMP_ACT_ERRNO' }],
    };
    assert.throws(() => spawnSync('touch', ['/tmp/never-made'], { profile }), { code: 'exec-refused' });
    assert.throws(() => spawnSync('touch', ['/tmp/never-made'], { profile: '{}' }), { name: 'ProfileError' });
    assert.ok(!existsSync('/tmp/never-made'));
  });

  for (const [what, bytes] of [
    ['starts', ''],
    ['starts after a byte order mark', '\uFEFF'],
    ['starts after a page of spaces', ' '.repeat(5000)],
  ] as const)
    it(`accepts a buffer as a profile if the text ${what}`, () => {
      const profile = Buffer.from(`${bytes}{ "defaultAction": "SCMP_ACT_ALLOW" }`);
      assert.equal(spawnSync('echo', ['hi'], { profile, encoding: 'utf8' }).stdout, 'hi\n');
    });

  it('leaks no descriptors', () => {
    const count = (): number => readdirSync('/proc/self/fd').length;
    const some = (): void => {
      for (const command of ['true', 'no-such-command']) spawnSync(command, [], { profile: harmless });
    };
    some();
    const before = count();
    for (let round = 0; round < 50; round++) some();
    assert.equal(count(), before);
  });
});

describe('execFileSync', () => {
  for (const [name, [command, args, options = {}]] of Object.entries(CASES)) {
    it(`returns or throws the same as execFileSync of node:child_process for ${name}`, () => {
      // With this stdio, Node does not copy standard error to that of this process.
      const quiet = { stdio: 'pipe', ...options } as ExecFileSyncOptions;
      assert.deepEqual(
        seen(() => execFileSync(command, args, { ...quiet, encoding: 'utf8', profile: harmless })),
        seen(() => plainExecFileSync(command, args, { ...quiet, encoding: 'utf8' })),
      );
    });
  }

  it('confines the child', () => {
    const stdout = execFileSync('grep', ['Seccomp:', '/proc/self/status'], { profile: 'docker-default' });
    assert.equal(stdout.toString(), 'Seccomp:\t2\n');
  });
});

describe('the arguments of a command', () => {
  it('may be numbers, as for Node', () => {
    const args = [5] as unknown as readonly string[];
    assert.equal(spawnSync('echo', args, { profile: harmless, encoding: 'utf8' }).stdout, '5\n');
  });

  it('must be a list: a string is refused, not ignored', () => {
    const args = 'hello' as unknown as readonly string[];
    assert.throws(() => execFileSync('echo', args, { profile: harmless }), {
      code: 'bad-argument',
      message: /cannot be "hello"/,
    });
  });
});

describe('exec', () => {
  it('explains how it differs from that of node:child_process', () => {
    const mistaken = exec as unknown as (command: string, callback: () => void) => void;
    assert.throws(
      () => {
        mistaken('ls -la', () => undefined);
      },
      { code: 'bad-argument', message: /exec cannot load "ls -la".*execFile with shell: true/s },
    );
  });
});
