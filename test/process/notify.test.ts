// A profile with NOTIFY: the receipt has a warning if there is no listener.
import assert from 'node:assert/strict';
import { inChild, told } from '../support/child.js';

const PROFILE = `{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['getppid'], action: 'SCMP_ACT_NOTIFY' }] }`;

describe('applyProfile: NOTIFY', () => {
  for (const [name, options, expected] of [
    ['without a listener is a warning', '{}', ['notify-without-listener']],
    ['with a listener is none', '{ listener: true }', []],
  ] as const) {
    it(name, () => {
      const codes = told<string[]>(
        inChild(`tell(s.applyProfile(${PROFILE}, ${options}).warnings.map(({ code }) => code));`),
      );
      assert.deepEqual(codes, expected);
    });
  }
});
