import assert from 'node:assert/strict';
import * as scmp from '#lib/kernel/constants.js';
import { SCMP_ARCHS } from '#lib/kernel/scmp-archs.js';

describe('SCMP_ARCHS', () => {
  it('has every architecture of seccomp.h with its token', () => {
    const all = Object.entries(scmp).filter(
      ([name]) => name.startsWith('SCMP_ARCH_') && name !== 'SCMP_ARCH_NATIVE',
    );
    assert.deepEqual(Object.entries(SCMP_ARCHS).sort(), all.sort());
  });
});
