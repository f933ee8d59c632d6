// Filters of Firecracker's seccompiler: parsed with positions, with their documented meaning, and written.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from '#lib/filter/compile-profile.js';
import { convert } from '#lib/filter/convert.js';
import { decompile } from '#lib/filter/decompile/decompile.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import { actionName } from '#lib/kernel/action.js';
import * as scmp from '#lib/kernel/constants.js';
import type { Policy } from '#lib/policy/policy.js';
import { parseFirecracker } from '#lib/profile/formats/firecracker/parse.js';
import { parseProfile } from '#lib/profile/parse.js';
import { resolveFirecracker } from '#lib/profile/formats/firecracker/resolve.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { answer, answerNumber, brief, codes, failure, marked } from './helpers.js';
import { written as asProfile } from '../support/written.js';
import { UsageError } from '#lib/util/errors.js';
import { skip } from '../support/skip.js';

const X86_64 = { arch: 'x86_64' } as const;

const file = (filter: readonly object[], actions: object = {}): object => ({
  vmm: { default_action: 'trap', filter_action: 'allow', ...actions, filter },
});

const policyOf = (filter: readonly object[], actions?: object): Policy =>
  resolveFirecracker(parseFirecracker(file(filter, actions)), X86_64);

const condition = (type: string, op: string | object, val: number | bigint, index = 0): object => ({
  index,
  type,
  op,
  val,
});

describe('Firecracker filters: the meaning', () => {
  const HIGH = 0x5_0000_0000n;
  for (const [type, op, val, holds, fails] of [
    ['qword', 'eq', 7n, [7n], [HIGH + 7n, 8n]],
    ['qword', 'ne', 7n, [8n, HIGH + 7n], [7n]],
    ['qword', 'ge', 7n, [7n, HIGH], [6n]],
    ['qword', 'gt', 7n, [8n, HIGH], [7n]],
    ['qword', 'le', 7n, [7n], [8n, HIGH]],
    ['qword', 'lt', 7n, [6n], [7n, HIGH]],
    ['qword', { masked_eq: HIGH }, HIGH, [HIGH, HIGH + 1n], [1n]],
    ['dword', 'eq', 7n, [7n, HIGH + 7n], [8n]],
    ['dword', { masked_eq: 4 }, 0n, [1n, HIGH + 3n], [4n]],
  ] as const) {
    it(`${type} ${JSON.stringify(op, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))} ${val}`, () => {
      const policy = policyOf([{ syscall: 'read', args: [condition(type, op, val)] }]);
      for (const value of holds)
        assert.equal(answer(policy, 'x86_64', 'read', [value]), 'ALLOW', String(value));
      for (const value of fails)
        assert.equal(answer(policy, 'x86_64', 'read', [value]), 'TRAP', String(value));
    });
  }

  it('rules of one call are combined by OR, conditions of one rule by AND, even on one argument', () => {
    const policy = policyOf([
      { syscall: 'read', args: [condition('qword', 'ge', 4), condition('qword', 'le', 6)] },
      { syscall: 'read', args: [condition('qword', 'eq', 9), condition('dword', 'eq', 1, 1)] },
    ]);
    const answers = [[3n], [4n], [6n], [7n], [9n], [9n, 1n]].map(args =>
      answer(policy, 'x86_64', 'read', args),
    );
    assert.deepEqual(answers, ['TRAP', 'ALLOW', 'ALLOW', 'TRAP', 'TRAP', 'ALLOW']);
  });

  it('accepts only the result of parseFirecracker', () => {
    for (const value of ['{"vmm":{}}', undefined, {}, { filters: [] }])
      assert.throws(
        () => resolveFirecracker(value as never),
        (error: unknown) => error instanceof UsageError && error.message.includes('parseFirecracker'),
      );
  });

  it('a rule without conditions wins, with a warning', () => {
    const policy = policyOf([{ syscall: 'read', args: [condition('dword', 'eq', 1)] }, { syscall: 'read' }]);
    assert.equal(answer(policy, 'x86_64', 'read', [5n]), 'ALLOW');
    assert.deepEqual(codes(policy.warnings), ['shadowed-rule']);
    const parsed = parseFirecracker(
      file([{ syscall: 'read', args: [condition('dword', 'eq', 1)] }, { syscall: 'read' }]),
    );
    assert.deepEqual(codes(failure(() => resolveFirecracker(parsed, { ...X86_64, strict: true })).problems), [
      'shadowed-rule',
    ]);
  });

  it('other ABIs and x32 get KILL_THREAD or badArch; newer calls get the default action', () => {
    const policy = policyOf([{ syscall: 'read' }]);
    assert.deepEqual(
      [answer(policy, 'x86', 'read'), answer(policy, 'x32', 'read'), answerNumber(policy, 'x86_64', 9999)],
      ['KILL_THREAD', 'KILL_THREAD', 'TRAP'],
    );
    const old = resolveFirecracker(parseFirecracker(file([])), {
      ...X86_64,
      badArch: scmp.SCMP_ACT_KILL_PROCESS,
    });
    assert.equal(answer(old, 'x86', 'read'), 'KILL_PROCESS');
  });

  for (const [written, expected] of [
    ['allow', 'ALLOW'],
    ['log', 'LOG'],
    ['trap', 'TRAP'],
    ['kill_thread', 'KILL_THREAD'],
    ['kill_process', 'KILL_PROCESS'],
    [{ errno: 38 }, 'ERRNO(ENOSYS)'],
    [{ trace: 7 }, 'TRACE(7)'],
  ] as const) {
    it(`the action ${JSON.stringify(written)}`, () => {
      const parsed = parseFirecracker(file([], { default_action: written, filter_action: { errno: 1 } }));
      assert.equal(actionName(parsed.filters.get('vmm')?.defaultAction ?? -1), expected);
    });
  }
});

describe("Firecracker filters: the keys of rust-vmm's crate", () => {
  const crate = (filter: readonly object[], actions: object = {}): object => ({
    main: { mismatch_action: 'kill_process', match_action: 'allow', filter, ...actions },
  });

  it('are parsed, and recognised by the command line', () => {
    const parsed = parseFirecracker(crate([{ syscall: 'read' }], { mismatch_action: 'user_notif' }));
    const policy = resolveFirecracker(parsed, X86_64);
    assert.deepEqual(
      [answer(policy, 'x86_64', 'read'), answer(policy, 'x86_64', 'write'), answer(policy, 'x86', 'read')],
      ['ALLOW', 'NOTIFY', 'KILL_PROCESS'],
    );
    assert.deepEqual(codes(failure(() => parseProfile(crate([]))).problems), ['foreign-format']);
  });

  it('compare 32 bits of a dword with every operator, as all versions of the crate do', () => {
    const filter = [{ syscall: 'read', args: [condition('dword', 'ne', 1)] }];
    const parsed = parseFirecracker(crate(filter));
    assert.deepEqual(parsed.warnings, []);
    const policy = resolveFirecracker(parsed, X86_64);
    assert.deepEqual(
      [[1n], [0x1_0000_0001n], [2n]].map(args => answer(policy, 'x86_64', 'read', args)),
      ['KILL_PROCESS', 'KILL_PROCESS', 'ALLOW'],
    );
  });

  for (const [code, text] of [
    [
      'unknown-key',
      '{ "main": { →"mismatch_action": "trap", "default_action": "log", "filter_action": "allow", "filter": [] } }',
    ],
    ['missing-key', '{ "main": →{ "mismatch_action": "trap", "filter": [] } }'],
    ['no-filters', '→{ "mismatch_action": "trap", "match_action": "allow", "filter": [] }'],
  ] as const) {
    it(`${code}: ${text}`, () => {
      const { text: source, line, column } = marked(text);
      const { problems } = failure(() => parseFirecracker(source));
      assert.deepEqual(problems.map(brief), [`${line}:${column} ${code}`]);
    });
  }
});

describe('Firecracker filters: mistakes', () => {
  const inRule = (rule: string): string =>
    `{ "vmm": { "default_action": "trap", "filter_action": "allow",\n "filter": [ ${rule} ] } }`;
  const inCondition = (text: string): string => inRule(`{ "syscall": "read", "args": [ ${text} ] }`);

  for (const [code, text] of [
    ['wrong-type', '→[]'],
    ['no-filters', '→{}'],
    ['no-filters', '→{ "default_action": "trap", "filter_action": "allow", "filter": [] }'],
    ['wrong-type', '{ "vmm": →3 }'],
    ['missing-key', '{ "vmm": →{ "default_action": "trap", "filter_action": "allow" } }'],
    ['identical-actions', '{ "vmm": →{ "default_action": "trap", "filter_action": "trap", "filter": [] } }'],
    ['unknown-action', '{ "vmm": { "default_action": →"trp", "filter_action": "allow", "filter": [] } }'],
    [
      'unknown-action',
      '{ "vmm": { "default_action": →{ "erno": 1 }, "filter_action": "allow", "filter": [] } }',
    ],
    ['wrong-type', '{ "vmm": { "default_action": →3, "filter_action": "allow", "filter": [] } }'],
    [
      'out-of-range',
      '{ "vmm": { "default_action": { "errno": →-1 }, "filter_action": "allow", "filter": [] } }',
    ],
    ['unknown-syscall', inRule('{ "syscall": →"opn" }')],
    ['missing-key', inRule('→{ "args": [] }')],
    ['unknown-key', inRule('{ "syscall": "read", →"arg": [] }')],
    ['wrong-type', inRule('{ "syscall": "read", "comment": →1 }')],
    ['out-of-range', inCondition('{ "index": →6, "type": "dword", "op": "eq", "val": 1 }')],
    ['unknown-type', inCondition('{ "index": 0, "type": →"word", "op": "eq", "val": 1 }')],
    ['unknown-operator', inCondition('{ "index": 0, "type": "dword", "op": →"equal", "val": 1 }')],
    ['unknown-operator', inCondition('{ "index": 0, "type": "dword", "op": →{ "mask": 1 }, "val": 1 }')],
    ['out-of-range', inCondition('{ "index": 0, "type": "dword", "op": "eq", "val": →4294967296 }')],
    [
      'out-of-range',
      inCondition('{ "index": 0, "type": "dword", "op": { "masked_eq": →4294967296 }, "val": 0 }'),
    ],
    ['missing-key', inCondition('→{ "index": 0, "type": "dword", "op": "eq" }')],
  ] as const) {
    it(`${code}: ${text.replaceAll(/\s+/g, ' ').slice(0, 100)}`, () => {
      const { text: source, line, column } = marked(text);
      const { problems } = failure(() => parseFirecracker(source));
      assert.deepEqual(problems.map(brief), [`${line}:${column} ${code}`]);
    });
  }

  it('are all reported at once, with suggestions', () => {
    const { problems } = failure(() =>
      parseFirecracker(inRule('{ "syscall": "opn" }, { "syscal": "read" }')),
    );
    assert.deepEqual(codes(problems), ['unknown-syscall', 'missing-key', 'unknown-key']);
    assert.match(problems[0]?.remedy ?? '', /open/);
  });

  it('cause warnings for differences between versions of Firecracker, and for cleared bits', () => {
    const filter = [
      { syscall: 'read', args: [condition('dword', 'ne', 1), condition('dword', { masked_eq: 1 }, 3, 1)] },
    ];
    const { warnings } = parseFirecracker(file(filter));
    assert.deepEqual(codes(warnings), ['dword-order', 'bits-outside-mask']);
    assert.deepEqual(codes(policyOf(filter).warnings), codes(warnings));
    assert.deepEqual(
      codes(failure(() => parseFirecracker(file(filter), { strict: true })).problems),
      codes(warnings),
    );
  });

  it('include a call that the architecture lacks, and a category that the file lacks', () => {
    const parsed = parseFirecracker(file([{ syscall: 'open' }]));
    const { problems } = failure(() => resolveFirecracker(parsed, { category: 'vmm', arch: 'aarch64' }));
    assert.deepEqual(codes(problems), ['unknown-syscall']);
    assert.throws(() => resolveFirecracker(parsed, { category: 'api', ...X86_64 }), {
      code: 'unknown-category',
    });
    const two = parseFirecracker({ ...file([]), api: Object.values(file([]))[0] as object });
    assert.throws(() => resolveFirecracker(two, X86_64), { code: 'unknown-category', remedy: /vmm, api/ });
    assert.throws(() => resolveFirecracker(parsed, { badArch: 'x' } as object), {
      code: 'bad-option',
    });
  });
});

describe("Firecracker's own files", () => {
  for (const arch of ['x86_64', 'aarch64'] as const) {
    const path = fileURLToPath(
      new URL(`../../../../shared/profiles/firecracker_seccompiler_${arch}-musl.json`, import.meta.url),
    );
    it(`for ${arch}: every category compiles, is proven, and survives round trips through its program and its text`, function () {
      if (!existsSync(path)) skip(this, `there is no ${path}`);
      const parsed = parseFirecracker(path);
      assert.deepEqual([...parsed.filters.keys()], ['vmm', 'api', 'vcpu']);
      assert.deepEqual(parsed.warnings, []);
      for (const category of parsed.filters.keys()) {
        const { policy, program, bpf } = compile(resolveFirecracker(parsed, { category, arch }));
        const text = convert(decompile(bpf), 'firecracker', { category });
        const again = resolveFirecracker(parseFirecracker(text), { category, arch });
        assert.equal(findDifference(program, again), undefined, category);
        const docker = convert(policy, 'docker', { unknownSyscalls: 'default' });
        const read = resolveProfile(Buffer.from(docker), { arch }, { unknownSyscalls: 'default' });
        assert.equal(findDifference(program, read), undefined, category);
      }
    });
  }
});

describe('convert: to Firecracker', () => {
  const written = (policy: Policy): unknown =>
    JSON.parse(convert(policy, 'firecracker', { category: 'api' }));

  it('writes one category', () => {
    const policy = policyOf([
      { syscall: 'read' },
      { syscall: 'mmap', args: [condition('dword', 'eq', 3, 2), condition('qword', 'ne', 1)] },
    ]);
    assert.deepEqual(written(policy), {
      api: {
        default_action: 'trap',
        filter_action: 'allow',
        filter: [
          { syscall: 'read' },
          { syscall: 'mmap', args: [condition('qword', 'ne', 1), condition('dword', 'eq', 3, 2)] },
        ],
      },
    });
  });

  it('writes a filter without rules', () => {
    assert.deepEqual(written(policyOf([])), {
      api: { default_action: 'trap', filter_action: 'kill_thread', filter: [] },
    });
  });

  const profile = (
    architectures: readonly string[],
    unknownSyscalls: 'enosys' | 'default',
    action: string,
  ): Policy =>
    resolveProfile(
      asProfile({
        defaultAction: 'SCMP_ACT_ERRNO',
        architectures,
        syscalls: [
          { names: ['read'], action: 'SCMP_ACT_ALLOW' },
          { names: ['write'], action },
        ],
      }),
      X86_64,
      { unknownSyscalls },
    );
  const ALLOW = 'SCMP_ACT_ALLOW';
  for (const [what, policy, expected] of [
    ['a second ABI', profile(['SCMP_ARCH_X86'], 'default', ALLOW), /covers x86 in addition to x86_64/],
    ['ENOSYS for newer calls', profile([], 'enosys', ALLOW), /--unknown-syscalls default/],
    ['a third action', profile([], 'default', 'SCMP_ACT_TRAP'), /read gets ALLOW and write TRAP/],
    [
      'another answer to foreign architectures',
      { ...profile([], 'default', ALLOW), badArch: scmp.SCMP_ACT_TRAP },
      /TRAP/,
    ],
    ['NOTIFY', { ...policyOf([]), defaultAction: scmp.SCMP_ACT_NOTIFY }, /NOTIFY/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => convert(policy, 'firecracker'), { code: 'not-expressible', message: expected });
    });
  }
});
