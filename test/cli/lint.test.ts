// `seccomp lint`: its output, and the exit codes that pipelines use.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from '../support/child.js';

/** The calls that programs need to start, as whole classes, so that there are no findings. */
const STARTS =
  'execve arch_prctl mmap mprotect read readv pread64 preadv preadv2 open openat openat2 creat newfstatat close'.split(
    ' ',
  );
const text = `{
  "defaultAction": "SCMP_ACT_ERRNO",
  "architectures": ["SCMP_ARCH_X86_64"],
  "syscalls": [{ "names": ["ptrace"], "action": "SCMP_ACT_ALLOW" },
    { "names": ${JSON.stringify(STARTS)}, "action": "SCMP_ACT_ALLOW" }]
}`;
const wide = text.replace(
  '"ptrace"], "action": "SCMP_ACT_ALLOW"',
  '"socket"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "op": "SCMP_CMP_NE", "value": 2 }]',
);

describe('seccomp lint', () => {
  let directory = '';
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-lint-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('prints one finding per line with its place, and counts them', () => {
    const path = file('a.json', wide);
    const { stdout, code } = cli(['lint', path]);
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`^${path}:4:76: medium: .*"socket".*\\[wide-comparison\\]`, 'm'));
    assert.match(stdout, /^1 finding: 1 medium$/m);
  });

  for (const [failOn, code] of [
    ['never', 0],
    ['high', 0],
    ['medium', 0],
    ['low', 1],
    ['info', 1],
  ] as const) {
    it(`ends with ${code} for a finding of severity low with --fail-on ${failOn}`, () => {
      assert.equal(cli(['lint', file('a.json', text), '--fail-on', failOn]).code, code);
    });
  }

  it('checks the other profiles if one cannot be read, and exits with 2', () => {
    const [good, bad, other] = [file('good.json', wide), file('bad.json', '{'), file('other.json', wide)];
    const { stdout, stderr, code } = cli(['lint', good, bad, other]);
    assert.equal(code, 2);
    assert.ok(stdout.includes(`${good}:4:76: medium:`) && stdout.includes(`${other}:4:76: medium:`), stdout);
    assert.match(stderr, new RegExp(`^${bad}:1:`));
    assert.equal(cli(['lint', good, bad, good]).stdout.match(/\[wide-comparison\]/g)?.length, 2);
    const machines = cli(['lint', '--json', good, bad, good]);
    assert.equal(machines.code, 2);
    assert.equal((JSON.parse(machines.stdout) as unknown[]).length, 2);
  });

  it('checks several profiles and programs, and names the file of each', () => {
    const program = cli(['compile', 'docker-default', '--arch', 'x86_64', '-o', join(directory, 'a.bpf')]);
    assert.equal(program.code, 0);
    const { stdout, code } = cli(['lint', file('a.json', text), join(directory, 'a.bpf')]);
    assert.equal(code, 1);
    assert.match(stdout, /a\.json:4:\d+: low: /);
    assert.match(stdout, /a\.bpf:1:1: medium: .*argument 0 of socket .*\[wide-comparison\]/);
  });

  it('reads a profile from standard input', () => {
    assert.match(cli(['lint', '-'], text).stdout, /<stdin>:4:\d+: low: ptrace/);
  });

  it('checks one architecture, and compares declared widths, if asked', () => {
    const { stdout, code } = cli([
      'lint',
      file('a.json', wide),
      '--arch',
      'x86_64',
      '--arg-width',
      'declared',
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^0 findings$/m);
  });

  it('omits suppressed findings; with --verbose prints them with the reason, and why each matters', () => {
    const path = file('a.json', wide);
    const suppressions = file(
      's.json',
      '{ "suppressions": [{ "code": "wide-comparison", "reason": "compiled otherwise" }] }',
    );
    const quiet = cli(['lint', path, '--suppressions', suppressions]);
    assert.equal(quiet.code, 0);
    assert.match(quiet.stdout, /^0 findings; 1 suppressed$/m);
    const verbose = cli(['lint', path, '--suppressions', suppressions, '--verbose']);
    assert.match(verbose.stdout, /\(suppressed: compiled otherwise\)/);
    assert.match(verbose.stdout, /The kernel reads only the low half/);
  });

  it('reads suppressions with Windows line ends, and from standard input', () => {
    const path = file('a.json', wide);
    const list = { suppressions: [{ code: 'wide-comparison', reason: 'compiled otherwise' }] };
    const suppressions = file('with-mark.json', `\uFEFF${JSON.stringify(list)}`);
    assert.equal(cli(['lint', path, '--suppressions', suppressions]).code, 0);
    assert.equal(cli(['lint', path, '--suppressions', '-'], JSON.stringify(list)).code, 0);
    assert.match(
      cli(['lint', path, '--suppressions', file('cut.json', '{ "supp')]).stderr,
      /cut\.json is not JSON: /,
    );
  });

  it('counts findings that are new since a baseline which it wrote', () => {
    const path = file('a.json', wide);
    const baseline = join(directory, 'baseline.json');
    assert.equal(cli(['lint', path, '--baseline', baseline, '--write-baseline']).code, 0);
    assert.equal((JSON.parse(readFileSync(baseline, 'utf8')) as { version: number }).version, 1);
    const again = cli(['lint', path, '--baseline', baseline]);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /^0 findings; 1 known$/m);
    file('a.json', wide.replace('SCMP_CMP_NE', 'SCMP_CMP_GT'));
    assert.equal(cli(['lint', path, '--baseline', baseline]).code, 1);
  });

  it('writes findings as JSON, and as SARIF with the version of the package', () => {
    const path = file('a.json', wide);
    const findings = JSON.parse(cli(['lint', '--json', path]).stdout) as { code: string; why: string }[];
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['wide-comparison'],
    );
    const log = JSON.parse(cli(['lint', '--sarif', path]).stdout) as {
      version: string;
      runs: [{ tool: { driver: { version: string } }; results: unknown[] }];
    };
    assert.equal(log.version, '2.1.0');
    assert.match(log.runs[0].tool.driver.version, /^\d+\.\d+\.\d+/);
    assert.equal(log.runs[0].results.length, 1);
  });

  for (const [what, args, expected] of [
    ['a profile that cannot be used', ['{"defaultAction":"ALLOWED"}'], /unknown-action/],
    ['suppressions that are none', ['docker-default', '--suppressions', 'package.json'], /bad-suppression/],
    ['a baseline that is none', ['docker-default', '--baseline', 'package.json'], /bad-baseline/],
    ['a baseline that is not there', ['docker-default', '--baseline', '/nowhere'], /bad-baseline/],
    ['--write-baseline without a file', ['docker-default', '--write-baseline'], /bad-baseline/],
  ] as const) {
    it(`ends with 2 for ${what}`, () => {
      const { code, stderr } = cli(['lint', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, expected);
    });
  }
});
