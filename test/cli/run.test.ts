// seccomp run with somebody beside the command: reports, time, and exit codes as of shells.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from '../support/child.js';

const SYSKILL = 159;

describe('seccomp run', () => {
  let directory = '';
  let profile = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-run-'));
    profile = join(directory, 'profile.json');
    writeFileSync(
      profile,
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [
          { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EROFS' },
          { names: ['rmdir', 'unlinkat'], action: 'SCMP_ACT_KILL_PROCESS' },
        ],
      }),
    );
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const run = (options: readonly string[], ...command: readonly string[]) =>
    cli(['run', ...options, profile, '--', ...command]);

  it('--report prints what is refused, by which program and line, and refuses it', () => {
    const { code, stderr } = run(['--report'], 'mkdir', join(directory, 'new'));
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^seccomp: mkdir(?:at)?\(.*\) on \w+ by \/\S+ \(\d+\) was answered with ERRNO\(EROFS\), by \S+profile\.json:1:\d+\. To allow it, take "mkdir/m,
    );
  });

  it('--report-only prints it and allows it', () => {
    const { code, stderr } = run(['--report-only'], 'mkdir', join(directory, 'new'));
    assert.equal(code, 0);
    assert.match(stderr, /was allowed, though the profile answers ERRNO\(EROFS\)/);
  });

  it('ends as after SIGSYS where the profile kills the command, and not for what the command has started', () => {
    for (const options of [['--report'], ['--timeout', '30']]) {
      assert.equal(run(options, 'rmdir', directory).code, SYSKILL, options[0]);
    }
    const { code } = run(['--report'], 'sh', '-c', `rmdir ${directory}; exit 3`);
    assert.equal(code, 3);
  });

  for (const [how, script, expected] of [
    ['its exit code', 'exit 7', 7],
    ['the signal that ended it', 'kill -TERM $$', 143],
  ] as const) {
    it(`ends with ${how}`, () => {
      for (const options of [['--report'], ['--report-only'], ['--timeout', '30']]) {
        assert.equal(run(options, 'sh', '-c', script).code, expected, options[0]);
      }
    });
  }

  it('--timeout kills the command', () => {
    const { code, stderr } = run(['--timeout', '0.2'], 'sleep', '60');
    assert.deepEqual([code, stderr], [137, 'seccomp: killed after 0.2 s\n']);
  });

  it('tells of a start that is refused', () => {
    const strict = join(directory, 'strict.json');
    writeFileSync(
      strict,
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['execve'], action: 'SCMP_ACT_ERRNO' }],
      }),
    );
    const refused = cli(['run', '--report', strict, '--', 'true']);
    assert.equal(refused.code, 126);
    assert.match(refused.stderr, /execve\(.*before the exec of true was answered with ERRNO\(EPERM\)/);
    assert.match(refused.stderr, /true was not run/);
    assert.equal(cli(['run', '--report-only', strict, '--', 'true']).code, 0);
  });

  it('--json prints a report on each line', () => {
    const { stderr } = run(['--report-only', '--json'], 'sh', '-c', `mkdir ${directory}/one 2>&-`);
    const [first] = stderr
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { syscall: string; allowed: boolean; args: string[] });
    assert.match(first?.syscall ?? '', /^mkdir/);
    assert.deepEqual([first?.allowed, first?.args.length], [true, 6]);
  });

  it('refuses what makes no sense with exit code 2', () => {
    for (const options of [
      ['--report', '--report-only'],
      ['--timeout', '0'],
      ['--timeout', 'soon'],
    ]) {
      assert.equal(run(options, 'true').code, 2, options.join(' '));
    }
    assert.equal(run(['--report'], '/no/such/command').code, 2);
  });
});
