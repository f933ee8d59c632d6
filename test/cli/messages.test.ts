// The beginning of messages, and when text has colours.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatRecording, readLog } from 'seccomp';
import { isColored, paintActions } from '#lib/cli/colors.js';
import { cliTogether } from '../support/child.js';
import { skip } from '../support/skip.js';

const CLI = fileURLToPath(new URL('../../../bundle/cli.js', import.meta.url));

describe('messages of the command line', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-messages-'));
    writeFileSync(join(directory, 'broken.json'), '{ "defaultAction": "SCMP_ACT_NO" }');
    writeFileSync(join(directory, 'empty.log'), '');
    writeFileSync(join(directory, 'run.json'), formatRecording(readLog('getpid() = 1\n').recording));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('begin with the name of the command or the place in a file', () => {
    const cases = [
      [['compile', '--no-such'], /^seccomp: error: unknown option '--no-such'/],
      [['compil'], /^seccomp: error: unknown command 'compil'\n\(Did you mean compile\?\)/],
      [['help', 'compil'], /^seccomp: error: unknown command 'compil'\n\(Did you mean compile\?\)/],
      [['simulate', 'no-exec', 'no_such'], /^seccomp: error: .*\[unknown-syscall\]/],
      [['compile', 'DIR/broken.json'], /^\S*\/broken\.json:1:\d+: error: /],
      [['audit', 'DIR/empty.log'], /^seccomp: there are no records/],
      [['derive', 'no-exec', '--explain', '-o', '/dev/null'], /^seccomp: nothing changes\n$/],
    ] as const;
    const outcomes = cliTogether(cases.map(([args]) => args.map(arg => arg.replace('DIR', directory))));
    cases.forEach(([, begin], index) => {
      assert.match(outcomes[index]?.stderr ?? '', begin);
    });
  });

  it('name the commands that read processes, where another one is given a process', () => {
    const cases = [
      ['compile', 'pid:1'],
      ['lint', 'pid:1'],
      ['precompile', 'pid:1', 'DIR/cache'],
      ['convert', 'pid:1', '--to', 'docker'],
      ['disasm', 'pid:1'],
      ['report', 'pid:1'],
      ['playground', 'pid:1'],
      ['derive', 'pid:1', '--deny', 'chmod'],
      ['merge', '--union', 'no-exec', 'pid:1'],
      ['check', 'pid:1', 'recording.json'],
      ['generate', '--base', 'pid:1', 'DIR/run.json'],
      ['audit', '--profile', 'pid:1', 'DIR/empty.log'],
      ['run', 'pid:1', '--', 'true'],
    ] as const;
    const outcomes = cliTogether(cases.map(args => args.map(arg => arg.replace('DIR', directory))));
    outcomes.forEach(({ code, stderr }, index) => {
      assert.match(stderr, /"pid:1" \[bad-argument\]\. .*explain, diff, simulate /, cases[index]?.[0]);
      assert.equal(code, 2);
    });
  });
});

describe('colours', () => {
  for (const [env, terminal, colored] of [
    [{}, true, true],
    [{}, false, false],
    [{ FORCE_COLOR: '' }, false, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ NODE_DISABLE_COLORS: '1' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ] as const)
    it(`are ${colored ? '' : 'not '}${terminal ? 'on a terminal' : 'in a pipe'} with ${JSON.stringify(env)}`, () => {
      assert.equal(isColored(env, terminal), colored);
    });

  it('distinguish allowed and refused calls, and those that a supervisor decides', () => {
    assert.equal(
      paintActions(
        'ALLOW -> ERRNO(EPERM), KILL_PROCESS, SCMP_ACT_ALLOW, LOGIN',
        (style, text) => `<${String(style)} ${text}>`,
      ),
      '<green ALLOW> -> <red ERRNO(EPERM)>, <bold,red KILL_PROCESS>, SCMP_ACT_ALLOW, LOGIN',
    );
  });

  const RED = '\u001b[31mERRNO(EPERM)\u001b[39m';
  const run = (command: string, args: readonly string[], env: Readonly<Record<string, string>>): string =>
    spawnSync(command, args, {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }).stdout;

  it('are used on a terminal', function () {
    if (spawnSync('script', ['--version']).error !== undefined) skip(this, 'there is no script');
    const words = [process.execPath, CLI, 'simulate', 'no-network', 'socket', 'AF_INET'];
    assert.ok(
      run('script', ['-q', '-c', words.map(word => `'${word}'`).join(' '), '/dev/null'], {}).includes(RED),
    );
  });

  it('are used by explain, and not in output for programs', () => {
    const args = [CLI, 'explain', 'no-network', 'socket'];
    const env = { FORCE_COLOR: '1' };
    assert.ok(run(process.execPath, args, env).includes(RED));
    assert.doesNotMatch(run(process.execPath, [...args, '--json'], env), /\u001b/);
  });
});

describe('results and messages to a full disk', () => {
  const onFull = (args: readonly string[], stream: 1 | 2) => {
    const full = openSync('/dev/full', 'w');
    try {
      const stdio =
        stream === 1
          ? ['ignore' as const, full, 'pipe' as const]
          : ['ignore' as const, 'pipe' as const, full];
      return spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8', stdio });
    } finally {
      closeSync(full);
    }
  };
  for (const args of [
    ['explain', 'docker-default'],
    ['explain', 'docker-default', '--json'],
    ['--help'],
    ['--version'],
  ])
    it(`are an error on standard error: seccomp ${args.join(' ')}`, () => {
      const { status, stderr } = onFull(args, 1);
      assert.deepEqual(
        [status, stderr],
        [2, 'seccomp: error: ENOSPC: no space left on device, write [ENOSPC]\n'],
      );
    });

  it('do not change the exit code if they go to standard error', () => {
    assert.equal(onFull(['explain', 'nothing-there'], 2).status, 2);
    const command = ['sh', '-c', 'mkdir /tmp/x 2> /dev/null; exit 7'];
    assert.equal(onFull(['run', '--report', 'read-only', '--', ...command], 2).status, 7);
  });
});
