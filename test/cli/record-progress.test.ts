// The progress that `seccomp record` shows on a terminal while its command runs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ProgressText } from '#lib/cli/recording/record-progress.js';
import { skip } from '../support/skip.js';

const CLI = fileURLToPath(new URL('../../../bundle/cli.js', import.meta.url));
const MINUTE = 60_000;

describe('The progress of a recording', function () {
  this.timeout(60_000);

  it('counts calls, distinct calls, and new calls in the last minute', () => {
    const text = new ProgressText(0);
    const at = (calls: number, distinct: number, now: number, atLeast = false): string =>
      text.next({ calls, distinct, atLeast }, now);
    assert.equal(at(500, 30, 1000), '500 calls, 30 distinct, 30 new in the last minute');
    assert.equal(at(900, 32, MINUTE + 500, true), '900+ calls, 32 distinct, 32 new in the last minute');
    assert.equal(at(900, 32, MINUTE + 1500, true), '900+ calls, 32 distinct, 2 new in the last minute');
  });

  it('prints a hint after five minutes without a new call', () => {
    const text = new ProgressText(0);
    const at = (now: number): string => text.next({ calls: 9, distinct: 3, atLeast: false }, now);
    at(1000);
    assert.doesNotMatch(at(5 * MINUTE), /nothing new/);
    assert.match(at(5 * MINUTE + 1000), /; nothing new for 5 minutes: try other input/);
  });

  describe('on a terminal', () => {
    before(function () {
      if (spawnSync('python3', ['-c', 'import pty']).status !== 0) skip(this, 'there is no Python');
    });
    /** The output on a terminal that is standard error, and standard output unless it is redirected. */
    const onTerminal = (options: string): string => {
      const command = `'${process.execPath}' '${CLI}' record ${options} -- sh -c 'sleep 1.5; echo done'`;
      const { stdout, status } = spawnSync(
        'python3',
        [
          '-c',
          'import pty, sys; sys.exit(pty.spawn(["sh", "-c", sys.argv[1]]) >> 8)',
          `${command} > /dev/null`,
        ],
        { encoding: 'utf8', input: '' },
      );
      assert.equal(status, 0, stdout);
      return stdout;
    };

    it('is one line, which is cleared at the end', () => {
      const output = onTerminal('-o /dev/null');
      assert.match(output, /^\r\u001b\[Kseccomp: \d+ calls, \d+ distinct, \d+ new in the last minute/);
      assert.ok(output.endsWith('\r\u001b[K'), JSON.stringify(output));
    });

    it('is nothing with --no-progress', () => {
      assert.equal(onTerminal('--no-progress -o /dev/null'), '');
    });
  });
});
