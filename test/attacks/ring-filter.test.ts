// If a profile allows io_uring, a child can do on a ring what the profile refuses, unless the kernel filters the ring.
import assert from 'node:assert/strict';
import {
  execFileSync,
  fork,
  SandboxedWorker,
  spawn,
  spawnSync,
  supervise,
  type RingFilterMode,
} from 'seccomp';
import { once } from 'node:events';
import { features } from '#lib/process/machine/features.js';
import { built } from '../support/built.js';
import { USERS } from '../support/victim.js';
import type { SeccompProfile, SeccompRule } from '#lib/profile/seccomp-profile.js';
import type { ActionName } from '#lib/kernel/action.js';
import type { SyscallName } from '#lib/kernel/calls/call-names.js';
import { errnoName } from '#lib/kernel/errno.js';
import { skip } from '../support/skip.js';

const ring = (): string =>
  built({ name: 'ring', compiler: 'gcc', sources: ['test/attacks/ring.c'], flags: [] });

const [EBADF, EACCES] = [9, 13];

/** The results on a ring without a filter. */
const FREE = { nop: 0, connect: -EBADF, openat: 0, socket: 0 };
const REFUSED = { nop: 0, connect: -EACCES, openat: -EACCES, socket: -EACCES };

const named = (action: ActionName, ...names: readonly string[]): SeccompRule => ({
  names: names as readonly SyscallName[],
  action,
});

/** Refuses the calls, and allows everything else, including io_uring. openat is needed to start. */
const BLOCKS: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    named('SCMP_ACT_ERRNO', 'connect', 'pipe2'),
    { names: ['socket'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, value: 2, op: 'SCMP_CMP_EQ' }] },
    {
      names: ['openat'],
      action: 'SCMP_ACT_ERRNO',
      args: [{ index: 2, value: 0x400, valueTwo: 0x400, op: 'SCMP_CMP_MASKED_EQ' }],
    },
  ],
};

function resultsIn(output: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    output
      .trim()
      .split('\n')
      .map(line => line.split(' '))
      .map(([name = '', result]): [string, number] => [name, Number(result)]),
  );
}

const attempt = (
  ringFilter: RingFilterMode,
  options: { readonly uid?: number; readonly args?: readonly string[] } = {},
): Readonly<Record<string, number>> =>
  resultsIn(
    execFileSync(ring(), options.args ?? [], {
      profile: BLOCKS,
      ringFilter,
      encoding: 'utf8',
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    }),
  );

/** The results that every kernel with io_uring has. */
const core = ({ nop, connect, openat, socket }: Readonly<Record<string, number>>): object => ({
  nop,
  connect,
  openat,
  socket,
});

describe('io_uring operations of a child', () => {
  const { ringFilterError } = features();

  it("do what the profile refuses with ringFilter: 'none'", function () {
    if (ringFilterError !== 0 && errnoName(ringFilterError) !== 'EINVAL')
      skip(this, `there is no io_uring here: ${errnoName(ringFilterError)}`);
    assert.deepEqual(core(attempt('none')), FREE);
  });

  describe('on a kernel with filters for them', () => {
    before(function () {
      // Linux before 7.0 has no such filters: EINVAL.
      if (ringFilterError !== 0) skip(this, 'this kernel does not filter them');
    });

    for (const uid of USERS) {
      it(`are refused if the profile does not always allow the call, for uid ${uid}`, () => {
        assert.deepEqual(core(attempt('required', { uid })), REFUSED);
      });
    }

    it('are refused by default', () => {
      assert.deepEqual(core(attempt('best-effort')), REFUSED);
    });

    it('are refused in programs that the child executes', () => {
      assert.deepEqual(core(attempt('required', { args: ['again'] })), REFUSED);
    });

    it('are refused unless an allow list names them', () => {
      const profile: SeccompProfile = {
        ...BLOCKS,
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [named('SCMP_ACT_ALLOW', ...ENOUGH)],
      };
      const output = execFileSync(ring(), [], {
        profile,
        ringFilter: 'required',
        encoding: 'utf8',
      });
      assert.deepEqual(resultsIn(output), {
        nop: 0,
        connect: -EACCES,
        openat: 0,
        socket: -EACCES,
        pipe: -EACCES,
      });
    });

    it('are refused however the child is started', async () => {
      const options = { profile: BLOCKS, ringFilter: 'required' } as const;
      const child = spawn(ring(), [], options);
      let output = '';
      child.stdout.on('data', text => (output += String(text)));
      await once(child, 'close');
      assert.deepEqual(core(resultsIn(output)), REFUSED, 'spawn');
      assert.deepEqual(core(resultsIn(String(spawnSync(ring(), [], options).stdout))), REFUSED, 'spawnSync');
      const supervised = supervise(ring(), [], { ...options, stdio: 'pipe' }).child;
      output = '';
      supervised.stdout?.on('data', text => (output += String(text)));
      await once(supervised, 'close');
      assert.deepEqual(core(resultsIn(output)), REFUSED, 'supervise');
    });
  });

  describe('on a kernel without', () => {
    before(function () {
      if (ringFilterError === 0) skip(this, 'this kernel filters them');
    });

    it("are an error before anything runs with ringFilter: 'required'", () => {
      const options = { profile: BLOCKS, ringFilter: 'required' } as const;
      const starts: readonly (() => unknown)[] = [
        () => spawn(ring(), [], options),
        () => spawnSync(ring(), [], options),
        () => execFileSync(ring(), [], options),
        () => supervise(ring(), [], options),
        () => fork(ring(), [], options),
        () => new SandboxedWorker('data:text/javascript,', options),
        () => fork(ring(), [], { ...options, load: 'before-user-code' }),
      ];
      for (const start of starts) assert.throws(start, { code: 'ring-filter-unavailable' }, String(start));
    });
  });

  it("need no filter if the profile refuses io_uring, so 'required' works on every kernel", () => {
    const syscalls = [named('SCMP_ACT_ERRNO', 'io_uring_setup', 'connect')];
    const { status } = spawnSync('true', [], { profile: { ...BLOCKS, syscalls }, ringFilter: 'required' });
    assert.equal(status, 0);
  });

  it("make 'required' reject a raw program, because its policy is unknown", () => {
    assert.throws(
      () =>
        spawnSync('true', [], { profile: Buffer.from('060000000000ff7f', 'hex'), ringFilter: 'required' }),
      { code: 'bad-option' },
    );
  });
});

/** The calls that the attacker itself needs. */
const ENOUGH = (
  'execve brk arch_prctl set_tid_address set_robust_list rseq prlimit64 readlink readlinkat getrandom mprotect mmap munmap ' +
  'openat close read pread64 fstat newfstatat access faccessat write exit_group io_uring_setup io_uring_enter ioctl'
).split(' ');
