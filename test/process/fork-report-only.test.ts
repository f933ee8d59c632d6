// fork with reportOnly: a Node program is not affected, and the calls that its profile would refuse are reported.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fork, type ForkSandboxOptions, type ReportedViolation } from 'seccomp';
import { written } from '../support/written.js';

const MODULE = `
import { mkdirSync, readFileSync } from 'node:fs';
const status = readFileSync('/proc/self/status', 'utf8');
for (let i = 0; i < 5; i++) try { mkdirSync('/'); } catch {}
process.on('message', message => {
  process.send({ echo: message, filters: /Seccomp:\\t(\\d)/.exec(status)[1], tracer: Number(/TracerPid:\\t(\\d+)/.exec(status)[1]), execArgv: process.execArgv });
});
process.on('disconnect', () => process.exit(3));
`;

const refusing = (...names: string[]) =>
  written({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }] });

interface Said {
  readonly echo: string;
  readonly filters: string;
  readonly tracer: number;
  readonly execArgv: readonly string[];
}

describe('fork with reportOnly', function () {
  this.timeout(60_000);
  let directory = '';
  let module = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-fork-report-'));
    module = join(directory, 'module.mjs');
    writeFileSync(module, MODULE);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const begin = (options: Partial<ForkSandboxOptions>, ...names: string[]) => {
    const violations: ReportedViolation[] = [];
    const child = fork(module, [], {
      profile: refusing(...names),
      unknownSyscalls: 'default',
      execArgv: [],
      reportOnly: true,
      onViolation: violation => violations.push(violation),
      ...options,
    });
    return { child, violations };
  };
  const ask = async (child: ChildProcess): Promise<Said> => {
    child.send('hello');
    const [said] = (await once(child, 'message')) as [Said];
    return said;
  };
  const counts = (violations: readonly ReportedViolation[]): Record<string, number> => {
    const sums: Record<string, number> = {};
    for (const { syscall = '', count } of violations) sums[syscall] = (sums[syscall] ?? 0) + count;
    return sums;
  };

  for (const load of ['before-exec', 'before-user-code'] as const) {
    it(`reports the program's calls, and keeps its messages and exit code, ${load}`, async () => {
      const { child, violations } = begin({ load }, 'mkdir', 'mkdirat');
      const { echo, execArgv } = await ask(child);
      assert.equal(echo, 'hello');
      assert.deepEqual(execArgv, []);
      assert.equal(child.stdio.length, 4);
      child.disconnect();
      assert.deepEqual(await once(child, 'exit'), [3, null]);
      assert.deepEqual(counts(violations), { mkdir: 5 });
      assert.ok(violations.every(({ allowed, starting }) => allowed && !starting));
    });
  }

  it('reports the start of Node with before-exec, and not with before-user-code', async () => {
    const programs = async (load: 'before-exec' | 'before-user-code'): Promise<readonly string[]> => {
      const { child, violations } = begin(
        { load, isolation: 'none' },
        'execve',
        'arch_prctl',
        'set_tid_address',
      );
      const { filters } = await ask(child);
      child.disconnect();
      await once(child, 'exit');
      assert.equal(filters, load === 'before-exec' ? '2' : '0');
      return violations.map(({ syscall = '' }) => syscall);
    };
    assert.ok((await programs('before-exec')).includes('execve'));
    assert.deepEqual(await programs('before-user-code'), []);
  });

  it('continues with before-user-code if the tracer is killed, with an error event', async () => {
    const { child } = begin({ load: 'before-user-code', isolation: 'none' }, 'read', 'write', 'epoll_pwait');
    const { tracer } = await ask(child);
    const failed = once(child, 'error') as Promise<[NodeJS.ErrnoException]>;
    process.kill(tracer, 'SIGKILL');
    // `once` rejects for an error event, unless it waits for that event.
    const [error] = await failed;
    assert.equal(error.code, 'tracer-ended');
    assert.equal((await ask(child)).echo, 'hello');
    child.disconnect();
    assert.deepEqual(await once(child, 'exit'), [3, null]);
  });

  it('refuses reports without reportOnly, and raw programs', () => {
    const codeOf = (options: Partial<ForkSandboxOptions>): string => {
      try {
        begin(options, 'mkdir').child.kill();
        return 'none';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    assert.equal(codeOf({ reportOnly: false }), 'bad-option');
    // RET ALLOW.
    const program = Buffer.from('060000000000ff7f', 'hex');
    for (const load of ['before-exec', 'before-user-code'] as const)
      assert.equal(
        codeOf({ load, profile: program, ...written({ unknownSyscalls: undefined }) }),
        'report-needs-policy',
      );
  });
});
