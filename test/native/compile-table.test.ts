// compileTable: compiles a whole rule table with libseccomp; each rule has the number of its own architecture.
import assert from 'node:assert/strict';
import { apiGet, apiSet } from '#lib/libseccomp/context.js';
import { isFailure, native, type RuleTable } from '#lib/native.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import {
  SCMP_ACT_ALLOW,
  SCMP_ACT_ERRNO,
  SCMP_ACT_KILL_PROCESS,
  SCMP_ACT_LOG,
  SCMP_ACT_NOTIFY,
  SCMP_ACT_TRAP,
  SCMP_ARCH_AARCH64,
  SCMP_ARCH_ARM,
  SCMP_ARCH_S390X,
  SCMP_ARCH_X32,
  SCMP_ARCH_X86,
  SCMP_ARCH_X86_64,
  SCMP_CMP_EQ,
} from '#lib/kernel/constants.js';
import { errnoName } from '#lib/kernel/errno.js';
import { FOREIGN } from '../support/native.js';

const DENY = SCMP_ACT_ERRNO(1);

type Rule = readonly [arch: number, number: number, action: number, ...comparisons: (readonly bigint[])[]];

const table = (
  archs: readonly number[],
  rules: readonly Rule[],
  rest: Partial<RuleTable> = {},
): RuleTable => ({
  defaultAction: DENY,
  badArch: SCMP_ACT_KILL_PROCESS,
  optimize: 2,
  archs: Uint32Array.from(archs),
  rules: Uint32Array.from(
    rules.flatMap(([arch, number, action, ...comparisons]) => [arch, number, action, comparisons.length]),
  ),
  comparisons: BigUint64Array.from(rules.flatMap(([, , , ...comparisons]) => comparisons.flat())),
  ...rest,
});

function compile(input: RuleTable): { readonly bpf: Uint8Array; readonly pfc: string } {
  const output = native().compileTable(input);
  assert.ok(!isFailure(output), JSON.stringify(output));
  return output;
}

function failure(input: RuleTable): string {
  const output = native().compileTable(input);
  assert.ok(isFailure(output));
  return `${output.failed} ${errnoName(output.errno)}`;
}

const number = (abi: AbiName, name: string): number =>
  syscallNumber(abi, name) ?? assert.fail(`${abi} has no ${name}`);

describe('compileTable', () => {
  for (const optimize of [1, 2] as const) {
    it(`keeps rules to their architecture, at optimization ${optimize}`, () => {
      const { bpf, pfc } = compile(
        table(
          [SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32],
          [
            [0, number('x86_64', 'read'), SCMP_ACT_ALLOW],
            [1, number('x86', 'socketcall'), SCMP_ACT_ALLOW],
            [2, number('x32', 'write'), SCMP_ACT_ALLOW],
          ],
          { optimize },
        ),
      );
      assert.equal(bpf.length % 8, 0);
      assert.match(
        pfc,
        /arch x86_64 [^#]+# filter for syscall "read" \(0\)[^]*arch x86 [^#]+# filter for syscall "socketcall" \(102\)[^]*arch x32 [^#]+# filter for syscall "write" \(1073741825\)/,
      );
    });
  }

  it("compiles for architectures that are not this machine's", () => {
    for (const archs of [
      [SCMP_ARCH_AARCH64, SCMP_ARCH_ARM],
      [SCMP_ARCH_X86_64, SCMP_ARCH_X86],
      [SCMP_ARCH_S390X],
    ]) {
      assert.ok(compile(table(archs, [])).bpf.length > 0);
    }
  });

  it("accepts the numbers of the rule's architecture", () => {
    const { pfc } = compile(table([SCMP_ARCH_AARCH64], [[0, number('aarch64', 'openat'), SCMP_ACT_ALLOW]]));
    assert.match(pfc, /"openat" \(56\)/);
  });

  it('accepts calls that only the foreign architecture has', () => {
    const { pfc } = compile(
      table(
        [SCMP_ARCH_ARM, SCMP_ARCH_AARCH64],
        [
          [0, number('arm', 'cacheflush'), SCMP_ACT_ALLOW],
          [1, number('aarch64', 'read'), SCMP_ACT_ALLOW],
        ],
      ),
    );
    assert.match(pfc, /"cacheflush" \(983042\)/);
  });

  it('accepts every call of every architecture', () => {
    const archs = {
      x86_64: SCMP_ARCH_X86_64,
      x86: SCMP_ARCH_X86,
      x32: SCMP_ARCH_X32,
      aarch64: SCMP_ARCH_AARCH64,
      arm: SCMP_ARCH_ARM,
    };
    for (const [name, token] of Object.entries(archs)) {
      for (let candidate = 0; candidate < 470; candidate += 1) {
        const bit = name === 'x32' ? 0x40000000 : 0;
        if (native().syscallResolveNumArch(token, candidate + bit) === undefined) continue;
        compile(table([token], [[0, candidate + bit, SCMP_ACT_ALLOW]]));
      }
    }
  });

  it('assigns comparisons to their rules in order', () => {
    const { pfc } = compile(
      table(
        [SCMP_ARCH_X86_64],
        [
          [0, 0, SCMP_ACT_ALLOW, [0n, BigInt(SCMP_CMP_EQ), 11n, 0n]],
          [0, 1, SCMP_ACT_ALLOW],
          [0, 2, SCMP_ACT_ALLOW, [1n, BigInt(SCMP_CMP_EQ), 22n, 0n], [2n, BigInt(SCMP_CMP_EQ), 33n, 0n]],
        ],
      ),
    );
    assert.match(pfc, /a1\.lo32 == 22\)[^]*a2\.lo32 == 33\)/);
    assert.match(pfc, /a0\.lo32 == 11\)/);
  });

  it('skips rules whose action is the default', () => {
    assert.doesNotMatch(compile(table([SCMP_ARCH_X86_64], [[0, 0, DENY]])).pfc, /syscall ==/);
  });

  it('sets the actions for the default and for other architectures', () => {
    const { pfc } = compile(table([SCMP_ARCH_X86_64, SCMP_ARCH_X86], [], { defaultAction: SCMP_ACT_TRAP }));
    assert.equal(pfc.match(/action TRAP;/g)?.length, 2);
    assert.match(pfc, /invalid architecture action\naction KILL_PROCESS;/);
  });

  it('compiles actions that the running kernel may lack, and restores the API level', () => {
    const before = apiGet();
    apiSet(1);
    try {
      const rules: Rule[] = [
        [0, 0, SCMP_ACT_LOG],
        [0, 1, SCMP_ACT_NOTIFY],
        [0, 2, SCMP_ACT_KILL_PROCESS],
      ];
      assert.ok(compile(table([SCMP_ARCH_X86_64], rules)).bpf.length > 0);
      assert.equal(apiGet(), 1);
    } finally {
      apiSet(before);
    }
  });

  it('refuses a number that a foreign architecture has no name for', () => {
    assert.equal(
      failure(table([ABIS[FOREIGN].token], [[0, 100000, SCMP_ACT_ALLOW]])),
      'seccomp_syscall_resolve_num_arch EFAULT',
    );
  });

  it('refuses unknown and duplicate architectures', () => {
    assert.equal(failure(table([12345], [])), 'seccomp_arch_add EINVAL');
    assert.equal(failure(table([SCMP_ARCH_X86_64, SCMP_ARCH_X86_64], [])), 'seccomp_merge EEXIST');
  });

  it('refuses architectures of different byte order', () => {
    assert.equal(failure(table([SCMP_ARCH_X86_64, SCMP_ARCH_S390X], [])), 'seccomp_merge EDOM');
  });

  it('refuses unknown actions and optimizations', () => {
    assert.equal(
      failure(table([SCMP_ARCH_X86_64], [], { defaultAction: 0x12345678 })),
      'seccomp_init EINVAL',
    );
    assert.equal(failure(table([SCMP_ARCH_X86_64], [], { badArch: 0x12345678 })), 'seccomp_attr_set EINVAL');
    assert.equal(failure(table([SCMP_ARCH_X86_64], [], { optimize: 3 as 1 })), 'seccomp_attr_set EOPNOTSUPP');
    assert.equal(failure(table([SCMP_ARCH_X86_64], [[0, 0, 0x12345678]])), 'seccomp_rule_add_array EINVAL');
  });

  it('refuses inconsistent tables', () => {
    const refused = 'seccomp_rule_add_array EINVAL';
    assert.equal(failure(table([], [])), refused);
    assert.equal(failure(table([SCMP_ARCH_X86_64], [[1, 0, SCMP_ACT_ALLOW]])), refused);
    assert.equal(
      failure(table([SCMP_ARCH_X86_64], [], { rules: Uint32Array.of(0, 0, SCMP_ACT_ALLOW) })),
      refused,
    );
    assert.equal(
      failure(table([SCMP_ARCH_X86_64], [], { rules: Uint32Array.of(0, 0, SCMP_ACT_ALLOW, 1) })),
      refused,
    );
    assert.equal(
      failure(table([SCMP_ARCH_X86_64], [], { rules: Uint32Array.of(0, 0, SCMP_ACT_ALLOW, 0xffffffff) })),
      refused,
    );
    assert.equal(failure(table([SCMP_ARCH_X86_64], [], { comparisons: BigUint64Array.of(1n) })), refused);
  });

  it('refuses tables beyond its limits', () => {
    const many = Array.from({ length: 8193 }, (_, index): Rule => [0, index, SCMP_ACT_ALLOW]);
    assert.equal(failure(table([SCMP_ARCH_X86_64], many)), 'seccomp_rule_add_array E2BIG');
    assert.equal(
      failure(table([SCMP_ARCH_X86_64], [], { comparisons: new BigUint64Array(4 * 8193) })),
      'seccomp_rule_add_array E2BIG',
    );
    assert.equal(
      failure(table(new Array<number>(17).fill(SCMP_ARCH_X86_64), [])),
      'seccomp_rule_add_array E2BIG',
    );
  });
});
