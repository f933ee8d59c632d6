// features: it lists missing features with the first kernel that has each, and the kernel agrees.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { features } from '#lib/process/machine/features.js';
import { missingFeatures } from '#lib/kernel/kernel-features.js';
import { syscallNumber } from '#lib/kernel/abi.js';
import { nativeArchitecture } from '#lib/kernel/architectures.js';
import { callerAddon } from '../support/caller.js';
import { inChild, told } from '../support/child.js';

/** The third argument has the flags; the only one is SYNC_WAKE_UP. */
const SECCOMP_IOCTL_NOTIF_SET_FLAGS = 0x40082104;
const EINVAL = 22;

const lacks = (name: string): boolean => features().missing.some(missing => missing.name === name);

describe('features: what is missing', () => {
  it('is everything on a kernel before filters, and nothing on one with all features', () => {
    const all = missingFeatures([], { major: 3, minor: 4 });
    assert.deepEqual(
      missingFeatures(
        all.map(({ name }) => name),
        { major: 99, minor: 0 },
      ),
      [],
    );
    for (const { name, since } of all) assert.match(since, /^[3-6]\.\d+$/, name);
  });

  for (const [release, expected] of [
    ['5.10', ['5.11', '5.14', '6.6']],
    ['5.14', ['6.6']],
    ['6.1', ['6.6']],
    ['6.6', []],
  ] as const) {
    it(`is every feature introduced after Linux ${release}, if the kernel cannot be probed`, () => {
      const [major = 0, minor = 0] = release.split('.').map(Number);
      const missing = missingFeatures([], { major, minor }).filter(({ asked }) => !asked);
      assert.deepEqual(
        missing.map(({ since }) => since),
        expected,
      );
    });
  }

  it('does not overlap with the features of the kernel', () => {
    const { actions, flags, missing } = features();
    assert.deepEqual(
      missing.filter(({ name }) => actions.includes(name) || flags.includes(name)),
      [],
    );
  });
});

describe('a kernel', () => {
  it('supports WAIT_KILLABLE_RECV, or reports it as missing', () => {
    const outcome = told<string>(
      inChild(`
        try {
          s.load(harmless, { listener: true, waitKillable: true });
          tell('taken');
        } catch ({ code, message }) { tell(code + ': ' + message); }`),
    );
    const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
    assert.equal(
      outcome,
      lacks('SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV')
        ? `unsupported-flag: the kernel ${release} does not support SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, which Linux has since version 5.19. Use a newer kernel, or load without it`
        : 'taken',
    );
  });

  it('supports SYNC_WAKE_UP, or reports it as missing', () => {
    const ioctl = syscallNumber(nativeArchitecture(), 'ioctl');
    const answer = told<number>(
      inChild(`
        const caller = m(${JSON.stringify(callerAddon())});
        const { listener } = s.load(harmless, { listener: true });
        tell(caller.call(${ioctl}, listener, ${SECCOMP_IOCTL_NOTIF_SET_FLAGS}, 1));`),
    );
    assert.equal(answer, lacks('SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP') ? -EINVAL : 0);
  });
});
