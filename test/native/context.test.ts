// FilterContext, function by function: it does what libseccomp's C API does, and no misuse crashes.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { UsageError } from '#lib/util/errors.js';
import { archNative, FilterContext } from '#lib/libseccomp/context.js';
import {
  SCMP_ACT_ALLOW,
  SCMP_ACT_KILL,
  SCMP_ACT_KILL_PROCESS,
  SCMP_ACT_TRAP,
  SCMP_ARCH_AARCH64,
  SCMP_ARCH_ARM,
  SCMP_ARCH_NATIVE,
  SCMP_ARCH_S390X,
  SCMP_ARCH_X32,
  SCMP_ARCH_X86,
  SCMP_ARCH_X86_64,
  SCMP_CMP_GT,
  SCMP_FLTATR_ACT_BADARCH,
  SCMP_FLTATR_ACT_DEFAULT,
  SCMP_FLTATR_API_SYSRAWRC,
  SCMP_FLTATR_API_TSKIP,
  SCMP_FLTATR_CTL_LOG,
  SCMP_FLTATR_CTL_NNP,
  SCMP_FLTATR_CTL_OPTIMIZE,
  SCMP_FLTATR_CTL_SSB,
  SCMP_FLTATR_CTL_TSYNC,
  SCMP_FLTATR_CTL_WAITKILL,
} from '#lib/kernel/constants.js';
import { needs26 } from '../support/libseccomp.js';
import { EPERM_ACTION, fails, FOREIGN } from '../support/context.js';

describe('FilterContext', () => {
  let filter: FilterContext;

  beforeEach(() => {
    filter = new FilterContext(SCMP_ACT_ALLOW);
  });

  afterEach(() => {
    filter.close();
  });

  describe('constructor', () => {
    it('has the default action for every call', () => {
      assert.match(new FilterContext(SCMP_ACT_TRAP).exportPfc(), /# default action\n\s+action TRAP;/);
    });

    it('covers the native architecture', () => {
      assert.equal(filter.archExist(SCMP_ARCH_NATIVE), true);
      assert.equal(filter.archExist(archNative()), true);
    });

    it('refuses an action that does not exist', () => {
      assert.throws(() => new FilterContext(0x12345678), fails('EINVAL', 'seccomp_init'));
    });

    for (const action of [-1, 2 ** 32, 1.5, NaN, '0', undefined, null, 0n, {}] as readonly unknown[]) {
      it(`refuses ${inspect(action)} as an action`, () => {
        assert.throws(() => new FilterContext(action as number), UsageError);
      });
    }
  });

  describe('reset', () => {
    it('drops rules and architectures', () => {
      filter.archAdd(FOREIGN);
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.reset(SCMP_ACT_TRAP);
      assert.equal(filter.archExist(FOREIGN), false);
      assert.doesNotMatch(filter.exportPfc(), /read/);
    });

    it('sets another default action', () => {
      filter.reset(SCMP_ACT_TRAP);
      assert.equal(filter.attrGet(SCMP_FLTATR_ACT_DEFAULT), SCMP_ACT_TRAP);
    });

    it('refuses an action that does not exist', () => {
      assert.throws(
        () => {
          filter.reset(0x12345678);
        },
        fails('EINVAL', 'seccomp_reset'),
      );
    });

    it('ends open transactions', function () {
      needs26(this);
      filter.transactionStart();
      filter.reset(SCMP_ACT_ALLOW);
      assert.throws(
        () => {
          filter.transactionReject();
        },
        fails('EINVAL', 'seccomp_transaction_reject'),
      );
    });
  });

  describe('merge', () => {
    const onlyOn = (arch: number, defaultAction = SCMP_ACT_ALLOW): FilterContext => {
      const context = new FilterContext(defaultAction);
      context.archRemove(SCMP_ARCH_NATIVE);
      context.archAdd(arch);
      return context;
    };

    it('moves the architectures of the other context with their rules', () => {
      const other = onlyOn(FOREIGN);
      other.ruleAdd(EPERM_ACTION, 'openat');
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.merge(other);
      assert.equal(filter.archExist(FOREIGN), true);
      assert.match(filter.exportPfc(), /"read"[^]*"openat"/);
    });

    it('closes the other context', () => {
      const other = onlyOn(FOREIGN);
      filter.merge(other);
      assert.throws(() => other.exportPfc(), fails('EBADF', 'seccomp_export_pfc'));
    });

    it('refuses overlapping architectures, and changes neither context', () => {
      const other = new FilterContext(SCMP_ACT_ALLOW);
      assert.throws(
        () => {
          filter.merge(other);
        },
        fails('EEXIST', 'seccomp_merge'),
      );
      assert.equal(other.archExist(SCMP_ARCH_NATIVE), true);
      assert.equal(filter.archExist(SCMP_ARCH_NATIVE), true);
    });

    it('refuses a context merged into itself', () => {
      assert.throws(
        () => {
          filter.merge(filter);
        },
        fails('EEXIST', 'seccomp_merge'),
      );
    });

    it('refuses different default actions', () => {
      assert.throws(
        () => {
          filter.merge(onlyOn(FOREIGN, SCMP_ACT_TRAP));
        },
        fails('EINVAL', 'seccomp_merge'),
      );
    });

    it('refuses another byte order', () => {
      assert.throws(
        () => {
          filter.merge(onlyOn(SCMP_ARCH_S390X));
        },
        fails('EDOM', 'seccomp_merge'),
      );
    });

    it('refuses a closed context', () => {
      const other = onlyOn(FOREIGN);
      other.close();
      assert.throws(
        () => {
          filter.merge(other);
        },
        fails('EBADF', 'seccomp_merge'),
      );
    });

    it('refuses values that are not contexts', () => {
      for (const source of [{}, null, undefined, 7, Object.create(FilterContext.prototype)]) {
        assert.throws(() => {
          filter.merge(source as FilterContext);
        }, UsageError);
      }
    });
  });

  describe('architectures', () => {
    it('are added once', () => {
      filter.archAdd(FOREIGN);
      assert.equal(filter.archExist(FOREIGN), true);
      assert.throws(
        () => {
          filter.archAdd(FOREIGN);
        },
        fails('EEXIST', 'seccomp_arch_add'),
      );
    });

    it('get only rules that are added after them', () => {
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.archAdd(FOREIGN);
      filter.ruleAdd(EPERM_ACTION, 'write');
      assert.equal(filter.exportPfc().match(/syscall "read"/g)?.length, 1);
      assert.equal(filter.exportPfc().match(/syscall "write"/g)?.length, 2);
    });

    it('are removed with their rules', () => {
      filter.archAdd(FOREIGN);
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.archRemove(FOREIGN);
      assert.equal(filter.archExist(FOREIGN), false);
      assert.equal(filter.exportPfc().match(/syscall "read"/g)?.length, 1);
    });

    it('cannot be removed if they are missing', () => {
      assert.throws(
        () => {
          filter.archRemove(FOREIGN);
        },
        fails('EEXIST', 'seccomp_arch_remove'),
      );
    });

    it('of another byte order are refused', () => {
      assert.throws(
        () => {
          filter.archAdd(SCMP_ARCH_S390X);
        },
        fails('EDOM', 'seccomp_arch_add'),
      );
    });

    it('that are unknown are refused', () => {
      assert.throws(() => filter.archExist(12345), fails('EINVAL', 'seccomp_arch_exist'));
      assert.throws(
        () => {
          filter.archAdd(12345);
        },
        fails('EINVAL', 'seccomp_arch_add'),
      );
      assert.throws(
        () => {
          filter.archRemove(12345);
        },
        fails('EINVAL', 'seccomp_arch_remove'),
      );
    });

    it('can all be removed, after which the filter cannot be exported', function () {
      needs26(this);
      filter.archRemove(SCMP_ARCH_NATIVE);
      assert.throws(() => filter.exportBpf(), fails('EINVAL', 'seccomp_export_bpf_mem'));
      assert.throws(() => filter.exportPfc(), fails('EINVAL', 'seccomp_export_pfc'));
      assert.throws(
        () => {
          filter.ruleAdd(EPERM_ACTION, 'read');
        },
        fails('EINVAL', 'seccomp_rule_add_array'),
      );
      filter.archAdd(SCMP_ARCH_NATIVE);
      assert.ok(filter.exportBpf().length > 0);
    });
  });

  describe('attributes', () => {
    it('have the documented initial values', function () {
      needs26(this);
      assert.equal(filter.attrGet(SCMP_FLTATR_ACT_DEFAULT), SCMP_ACT_ALLOW);
      assert.equal(filter.attrGet(SCMP_FLTATR_ACT_BADARCH), SCMP_ACT_KILL);
      assert.equal(filter.attrGet(SCMP_FLTATR_CTL_NNP), 1);
      assert.equal(filter.attrGet(SCMP_FLTATR_CTL_OPTIMIZE), 1);
      for (const attribute of [
        SCMP_FLTATR_CTL_TSYNC,
        SCMP_FLTATR_API_TSKIP,
        SCMP_FLTATR_CTL_LOG,
        SCMP_FLTATR_CTL_SSB,
        SCMP_FLTATR_API_SYSRAWRC,
        SCMP_FLTATR_CTL_WAITKILL,
      ]) {
        assert.equal(filter.attrGet(attribute), 0);
      }
    });

    it('keep their values', function () {
      needs26(this);
      for (const [attribute, value] of [
        [SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS],
        [SCMP_FLTATR_CTL_NNP, 0],
        [SCMP_FLTATR_CTL_TSYNC, 1],
        [SCMP_FLTATR_API_TSKIP, 1],
        [SCMP_FLTATR_CTL_LOG, 1],
        [SCMP_FLTATR_CTL_OPTIMIZE, 2],
        [SCMP_FLTATR_API_SYSRAWRC, 1],
        [SCMP_FLTATR_CTL_WAITKILL, 1],
      ] as const) {
        filter.attrSet(attribute, value);
        assert.equal(filter.attrGet(attribute), value);
      }
    });

    it('do not change the default action', () => {
      assert.throws(
        () => {
          filter.attrSet(SCMP_FLTATR_ACT_DEFAULT, SCMP_ACT_TRAP);
        },
        fails('EACCES', 'seccomp_attr_set'),
      );
    });

    it('refuse an optimization level that does not exist', () => {
      assert.throws(
        () => {
          filter.attrSet(SCMP_FLTATR_CTL_OPTIMIZE, 3);
        },
        fails('EOPNOTSUPP', 'seccomp_attr_set'),
      );
    });

    it('that do not exist are refused', () => {
      for (const attribute of [0, 11, 0xffffffff]) {
        assert.throws(() => filter.attrGet(attribute), fails('EINVAL', 'seccomp_attr_get'));
        assert.throws(
          () => {
            filter.attrSet(attribute, 1);
          },
          fails('EINVAL', 'seccomp_attr_set'),
        );
      }
    });

    it('allow a rule for the call -1 with TSKIP', () => {
      assert.throws(
        () => {
          filter.ruleAdd(EPERM_ACTION, -1);
        },
        fails('EINVAL', 'seccomp_rule_add_array'),
      );
      filter.attrSet(SCMP_FLTATR_API_TSKIP, 1);
      filter.ruleAdd(EPERM_ACTION, -1);
      assert.match(filter.exportPfc(), /\$syscall == 4294967295/);
    });
  });

  describe('transactions', () => {
    before(function () {
      needs26(this);
    });

    it('undo their rules when they are rejected', () => {
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.transactionStart();
      filter.ruleAdd(EPERM_ACTION, 'write');
      filter.transactionReject();
      assert.match(filter.exportPfc(), /"read"/);
      assert.doesNotMatch(filter.exportPfc(), /"write"/);
    });

    it('keep their rules when they are committed', () => {
      filter.transactionStart();
      filter.ruleAdd(EPERM_ACTION, 'write');
      filter.transactionCommit();
      assert.match(filter.exportPfc(), /"write"/);
    });

    it('nest', () => {
      filter.transactionStart();
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.transactionStart();
      filter.ruleAdd(EPERM_ACTION, 'write');
      filter.transactionReject();
      filter.transactionCommit();
      assert.match(filter.exportPfc(), /"read"/);
      assert.doesNotMatch(filter.exportPfc(), /"write"/);
    });

    it('that were not started can be neither rejected nor committed', () => {
      filter.ruleAdd(EPERM_ACTION, 'read');
      assert.throws(
        () => {
          filter.transactionReject();
        },
        fails('EINVAL', 'seccomp_transaction_reject'),
      );
      assert.throws(
        () => {
          filter.transactionCommit();
        },
        fails('EINVAL', 'seccomp_transaction_commit'),
      );
      assert.match(filter.exportPfc(), /"read"/);
    });

    it('nest 64 deep', () => {
      for (let depth = 0; depth < 64; depth += 1) filter.transactionStart();
      assert.throws(
        () => {
          filter.transactionStart();
        },
        fails('E2BIG', 'seccomp_transaction_start'),
      );
    });
  });

  describe('exportBpf', () => {
    it('returns whole instructions', () => {
      filter.ruleAdd(EPERM_ACTION, 'read');
      const program = filter.exportBpf();
      assert.ok(Buffer.isBuffer(program));
      assert.equal(program.length % 8, 0);
    });

    it('returns the same bytes whether precomputed or not', function () {
      needs26(this);
      filter.ruleAdd(EPERM_ACTION, 'read');
      const before = filter.exportBpf();
      filter.precompute();
      assert.deepEqual(filter.exportBpf(), before);
    });

    it('follows changes after precompute', function () {
      needs26(this);
      filter.precompute();
      const before = filter.exportBpf();
      filter.ruleAdd(EPERM_ACTION, 'read');
      assert.ok(filter.exportBpf().length > before.length);
    });

    it('returns memory that belongs to the caller', () => {
      const first = filter.exportBpf();
      first.fill(0xff);
      assert.notDeepEqual(filter.exportBpf(), first);
    });

    it('covers all ABIs of x86 in one filter', () => {
      const x86 = new FilterContext(SCMP_ACT_ALLOW);
      for (const arch of [SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32]) {
        if (!x86.archExist(arch)) x86.archAdd(arch);
      }
      x86.ruleAdd(EPERM_ACTION, 'ptrace');
      assert.equal(
        x86.exportPfc().match(/syscall "ptrace"/g)?.length,
        archNative() === SCMP_ARCH_X86_64 ? 3 : 4,
      );
    });

    it('covers aarch64 and arm in one filter', () => {
      const arm = new FilterContext(SCMP_ACT_ALLOW);
      for (const arch of [SCMP_ARCH_AARCH64, SCMP_ARCH_ARM]) if (!arm.archExist(arch)) arm.archAdd(arch);
      arm.ruleAdd(EPERM_ACTION, 'ptrace');
      assert.ok(arm.exportBpf().length > 0);
    });
  });

  describe('size', () => {
    it('of a filter is limited to 8,192 rules', () => {
      for (let number = 0; number < 8192; number += 1) filter.ruleAdd(EPERM_ACTION, number + 10000);
      assert.throws(
        () => {
          filter.ruleAdd(EPERM_ACTION, 'read');
        },
        fails('E2BIG', 'seccomp_rule_add_array'),
      );
    });

    it("of a program is limited before libseccomp's counter overflows", function () {
      needs26(this);
      const comparisons = Array.from({ length: 6 }, (_, arg) => ({ arg, op: SCMP_CMP_GT, a: 2n ** 40n }));
      for (let number = 0; number < 1300; number += 1) filter.ruleAdd(EPERM_ACTION, number, ...comparisons);
      assert.throws(() => filter.exportBpf(), fails('E2BIG', 'seccomp_export_bpf_mem'));
      assert.throws(
        () => {
          filter.precompute();
        },
        fails('E2BIG', 'seccomp_precompute'),
      );
      assert.throws(
        () => {
          filter.load();
        },
        fails('E2BIG', 'seccomp_load'),
      );
    });

    it('of a program may exceed the limit of the kernel', () => {
      for (let number = 0; number < 6000; number += 1) filter.ruleAdd(EPERM_ACTION, number + 10000);
      assert.ok(filter.exportBpf().length / 8 > 4096);
    });
  });

  describe('notifyFd', () => {
    it('fails if no filter with NOTIFY was loaded', () => {
      assert.throws(() => filter.notifyFd(), fails('EFAULT', 'seccomp_notify_fd'));
    });
  });

  describe('close', () => {
    it('may be repeated', () => {
      filter.close();
      filter.close();
    });

    it('is what `using` calls', () => {
      filter[Symbol.dispose]();
      assert.throws(() => filter.exportPfc(), fails('EBADF', 'seccomp_export_pfc'));
    });

    it('makes every method fail with EBADF', function () {
      needs26(this);
      filter.close();
      const calls: Record<string, () => unknown> = {
        seccomp_reset: () => {
          filter.reset(SCMP_ACT_ALLOW);
        },
        seccomp_merge: () => {
          filter.merge(new FilterContext(SCMP_ACT_ALLOW));
        },
        seccomp_arch_exist: () => filter.archExist(SCMP_ARCH_NATIVE),
        seccomp_arch_add: () => {
          filter.archAdd(FOREIGN);
        },
        seccomp_arch_remove: () => {
          filter.archRemove(SCMP_ARCH_NATIVE);
        },
        seccomp_attr_get: () => filter.attrGet(SCMP_FLTATR_CTL_NNP),
        seccomp_attr_set: () => {
          filter.attrSet(SCMP_FLTATR_CTL_NNP, 1);
        },
        seccomp_rule_add_array: () => {
          filter.ruleAdd(EPERM_ACTION, 'read');
        },
        seccomp_rule_add_exact_array: () => {
          filter.ruleAddExact(EPERM_ACTION, 'read');
        },
        seccomp_syscall_priority: () => {
          filter.syscallPriority('read', 1);
        },
        seccomp_transaction_start: () => {
          filter.transactionStart();
        },
        seccomp_transaction_reject: () => {
          filter.transactionReject();
        },
        seccomp_transaction_commit: () => {
          filter.transactionCommit();
        },
        seccomp_precompute: () => {
          filter.precompute();
        },
        seccomp_export_bpf_mem: () => filter.exportBpf(),
        seccomp_export_pfc: () => filter.exportPfc(),
        seccomp_load: () => {
          filter.load();
        },
        seccomp_notify_fd: () => filter.notifyFd(),
      };
      for (const [cFunction, call] of Object.entries(calls)) {
        assert.throws(call, fails('EBADF', cFunction));
      }
    });
  });
});
