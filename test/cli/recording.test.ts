// From logs to a profile to a check on the command line: files, exit codes, and output for pipelines.
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseRecording } from 'seccomp';
import { cli } from '../support/child.js';
import { skip } from '../support/skip.js';

const CLI = fileURLToPath(new URL('../../../bundle/cli.js', import.meta.url));
/** Records a command into a file to which other processes may add at the same time. */
const recordMerge = (
  output: string,
  command: readonly string[],
  user: { readonly uid?: number; readonly gid?: number } = {},
): Promise<unknown> =>
  promisify(execFile)(process.execPath, [CLI, 'record', '--merge', '-o', output, '--', ...command], user);

const LOG = 'socket(AF_UNIX, SOCK_STREAM, 0) = 3\nconnect(3, 0x1, 16) = 0\nnonsense\n';

describe('The subcommands on recordings', () => {
  let directory = '';
  const path = (name: string): string => join(directory, name);
  const file = (name: string, content: string): string => {
    writeFileSync(path(name), content);
    return path(name);
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-recording-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const imported = (name: string, log: string): string => {
    const { code, stderr } = cli([
      'import',
      '--arch',
      'x86_64',
      file(`${name}.log`, log),
      '-o',
      path(`${name}.json`),
    ]);
    assert.equal(code, 0, stderr);
    return path(`${name}.json`);
  };

  it('import prints how many lines could not be parsed, and shows them', () => {
    const { code, stdout, stderr } = cli(['import', '--arch', 'x86_64', file('a.log', LOG)]);
    assert.equal(code, 0);
    assert.match(stdout, /"kind": "seccomp recording"/);
    assert.match(
      stderr,
      /a\.log: 1 of 3 lines or names were not understood, beginning with\n {4}line 3: nonsense/,
    );
  });

  it('import reads UTF-16 as written by PowerShell', () => {
    const text = Buffer.from(`\ufeff${LOG.replaceAll('\n', '\r\n')}`, 'utf16le');
    const path = file('utf16.log', '');
    writeFileSync(path, text);
    assert.equal(
      cli(['import', '--arch', 'x86_64', path]).stdout,
      cli(['import', '--arch', 'x86_64', file('utf8.log', LOG)]).stdout,
    );
  });

  it('generate and check report what the recordings are known to lack', () => {
    const recording = imported('lost', ' 0.100 ( 0.010 ms): a/1 getpid() = 1\nLOST 12 events!\nnonsense\n');
    for (const args of [
      ['generate', recording],
      ['check', 'docker-default', recording],
    ])
      assert.match(
        cli(args).stderr,
        /the recordings lack 12 lost calls and 1 line of logs that could not be parsed/,
      );
  });

  it('distinguishes logs, recordings and profiles', () => {
    const log = file('a.log', LOG);
    assert.match(cli(['generate', log]).stderr, /Make a recording of a log with readLog or seccomp import/);
    const recording = imported('b', LOG);
    const { code, stderr } = cli(['check', recording, recording]);
    assert.equal(code, 2);
    assert.match(stderr, /is a recording \[bad-argument\]\. Pass the profile first/);
  });

  it('import reads each file as a run, or all as one', () => {
    const logs = [file('a', LOG), file('b', LOG)];
    const runs = (...options: string[]): unknown =>
      (JSON.parse(cli(['import', '--arch', 'x86_64', ...options, ...logs]).stdout) as { runs: unknown }).runs;
    assert.equal(runs(), 2);
    assert.equal(runs('--one-run'), 1);
  });

  it('import reads the files of strace -ff as separate runs, and suggests --one-run', () => {
    const logs = [
      file('ff.7', '[ Process PID=7 runs in 32 bit mode. ]\nexecve("/bin/a", [], 0x1) = 0\ngetuid32() = 0\n'),
      file('ff.8', 'getuid() = 0\n'),
    ];
    const { stdout } = cli(['import', '--arch', 'x86_64', '--one-run', ...logs]);
    const { calls } = JSON.parse(stdout) as { calls: { abi: string; call: string; programs?: string[] }[] };
    const last = calls.find(({ call }) => call === 'getuid');
    assert.deepEqual([last?.abi, last?.programs], ['x86_64', undefined]);
    assert.match(cli(['import', '--arch', 'x86_64', ...logs]).stderr, /of strace -ff, add --one-run/);
  });

  it('import reads standard input, and prints statistics as JSON', () => {
    const { stdout } = cli(['import', '--arch', 'x86_64', '--json', '-'], LOG);
    const { logs, recording } = JSON.parse(stdout) as {
      logs: { skipped: number }[];
      recording: { runs: number };
    };
    assert.deepEqual([logs[0]?.skipped, recording.runs], [1, 1]);
  });

  it('import ends with 2 for a file without calls, and for a missing file', () => {
    for (const [argument, code] of [
      [file('empty', 'nothing here\n'), 'empty-log'],
      [path('missing'), 'log-unreadable'],
      [directory, 'log-unreadable'],
    ] as const) {
      const { code: exit, stdout } = cli(['import', '--json', argument]);
      assert.equal(exit, 2);
      assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, code);
    }
    assert.match(cli(['audit', path('missing')]).stderr, /^seccomp: error: there is no file ".*missing"/);
  });

  it('generate and check end with 2 for a recording that cannot be read, which is no profile', () => {
    const profile = file('allows.json', '{"defaultAction":"SCMP_ACT_ALLOW"}');
    const huge = path('huge.json');
    writeFileSync(huge, '');
    truncateSync(huge, 17 * 1024 * 1024);
    for (const [argument, code] of [
      [path('missing'), 'recording-unreadable'],
      [directory, 'not-a-file'],
      [huge, 'recording-too-large'],
    ] as const)
      for (const command of [['generate'], ['check', profile]]) {
        const { code: exit, stdout } = cli([...command, '--json', argument]);
        assert.equal(exit, 2);
        assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, code);
      }
  });

  it('record splits a run with --phase-at, and reports if no call matches', () => {
    const run = (calls: string): ReturnType<typeof cli> =>
      cli(['record', '-o', path('phases.json'), '--phase-at', calls, '--', 'rmdir', '/nowhere']);
    run('rmdir,unlinkat');
    assert.equal(cli(['generate', '--phase', 'work', path('phases.json'), '-o', path('work.json')]).code, 0);
    const { stderr } = run('listen');
    assert.match(stderr, /no call of --phase-at was made: everything is in the phase start/);
    const { code, stderr: unknown } = run('listne');
    assert.equal(code, 2);
    assert.match(unknown, /Did you mean/);
  });

  it('record runs nothing if it cannot write the recording', () => {
    file('file', '');
    for (const output of [path('nowhere/r.json'), path('file/r.json'), path('nowhere/'), directory, '']) {
      const { code, stdout } = cli(['record', '-o', output, '--', 'echo', 'it ran']);
      assert.deepEqual([code, stdout], [2, ''], output);
    }
  });

  it('write no phase name that is too long for a recording', () => {
    const phase = 'x'.repeat(257);
    for (const args of [
      ['import', '--phase', phase, file('a.log', LOG)],
      ['record', '--phase', phase, '-o', path('r.json'), '--', 'true'],
    ]) {
      const { code, stderr } = cli(args);
      assert.equal(code, 2);
      assert.match(stderr, /phase cannot be "xxx.* \[bad-option\]\. Pass a string of at most 256 characters/);
    }
    const longest = cli(['import', '--phase', phase.slice(1), '-o', path('a.json'), path('a.log')]);
    assert.equal(longest.code, 0);
    assert.equal(cli(['generate', path('a.json')]).code, 0);
  });

  it('generate and check agree', () => {
    const recording = imported('a', LOG);
    const { code, stderr } = cli(['generate', recording, '-o', path('profile.json')]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /allowed although no run made them:\n/);
    const check = cli(['check', path('profile.json'), recording]);
    assert.equal(check.code, 0, check.stdout);
    assert.match(check.stdout, /2 distinct calls of 1 run: 0 refused, 0 uncertain/);
  });

  it('check ends with 1 for a call that would be refused, and reports what to add', () => {
    const recording = imported('a', LOG);
    cli(['generate', recording, '-o', path('profile.json')]);
    const other = imported('b', 'socket(AF_INET, SOCK_STREAM, 0) = 3\n');
    const { code, stdout } = cli(['check', path('profile.json'), recording, other]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^refused: socket\(domain=AF_INET\) on x86_64, 2 times in 2 runs: ERRNO\(EPERM\).*"value":2/m,
    );
    const json = cli(['check', '--json', path('profile.json'), other]);
    assert.equal(json.code, 1);
    assert.equal((JSON.parse(json.stdout) as { refused: object[] }).refused.length, 1);
    const sarif = JSON.parse(cli(['check', '--sarif', path('profile.json'), other]).stdout) as {
      runs: { results: { ruleId: string; ruleIndex: number }[] }[];
    };
    const [first] = sarif.runs[0]?.results ?? [];
    assert.deepEqual([first?.ruleId, first?.ruleIndex], ['recorded-call-refused', 0]);
  });

  it('check --tighten writes a smaller profile, and prints what it removed', () => {
    const recording = imported('a', LOG);
    const { code, stdout, stderr } = cli(['check', '--tighten', 'docker-default', recording]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^left out, no run made it: .*\bmount\b/m);
    assert.match(
      stderr,
      /^kept although no run made them, programs and threads need it to end: exit exit_group$/m,
    );
    const smaller = file('smaller.json', stdout);
    const subset = cli(['diff', '--subset', smaller, 'docker-default']);
    assert.equal(subset.code, 0, subset.stdout);
    assert.equal(cli(['check', smaller, recording]).code, 0);
    assert.equal(cli(['check', '--tighten', '-o', path('again.json'), smaller, recording]).stdout, '');
    assert.equal(readFileSync(path('again.json'), 'utf8'), stdout);
  });

  it('generate keeps within a base, and prints what it left out as JSON', () => {
    const recording = imported(
      'a',
      `${LOG}socket(AF_VSOCK, SOCK_STREAM, 0) = 3\nkexec_load(0x1, 1, 0x1, 0x1) = 0\n`,
    );
    const { stdout } = cli(['generate', '--base', 'docker-default', '--json', recording]);
    const { leftOut, profile } = JSON.parse(stdout) as { leftOut: { syscall: string }[]; profile: object };
    assert.ok(leftOut.some(({ syscall }) => syscall === 'kexec_load'));
    const subset = cli([
      'diff',
      '--subset',
      '--arch',
      'x86_64',
      file('p.json', JSON.stringify(profile)),
      'docker-default',
    ]);
    assert.equal(subset.code, 0, subset.stdout);
  });

  for (const args of [
    ['generate', '--arguments', 'some', 'x'],
    ['generate', '--min-runs', '0', 'x'],
    ['generate', '--for', 'podman', 'x'],
    ['generate'],
    ['check', 'docker-default'],
    ['check', '-o', 'x', 'docker-default', 'y'],
    ['check', '--tighten', '--sarif', 'docker-default', 'y'],
    ['import'],
    ['audit'],
  ])
    it(`end with 2 for: ${args.join(' ')}`, () => {
      assert.equal(cli(args).code, 2);
    });

  it('end with 2 for a file that is not a recording', () => {
    for (const args of [
      ['generate', file('x', '{}')],
      ['check', 'docker-default', file('x', LOG)],
    ])
      assert.equal(cli(args).code, 2);
  });

  it('audit explains each record once, with the action of a profile', () => {
    const line =
      'audit: type=1326 audit(1.5:1): auid=1 uid=0 gid=0 ses=1 pid=7 comm="p" exe="/bin/p" sig=31 arch=c000003e syscall=175 compat=0 ip=0x1 code=0x80000000\n';
    const log = file('dmesg', `usb 1-1: new device\n${line.repeat(3)}`);
    const { code, stdout } = cli(['audit', log, '--profile', 'docker-default']);
    assert.equal(code, 0);
    assert.equal(
      stdout,
      'init_module on x86_64 by /bin/p (7): KILL_PROCESS; the profile has ERRNO(EPERM) by the default action, because no rule names it; the record comes from another filter. To allow it, add to "syscalls": {"names":["init_module"],"action":"SCMP_ACT_ALLOW"} [3 times]\n',
    );
    const { records } = JSON.parse(cli(['audit', '--json', log]).stdout) as {
      records: { count: number; syscall: string }[];
    };
    assert.deepEqual(
      records.map(({ syscall, count }) => [syscall, count]),
      [['init_module', 3]],
    );
    assert.equal(cli(['audit', file('quiet', 'usb 1-1: new device\n')]).code, 1);
  });

  it('escape text from logs, on the terminal and in profiles', () => {
    const recording = imported('a', '1 execve("/bin/\u001b[2J", [], 0x1) = 0\n1 getpid() = 1\n');
    const { stdout } = cli(['generate', recording]);
    assert.ok(!stdout.includes('\u001b'));
    assert.ok(!readFileSync(recording, 'utf8').includes('\u001b'));
  });

  it('record --merge adds every run to the file, even if several end at the same time', async () => {
    const output = path('all.json');
    const runs = [0, 0, 0, 0.2, 0.2].map(seconds => recordMerge(output, ['sleep', `${seconds}`]));
    await Promise.all(runs);
    assert.equal(parseRecording(readFileSync(output, 'utf8')).runs, runs.length);
    assert.deepEqual(readdirSync(directory), ['all.json']);
  });

  it('record --merge does not wait for a command that has left its lock behind', () => {
    const output = path('all.json');
    const lock = file('all.json.lock', '');
    // Even if the lock is recent.
    const later = Date.now() / 1000 + 3600;
    utimesSync(lock, later, later);
    assert.equal(cli(['record', '--merge', '-o', output, '--', 'true']).code, 0);
    assert.deepEqual(readdirSync(directory), ['all.json']);
  });

  for (const [through, name] of [
    ['', 'all.json'],
    [', by whatever link', 'link.json'],
  ] as const)
    it(`record --merge waits without limit until a command that holds the lock ends${through}`, async () => {
      const output = file('all.json', readFileSync(imported('a', LOG), 'utf8'));
      symlinkSync('all.json', path('link.json'));
      const lock = file('all.json.lock', '');
      utimesSync(lock, 1, 1);
      const holder = spawn('flock', ['--no-fork', lock, 'sh', '-c', 'echo locked; exec sleep 60']);
      await once(holder.stdout, 'data');
      let hasEnded = false;
      const run = recordMerge(path(name), ['true']).then(() => {
        hasEnded = true;
      });
      await setTimeout(1000);
      const hasWaited = !hasEnded;
      holder.kill('SIGKILL');
      await run;
      assert.ok(hasWaited);
      assert.equal(parseRecording(readFileSync(output, 'utf8')).runs, 2);
      assert.deepEqual(readdirSync(directory).sort(), ['a.json', 'a.log', 'all.json', 'link.json']);
    });

  /** Runs a script in a private mount namespace: $1 is the directory, $2 is Node, and $3 is the command line. */
  function withMounts(
    test: Mocha.Context,
    mount: string,
    script: string,
  ): { readonly stdout: string; readonly stderr: string } {
    const { stdout, stderr } = spawnSync(
      'unshare',
      [
        '--mount',
        'sh',
        '-c',
        `cd "$1" && ${mount} && cd "$1" || exit\necho mounted\n${script}`,
        'sh',
        directory,
        process.execPath,
        CLI,
      ],
      { encoding: 'utf8' },
    );
    if (!stdout.startsWith('mounted')) skip(test, 'this user cannot mount');
    return { stdout, stderr };
  }

  it('record --merge keeps the earlier runs on a full disk', function () {
    const { stdout, stderr } = withMounts(
      this,
      'mount -t tmpfs -o size=64k tmpfs .',
      `"$2" "$3" record -o all.json -- true && cp all.json before.json
      dd if=/dev/zero of=rest bs=512 2>/dev/null
      "$2" "$3" record --merge -o all.json -- ls > /dev/null
      echo "code $?"; cmp all.json before.json
      "$2" "$3" record --merge -o first.json -- true
      echo "code $?"; ls`,
    );
    assert.match(stdout, /code 2\ncode 2\nall\.json\nbefore\.json\nrest\n$/);
    assert.match(stderr, /ENOSPC/);
  });

  it('record --merge writes to a file that cannot be replaced', function () {
    const output = imported('a', LOG);
    const { stdout, stderr } = withMounts(
      this,
      `mount --bind ${output} ${output}`,
      `"$2" "$3" record --merge -o ${output} -- true; echo "code $?"`,
    );
    assert.match(stdout, /code 0\n$/, stderr);
    assert.equal(parseRecording(readFileSync(output, 'utf8')).runs, 2);
    assert.deepEqual(readdirSync(directory).sort(), ['a.json', 'a.log']);
  });

  it('record --merge adds every run to a file in a folder that cannot be written to', function () {
    const output = imported('a', LOG);
    const merge = `"$2" "$3" record --merge -o ${output} -- sleep 0.2 &`;
    const { stdout, stderr } = withMounts(
      this,
      `mount --bind . . && mount --bind ${output} ${output} && mount -o remount,bind,ro .`,
      `${`${merge}\n`.repeat(5)}wait`,
    );
    assert.equal(stdout, 'mounted\n', stderr);
    assert.equal(parseRecording(readFileSync(output, 'utf8')).runs, 6);
    assert.deepEqual(readdirSync(directory).sort(), ['a.json', 'a.log']);
  });

  it('record --merge preserves the owner and the mode of the file', () => {
    const output = imported('a', LOG);
    if (process.getuid?.() === 0) chownSync(output, 65_534, 65_533);
    chmodSync(output, 0o666);
    const before = statSync(output);
    assert.equal(cli(['record', '--merge', '-o', output, '--', 'true']).code, 0);
    const { uid, gid, mode } = statSync(output);
    assert.deepEqual([uid, gid, mode], [before.uid, before.gid, before.mode]);
    assert.equal(parseRecording(readFileSync(output, 'utf8')).runs, 2);
  });

  it('record --merge adds every run of several users, even with a stale lock', async function () {
    const other = { uid: 65_534, gid: 65_534 };
    if (process.getuid?.() !== 0) skip(this, 'only root can become another user');
    if (spawnSync('test', ['-r', CLI], other).status !== 0) skip(this, 'other users cannot read the package');
    const output = imported('a', LOG);
    chmodSync(output, 0o666);
    chmodSync(directory, 0o1777);
    file('a.json.lock', '');
    const users = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? other : {}));
    await recordMerge(output, ['true'], other);
    await Promise.all(users.map(user => recordMerge(output, ['sleep', '0.2'], user)));
    assert.equal(parseRecording(readFileSync(output, 'utf8')).runs, 10);
    assert.deepEqual(readdirSync(directory).sort(), ['a.json', 'a.log']);
  });

  it('record --merge changes no other files', () => {
    const output = imported('a', LOG);
    const other = file('other', 'other');
    file('a.json.lock', 'versions');
    symlinkSync(other, path('a.json.part'));
    assert.equal(cli(['record', '--merge', '-o', output, '--', 'true']).code, 0);
    assert.deepEqual(
      ['other', 'a.json.lock'].map(name => readFileSync(path(name), 'utf8')),
      ['other', 'versions'],
    );
    assert.deepEqual(readdirSync(directory).sort(), [
      'a.json',
      'a.json.lock',
      'a.json.part',
      'a.log',
      'other',
    ]);
  });

  it('record --merge removes what a killed command of this user left behind, and nothing else', () => {
    const output = imported('a', LOG);
    const part = (digit: string): string => `a.json.${digit.repeat(16)}.part`;
    const other = file('other', 'other');
    const hour = new Date(Date.now() - 3_600_000);
    file(part('1'), 'left behind');
    file(part('2'), 'being written where there are no locks');
    symlinkSync(other, path(part('3')));
    mkdirSync(path(part('4')));
    const kept = [part('2'), part('3'), part('4'), `b.${part('5')}`, 'a.json.part', 'a.json.6.part', 'other'];
    for (const name of kept.slice(3)) file(name, 'other');
    if (process.getuid?.() === 0) {
      kept.push(part('7'));
      chownSync(file(part('7'), 'of another user'), 65_534, 65_534);
    }
    for (const name of [...kept, part('1')]) if (name !== part('2')) lutimesSync(path(name), hour, hour);
    assert.equal(cli(['record', '--merge', '-o', output, '--', 'true']).code, 0);
    assert.deepEqual(readdirSync(directory).sort(), [...kept, 'a.json', 'a.log'].sort());
    assert.equal(readFileSync(other, 'utf8'), 'other');
  });

  it('record --merge keeps all runs if the file is no longer a recording when they end', () => {
    const output = path('all.json');
    for (const runs of [1, 2]) {
      rmSync(output, { force: true });
      const spoil = `echo spoilt > ${output}`;
      const { code, stderr } = cli(['record', '--merge', '-o', output, '--', 'sh', '-c', spoil]);
      assert.equal(code, 2);
      assert.match(stderr, /^seccomp: this run is in .*all\.json\.new$/m);
      assert.equal(parseRecording(readFileSync(`${output}.new`, 'utf8')).runs, runs);
    }
  });
});
