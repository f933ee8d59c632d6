// `seccomp convert`: from any source of a policy to the chosen format.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from '#lib/filter/compile-profile.js';
import { cli } from '../support/child.js';
import { skip } from '../support/skip.js';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

const FIRECRACKER = JSON.stringify({
  vmm: { default_action: 'trap', filter_action: 'allow', filter: [{ syscall: 'read' }] },
  api: { default_action: 'trap', filter_action: 'allow', filter: [{ syscall: 'write' }] },
});

describe('seccomp convert', () => {
  let directory = '';
  before(() => (directory = mkdtempSync(join(tmpdir(), 'seccomp-convert-'))));
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('returns the same program when a pipe ends in compile again', () => {
    const path = join(directory, 'default.bpf');
    const command = `"$0" "$1" compile docker-default --arch x86_64 -o "$2" &&
      "$0" "$1" convert - --to docker < "$2" | "$0" "$1" compile - --arch x86_64 | "$0" "$1" diff - "$2"`;
    execFileSync('bash', ['-o', 'pipefail', '-c', command, process.execPath, main, path]);
    assert.ok(readFileSync(path).length > 0);
  });

  it('reads a .bpf file, a profile and a name, and writes to a file', () => {
    const [bpf, oci] = [join(directory, 'in.bpf'), join(directory, 'out.json')];
    writeFileSync(bpf, compile('docker-default', { arch: 'aarch64' }).bpf);
    assert.equal(cli(['convert', bpf, '--to', 'oci', '-o', oci]).code, 0);
    assert.match(readFileSync(oci, 'utf8'), /SCMP_ARCH_AARCH64/);
    assert.match(cli(['convert', oci, '--to', 'docker', '--arch', 'aarch64']).stdout, /archMap/);
    assert.match(cli(['convert', 'docker-default', '--to', 'spo', '--name', 'x1']).stdout, /name: x1/);
  });

  it('writes the program itself', () => {
    const path = join(directory, 'out.bpf');
    assert.equal(cli(['convert', 'docker-default', '--to', 'bpf', '--arch', 'x86_64', '-o', path]).code, 0);
    assert.deepEqual(readFileSync(path), compile('docker-default', { arch: 'x86_64' }).bpf);
  });

  it('accepts a category of a Firecracker file', () => {
    const { code, stdout } = cli(
      [
        'convert',
        '-',
        '--category',
        'api',
        '--to',
        'docker',
        '--arch',
        'x86_64',
        '--unknown-syscalls',
        'default',
      ],
      FIRECRACKER,
    );
    assert.equal(code, 0);
    assert.match(stdout, /"write"/);
  });

  it('lists the categories, and compile rejects Firecracker files', () => {
    for (const [args, pattern] of [
      [['convert', '-', '--to', 'bpf'], /several categories.* \[unknown-category\]\. .*vmm, api$/m],
      [['convert', '-', '--to', 'bpf', '--category', 'vcpu'], / \[unknown-category\]\. .*vmm, api$/m],
      [['compile', '-'], /seccomp convert FILE --category/],
    ] as const) {
      const { code, stderr } = cli(args, FIRECRACKER);
      assert.equal(code, 2);
      assert.match(stderr, pattern);
    }
  });

  it('exits with 2 and names what the format cannot express', () => {
    const profile = '{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":5}';
    const { code, stderr } = cli(['convert', '-', '--to', 'spo'], profile);
    assert.equal(code, 2);
    assert.match(stderr, /have the errno 5.*\[not-expressible\]/);
    const told = JSON.parse(cli(['convert', '-', '--to', 'spo', '--json'], profile).stdout) as {
      error: object;
    };
    assert.deepEqual(Object.keys(told.error).slice(0, 2), ['code', 'message']);
    assert.equal(cli(['convert', 'docker-default']).code, 2);
    assert.equal(cli(['convert', '-', '--to', 'oci'], 'no program').code, 2);
  });
});

describe('bubblewrap', () => {
  it('runs a shell under a converted program, whose refusals take effect', function () {
    const probe = spawnSync('bwrap', ['--ro-bind', '/', '/', '--dev', '/dev', 'true'], { encoding: 'utf8' });
    if (probe.status !== 0)
      skip(
        this,
        `bubblewrap is not here or may not do its work: ${probe.error?.message ?? probe.stderr.trim()}`,
      );
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-bwrap-'));
    try {
      const path = join(directory, 'filter.bpf');
      const profile = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }],
      };
      assert.equal(cli(['compile', '-', '-o', path], JSON.stringify(profile)).code, 0);
      const descriptor = openSync(path, 'r');
      const { stdout, stderr, status } = spawnSync(
        'bwrap',
        [
          ...[
            '--ro-bind',
            '/',
            '/',
            '--dev',
            '/dev',
            '--tmpfs',
            '/tmp',
            '--proc',
            '/proc',
            '--seccomp',
            '3',
            '--',
          ],
          ...[
            'sh',
            '-c',
            'touch /tmp/file && echo touched; mkdir /tmp/folder; grep Seccomp: /proc/self/status',
          ],
        ],
        {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe', descriptor],
          env: { ...process.env, LC_ALL: 'C' },
        },
      );
      closeSync(descriptor);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /touched\nSeccomp:\s+2/);
      assert.match(stderr, /mkdir: .*Operation not supported/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
