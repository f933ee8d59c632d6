// `-` as an argument: standard input is read once, to its end, whatever it is.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as later } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../../bundle/cli.js', import.meta.url));
const PROFILE = '{ "defaultAction": "SCMP_ACT_ALLOW" }';

describe('standard input', () => {
  it('is read to its end if it is non-blocking', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-input-'));
    const fifo = join(directory, 'fifo');
    spawnSync('mkfifo', [fifo]);
    const input = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(fifo, 'w');
    try {
      // Passed as another descriptor, because Node makes the standard streams blocking.
      const child = spawn('sh', ['-c', 'exec "$0" "$1" disasm - <&3', process.execPath, CLI], {
        stdio: ['ignore', 'pipe', 'pipe', input],
      });
      const { stdout, stderr } = child;
      assert.ok(stdout && stderr);
      const [output, errors] = [text(stdout), text(stderr)];
      await later(600);
      for (const part of [PROFILE.slice(0, 9), PROFILE.slice(9)]) {
        writeSync(writer, part);
        await later(100);
      }
      closeSync(writer);
      assert.equal(await errors, '');
      assert.match(await output, /return ALLOW/);
    } finally {
      closeSync(input);
      rmSync(directory, { recursive: true });
    }
  });

  for (const args of [
    ['diff', '-', '-'],
    ['merge', '--union', '-', '-'],
    ['lint', '-', '-'],
    ['import', '-', '-'],
    ['report', '-', '--against', '-'],
    ['simulate', '-', '--layer', '-', 'getpid'],
    ['simulate', '-', '--events', '-'],
    ['lint', '-', '--suppressions', '-'],
  ])
    it(`cannot be given twice: ${args.join(' ')}`, () => {
      const input = args[0] === 'import' ? 'getpid() = 1\n' : PROFILE;
      const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], { input, encoding: 'utf8' });
      assert.match(
        stderr,
        /- is given more than once \[bad-option\]\. Standard input can only be read once: use a file/,
      );
      assert.equal(status, 2);
    });

  for (const [code, ...args] of [
    ['profile-too-large', 'compile', '-'],
    ['recording-too-large', 'generate', '-'],
    ['profile-too-large', 'lint', 'docker-default', '--suppressions', '-'],
    ['profile-too-large', 'lint', 'docker-default', '--baseline', '/dev/zero'],
  ] as const)
    it(`is not read without limit: ${args.join(' ')}`, () => {
      const input = openSync('/dev/zero', 'r');
      const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], {
        stdio: [input, 'pipe', 'pipe'],
        encoding: 'utf8',
        // Without a limit, gigabytes would be read in this time.
        timeout: 10_000,
        killSignal: 'SIGKILL',
      });
      closeSync(input);
      assert.match(stderr, /(?:standard input|zero) is larger than 16777216 bytes/);
      assert.ok(stderr.includes(`[${code}]`), stderr);
      assert.equal(status, 2);
    });

  it('is called <stdin> in messages about logs', () => {
    const { stderr } = spawnSync(process.execPath, [CLI, 'import', '-'], {
      input: 'who\n',
      encoding: 'utf8',
    });
    assert.match(stderr, /^seccomp: error: <stdin> has no system call/);
    const some = spawnSync(process.execPath, [CLI, 'import', '-'], {
      input: 'getpid() = 1\nwho\n',
      encoding: 'utf8',
    });
    assert.match(some.stderr, /^seccomp: <stdin>: 1 of 2 lines or names were not understood/);
  });
});
