// The effect of each action on a call, alone and in layers of filters, in the kernel.
import assert from 'node:assert/strict';
import * as scmp from '#lib/kernel/constants.js';
import { answering } from '../support/answering.js';
import { nativeAudit as audit, numberOf } from '../support/native.js';
import { kernelCall } from '../support/kernel.js';

const outcomeOf = (...actions: readonly number[]): string =>
  kernelCall(
    actions.map(action => answering('getppid', action)),
    { arch: audit, syscall: numberOf('getppid') },
  );

const SIGSYS = 31;

describe('actions', () => {
  const cases: readonly (readonly [name: string, action: number, outcome: RegExp])[] = [
    ['KILL_PROCESS ends the process with SIGSYS', scmp.SCMP_ACT_KILL_PROCESS, /^signal 31$/],
    ['KILL_THREAD ends the only thread with SIGSYS', scmp.SCMP_ACT_KILL_THREAD, /^signal 31$/],
    ['TRAP raises SIGSYS', scmp.SCMP_ACT_TRAP, /^signal 31$/],
    ['ERRNO 0 looks like a success with value 0', scmp.SCMP_ACT_ERRNO(0), /^value 0$/],
    ['ERRNO 1 fails with EPERM', scmp.SCMP_ACT_ERRNO(1), /^errno 1$/],
    ['ERRNO 4095 fails with the largest errno', scmp.SCMP_ACT_ERRNO(4095), /^errno 4095$/],
    ['ERRNO above 4095 is capped by the kernel', scmp.SCMP_ACT_ERRNO(4096), /^errno 4095$/],
    ['TRACE tells the tracer its message and goes on', scmp.SCMP_ACT_TRACE(1234), /^trace 1234 value \d+$/],
    ['NOTIFY without a listener fails with ENOSYS', scmp.SCMP_ACT_NOTIFY, /^errno 38$/],
    ['LOG lets the call through', scmp.SCMP_ACT_LOG, /^value \d+$/],
    ['ALLOW lets the call through', scmp.SCMP_ACT_ALLOW, /^value \d+$/],
  ];
  for (const [name, action, expected] of cases) {
    it(name, () => {
      assert.match(outcomeOf(action), expected);
    });
  }
});

describe('layers', () => {
  const order: readonly (readonly [name: string, action: number, outcome: RegExp])[] = [
    ['KILL_PROCESS', scmp.SCMP_ACT_KILL_PROCESS, /^signal 31$/],
    ['KILL_THREAD', scmp.SCMP_ACT_KILL_THREAD, /^signal 31$/],
    ['TRAP', scmp.SCMP_ACT_TRAP, /^signal 31$/],
    ['ERRNO', scmp.SCMP_ACT_ERRNO(7), /^errno 7$/],
    ['NOTIFY', scmp.SCMP_ACT_NOTIFY, /^errno 38$/],
    ['TRACE', scmp.SCMP_ACT_TRACE(5), /^trace 5 value \d+$/],
    ['LOG', scmp.SCMP_ACT_LOG, /^value \d+$/],
    ['ALLOW', scmp.SCMP_ACT_ALLOW, /^value \d+$/],
  ];
  order.forEach(([strong, action, expected], place) => {
    for (const [weak, other] of order.slice(place + 1)) {
      it(`${strong} takes precedence over ${weak} in either order`, () => {
        assert.match(outcomeOf(action, other), expected);
        assert.match(outcomeOf(other, action), expected);
      });
    }
  });

  it('the newest filter provides the data of equally restrictive actions', () => {
    assert.equal(outcomeOf(scmp.SCMP_ACT_ERRNO(11), scmp.SCMP_ACT_ERRNO(22)), 'errno 22');
    assert.equal(outcomeOf(scmp.SCMP_ACT_ERRNO(22), scmp.SCMP_ACT_ERRNO(11)), 'errno 11');
  });

  it('TRAP sends SIGSYS', () => {
    assert.equal(outcomeOf(scmp.SCMP_ACT_TRAP), `signal ${SIGSYS}`);
  });
});
