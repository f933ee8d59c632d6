// The functions of libseccomp without a filter: version, API level, architectures, names and notifications.
import assert from 'node:assert/strict';
import { LibseccompError, UsageError } from '#lib/util/errors.js';
import {
  apiGet,
  apiSet,
  archNative,
  archResolveName,
  FilterContext,
  notifyIdValid,
  notifyReceive,
  notifyRespond,
  resetGlobalState,
  syscallResolveName,
  syscallResolveNameArch,
  syscallResolveNameRewrite,
  syscallResolveNumArch,
  version,
} from '#lib/libseccomp/context.js';
import { syscallsOf, ABIS } from '#lib/kernel/abi.js';
import {
  __NR_SCMP_ERROR,
  SCMP_ACT_LOG,
  SCMP_ACT_NOTIFY,
  SCMP_ARCH_AARCH64,
  SCMP_ARCH_NATIVE,
  SCMP_ARCH_X32,
  SCMP_ARCH_X86,
  SCMP_ARCH_X86_64,
} from '#lib/kernel/constants.js';
import { needs26 } from '../support/libseccomp.js';
import { NATIVE } from '../support/native.js';

const fails = (errnoName: string, cFunction: string) => (error: unknown) =>
  error instanceof LibseccompError && error.errnoName === errnoName && error.syscall === cFunction;

describe('libseccomp', () => {
  it('is of version 2.5 or newer', () => {
    const { major, minor } = version();
    assert.ok(major > 2 || (major === 2 && minor >= 5));
  });

  describe('API level', () => {
    let level: number;

    before(() => {
      level = apiGet();
    });

    afterEach(() => {
      apiSet(level);
    });

    it('is from 1 to 7', () => {
      assert.ok(level >= 1 && level <= 7);
    });

    it('has no LOG action below 3', () => {
      apiSet(2);
      assert.throws(() => new FilterContext(SCMP_ACT_LOG), fails('EINVAL', 'seccomp_init'));
    });

    it('can be raised above that of the kernel', () => {
      apiSet(5);
      assert.equal(apiGet(), 5);
      new FilterContext(SCMP_ACT_NOTIFY).close();
    });

    it('is refused outside of 1 to 7', () => {
      for (const wrong of [0, 8, 0xffffffff]) {
        assert.throws(
          () => {
            apiSet(wrong);
          },
          fails('EINVAL', 'seccomp_api_set'),
        );
      }
    });

    it('survives a reset of the global state', () => {
      resetGlobalState();
      assert.equal(apiGet(), level);
    });
  });

  describe('architectures', () => {
    it('include the native one of this process', () => {
      assert.equal(archNative(), ABIS[NATIVE].token);
    });

    it("are resolved from libseccomp's names", () => {
      assert.equal(archResolveName('x86_64'), SCMP_ARCH_X86_64);
      assert.equal(archResolveName('x86'), SCMP_ARCH_X86);
      assert.equal(archResolveName('aarch64'), SCMP_ARCH_AARCH64);
    });

    it('with unknown names are undefined', () => {
      for (const name of ['', 'amd64', 'SCMP_ARCH_X86', 'x86_64 '])
        assert.equal(archResolveName(name), undefined);
    });
  });

  describe('system calls', () => {
    it('have a number on each architecture', () => {
      assert.equal(syscallResolveNameArch(SCMP_ARCH_X86_64, 'openat'), 257);
      assert.equal(syscallResolveNameArch(SCMP_ARCH_X86, 'openat'), 295);
      assert.equal(syscallResolveNameArch(SCMP_ARCH_X32, 'openat'), 0x40000101);
      assert.equal(syscallResolveNameArch(SCMP_ARCH_AARCH64, 'openat'), 56);
    });

    it('have a name on each architecture', () => {
      assert.equal(syscallResolveNumArch(SCMP_ARCH_X86_64, 257), 'openat');
      assert.equal(syscallResolveNumArch(SCMP_ARCH_X32, 0x40000101), 'openat');
      assert.equal(syscallResolveNumArch(SCMP_ARCH_NATIVE, syscallResolveName('openat')), 'openat');
    });

    it('without a number have a pseudo number', () => {
      assert.ok(syscallResolveNameArch(SCMP_ARCH_AARCH64, 'open') <= -100);
    });

    it('that are multiplexed are rewritten', () => {
      assert.ok(syscallResolveNameArch(SCMP_ARCH_X86, 'socket') <= -100);
      assert.equal(syscallResolveNameRewrite(SCMP_ARCH_X86, 'socket'), 102);
    });

    it('with unknown names return __NR_SCMP_ERROR', () => {
      assert.equal(syscallResolveName('opnat'), __NR_SCMP_ERROR);
      assert.equal(syscallResolveNameArch(12345, 'openat'), __NR_SCMP_ERROR);
      assert.equal(syscallResolveNameRewrite(12345, 'openat'), __NR_SCMP_ERROR);
    });

    it('with unknown numbers have no name', () => {
      assert.equal(syscallResolveNumArch(SCMP_ARCH_X86_64, 100000), undefined);
      assert.equal(syscallResolveNumArch(12345, 1), undefined);
    });

    it('have names that are strings without NUL', () => {
      for (const name of ['read\0', 7, null, undefined, {}]) {
        assert.throws(() => syscallResolveName(name as string), UsageError);
      }
    });

    for (const abi of Object.values(ABIS)) {
      it(`of ${abi.name} are those of the kernel's table, except the newest`, function () {
        needs26(this);
        const unknown = [];
        for (const [name, number] of syscallsOf(abi.name)) {
          const known = syscallResolveNumArch(abi.token, number);
          if (known === undefined) unknown.push(name);
          else assert.equal(known, name);
        }
        // Linux 6.11 and 6.17 to 7.0 introduced these.
        const newer = [
          'uprobe',
          'open_tree_attr',
          'file_getattr',
          'file_setattr',
          'listns',
          'rseq_slice_yield',
        ];
        assert.deepEqual(
          unknown.filter(name => !newer.includes(name)),
          [],
        );
      });
    }
  });

  describe('notifications', () => {
    it('require a listener', () => {
      assert.throws(() => notifyReceive(-1), fails('EBADF', 'seccomp_notify_receive'));
      assert.throws(
        () => {
          notifyRespond(-1, { id: 1n });
        },
        fails('EBADF', 'seccomp_notify_respond'),
      );
    });

    it('are invalid if they are unknown', () => {
      assert.equal(notifyIdValid(-1, 1n), false);
    });

    it('accept 64-bit values in the response', () => {
      for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 0.5]) {
        assert.throws(() => {
          notifyRespond(-1, { id: 1n, value });
        }, UsageError);
      }
    });
  });
});
