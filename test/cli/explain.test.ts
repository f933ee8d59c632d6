// `seccomp explain` and `seccomp diff`: their arguments, output and exit codes.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '#lib/filter/compile-profile.js';
import { cli } from '../support/child.js';

const NATIVE = ['--arch', 'x86_64'];

describe('seccomp explain', () => {
  let directory = '';
  before(() => (directory = mkdtempSync(join(tmpdir(), 'seccomp-explain-'))));
  after(() => {
    rmSync(directory, { recursive: true });
  });
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };

  it('explains a whole filter, or one call of it', () => {
    const whole = cli(['explain', 'docker-default', ...NATIVE]);
    assert.equal(whole.code, 0);
    assert.match(whole.stdout, /^socket: allowed unless domain is AF_ALG or AF_VSOCK; then ERRNO\(EPERM\)$/m);
    assert.equal(
      cli(['explain', 'docker-default', 'socket', ...NATIVE]).stdout,
      'on x86_64, x86, x32\nsocket: allowed unless domain is AF_ALG or AF_VSOCK; then ERRNO(EPERM)\naarch64; arm: KILL_THREAD\n',
    );
    assert.equal(cli(['explain', 'docker-default', '41', ...NATIVE]).code, 0);
  });

  for (const [calls, lines] of [
    [
      ['add_key', 'keyctl'],
      ['ERRNO(EPERM)', '  add_key, keyctl'],
    ],
    [['@keyring'], ['ERRNO(EPERM)', '  add_key, request_key, keyctl']],
    [
      ['io_uring_*', 'soc?et'],
      ['ERRNO(EPERM)', '  io_uring_setup, io_uring_enter, io_uring_register'],
    ],
  ] as const) {
    it(`explains ${calls.join(' ')}`, () => {
      const { stdout, code } = cli(['explain', 'docker-default', ...calls, ...NATIVE]);
      assert.equal(code, 0);
      assert.ok(stdout.includes(`${lines.join('\n')}\n`), stdout);
      assert.doesNotMatch(stdout, /unshare|getpid/);
    });
  }

  for (const [calls, message] of [
    [['zzz*'], /no system call is like "zzz\*"/],
    [['@netwrk'], /Did you mean "@network"/],
    [['read', '1'], /the number 1 cannot be combined with other calls/],
  ] as const) {
    it(`refuses ${calls.join(' ')}`, () => {
      const { stderr, code } = cli(['explain', 'docker-default', ...calls, ...NATIVE]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }

  it('accepts programs, and layers', () => {
    const program = file('default.bpf', compile('docker-default', { arch: 'x86_64' }).bpf);
    const shut = file(
      'shut.json',
      '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{ "index": 0, "value": 2, "op": "SCMP_CMP_NE" }] }] }',
    );
    assert.equal(
      cli(['explain', program, 'socket', '--layer', shut, ...NATIVE]).stdout.split('\n')[1],
      'socket: allowed if domain is AF_INET; otherwise ERRNO(EPERM)',
    );
  });

  it('prints JSON with names next to numbers', () => {
    const { stdout } = cli(['explain', 'docker-default', 'socket', '--json', ...NATIVE]);
    const { abis } = JSON.parse(stdout) as {
      abis: { abi: string; syscalls: { cases: unknown }[] }[];
    };
    assert.equal(abis[0]?.abi, 'x86_64');
    assert.deepEqual(abis[0].syscalls[0]?.cases, [
      {
        action: 0x50001,
        actionName: 'ERRNO(EPERM)',
        condition: 'domain is AF_ALG or AF_VSOCK',
        when: [
          [
            {
              of: 0,
              ofName: 'domain',
              width: 64,
              anyOf: [
                {
                  op: 'in',
                  ranges: [
                    ['38', '38'],
                    ['40', '40'],
                  ],
                },
              ],
            },
          ],
        ],
      },
    ]);
  });

  for (const [name, arch, note] of [
    [
      'fadvise64_64',
      'aarch64',
      'aarch64 and arm have no system call "fadvise64_64". fadvise64 and arm_fadvise64_64 may do the same',
    ],
    ['vm86', 'aarch64', 'aarch64 and arm have no system call "vm86"'],
  ] as const) {
    it(`reports that ${arch} has no ${name}`, () => {
      const { stderr, code } = cli(['explain', 'docker-default', name, '--arch', arch]);
      assert.equal(code, 0);
      assert.equal(stderr, `seccomp: note: ${note}\n`);
    });
  }

  it('does not mention the absence of a call that one ABI of the machine has', () => {
    assert.equal(cli(['explain', 'docker-default', 'mkdir', '--arch', 'aarch64']).stderr, '');
  });

  it('rejects an unknown call', () => {
    const { code, stderr } = cli(['explain', 'docker-default', 'sokcet']);
    assert.equal(code, 2);
    assert.match(stderr, /Did you mean "socket"\?/);
  });
});

describe('seccomp diff', () => {
  it('indicates differences by its exit code', () => {
    const same = cli(['diff', 'docker-default', 'docker-default', ...NATIVE]);
    assert.deepEqual([same.code, same.stdout], [0, 'A and B have the same action for every call\n']);
    const other = cli(['diff', 'docker-default', 'docker-default', ...NATIVE, '--cap-b', 'CAP_BPF']);
    assert.deepEqual([other.code, other.stdout], [1, 'on x86_64, x86, x32\nERRNO(EPERM) -> ALLOW\n  bpf\n']);
  });

  it('checks whether A allows nothing that B denies', () => {
    const subset = (...args: readonly string[]): readonly [number | null, string] => {
      const { code, stdout } = cli([
        'diff',
        'docker-default',
        'docker-default',
        '--subset',
        ...NATIVE,
        ...args,
      ]);
      return [code, stdout];
    };
    assert.deepEqual(subset('--cap-b', 'CAP_BPF'), [0, 'A allows nothing that B denies\n']);
    assert.deepEqual(subset('--cap-a', 'CAP_BPF'), [
      1,
      'on x86_64, x86, x32\nALLOW -> ERRNO(EPERM)\n  bpf\n',
    ]);
  });

  it('compares stacks, and writes JSON', () => {
    const { code, stdout } = cli([
      ...['diff', 'docker-default', 'docker-default', ...NATIVE, '--json'],
      ...['--cap-a', 'CAP_BPF', '--layer-a', 'docker-default', '--cap-b', 'CAP_BPF'],
      ...['--layer-b', 'docker-default'],
    ]);
    assert.deepEqual([code, JSON.parse(stdout)], [0, []]);
  });

  it('ends with exit code 2 for wrong usage and unusable files', () => {
    assert.equal(cli(['diff', 'docker-default']).code, 2);
    assert.equal(cli(['diff', 'docker-default', './none.json']).code, 2);
  });
});
