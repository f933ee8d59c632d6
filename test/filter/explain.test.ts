// Explanations: exact for generated filters and stacks, and in the words of the profile for real profiles.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from '#lib/filter/compile-profile.js';
import { compilePolicy } from '#lib/filter/compile.js';
import { composeLayers } from '#lib/filter/compose.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { diff } from '#lib/filter/inspect/diff.js';
import { explain } from '#lib/filter/inspect/explain.js';
import { formatExplanation } from '#lib/filter/inspect/format.js';
import type { Filter } from '#lib/filter/filter.js';
import type { Layers } from '#lib/filter/layers.js';
import type { Instruction, Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { generate } from '#lib/filter/generate/generate.js';
import { CompileError, type Witness } from '#lib/util/errors.js';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';
import type { Policy } from '#lib/policy/policy.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { explained } from '../support/explained.js';
import { Random, seed } from '../support/random.js';
import { probes, randomPolicy, randomShape, type Shape } from '../support/random-policy.js';
import { written } from '../support/written.js';
import { skip } from '../support/skip.js';

const PROFILES = fileURLToPath(new URL('../../../../shared/profiles/', import.meta.url));

const op = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });

const answer = (layers: readonly Program[], event: Witness): number =>
  composeLayers(layers.map(program => interpret(program, seccompData(event)).action));

/** Compares an explanation with the programs, for calls that probe the policies of the programs. */
function assertExact(
  random: Random,
  layers: readonly Program[],
  policies: readonly Policy[],
  message: string,
): number {
  const explanation = explain(layers);
  let events = 0;
  for (const policy of policies) {
    for (const event of probes(random, policy, 12)) {
      events++;
      assert.deepEqual(explained(explanation, event), [answer(layers, event)], `${message}: ${show(event)}`);
    }
  }
  return events;
}

const show = ({ arch, syscall, args }: Witness): string =>
  `${syscall} of 0x${arch.toString(16)} (${args.map(arg => `0x${arg.toString(16)}`).join(', ')})`;

describe('explanations', () => {
  const start = seed();

  it(`have the action of the program for every call (SEED=${start})`, () => {
    const random = new Random(start);
    let events = 0;
    for (let index = 0; index < 60; index++) {
      const policy = randomPolicy(random, randomShape(random));
      events += assertExact(random, [generate(policy)], [policy], `SEED=${start}, policy ${index}`);
    }
    assert.ok(events > 5_000);
  });

  it(`do so for programs of libseccomp (SEED=${start})`, () => {
    const random = new Random(start + 1);
    const safe: Partial<Shape> = {
      maxConditions: 1,
      operators: ['SCMP_CMP_EQ', 'SCMP_CMP_MASKED_EQ'],
      actions: [SCMP_ACT_ALLOW],
    };
    for (let index = 0; index < 20; index++) {
      const arch = random.pick(['x86_64', 'aarch64'] as const);
      const policy = randomPolicy(random, { ...randomShape(random), ...safe, arch, abis: [arch] });
      const { program } = compilePolicy(policy, { codegen: 'libseccomp' });
      assertExact(random, [program], [policy], `SEED=${start}, policy ${index}`);
    }
  });

  it(`do so for stacks (SEED=${start})`, () => {
    const random = new Random(start + 2);
    for (let index = 0; index < 30; index++) {
      const policies = Array.from({ length: 2 + random.below(2) }, () =>
        randomPolicy(random, { ...randomShape(random), maxRules: 3, maxConditions: 2 }),
      );
      assertExact(
        random,
        policies.map(policy => generate(policy)),
        policies,
        `SEED=${start}, stack ${index}`,
      );
    }
  });
});

/** A filter that allows one call if all conditions of one of the lists hold, and refuses everything else. */
const allowing = (
  syscall: string,
  rules: readonly (readonly (readonly [number, string, bigint, bigint?])[])[],
): Filter =>
  compile(
    written({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: rules.map(conditions => ({
        names: [syscall],
        action: 'SCMP_ACT_ALLOW',
        args: conditions.map(([index, op, value, valueTwo]) => ({
          index,
          op: `SCMP_CMP_${op}`,
          value,
          ...(valueTwo !== undefined && { valueTwo }),
        })),
      })),
    }),
    { arch: 'x86_64', unknownSyscalls: 'default' },
  );

/** The line of an explanation about a call. */
function line(layers: Layers, syscall: string): string {
  const lines = formatExplanation(explain(layers, syscall)).split('\n');
  return (
    lines.find(text => text.startsWith(`${syscall}:`) || text.startsWith(`${syscall} (`)) ?? lines.join('\n')
  );
}

describe('explanations in words', () => {
  const docker = [
    ['socket', 'socket: allowed unless domain is AF_ALG or AF_VSOCK; then ERRNO(EPERM)'],
    [
      'personality',
      'personality: allowed if persona is PER_LINUX, PER_LINUX32, UNAME26, PER_LINUX32|UNAME26 or 0xffffffff; otherwise ERRNO(EPERM)',
    ],
    [
      'clone',
      'clone: allowed if (flags & (CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNET)) == 0; otherwise ERRNO(EPERM)',
    ],
  ] as const;
  for (const codegen of ['tree', 'libseccomp'] as const) {
    for (const arch of ['x86_64', 'aarch64'] as const) {
      it(`explain socket, personality and clone under Docker's default in a line each: ${codegen}, ${arch}`, () => {
        const filter = compile('docker-default', { arch, codegen });
        const whole = formatExplanation(explain(filter)).split('\n');
        for (const [syscall, expected] of docker) {
          assert.equal(line(filter, syscall), expected);
          assert.equal(whole.filter(text => text.startsWith(syscall + ':')).join('\n'), expected);
        }
      });
    }
  }

  type Conditions = Parameters<typeof allowing>[1];
  const words: readonly (readonly [
    what: string,
    syscall: string,
    conditions: Conditions,
    expected: string,
  ])[] = [
    ['a range', 'read', [[[0, 'MASKED_EQ', 0xfffffffffffffff8n, 8n]]], 'if fd is in 8..15; otherwise'],
    ['an open range', 'read', [[[2, 'LE', 0x1000n]]], 'if count <= 0x1000; otherwise'],
    ['the other open range', 'read', [[[2, 'GT', 0xfffn]]], 'if count >= 0x1000; otherwise'],
    ['an inequality', 'read', [[[2, 'NE', 7n]]], 'unless count is 7; then'],
    ['64-bit values', 'read', [[[2, 'EQ', 0x123456789abcdefn]]], 'if count is 0x123456789abcdef; otherwise'],
    [
      'a bit that is not set',
      'unshare',
      [[[0, 'MASKED_EQ', 0x10000000n, 0n]]],
      'if (flags & CLONE_NEWUSER) == 0; otherwise',
    ],
    [
      'a bit that is set',
      'unshare',
      [[[0, 'MASKED_EQ', 0x10000000n, 0x10000000n]]],
      'if (flags & CLONE_NEWUSER) == CLONE_NEWUSER; otherwise',
    ],
    [
      'masks of both halves',
      'write',
      [[[2, 'MASKED_EQ', 0xf0000000fn, 0x100000001n]]],
      'if (count & 0xf0000000f) == 0x100000001; otherwise',
    ],
    [
      'conditions that hold together',
      'socket',
      [
        [
          [0, 'EQ', 1n],
          [1, 'NE', 3n],
        ],
      ],
      'if domain is AF_UNIX and type is not SOCK_RAW; otherwise',
    ],
    [
      'alternatives on one argument',
      'socket',
      [[[0, 'EQ', 1n]], [[0, 'EQ', 2n]]],
      'if domain is AF_UNIX or AF_INET; otherwise',
    ],
    [
      'alternatives on several arguments',
      'socket',
      [[[0, 'EQ', 1n]], [[1, 'EQ', 1n]]],
      'if domain is AF_UNIX or type is SOCK_STREAM; otherwise',
    ],
    [
      'what several rules share, once',
      'socket',
      [
        [
          [0, 'EQ', 1n],
          [1, 'EQ', 1n],
        ],
        [
          [0, 'EQ', 2n],
          [1, 'EQ', 1n],
        ],
      ],
      'if (domain is AF_UNIX or AF_INET) and type is SOCK_STREAM; otherwise',
    ],
    [
      'rules within others, not at all',
      'read',
      [
        [
          [0, 'LE', 5n],
          [2, 'EQ', 1n],
        ],
        [
          [0, 'EQ', 3n],
          [2, 'EQ', 1n],
        ],
        [
          [0, 'LE', 9n],
          [2, 'EQ', 2n],
        ],
      ],
      'if fd <= 5 and count is 1, or fd <= 9 and count is 2; otherwise',
    ],
  ];
  for (const [what, syscall, conditions, expected] of words) {
    it(`know ${what}`, () => {
      assert.equal(
        line(allowing(syscall, conditions), syscall),
        `${syscall}: allowed ${expected} ERRNO(EPERM)`,
      );
    });
  }

  it('show if only half of a wide argument is compared', () => {
    const program = [
      op(BPF.LD_ABS, 32),
      op(BPF.JEQ_K, 7, 0, 1),
      op(BPF.RET_K, SCMP_ACT_ALLOW),
      op(BPF.RET_K, 0),
    ];
    assert.equal(
      line(program, 'read'),
      'read (x86_64, aarch64): allowed if the low half of count is 7; otherwise KILL_THREAD',
    );
  });

  it('compose layers', () => {
    const unix = allowing('socket', [[[0, 'LE', 2n]]]);
    const stream = allowing('socket', [
      [
        [0, 'NE', 0n],
        [1, 'EQ', 1n],
      ],
    ]);
    assert.equal(
      line([unix, stream], 'socket'),
      'socket: allowed if (domain is AF_UNIX or AF_INET) and type is SOCK_STREAM; otherwise ERRNO(EPERM)',
    );
  });

  it('summarize unnamed numbers as ranges, and uncovered ABIs in one line', () => {
    const text = formatExplanation(explain(compile('docker-default', { arch: 'aarch64' })));
    assert.match(text, /numbers without a name\n {2}ERRNO\(EPERM\)\n {4}aarch64: 244\.\.259, 295\.\.423\n/);
    assert.match(text, /\nx86_64; x86; x32; all other architectures: KILL_THREAD\n$/);
  });

  it('describe programs that do not test the architecture', () => {
    const program = [
      op(BPF.LD_ABS, 0),
      op(BPF.JEQ_K, 41, 0, 1),
      op(BPF.RET_K, 0x30000),
      op(BPF.RET_K, SCMP_ACT_ALLOW),
    ];
    const text = formatExplanation(explain(program));
    assert.match(text, /\nTRAP\n {2}socket \(x86_64\), dup \(x86, arm\), pivot_root \(aarch64\)/);
    assert.match(text, /x32; numbers all but 41 of all other architectures: ALLOW\n/);
  });

  it('report if there are too many conditions to list', () => {
    // The parity of an argument, which no mask and no range can express.
    const parity = [
      op(BPF.LD_ABS, 16),
      ...[16, 8, 4, 2, 1].flatMap(shift => [op(BPF.TAX), op(BPF.RSH_K, shift), op(BPF.XOR_X)]),
      op(BPF.JSET_K, 1, 0, 1),
      op(BPF.RET_K, SCMP_ACT_ALLOW),
      op(BPF.RET_K, 0),
    ];
    const [actions] = explain(parity, 'read').abis[0]?.syscalls ?? [];
    assert.deepEqual(actions?.cases, [{ action: SCMP_ACT_ALLOW, when: undefined }]);
    assert.match(line(parity, 'read'), /one of more conditions holds than can be listed/);
  });

  it('accept a call by its number', () => {
    const { abis } = explain(compile('docker-default', { arch: 'x86_64' }), 335);
    const [native, compat] = abis;
    assert.equal(native?.syscalls[0]?.syscall, 'uretprobe');
    assert.equal(compat?.syscalls.length, 1);
    assert.equal(explain([op(BPF.RET_K, 0)], 400).abis[0]?.unnamed[0]?.numbers.example, 400);
  });

  it('reject unknown calls', () => {
    const program = [op(BPF.RET_K, 0)];
    assert.throws(() => explain(program, 'sokcet'), {
      code: 'unknown-syscall',
      message: /Did you mean "socket"\?/,
    });
    for (const number of [-1, 1.5, 2 ** 32, NaN])
      assert.throws(() => explain(program, number), { code: 'bad-value' });
  });
});

/** libseccomp's program, unless libseccomp cannot express the rules. */
function withLibseccomp(policy: Policy): Filter | undefined {
  try {
    return compilePolicy(policy, { codegen: 'libseccomp' });
  } catch (error) {
    if (error instanceof CompileError) return undefined;
    throw error;
  }
}

describe('explanations of real profiles', () => {
  const start = seed();
  if (!existsSync(PROFILES)) {
    it('need profiles in ../shared/profiles', function () {
      skip(this, 'there is no ../shared/profiles');
    });
    return;
  }
  for (const file of readdirSync(PROFILES).filter(
    name => name.endsWith('.json') && !/^firecracker_|_example/.test(name),
  )) {
    for (const arch of ['x86_64', 'aarch64'] as const) {
      it(`${file} on ${arch} (SEED=${start})`, () => {
        const policy = resolveProfile(`${PROFILES}${file}`, { arch });
        const { program } = compilePolicy(policy);
        assertExact(new Random(start), [program], [policy], `SEED=${start}`);
        const other = withLibseccomp(policy);
        if (other !== undefined) assert.deepEqual(diff(program, other), []);
      });
    }
  }
});
