// The command line: formats, exit codes, and the lab walk of Docker's seccomp tutorial.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '#lib/filter/compile-profile.js';
import { disassemble } from '#lib/bpf/listing/disassemble.js';
import { CAPABILITIES } from '#lib/kernel/capabilities.js';
import { cli } from '../support/child.js';
import { staticProgram } from '../support/static-program.js';

describe('seccomp compile', () => {
  let directory = '';
  before(() => (directory = mkdtempSync(join(tmpdir(), 'seccomp-cli-'))));
  after(() => {
    rmSync(directory, { recursive: true });
  });

  for (const arch of ['x86_64', 'aarch64'] as const) {
    for (const unknown of ['enosys', 'default'] as const) {
      it(`writes the program for ${arch} with ${unknown} for unknown calls`, () => {
        const output = join(directory, `${arch}-${unknown}.bpf`);
        const args = [
          'compile',
          'docker-default',
          '--arch',
          arch,
          '--unknown-syscalls',
          unknown,
          '--format',
          'bpf',
          '-o',
          output,
        ];
        assert.equal(cli(args).code, 0);
        assert.deepEqual(
          readFileSync(output),
          compile('docker-default', { arch, unknownSyscalls: unknown }).bpf,
        );
      });
    }
  }

  it('takes capabilities into account', () => {
    const [without, withCap] = [[], ['--cap', 'CAP_SYS_ADMIN', '--cap', 'CAP_BPF']].map(
      caps => cli(['compile', 'docker-default', '--format', 'pfc', ...caps]).stdout,
    );
    assert.doesNotMatch(without ?? '', /"bpf"/);
    assert.match(withCap ?? '', /"bpf"/);
  });

  for (const [alias, ours] of [
    ['amd64', 'x86_64'],
    ['x64', 'x86_64'],
    ['arm64', 'aarch64'],
  ] as const) {
    it(`accepts the name ${alias} for ${ours}`, () => {
      const [first, second] = [alias, ours].map(arch =>
        cli(['compile', 'docker-default', '--arch', arch, '-f', 'asm']),
      );
      assert.equal(first?.code, 0, first?.stderr);
      assert.equal(first.stdout, second?.stdout);
    });
  }

  it('lists the architectures if --arch is unknown', () => {
    const { code, stderr } = cli(['compile', 'docker-default', '--arch', 'i386']);
    assert.equal(code, 2);
    assert.match(stderr, /Choose one of: x86_64, amd64, x64, aarch64, arm64; the 32-bit ABIs are/);
  });

  it('accepts --cap ALL for every capability', () => {
    const { code, stdout } = cli([
      'compile',
      'docker-default',
      '--arch',
      'x86_64',
      '-f',
      'asm',
      '--cap',
      'ALL',
    ]);
    assert.equal(code, 0);
    const program = compile('docker-default', { arch: 'x86_64', capabilities: CAPABILITIES });
    assert.equal(stdout, disassemble(program));
    assert.notEqual(stdout, disassemble(compile('docker-default', { arch: 'x86_64' })));
  });

  it('refuses a denial without effect, and names the calls that remain open', () => {
    const profile = (names: readonly string[]) =>
      JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }] });
    const { code, stderr } = cli(['compile', '-', '--arch', 'amd64', '-f', 'asm'], profile(['umount']));
    assert.equal(code, 2);
    assert.match(stderr, /umount2.*denial-without-effect/);
    for (const names of [
      ['umount', 'umount2'],
      ['vm86', 'create_module'],
    ]) {
      const silent = cli(['compile', '-', '--arch', 'amd64', '-f', 'asm', '--strict'], profile(names));
      assert.deepEqual([silent.code, silent.stderr], [0, '']);
    }
  });

  it('suggests no other call for a call that only another architecture has', () => {
    const { code, stderr } = cli(['explain', 'docker-default', 'spu_run']);
    assert.equal(code, 2);
    assert.doesNotMatch(stderr, /Did you mean/);
  });

  it('prints a listing, pseudo code, C and JSON', () => {
    const outputs = ['asm', 'pfc', 'c', 'json'].map(
      format => cli(['compile', 'docker-default', '--arch', 'x86_64', '-f', format]).stdout,
    );
    const patterns = [
      /if \(A != ARCH_X86_64\) goto/,
      /# filter for syscall "read" \(0\)/,
      /^static const struct sock_filter filter\[\] = \{/,
      /"instructions": \d+/,
    ];
    outputs.forEach((output, index) => assert.match(output, patterns[index] ?? /never/));
  });

  it('reads the profile from standard input', () => {
    const { code, stdout } = cli(['compile', '-', '-f', 'asm'], '{"defaultAction":"SCMP_ACT_ALLOW"}');
    assert.equal(code, 0);
    assert.match(stdout, /return ALLOW/);
  });

  it('exits with 2 for a profile with mistakes, and reports each with its place', () => {
    const { code, stderr } = cli(
      ['compile', '-'],
      '{\n  "defaultAction": "SCMP_ACT_ALOW",\n  "syscalls": [{ "names": ["read"], "action": "SCMP_ACT_ERNO" }]\n}',
    );
    assert.equal(code, 2);
    assert.match(stderr, /:2:20: error: .*SCMP_ACT_ALLOW/);
    assert.match(stderr, /:3:\d+: error: .*SCMP_ACT_ERRNO/);
  });

  it('exits with 2 for wrong usage, a missing file and a missing folder', () => {
    for (const args of [
      ['compile'],
      ['compile', 'x', '--arch', 'sparc'],
      ['nonsense'],
      ['compile', './no-such.json'],
      ['compile', 'docker-default', '-o', '/no/such/folder/x'],
    ]) {
      const { code, stderr } = cli(args);
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
      assert.notEqual(stderr, '');
      assert.doesNotMatch(stderr, /^\s+at /m, 'a stack trace is not an error message');
    }
  });

  it('reports the range of an option in seconds', () => {
    for (const time of ['0', '-1', '1e10', 'soon'])
      for (const words of [
        ['run', `--timeout=${time}`, 'docker-default', '--', 'true'],
        ['record', '--all', `--seconds=${time}`, '-o', '/dev/null'],
      ]) {
        const { code, stderr } = cli(words);
        assert.equal(code, 2);
        assert.match(stderr, /is invalid\. Give a number of seconds above 0, up to 2147483\.$/m);
      }
  });

  it('writes errors as JSON with --json', () => {
    const { code, stdout } = cli(['compile', '-', '--json'], '{}');
    assert.equal(code, 2);
    const { error } = JSON.parse(stdout) as { error: { code: string } };
    assert.equal(error.code, 'missing-default-action');
  });

  it('explains itself with --help and exits with 0', () => {
    assert.match(cli(['--help']).stdout, /compile.*run.*doctor/s);
    assert.equal(cli(['compile', '--help']).code, 0);
  });
});

describe('seccomp run', () => {
  const profile = (value: object): string => JSON.stringify(value);
  const run = (source: string, ...command: readonly string[]) => cli(['run', '-', '--', ...command], source);

  it('becomes the command, with its exit code and output', () => {
    const { code, stdout } = run(
      profile({ defaultAction: 'SCMP_ACT_ALLOW' }),
      'sh',
      '-c',
      'echo hello; exit 7',
    );
    assert.deepEqual([code, stdout], [7, 'hello\n']);
  });

  it('leaves the filter in force, on top of the layer that protects the terminal', () => {
    const { stdout } = run(
      profile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'reboot', action: 'SCMP_ACT_ERRNO' }] }),
      'grep',
      '-E',
      'Seccomp|NoNewPrivs',
      '/proc/self/status',
    );
    assert.match(stdout, /NoNewPrivs:\s+1\nSeccomp:\s+2\nSeccomp_filters:\s+2/);
  });

  it('needs no more than execve and what the command needs', () => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-run-'));
    try {
      const strict = {
        defaultAction: 'SCMP_ACT_KILL_PROCESS',
        syscalls: [{ names: ['execve', 'exit_group'], action: 'SCMP_ACT_ALLOW' }],
      };
      assert.deepEqual(run(profile(strict), staticProgram(directory, [], 0)), {
        code: 0,
        signal: null,
        stdout: '',
        stderr: '',
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('is killed by SIGSYS if the command makes a call that kills', () => {
    const { signal } = run(
      profile({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ name: 'uname', action: 'SCMP_ACT_KILL_PROCESS' }],
      }),
      'uname',
    );
    assert.equal(signal, 'SIGSYS');
  });

  it('exits with 2 if the command is not found or may not be started', () => {
    assert.equal(run(profile({ defaultAction: 'SCMP_ACT_ALLOW' }), 'no-such-command-anywhere').code, 2);
    const denied = run(
      profile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'execve', action: 'SCMP_ACT_ERRNO' }] }),
      'true',
    );
    assert.equal(denied.code, 2);
    assert.match(denied.stderr, /has ERRNO\(EPERM\) for execve/);
  });
});

describe("the lab walk of Docker's seccomp tutorial", () => {
  const chmod = ['chmod', 'fchmod', 'fchmodat', 'fchmodat2'];
  const names = (
    JSON.parse(readFileSync(new URL('../../../profiles/docker-default.json', import.meta.url), 'utf8')) as {
      syscalls: { names: string[] }[];
    }
  ).syscalls;
  const withoutChmod = (): string => {
    const whole = JSON.parse(
      readFileSync(new URL('../../../profiles/docker-default.json', import.meta.url), 'utf8'),
    ) as { syscalls: { names: string[] }[] };
    return JSON.stringify({
      ...whole,
      syscalls: names
        .map(rule => ({ ...rule, names: rule.names.filter(name => !chmod.includes(name)) }))
        .filter(rule => rule.names.length > 0),
    });
  };

  it('nothing starts under an empty allow-list', () => {
    const { code, stderr } = cli(
      ['run', '-', '--', 'true'],
      '{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[]}',
    );
    assert.equal(code, 2);
    assert.match(stderr, /no command can start/);
  });

  it('the default profile allows chmod and refuses unshare', () => {
    assert.equal(
      cli(['run', 'docker-default', '--', 'sh', '-c', 'f=$(mktemp) && chmod 600 $f && rm $f']).code,
      0,
    );
    const { code, stderr } = cli(['run', 'docker-default', '--', 'unshare', '--user', 'true']);
    assert.equal(code, 1);
    assert.match(stderr, /Operation not permitted/);
  });

  it('the default profile without chmod refuses chmod, but no other call of a shell', () => {
    const { code, stderr, stdout } = cli(
      ['run', '-', '--', 'sh', '-c', 'f=$(mktemp); chmod 600 $f; echo $?; rm $f'],
      withoutChmod(),
    );
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '1\n');
    assert.match(stderr, /chmod: .*Operation not permitted/);
  });
});

describe('seccomp doctor', () => {
  it('reports that this machine is suitable, and why', () => {
    const { code, stdout } = cli(['doctor']);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /ok {3}system calls: (?:this version names|this kernel serves calls)/);
    assert.match(stdout, /ok {3}docker-default: can be applied to this process: \d+ instructions, verified/);
  });

  it('reports the same as JSON', () => {
    const checks = JSON.parse(cli(['doctor', '--json']).stdout) as { name: string; ok: boolean }[];
    assert.ok(checks.every(({ ok }) => ok));
  });
});
