// Refused calls that Node ignores without an error, as the lint rule silent-refusal reports.
import assert from 'node:assert/strict';
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lint } from '#lib/lint/lint.js';
import { spawnSync } from '#lib/process/children/spawn-sync.js';
import { CHILD_LIMIT } from '../support/child.js';

/** Programs that report by writing to a descriptor, except those that test standard streams. */
const PROGRAMS = {
  output: `console.log('hi')`,
  input: `
    let text = '';
    process.stdin.on('data', data => (text += data)).on('end', () => require('fs').writeSync(1, text));`,
  message: `
    const { writeSync } = require('fs');
    if (process.send !== undefined) {
      process.send('hi');
      process.disconnect();
    } else {
      const child = require('child_process').fork(__filename, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      child.on('message', message => writeSync(1, message)).on('close', code => (process.exitCode = code));
    }`,
  end: `
    // Without a refusal, a busy machine may take its time.
    const timeout = Number(process.argv[2]);
    const { error } = require('child_process').spawnSync('cat', { input: 'hi', ...(timeout > 0 && { timeout }) });
    require('fs').writeSync(1, error === undefined ? 'hi' : error.code);`,
  spawn: `
    const { stdout, error } = require('child_process').spawnSync('echo', ['-n', 'hi']);
    require('fs').writeSync(1, error === undefined ? String(stdout) : error.code);`,
};

const refusing = (call: string, errno: number): string =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: [call], action: 'SCMP_ACT_ERRNO', errnoRet: errno }],
  });

describe('refusals without an error', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'silent-'));
    for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(directory, `${name}.cjs`), text);
  });
  after(() => rmSync(directory, { recursive: true }));

  /** The exit and the output of a program that Node runs with sockets as its standard streams. */
  function ends(program: keyof typeof PROGRAMS, profile: string, argument = ''): unknown {
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [join(directory, `${program}.cjs`), argument],
      { profile, input: 'hi\n', encoding: 'utf8', timeout: CHILD_LIMIT },
    );
    return { status, signal, stdout: stdout.trim(), stderr };
  }
  const fine = { status: 0, signal: null, stdout: 'hi', stderr: '' };
  const nothing = { ...fine, stdout: '' };
  const finds = (profile: string): boolean => lint(profile).some(({ code }) => code === 'silent-refusal');

  for (const program of ['output', 'input', 'message', 'end', 'spawn'] as const) {
    it(`${program}: works if another call is refused`, () => {
      const profile = refusing('reboot', 1);
      assert.deepEqual(ends(program, profile), fine);
      assert.equal(finds(profile), false);
    });
  }

  it('a program that confines itself to compute can still write to standard output', () => {
    // Node aborts if node:os is loaded while uname is refused.
    const confined = `
      import { applyProfile } from 'seccomp/apply';
      applyProfile('compute');
      await import('node:os');
      console.log('hi');`;
    const { status, stdout } = nodeSpawnSync(process.execPath, ['--input-type=module', '-e', confined], {
      encoding: 'utf8',
      timeout: CHILD_LIMIT,
    });
    assert.deepEqual({ status, stdout }, { status: 0, stdout: 'hi\n' });
  });

  for (const profile of ['no-exec', 'node-server', 'node-worker', 'compute']) {
    it(`a program that confines itself to ${profile} gets an error when it starts another, and continues`, () => {
      // With these streams, libuv first creates a process, and waits for it.
      const confined = `
        import { applyProfile } from 'seccomp/apply';
        import { spawnSync } from 'node:child_process';
        applyProfile('${profile}');
        console.log(spawnSync('true', [], { stdio: 'ignore' }).error.code);`;
      const { status, stdout, stderr } = nodeSpawnSync(
        process.execPath,
        ['--input-type=module', '-e', confined],
        { encoding: 'utf8', timeout: CHILD_LIMIT },
      );
      assert.deepEqual({ status, stdout }, { status: 0, stdout: 'EPERM\n' }, stderr);
    });
  }

  for (const [call, program] of [
    ['getsockname', 'output'],
    ['getsockname', 'input'],
    ['getsockopt', 'output'],
    ['getsockopt', 'input'],
    ['recvmsg', 'message'],
  ] as const) {
    for (const errno of [1, 13, 22, 38]) {
      it(`${call} with errno ${errno}: ${program} is lost, and the exit code is 0`, () => {
        const profile = refusing(call, errno);
        assert.deepEqual(ends(program, profile), nothing);
        assert.ok(finds(profile));
      });
    }
  }

  it('shutdown: a child waits forever for the end of its input', () => {
    const profile = refusing('shutdown', 1);
    assert.deepEqual(ends('end', profile, '3000'), { ...fine, stdout: 'ETIMEDOUT' });
    assert.ok(finds(profile));
  });

  it('socketpair: Node reports the refusal, and there is no finding', () => {
    const profile = refusing('socketpair', 1);
    assert.deepEqual(ends('spawn', profile), { ...fine, stdout: 'EPERM' });
    assert.equal(finds(profile), false);
  });

  it('a refusal that kills is noticed, and there is no finding', () => {
    const profile = refusing('getsockname', 1)
      .replace('SCMP_ACT_ERRNO', 'SCMP_ACT_KILL_PROCESS')
      .replace(',"errnoRet":1', '');
    assert.deepEqual(ends('output', profile), { ...nothing, status: null, signal: 'SIGSYS' });
    assert.equal(finds(profile), false);
  });
});
