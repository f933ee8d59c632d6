// The kernel's own tests of seccomp, case by case: those that apply to a loader are tested here under the same name.
import assert from 'node:assert/strict';
import { CALLS } from './calls.js';
import { NOTIFICATIONS } from './notifications.js';
import { LEFT_OUT, SELFTESTS, type Case } from './selftest-names.js';
import { THREADS } from './threads.js';

const CASES: Readonly<Record<string, Case>> = {
  ...CALLS,
  ...THREADS,
  ...NOTIFICATIONS,
};

describe("the kernel's selftests", () => {
  it('are each tested here or left out for a reason', () => {
    assert.deepEqual([...Object.keys(CASES), ...Object.keys(LEFT_OUT)].sort(), [...SELFTESTS].sort());
  });

  for (const name of SELFTESTS) {
    const show = CASES[name];
    if (show !== undefined) it(name, show);
  }
});
