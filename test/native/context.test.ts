// FilterContext, function by function: what libseccomp's C API does, and that no misuse of it crashes.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { CompileError, LibseccompError, UsageError } from '#lib/errors.js';
import { archNative, FilterContext, syscallResolveName, type Comparison } from '#lib/filter/context.js';
import {
  SCMP_ACT_ALLOW,
  SCMP_ACT_ERRNO,
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
  SCMP_CMP_EQ,
  SCMP_CMP_GE,
  SCMP_CMP_GT,
  SCMP_CMP_LE,
  SCMP_CMP_LT,
  SCMP_CMP_MASKED_EQ,
  SCMP_CMP_NE,
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
} from '#lib/policy/constants.js';
import { needs26 } from '../support/libseccomp.js';

const EPERM_ACTION = SCMP_ACT_ERRNO(1);
/** An architecture of the same byte order that is not this machine's. */
const FOREIGN = process.arch === 'x64' ? SCMP_ARCH_AARCH64 : SCMP_ARCH_X86_64;

const fails = (errnoName: string, cFunction: string) => (error: unknown) =>
  error instanceof LibseccompError && error.errnoName === errnoName && error.syscall === cFunction;

describe('FilterContext', () => {
  let filter: FilterContext;

  beforeEach(() => {
    filter = new FilterContext(SCMP_ACT_ALLOW);
  });

  afterEach(() => {
    filter.close();
  });

  describe('constructor', () => {
    it('gives every call the default action', () => {
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

    it('takes over the architectures of the other with their rules', () => {
      const other = onlyOn(FOREIGN);
      other.ruleAdd(EPERM_ACTION, 'openat');
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.merge(other);
      assert.equal(filter.archExist(FOREIGN), true);
      assert.match(filter.exportPfc(), /"read"[^]*"openat"/);
    });

    it('closes the other', () => {
      const other = onlyOn(FOREIGN);
      filter.merge(other);
      assert.throws(() => other.exportPfc(), fails('EBADF', 'seccomp_export_pfc'));
    });

    it('refuses overlapping architectures, and leaves both as they were', () => {
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

    it('refuses other default actions', () => {
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

    it('refuses what is no context', () => {
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

    it('get only the rules that come after them', () => {
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

    it('cannot be removed where they are not', () => {
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

    it('can all be removed, after which nothing can be made of the filter', function () {
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
    it('begin with the values of the manual', function () {
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

    it('keep what is set', function () {
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

    it('with TSKIP allow a rule for the call -1', () => {
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

  describe('ruleAdd', () => {
    it('takes a call by its name or its number', () => {
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.ruleAdd(EPERM_ACTION, syscallResolveName('write'));
      assert.match(filter.exportPfc(), /"write"/);
      assert.match(filter.exportPfc(), /"read"/);
    });

    it('binds comparisons by AND', () => {
      filter.ruleAdd(
        EPERM_ACTION,
        'read',
        { arg: 0, op: SCMP_CMP_EQ, a: 3 },
        { arg: 2, op: SCMP_CMP_GT, a: 4096n },
      );
      assert.match(filter.exportPfc(), /\$a0\.lo32 == 3[^]*\$a2\.lo32 > 4096/);
    });

    it('compares all 64 bits', () => {
      filter.ruleAdd(EPERM_ACTION, 'read', { arg: 1, op: SCMP_CMP_EQ, a: 0xfedcba9876543210n });
      assert.match(filter.exportPfc(), new RegExp(`hi32 == ${0xfedcba98}\\)[^]*lo32 == ${0x76543210}\\)`));
    });

    it('masks with the first value and compares with the second', () => {
      filter.ruleAdd(EPERM_ACTION, 'clone', { arg: 0, op: SCMP_CMP_MASKED_EQ, a: 0x7e020000, b: 0x20000 });
      assert.match(filter.exportPfc(), /lo32 & 0x7e020000 == 131072/);
    });

    it('refuses the default action', () => {
      assert.throws(
        () => {
          filter.ruleAdd(SCMP_ACT_ALLOW, 'read');
        },
        fails('EACCES', 'seccomp_rule_add_array'),
      );
    });

    it('refuses an action that does not exist', () => {
      assert.throws(
        () => {
          filter.ruleAdd(0x12345678, 'read');
        },
        fails('EINVAL', 'seccomp_rule_add_array'),
      );
    });

    it('refuses another action for the same comparison', () => {
      const comparison = { arg: 0, op: SCMP_CMP_EQ, a: 1 };
      filter.ruleAdd(EPERM_ACTION, 'read', comparison);
      assert.throws(
        () => {
          filter.ruleAdd(SCMP_ACT_TRAP, 'read', comparison);
        },
        fails('EEXIST', 'seccomp_rule_add_array'),
      );
    });

    it('refuses two comparisons of one argument', () => {
      assert.throws(
        () => {
          filter.ruleAdd(
            EPERM_ACTION,
            'read',
            { arg: 0, op: SCMP_CMP_NE, a: 1 },
            { arg: 0, op: SCMP_CMP_NE, a: 2 },
          );
        },
        fails('EINVAL', 'seccomp_rule_add_array'),
      );
    });

    it('refuses an argument or an operator that does not exist', () => {
      for (const comparison of [
        { arg: 6, op: SCMP_CMP_EQ, a: 1 },
        { arg: 0, op: 0, a: 1 },
        { arg: 0, op: 8, a: 1 },
        { arg: 0xffffffff, op: 0xffffffff, a: 1 },
      ]) {
        assert.throws(
          () => {
            filter.ruleAdd(EPERM_ACTION, 'read', comparison);
          },
          fails('EINVAL', 'seccomp_rule_add_array'),
        );
      }
    });

    it('refuses seven comparisons', () => {
      const comparisons = Array.from({ length: 7 }, (_, arg) => ({ arg, op: SCMP_CMP_EQ, a: 1 }));
      assert.throws(
        () => {
          filter.ruleAdd(EPERM_ACTION, 'read', ...comparisons);
        },
        fails('EINVAL', 'seccomp_rule_add_array'),
      );
    });

    it('refuses a name that no architecture has', () => {
      assert.throws(
        () => {
          filter.ruleAdd(EPERM_ACTION, 'opnat');
        },
        (error: unknown) => error instanceof UsageError && error.code === 'unknown-syscall',
      );
    });

    it('refuses the reserved negative numbers', () => {
      assert.throws(
        () => {
          filter.ruleAdd(EPERM_ACTION, -50);
        },
        fails('EINVAL', 'seccomp_rule_add_array'),
      );
    });

    it('refuses values that are not 64 bits wide or not exact', () => {
      for (const a of [-1, -1n, 2n ** 64n, 2 ** 53, 0.5, NaN]) {
        assert.throws(() => {
          filter.ruleAdd(EPERM_ACTION, 'read', { arg: 0, op: SCMP_CMP_EQ, a });
        }, UsageError);
      }
    });

    it('refuses a number that a foreign architecture has no name for', () => {
      filter.archAdd(FOREIGN);
      assert.throws(
        () => {
          filter.ruleAdd(EPERM_ACTION, 100000);
        },
        fails('EFAULT', 'seccomp_rule_add_array'),
      );
    });

    it('takes a number without a name on the native architecture alone', () => {
      filter.ruleAdd(EPERM_ACTION, 100000);
      assert.match(filter.exportPfc(), /"UNKNOWN" \(100000\)/);
    });
  });

  describe('rules on which the builder may not end', () => {
    const ne = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_NE, a });
    const eq = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_EQ, a });
    const ge = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_GE, a });
    const lt = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_LT, a });
    const le = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_LE, a });
    const gt = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_GT, a });
    const refused = (error: unknown): boolean =>
      error instanceof CompileError &&
      error.code === 'unsupported-by-libseccomp' &&
      / of (read|write): /.test(error.message) &&
      error.remedy !== undefined;

    it('are refused before they reach it', () => {
      filter.ruleAdd(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 2n));
      assert.throws(() => {
        filter.ruleAdd(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 0x200000000n));
      }, refused);
      filter.ruleAdd(EPERM_ACTION, 'write', ge(0, 7n), le(1, 5n), lt(2, 8n));
      assert.throws(() => {
        filter.ruleAdd(EPERM_ACTION, 'write', ge(0, 7n), gt(2, 7n));
      }, refused);
      filter.ruleAdd(EPERM_ACTION, 'write', ge(2, 3n));
      assert.ok(filter.exportBpf().length > 0);
    });

    it('are refused by ruleAddExact too', () => {
      filter.ruleAddExact(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 2n));
      assert.throws(() => {
        filter.ruleAddExact(EPERM_ACTION, syscallResolveName('read'), eq(0, 3n), eq(1, 0x200000000n));
      }, refused);
    });

    it('count where another context brought them', () => {
      const other = new FilterContext(SCMP_ACT_ALLOW);
      other.archAdd(FOREIGN);
      other.archRemove(SCMP_ARCH_NATIVE);
      other.ruleAdd(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 2n));
      filter.merge(other);
      assert.throws(() => {
        filter.ruleAdd(EPERM_ACTION, 'read', eq(0, 3n), eq(1, 2n));
      }, refused);
    });

    it('are forgotten by reset', () => {
      filter.ruleAdd(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 2n));
      filter.reset(SCMP_ACT_ALLOW);
      filter.ruleAdd(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 0x200000000n));
    });

    it('do not include those that failed, those on other calls, and unconditional ones', () => {
      assert.throws(() => {
        filter.ruleAdd(SCMP_ACT_ALLOW, 'read', ne(0, 3n), eq(1, 2n));
      }, LibseccompError);
      filter.ruleAdd(EPERM_ACTION, 'write', ne(0, 3n), eq(1, 2n));
      filter.ruleAdd(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 2n));
      filter.ruleAdd(EPERM_ACTION, 'read');
    });

    it('are not those that all compare for equality, or of which one compares several arguments', () => {
      filter.ruleAdd(EPERM_ACTION, 'read', eq(0, 3n), eq(1, 2n));
      filter.ruleAdd(EPERM_ACTION, 'read', eq(0, 3n), { arg: 1, op: SCMP_CMP_MASKED_EQ, a: 0xf0n, b: 0x10n });
      filter.ruleAdd(EPERM_ACTION, 'write', ne(0, 3n));
      filter.ruleAdd(EPERM_ACTION, 'write', ge(1, 3n));
      filter.ruleAdd(EPERM_ACTION, 'write', lt(1, 9n), gt(2, 5n));
    });
  });

  describe('a ruleAdd that fails', () => {
    it('leaves the rules before it', () => {
      filter.ruleAdd(EPERM_ACTION, 'read', { arg: 0, op: SCMP_CMP_EQ, a: 1 });
      const before = filter.exportBpf();
      assert.throws(() => {
        filter.ruleAdd(SCMP_ACT_TRAP, 'read', { arg: 0, op: SCMP_CMP_EQ, a: 1 });
      }, LibseccompError);
      assert.deepEqual(filter.exportBpf(), before);
    });

    it('undoes an architecture that was added since the last rule', () => {
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.archAdd(FOREIGN);
      assert.throws(
        () => {
          filter.ruleAdd(EPERM_ACTION, 100000);
        },
        fails('EFAULT', 'seccomp_rule_add_array'),
      );
      assert.equal(filter.archExist(FOREIGN), false);
    });
  });

  describe('ruleAddExact', () => {
    it('adds the rule as it is', () => {
      filter.ruleAddExact(EPERM_ACTION, 'read');
      assert.match(filter.exportPfc(), /"read"/);
    });

    it('refuses a filter of several architectures', () => {
      filter.archAdd(FOREIGN);
      assert.throws(
        () => {
          filter.ruleAddExact(EPERM_ACTION, 'read');
        },
        fails('EOPNOTSUPP', 'seccomp_rule_add_exact_array'),
      );
    });

    it('refuses to rewrite a multiplexed call, which ruleAdd does', function () {
      filter.archRemove(SCMP_ARCH_NATIVE);
      filter.archAdd(SCMP_ARCH_X86);
      assert.throws(
        () => {
          filter.ruleAddExact(EPERM_ACTION, 'socket', { arg: 0, op: SCMP_CMP_EQ, a: 1 });
        },
        (error: unknown) => error instanceof LibseccompError,
      );
    });
  });

  describe('syscallPriority', () => {
    it('moves a call ahead of others', () => {
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.ruleAdd(EPERM_ACTION, 'write');
      filter.syscallPriority('write', 200);
      assert.match(filter.exportPfc(), /"write"[^]*"read"/);
      filter.syscallPriority('read', 255);
      assert.match(filter.exportPfc(), /"read"[^]*"write"/);
    });

    it('is from 0 to 255', () => {
      for (const priority of [-1, 256, 1.5, NaN]) {
        assert.throws(() => {
          filter.syscallPriority('read', priority);
        }, UsageError);
      }
    });

    it('refuses a call that cannot be', () => {
      assert.throws(
        () => {
          filter.syscallPriority(-5, 1);
        },
        fails('EINVAL', 'seccomp_syscall_priority'),
      );
    });
  });

  describe('transactions', () => {
    before(function () {
      needs26(this);
    });

    it('rejected take back their rules', () => {
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.transactionStart();
      filter.ruleAdd(EPERM_ACTION, 'write');
      filter.transactionReject();
      assert.match(filter.exportPfc(), /"read"/);
      assert.doesNotMatch(filter.exportPfc(), /"write"/);
    });

    it('committed keep their rules', () => {
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
    it('gives whole instructions', () => {
      filter.ruleAdd(EPERM_ACTION, 'read');
      const program = filter.exportBpf();
      assert.ok(Buffer.isBuffer(program));
      assert.equal(program.length % 8, 0);
    });

    it('gives the same bytes whether precomputed or not', function () {
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

    it("gives memory that is the caller's", () => {
      const first = filter.exportBpf();
      first.fill(0xff);
      assert.notDeepEqual(filter.exportBpf(), first);
    });

    it('covers all interfaces of x86 in one filter', () => {
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

    it('of a program may be beyond what the kernel takes', () => {
      for (let number = 0; number < 6000; number += 1) filter.ruleAdd(EPERM_ACTION, number + 10000);
      assert.ok(filter.exportBpf().length / 8 > 4096);
    });
  });

  describe('notifyFd', () => {
    it('fails where no filter with NOTIFY was loaded', () => {
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
