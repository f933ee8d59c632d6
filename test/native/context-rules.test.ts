// The rules of a FilterContext: what libseccomp accepts, merges, orders and refuses.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { CompileError, LibseccompError, UsageError } from '#lib/util/errors.js';
import { FilterContext, syscallResolveName, type Comparison } from '#lib/libseccomp/context.js';
import {
  SCMP_ACT_ALLOW,
  SCMP_ACT_TRAP,
  SCMP_ARCH_NATIVE,
  SCMP_ARCH_X86,
  SCMP_CMP_EQ,
  SCMP_CMP_GE,
  SCMP_CMP_GT,
  SCMP_CMP_LE,
  SCMP_CMP_LT,
  SCMP_CMP_MASKED_EQ,
  SCMP_CMP_NE,
} from '#lib/kernel/constants.js';
import { EPERM_ACTION, fails, FOREIGN } from '../support/context.js';

describe('FilterContext', () => {
  let filter: FilterContext;

  beforeEach(() => {
    filter = new FilterContext(SCMP_ACT_ALLOW);
  });

  afterEach(() => {
    filter.close();
  });

  describe('ruleAdd', () => {
    it('accepts a call by its name or its number', () => {
      filter.ruleAdd(EPERM_ACTION, 'read');
      filter.ruleAdd(EPERM_ACTION, syscallResolveName('write'));
      assert.match(filter.exportPfc(), /"write"/);
      assert.match(filter.exportPfc(), /"read"/);
    });

    it('combines comparisons by AND', () => {
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

    it('refuses a number without a name on a foreign architecture', () => {
      filter.archAdd(FOREIGN);
      assert.throws(
        () => {
          filter.ruleAdd(EPERM_ACTION, 100000);
        },
        fails('EFAULT', 'seccomp_rule_add_array'),
      );
    });

    it('accepts a number without a name only on the native architecture', () => {
      filter.ruleAdd(EPERM_ACTION, 100000);
      assert.match(filter.exportPfc(), /"UNKNOWN" \(100000\)/);
    });
  });

  describe('rules on which libseccomp does not terminate', () => {
    const ne = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_NE, a });
    const eq = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_EQ, a });
    const ge = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_GE, a });
    const lt = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_LT, a });
    const le = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_LE, a });
    const gt = (arg: number, a: bigint): Comparison => ({ arg, op: SCMP_CMP_GT, a });
    const refused = (error: unknown): boolean =>
      error instanceof CompileError &&
      error.code === 'unsupported-by-libseccomp' &&
      error.remedy !== undefined;
    const endless = (filter: FilterContext): void => {
      filter.ruleAdd(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 2n));
      filter.ruleAdd(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 0x200000000n));
    };

    it('are refused, and do not change the filter', () => {
      assert.throws(() => {
        endless(filter);
      }, refused);
      const before = filter.exportBpf();
      assert.throws(() => {
        filter.ruleAdd(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 0x200000000n));
      }, refused);
      assert.deepEqual(filter.exportBpf(), before);
    });

    it('are refused by ruleAddExact too', () => {
      filter.ruleAddExact(EPERM_ACTION, 'write', ge(0, 7n), le(1, 5n), lt(2, 8n));
      assert.throws(() => {
        filter.ruleAddExact(EPERM_ACTION, syscallResolveName('write'), ge(0, 7n), gt(2, 7n));
      }, refused);
    });

    it('leave a context that can be reset and used again', () => {
      assert.throws(() => {
        endless(filter);
      }, refused);
      filter.reset(SCMP_ACT_ALLOW);
      filter.ruleAdd(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 0x200000000n));
      assert.ok(filter.exportBpf().length > 0);
    });

    it('leave a context that can be closed, and no child process', () => {
      const children = (): readonly string[] =>
        readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
      // Children of other tests: Node cannot reap them in between.
      const before = children();
      assert.throws(() => {
        endless(filter);
      }, refused);
      filter.close();
      assert.deepEqual(children(), before);
    });

    it('do not include similar rules on which it terminates', () => {
      filter.ruleAdd(EPERM_ACTION, 'read', ne(0, 3n), eq(1, 2n));
      filter.ruleAdd(EPERM_ACTION, 'read', ne(0, 4n), eq(1, 7n));
      filter.ruleAdd(EPERM_ACTION, 'write', lt(1, 9n), gt(2, 5n));
      filter.ruleAdd(EPERM_ACTION, 'write', eq(1, 3n), eq(2, 5n));
      assert.match(filter.exportPfc(), /"read"[^]*"write"/);
    });
  });

  describe('a ruleAdd that fails', () => {
    it('keeps the rules before it', () => {
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
    it('adds the rule unchanged', () => {
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

    it('refuses an invalid call', () => {
      assert.throws(
        () => {
          filter.syscallPriority(-5, 1);
        },
        fails('EINVAL', 'seccomp_syscall_priority'),
      );
    });
  });
});
