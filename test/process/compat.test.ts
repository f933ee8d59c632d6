// 32-bit programs under a filter: the profile's part for their ABI applies, and without one they are killed.
import assert from 'node:assert/strict';
import { spawnSync as plainSpawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'seccomp';
import { ABIS } from '#lib/kernel/abi.js';
import { NATIVE } from '../support/native.js';
import { COMPAT, staticProgram, type MachineName } from '../support/static-program.js';
import { written } from '../support/written.js';
import { skip } from '../support/skip.js';

const architectures = (...machines: readonly MachineName[]): readonly string[] =>
  machines.map(machine => ABIS[machine].scmpName);

/** sched_get_priority_max(SCHED_FIFO) is 99 on any Linux. */
const CALL = ['sched_get_priority_max', 1] as const;
const EACCES = 13;
const REFUSED = 256 - EACCES;
const refusing = { names: [CALL[0]], action: 'SCMP_ACT_ERRNO', errnoRet: EACCES };

interface End {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

describe("a program of the processor's 32-bit ABI", () => {
  let directory = '';
  const programOf = (machine: MachineName): string => staticProgram(directory, [CALL], 'result', machine);
  const under = (profile: object, machine: MachineName = COMPAT): End => {
    const { status, signal } = spawnSync(programOf(machine), [], { profile: written(profile) });
    return { status, signal };
  };

  before(function () {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-compat-'));
    const { status, error, signal } = plainSpawnSync(programOf(COMPAT));
    if (COMPAT !== NATIVE && status === 99) return;
    skip(this, `this kernel runs no 32-bit programs (${error?.message ?? String(signal)})`);
  });
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('makes the calls that its part of the profile allows', () => {
    const profile = { defaultAction: 'SCMP_ACT_ALLOW', architectures: architectures(NATIVE, COMPAT) };
    assert.deepEqual(under(profile), { status: 99, signal: null });
  });

  it('cannot make other calls, by the numbers of its ABI', () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: architectures(NATIVE, COMPAT),
      syscalls: [refusing],
    };
    assert.deepEqual(under(profile), { status: REFUSED, signal: null });
    assert.deepEqual(under(profile, NATIVE), { status: REFUSED, signal: null });
  });

  for (const [argument, status] of [
    [1, REFUSED],
    [2, 99],
  ] as const) {
    it(`depends on its argument: ${status} if the rule is for ${argument}`, () => {
      const profile = {
        defaultAction: 'SCMP_ACT_ALLOW',
        architectures: architectures(NATIVE, COMPAT),
        syscalls: [{ ...refusing, args: [{ index: 0, value: argument, op: 'SCMP_CMP_EQ' }] }],
      };
      assert.deepEqual(under(profile), { status, signal: null });
    });
  }

  it('is killed at its first call if the profile has no part for it', () => {
    const profile = { defaultAction: 'SCMP_ACT_ALLOW', architectures: architectures(NATIVE) };
    assert.deepEqual(under(profile), { status: null, signal: 'SIGSYS' });
    assert.deepEqual(under(profile, NATIVE), { status: 99, signal: null });
  });

  it('runs under docker-default, which has a part for it', () => {
    const { status, signal } = spawnSync(programOf(COMPAT), [], { profile: 'docker-default' });
    assert.deepEqual({ status, signal }, { status: 99, signal: null });
  });
});
