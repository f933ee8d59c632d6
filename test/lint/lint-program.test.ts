// Lint rules for programs of any origin, by their actions.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { ProgramError } from '#lib/util/errors.js';
import { lintProgram } from '#lib/lint/lint-program.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { encode, WORD, type Instruction, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { generate } from '#lib/filter/generate/generate.js';
import { ABIS, syscallName, syscallNumber } from '#lib/kernel/abi.js';
import { permits } from '#lib/kernel/action.js';
import type { Event } from '#lib/kernel/event.js';
import { OPERATORS } from '#lib/policy/policy.js';
import { parametersOf } from '#lib/kernel/arguments/signatures.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_KILL_PROCESS } from '#lib/kernel/constants.js';
import type { Finding } from '#lib/lint/finding.js';
import { when, rule } from '../profile/helpers.js';
import { written } from '../support/written.js';
import { Random, seed } from '../support/random.js';
import { probes, randomPolicy } from '../support/random-policy.js';

const at = (code: number, k: number, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const load = (word: number): Instruction => at(BPF.LD_ABS, 4 * word);
const ret = (action: number): Instruction => at(BPF.RET_K, action);
const number = (name: string): number => syscallNumber('x86_64', name) ?? -1;

/** Continues on x86_64, kills otherwise. */
const onlyX86_64: Program = [
  load(WORD.arch),
  at(BPF.JEQ_K, ABIS.x86_64.audit, 1, 0),
  ret(SCMP_ACT_KILL_PROCESS),
];
/** Kills x32. */
const noX32: Program = [at(BPF.JGE_K, 0x40000000, 0, 1), ret(SCMP_ACT_KILL_PROCESS)];
/** Returns an action for one call, and allows the others. */
const refuse = (name: string, action: number): Program => [
  at(BPF.JEQ_K, number(name), 0, 1),
  ret(action),
  ret(SCMP_ACT_ALLOW),
];

const codes = (findings: readonly Finding[]): readonly string[] => findings.map(({ code }) => code);
const lintCodes = (...program: readonly Instruction[]): readonly string[] =>
  codes(lintProgram(program, { arch: 'x86_64' }));

describe('lint of programs', () => {
  it('foreign-abi-open: the architecture is never tested', () => {
    const rest = [load(WORD.nr), ...noX32, ...refuse('reboot', SCMP_ACT_ERRNO(1))];
    assert.ok(lintCodes(...rest).includes('foreign-abi-open'));
    assert.ok(!lintCodes(...onlyX86_64, ...rest).includes('foreign-abi-open'));
  });

  it('foreign-abi-open: another architecture is allowed everything', () => {
    const allowed: Program = [
      load(WORD.arch),
      at(BPF.JEQ_K, ABIS.x86.audit, 0, 1),
      ret(SCMP_ACT_ALLOW),
      ...onlyX86_64.slice(1),
      load(WORD.nr),
      ...noX32,
      ...refuse('reboot', SCMP_ACT_ERRNO(1)),
    ];
    const finding = lintProgram(allowed).find(({ code }) => code === 'foreign-abi-open');
    assert.match(finding?.message ?? '', /every call of x86 is allowed/);
  });

  it('x32-open: bit 30 evades a refusal', () => {
    const rest = refuse('reboot', SCMP_ACT_ERRNO(1));
    assert.ok(lintCodes(...onlyX86_64, load(WORD.nr), ...rest).includes('x32-open'));
    assert.ok(!lintCodes(...onlyX86_64, load(WORD.nr), ...noX32, ...rest).includes('x32-open'));
  });

  it('errno-zero: a refusal that reports success', () => {
    const program = (errno: number): Program => [
      ...onlyX86_64,
      load(WORD.nr),
      ...noX32,
      ...refuse('reboot', SCMP_ACT_ERRNO(errno)),
    ];
    assert.ok(lintCodes(...program(0)).includes('errno-zero'));
    assert.ok(!lintCodes(...program(1)).includes('errno-zero'));
  });

  it('unknown-action: a value that kills', () => {
    assert.deepEqual(lintCodes(ret(0x12340000)), ['unknown-action']);
    assert.deepEqual(lintCodes(ret(SCMP_ACT_KILL_PROCESS)), []);
  });

  it('errno-zero and unknown-action: one finding for all instructions that return the same', () => {
    const test = (k: number): Program => [at(BPF.JEQ_K, k, 0, 1), ret(SCMP_ACT_ERRNO(0))];
    const found = lintProgram([load(WORD.nr), ...test(1), ...test(2), ...test(3), ret(0x12340000)]);
    assert.deepEqual(
      found.filter(({ code }) => /errno-zero|unknown/.test(code)).map(({ message }) => message),
      ['instructions 2, 4 and 6 return ERRNO(0)', 'instruction 7 returns 0x12340000'],
    );
  });

  it('unreachable-code: instructions that cannot be reached', () => {
    const [finding] = lintProgram([ret(0), ret(SCMP_ACT_ALLOW), ret(0)]);
    assert.equal(finding?.code, 'unreachable-code');
    assert.match(finding.message, /instructions 1, 2$/);
  });

  it('unreachable-code: not for the return that ends every program of libseccomp', () => {
    assert.deepEqual(lintCodes(ret(0), ret(0)), []);
  });

  it('equivalent-open: for a condition that another call evades, not for calls that an allow-list omits', () => {
    const allow = (...rules: readonly object[]): readonly string[] =>
      codes(
        lintProgram(
          compile(written({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: rules }), { arch: 'x86_64' }),
        ),
      );
    const chmod = rule('chmod', 'ALLOW', when(1, 'MASKED_EQ', 0o4000, 0));
    assert.ok(allow(chmod, rule('fchmodat', 'ALLOW')).includes('equivalent-open'));
    assert.ok(!allow(rule('chmod', 'ALLOW'), rule('mseal', 'ALLOW')).includes('equivalent-open'));
  });

  it('kill-on-probe and clone3-answer: as in profiles', () => {
    const program = (action: number): Program => [
      ...onlyX86_64,
      load(WORD.nr),
      ...noX32,
      ...refuse('clone3', action),
    ];
    const found = lintCodes(...program(SCMP_ACT_KILL_PROCESS));
    assert.ok(found.includes('kill-on-probe') && found.includes('clone3-answer'));
    const answered = lintCodes(...program(SCMP_ACT_ERRNO(38)));
    assert.ok(!answered.includes('kill-on-probe') && !answered.includes('clone3-answer'));
  });

  it('silent-refusal: as in profiles', () => {
    const program = (action: number): Program => [
      ...onlyX86_64,
      load(WORD.nr),
      ...noX32,
      ...refuse('getsockname', action),
    ];
    assert.ok(lintCodes(...program(SCMP_ACT_ERRNO(1))).includes('silent-refusal'));
    assert.ok(!lintCodes(...program(SCMP_ACT_KILL_PROCESS)).includes('silent-refusal'));
  });

  it('wide-comparison: a call is allowed because of garbage above an int', () => {
    const program = (op: string, argWidth: 'profile' | 'declared'): Program =>
      compile(
        written({
          defaultAction: 'SCMP_ACT_ERRNO',
          syscalls: [rule('socket', 'ALLOW', when(0, op, 40))],
        }),
        { arch: 'x86_64', argWidth },
      ).program;
    assert.ok(lintCodes(...program('GT', 'profile')).includes('wide-comparison'));
    assert.ok(!lintCodes(...program('EQ', 'profile')).includes('wide-comparison'));
    assert.ok(!lintCodes(...program('GT', 'declared')).includes('wide-comparison'));
  });

  /** Programs that refuse mkdir with EPERM only on x86_64, and test its number in different ways. */
  const mkdir = number('mkdir');
  const looks: readonly (readonly [what: string, Program])[] = [
    ['as it is', [at(BPF.JEQ_K, mkdir, 0, 1)]],
    ['plus a constant', [at(BPF.ADD_K, 1), at(BPF.JEQ_K, mkdir + 1, 0, 1)]],
    ['minus X', [at(BPF.LDX_IMM, mkdir), at(BPF.SUB_X, 0), at(BPF.JEQ_K, 0, 0, 1)]],
    ['under an exclusive or', [at(BPF.XOR_K, 0xffff), at(BPF.JEQ_K, mkdir ^ 0xffff, 0, 1)]],
    ['shifted', [at(BPF.LSH_K, 2), at(BPF.JEQ_K, mkdir << 2, 0, 1)]],
    [
      'negated, by way of memory',
      [at(BPF.NEG, 0), at(BPF.ST, 0), at(BPF.LD_MEM, 0), at(BPF.JEQ_K, -mkdir >>> 0, 0, 1)],
    ],
  ];
  const found = ([, look]: readonly [string, Program]): readonly string[] =>
    lintProgram(
      [...onlyX86_64, load(WORD.nr), ...noX32, ...look, ret(SCMP_ACT_ERRNO(1)), ret(SCMP_ACT_ALLOW)],
      { arch: 'x86_64' },
    ).map(({ code, message }) => `${code} ${message}`);
  for (const [what, look] of looks) {
    it(`follows arithmetic: the number ${what}`, () => {
      const findings = found([what, look]);
      assert.ok(
        findings.some(text => text.startsWith('equivalent-open') && /mkdir.*mkdirat/.test(text)),
        findings.join('\n'),
      );
      assert.deepEqual(findings, found(['', looks[0]?.[1] ?? []]));
    });
  }

  it('undecidable-program: products of values that differ between calls', () => {
    const program: Program = [
      load(WORD.low(0)),
      at(BPF.TAX, 0),
      load(WORD.nr),
      at(BPF.MUL_X, 0),
      at(BPF.JEQ_K, 5, 0, 1),
      ret(SCMP_ACT_ALLOW),
      ret(0),
    ];
    assert.ok(lintCodes(...program).includes('undecidable-program'));
  });

  const start = seed();
  it(`wide-comparison: for every argument whose garbage allows a call (SEED=${start})`, () => {
    const random = new Random(start);
    let [opened, closed] = [0, 0];
    for (let index = 0; index < 40; index++) {
      const policy = randomPolicy(random, {
        arch: 'x86_64',
        abis: ['x86_64'],
        maxRules: 2,
        maxConditions: 2,
        operators: OPERATORS,
        wide: true,
        actions: [SCMP_ACT_ALLOW],
      });
      const program = generate(policy);
      const permitted = (event: Event): boolean => permits(interpret(program, seccompData(event)).action);
      const findings = lintProgram(program).filter(({ code }) => code === 'wide-comparison');
      for (const event of probes(random, policy, 40)) {
        const name = syscallName('x86_64', event.syscall);
        if (event.arch !== ABIS.x86_64.audit || name === undefined) continue;
        for (const [arg, { width }] of (parametersOf('x86_64', name) ?? []).entries()) {
          const value = event.args[arg] ?? 0n;
          if (width !== 32 || value <= 0xffffffffn || !permitted(event)) continue;
          const clean = { ...event, args: event.args.with(arg, value & 0xffffffffn) };
          const said = findings.some(
            ({ message }) =>
              message.includes(`argument ${arg} of ${name} (`) || / and \d+ more$/.test(message),
          );
          if (permitted(clean)) closed++;
          else {
            opened++;
            assert.ok(said, `SEED=${start}, policy ${index}: ${name}, argument ${arg}`);
          }
        }
      }
    }
    assert.ok(opened > 20 && closed > 20, `${opened} opened, ${closed} not`);
  });

  for (const codegen of ['tree', 'libseccomp'] as const) {
    it(`docker-default by ${codegen} has nothing of severity high`, () => {
      for (const arch of ['x86_64', 'aarch64'] as const) {
        const findings = lintProgram(compile('docker-default', { arch, codegen }));
        assert.deepEqual(
          findings.filter(({ severity }) => severity === 'high'),
          [],
        );
        assert.ok(codes(findings).includes('wide-comparison'));
      }
    });
  }

  it('accepts bytes, and rejects programs that the kernel would reject', () => {
    assert.deepEqual(codes(lintProgram(encode([ret(0)]))), []);
    assert.throws(() => lintProgram(encode([load(0)])), ProgramError);
  });
});
