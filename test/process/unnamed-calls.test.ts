// Whether the kernel is newer than the tables: a child tries calls in the kernel.
import assert from 'node:assert/strict';
import { isFailure, native } from '#lib/native.js';
import { syscallNumber } from '#lib/kernel/abi.js';
import { firstVersion } from '#lib/kernel/calls/first-versions.js';
import { nativeArchitecture } from '#lib/kernel/architectures.js';
import { kernelAtLeast, parseKernelVersion } from '#lib/kernel/kernel-version.js';
import { features } from '#lib/process/machine/features.js';
import { unnamedCalls } from '#lib/process/machine/unnamed-calls.js';
import { skip } from '../support/skip.js';

const arch = nativeArchitecture();
const running = parseKernelVersion(features().release);

describe('calls that the running kernel serves', () => {
  it('are detected by making them', () => {
    for (const name of ['openat2', 'close_range', 'faccessat2', 'statmount', 'open_tree_attr', 'listns']) {
      const version = firstVersion(name) ?? '';
      const served = native().servedCalls(syscallNumber(arch, name) ?? 0, 1);
      assert.ok(!isFailure(served));
      assert.equal(served.length, kernelAtLeast(running, parseKernelVersion(version)) ? 1 : 0, name);
    }
  });

  it('are empty for numbers that no Linux has', () => assert.deepEqual(native().servedCalls(5000, 64), []));

  it('have names here, unless the kernel is newer than the tables', function () {
    if (kernelAtLeast(running, { major: 7, minor: 3 }))
      return skip(this, 'this kernel is newer than the tables');
    assert.deepEqual(unnamedCalls(), []);
  });

  it('leave nothing behind: no child, no signal', () => {
    let signals = 0;
    const count = () => signals++;
    process.on('SIGCHLD', count);
    unnamedCalls();
    process.off('SIGCHLD', count);
    assert.equal(signals, 0);
  });
});
