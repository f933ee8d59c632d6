// No text from a name, a file, a profile or a process controls the terminal to which a subcommand writes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from '#lib/filter/compile-profile.js';
import { escapeControls, printable, singleLine } from '#lib/util/printable.js';
import { cli, cliTogether, type Outcome } from '../support/child.js';
import { live, type Live } from '../support/live.js';
import { skip } from '../support/skip.js';

const CLI = fileURLToPath(new URL('../../../bundle/cli.js', import.meta.url));

/** Escape sequences of 7 and 8 bits, bell, carriage return, directional marks, separators, and a forged line. */
const HOSTILE = 'a\u001b[2J\u009b31m\u0007\r\u202e\u2066\u2028\u200b\u{e0041}\nFORGED: line';

/** Characters that a terminal interprets or hides, except line ends and tabs. */
const CONTROL = /[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/u;

function assertHarmless(text: string): void {
  assert.doesNotMatch(text, CONTROL);
  assert.doesNotMatch(text, /^FORGED/m);
}

describe('the output of the command line', () => {
  let directory = '';
  const none = { dir: '', profile: '', broken: '', program: '', events: '', listing: '', firecracker: '' };
  let hostile = { ...none, recording: '', strace: '', audit: '' };
  let target: Live | undefined;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-terminal-'));
    const dir = join(directory, HOSTILE);
    mkdirSync(dir);
    const file = (name: string, content: string | Uint8Array): string => {
      writeFileSync(join(dir, name), content);
      return join(dir, name);
    };
    const escaped = JSON.stringify(HOSTILE);
    hostile = {
      dir,
      profile: file(
        'profile.json',
        `{ "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": ${escaped}, "listenerMetadata": ${escaped}, ${escaped}: 1, "syscalls": [
          { "names": ["mkdir", "mkdirat", ${escaped}], "action": "SCMP_ACT_ERRNO", "comment": ${escaped} },
          { "names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "comment": "again" },
          { "names": ["getpriority"], "action": "SCMP_ACT_NOTIFY" }] }`,
      ),
      broken: file(
        'broken.json',
        `{ ${escaped}: 1, "defaultAction": ${escaped}, "syscalls": [{ "names": [${escaped}], "action": ${escaped}, "args": [{ "index": 9, "op": ${escaped} }], "includes": { "caps": [${escaped}], "minKernel": ${escaped} } }] }`,
      ),
      program: file('program.bpf', compile({ defaultAction: 'SCMP_ACT_ALLOW' }).bpf),
      events: file('events', `read\n${HOSTILE.replace('\n', ' ')}\n`),
      listing: file('listing', HOSTILE),
      recording: file(
        'recording',
        `{ "kind": "seccomp recording", "version": 1, "runs": 1, "sources": [{ "how": "strace", "command": ${escaped}, "libc": ${escaped}, "runs": 1 }],
          "calls": [{ "abi": "x86_64", "call": "mount", "phase": ${escaped}, "count": 1, "runs": 1, "programs": [${escaped}] }] }`,
      ),
      strace: file(
        'strace',
        `1 execve("${HOSTILE}", ["x"], 0x1 /* 2 vars */) = 0\n${HOSTILE}\n1 mount(0, 0, 0, 0, 0) = -1 ENOSYS (x)\n`,
      ),
      audit: file(
        'audit',
        `audit: type=1326 audit(1.2:3): pid=4 comm="${HOSTILE}" exe="${HOSTILE}" sig=31 arch=c000003e syscall=165 compat=0 ip=0x5 code=0x80000000\n` +
          `audit: type=1326 audit(1.2:3): pid=4 comm="${HOSTILE.replace('\n', ' ')}" exe="${HOSTILE.replace('\n', ' ')}" sig=31 arch=c000003e syscall=165 compat=0 ip=0x5 code=0x80000000\n`,
      ),
      firecracker: file(
        'firecracker.json',
        `{ ${escaped}: { "default_action": ${escaped}, "filter_action": "allow", "filter": [{ "syscall": ${escaped}, "comment": ${escaped} }] } }`,
      ),
    };
    target = live('/usr/bin/env', [
      '-u',
      HOSTILE,
      process.execPath,
      '-e',
      `require('fs').writeFileSync('/proc/self/comm', '\\n\\x1b]0;\\x9b\\u202eF'); console.log('ready'); setInterval(() => undefined, 1000)`,
      HOSTILE,
    ]);
    await target.line();
  });
  after(async () => {
    await target?.end();
    rmSync(directory, { recursive: true });
  });

  it('would reach the terminal unchanged if it were not escaped', () => {
    assert.match(`seccomp: ${HOSTILE}`, CONTROL);
    assert.match(`seccomp: ${HOSTILE}`, /^FORGED/m);
  });

  for (const [name, escape] of [
    ['escapeControls', escapeControls],
    ['singleLine', singleLine],
    ['printable', printable],
  ] as const) {
    it(`is harmless after ${name}, for any character`, () => {
      const every = Array.from({ length: 0x11_0000 / 64 }, (_, block) =>
        Array.from({ length: 64 }, (__, index) => String.fromCodePoint(block * 64 + index)).join(''),
      );
      for (const text of every) {
        assert.doesNotMatch(escape(text), CONTROL);
        if (escape !== escapeControls) assert.doesNotMatch(escape(text), /[\n\t]/);
      }
    });
  }

  it('keeps the meaning of escaped JSON', () => {
    assert.equal(JSON.parse(escapeControls(JSON.stringify(HOSTILE))), HOSTILE);
  });

  const PROFILES = ['profile', 'broken'] as const;
  /** The kinds of hostile input for a command line. */
  const inputsOf = (args: readonly string[]): readonly (keyof typeof hostile)[] =>
    args.includes('LOG')
      ? args.some(arg => arg.startsWith('--'))
        ? ['recording', 'audit']
        : ['recording', 'strace', 'audit', 'broken']
      : args.length === 2 || args.includes('--to')
        ? [...PROFILES, 'listing', 'firecracker']
        : ['profile'];
  const READERS: readonly (readonly string[])[] = [
    ['compile', 'FILE'],
    ['compile', 'FILE', '--format', 'asm'],
    ['compile', 'FILE', '--format', 'pfc'],
    ['compile', 'FILE', '--format', 'json'],
    ['compile', 'FILE', '--json'],
    ['compile', 'FILE', '--strict'],
    ['precompile', 'FILE', '/dev/null/no-directory'],
    ['simulate', 'FILE', 'mkdir'],
    ['simulate', 'FILE', 'mkdir', '--json'],
    ['simulate', 'docker-default', '--events', 'FILE'],
    ['simulate', 'docker-default', '--events', 'FILE', '--json'],
    ['explain', 'FILE'],
    ['explain', 'FILE', '--json'],
    ['diff', 'FILE', 'docker-default'],
    ['lint', 'FILE'],
    ['lint', 'FILE', '--verbose'],
    ['lint', 'FILE', '--json'],
    ['lint', 'FILE', '--sarif'],
    ['lint', 'docker-default', '--suppressions', 'FILE'],
    ['lint', 'docker-default', '--baseline', 'FILE'],
    ['report', 'FILE', '-o', '/dev/null'],
    ['playground', 'FILE'],
    ['run', 'FILE', '--verbose', '--', 'true'],
    ['run', 'FILE', '--report', '--', 'mkdir', HOSTILE],
    ['disasm', 'FILE'],
    ['disasm', 'FILE', '--json'],
    ['asm', 'FILE', '--format', 'asm'],
    ['asm', 'FILE', '--json'],
    ['convert', 'FILE', '--to', 'docker'],
    ['convert', 'FILE', '--to', 'oci'],
    ['convert', 'FILE', '--to', 'spo'],
    ['convert', 'FILE', '--to', 'firecracker'],
    ['convert', 'FILE', '--to', 'docker', '--json'],
    ['derive', 'FILE', '--allow', 'read', '--explain'],
    ['derive', 'FILE', '--allow', 'read', '--to', 'extends'],
    ['derive', 'FILE', '--allow', 'read', '--json'],
    ['merge', '--union', 'FILE', 'docker-default', '--explain'],
    ['import', 'LOG'],
    ['import', 'LOG', '--json'],
    ['generate', 'LOG'],
    ['generate', 'LOG', '--json'],
    ['check', 'docker-default', 'LOG'],
    ['check', 'docker-default', 'LOG', '--json'],
    ['check', 'docker-default', 'LOG', '--sarif'],
    ['check', 'docker-default', 'LOG', '--tighten'],
    ['audit', 'LOG'],
    ['audit', '--profile', 'docker-default', 'LOG'],
    ['audit', 'LOG', '--json'],
  ];
  /** The command lines of a row, one for each kind of input. */
  const linesOf = (args: readonly string[]): readonly (readonly string[])[] =>
    inputsOf(args).map(input => args.map(arg => (arg === 'FILE' || arg === 'LOG' ? hostile[input] : arg)));
  /** Whether a subcommand needs its own process, because it starts a command. */
  const isAlone = ([subcommand = '']: readonly string[]): boolean => ['run', 'record'].includes(subcommand);

  let outcomes: ReadonlyMap<string, Omit<Outcome, 'signal'>>;
  before(function () {
    this.timeout(300_000);
    const lines = [...READERS.flatMap(linesOf), ...ECHOES].filter(line => !isAlone(line));
    const said = cliTogether(lines);
    outcomes = new Map(lines.map((line, index) => [line.join('\0'), said[index] ?? assert.fail()]));
  });
  const outcomeOf = (line: readonly string[]): Omit<Outcome, 'signal'> =>
    outcomes.get(line.join('\0')) ?? cli(line);

  for (const args of READERS) {
    it(`is harmless: seccomp ${args.map(arg => (arg === HOSTILE ? 'HOSTILE' : arg)).join(' ')}`, () => {
      for (const line of linesOf(args)) {
        const { stdout, stderr } = outcomeOf(line);
        if (!(args.includes('--format') && stdout.includes('\ufffd')))
          assertHarmless(withoutPrograms(stdout));
        assertHarmless(withoutCommand(stderr));
      }
    });
  }

  /** Drops programs, which are written unescaped if the output is not a terminal. */
  const withoutPrograms = (text: string): string => (/^[ \x04]\0{3}|^\x06\0/.test(text) ? '' : text);
  /** Drops mkdir's own message under `run`. */
  const withoutCommand = (text: string): string =>
    text.replace(/^(?:\/bin\/)?mkdir: [^]*?(?=^seccomp: |(?![^]))/m, '');

  const ECHOES: readonly (readonly string[])[] = [
    [HOSTILE],
    [`--${HOSTILE}`],
    ['compile', `--${HOSTILE}`],
    ['compile', HOSTILE],
    ['compile', './missing-FORGED\nFORGED: line'],
    ['compile', 'docker-default', '--arch', HOSTILE],
    ['compile', 'docker-default', '--kernel', HOSTILE],
    ['compile', 'docker-default', '--cap', HOSTILE],
    ['compile', 'docker-default', '-o', join('/nowhere', HOSTILE)],
    ['compile', 'docker-default', HOSTILE],
    ['precompile', 'docker-default', join('/dev/null', HOSTILE)],
    ['simulate', 'docker-default', HOSTILE],
    ['simulate', 'docker-default', 'read', HOSTILE],
    ['simulate', 'docker-default', '--events', HOSTILE],
    ['explain', 'docker-default', HOSTILE],
    ['explain', `pid:${HOSTILE}`],
    ['lint', 'docker-default', '--fail-on', HOSTILE],
    ['lint', 'docker-default', '--baseline', HOSTILE],
    ['lint', 'docker-default', '--suppressions', HOSTILE],
    ['run', 'docker-default', '--', HOSTILE],
    ['run', 'docker-default', '--timeout', HOSTILE, '--', 'true'],
    ['run', 'docker-default', '--report', '--', HOSTILE],
    ['run', '--json', 'docker-default', '--', HOSTILE],
    ['asm', HOSTILE],
    ['convert', 'docker-default', '--to', HOSTILE],
    ['convert', 'docker-default', '--to', 'spo', '--name', HOSTILE],
    ['derive', 'docker-default', '--allow', HOSTILE],
    ['derive', 'docker-default', '--deny', `@${HOSTILE}`],
    ['merge', '--union', 'docker-default', HOSTILE],
    ['dump', HOSTILE],
    ['dump', '1', '--layer', HOSTILE],
    ['ps', HOSTILE],
    ['doctor', HOSTILE],
    ['completion', HOSTILE],
    ['record', '-o', join('/nowhere', 'x'), '--', HOSTILE],
    ['import', HOSTILE],
    ['import', '--arch', HOSTILE, '-'],
    ['generate', HOSTILE],
    ['generate', '--phase', HOSTILE, HOSTILE],
    ['check', HOSTILE, HOSTILE],
    ['check', 'docker-default', HOSTILE],
    ['audit', HOSTILE],
    ['report', 'docker-default', '-o', join('/nowhere', HOSTILE)],
    ['report', 'docker-default', '--against', HOSTILE],
  ];
  for (const args of ECHOES) {
    it(`is harmless with a hostile argument: seccomp ${args.map(arg => singleLine(arg).slice(0, 20)).join(' ')}`, () => {
      const { stdout, stderr, code } = outcomeOf(args);
      assert.notEqual(code, 0);
      assertHarmless(stdout);
      assertHarmless(stderr);
      assert.notEqual(stdout + stderr, '', 'something is said');
    });
  }

  it('is harmless for hostile processes: ps and dump', () => {
    const { stdout } = cli(['ps']);
    assertHarmless(stdout);
    assert.match(stdout, new RegExp(`^ *${target?.pid ?? 0} .*\\\\x9b`, 'm'));
    assertHarmless(cli(['ps', '--json']).stdout);
    const dumped = cli(['dump', String(target?.pid)]);
    assertHarmless(dumped.stdout + dumped.stderr);
  });
});

describe('a binary result', () => {
  /** Runs the command line with a terminal as its standard output, and returns what the terminal shows. */
  const onTerminal = (
    ...args: readonly string[]
  ): { readonly status: number | null; readonly shown: string } => {
    const words = [process.execPath, CLI, ...args].map(word => `'${word}'`).join(' ');
    // -e returns the exit code of the command.
    const { status, stdout } = spawnSync('script', ['-q', '-e', '-c', words, '/dev/null'], {
      encoding: 'latin1',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return { status, shown: stdout };
  };

  before(function () {
    if (spawnSync('script', ['--version']).error !== undefined) skip(this, 'there is no script');
  });

  for (const args of [
    ['compile', 'docker-default'],
    ['compile', 'docker-default', '--output', '-'],
  ]) {
    it(`of ${args.join(' ')} is not written to a terminal`, () => {
      const { status, shown } = onTerminal(...args);
      assert.equal(status, 2, shown);
      assert.match(shown, /binary.*terminal[^]*--output/);
      assert.doesNotMatch(shown, /\0/, 'every program has bytes that are 0');
    });
  }

  it('in a text format is written to a terminal', () => {
    const { status, shown } = onTerminal('compile', 'docker-default', '--format', 'asm');
    assert.equal(status, 0, shown);
    assert.match(shown, /ALLOW/);
  });

  it('is written to a pipe', () => {
    const { status, stdout } = spawnSync(process.execPath, [CLI, 'compile', 'docker-default']);
    assert.equal(status, 0);
    assert.ok(stdout.length > 0 && stdout.length % 8 === 0);
  });
});
