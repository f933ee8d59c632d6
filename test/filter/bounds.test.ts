// Hostile programs and profiles: every analysis ends with a result or an error with a code, within a small heap.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolveProfile } from '#lib/entries/index.js';
import { bddBudget, Bdd } from '#lib/filter/meaning/bdd.js';
import { differenceByDiagrams } from '#lib/filter/meaning/policy-meaning.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { runTable } from '#lib/policy/runs.js';
import { validate, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { walkBudget, Walker } from '#lib/filter/prove/symbolic.js';
import { generate, UNIFORM } from '#lib/filter/generate/generate.js';
import { RuleLists } from '#lib/filter/generate/rule-lists.js';
import { findDifference, walked } from '#lib/filter/prove/verify.js';
import { HOSTILE_PROFILES, SHARED_RULES } from '../support/hostile-profiles.js';
import { HOSTILE_PROGRAMS } from '../support/hostile-programs.js';
import { Random } from '../support/random.js';
import { randomPolicy, randomShape } from '../support/random-policy.js';

/** Megabytes of heap: an analysis that exceeds its bound aborts the process. */
const HEAP = 256;
/** Megabytes of a file, even in memory: SIGXFSZ ends a process that writes more. */
const FILE = 64;

/** The outcome of each analysis of a subject, in a separate process. */
function outcomesOf(kind: 'programs' | 'profiles', subject: string, analyses: readonly string[]): unknown {
  const { status, signal, stdout, stderr } = spawnSync(
    'prlimit',
    [
      `--fsize=${FILE * 2 ** 20}`,
      process.execPath,
      `--max-old-space-size=${HEAP}`,
      '--input-type=module',
      '--eval',
      `const { subjects } = await import(${JSON.stringify(new URL('../support/hostile-analyses.js', import.meta.url).href)});
       const analyses = subjects(${JSON.stringify(kind)}).get(${JSON.stringify(subject)});
       const outcomes = {};
       for (const name of ${JSON.stringify(analyses)}) {
         try { analyses.get(name)(); outcomes[name] = 'a result'; }
         catch (error) { outcomes[name] = error.code ?? error.stack; }
       }
       console.log(JSON.stringify(outcomes));`,
    ],
    { encoding: 'utf8' },
  );
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr.slice(0, 500));
  return JSON.parse(stdout);
}

const all = process.env['HOSTILE'] === 'all';

/** Every `of`th subject, unless all are requested, because each takes seconds. */
const some = <Subject>(subjects: readonly Subject[], of: number): readonly Subject[] =>
  all ? subjects : subjects.filter((_, index) => index % of === 0);

const CODES =
  /^(?:a result|undecidable-program|not-expressible|too-much-work|program-too-large|too-many-rules|too-many-values|contradicting-rules|unsupported-by-libseccomp|verification-failed|unknown-syscall|bad-errno)$/;

function assertAllEnd(outcomes: unknown): void {
  for (const [name, outcome] of Object.entries(outcomes as Readonly<Record<string, string>>))
    assert.match(outcome, CODES, name);
}

const policy = resolveProfile(
  { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }] },
  { arch: 'x86_64' },
  { badArch: 0x7fff0000 },
);

describe('hostile programs', function () {
  this.timeout(600_000);
  // The other analyses use the same walk and the same diagrams.
  const analyses = all
    ? ['findDifference', 'explain', 'decompile', 'lintProgram', 'htmlReport against docker-default']
    : ['findDifference', 'lintProgram'];
  for (const { name } of some(HOSTILE_PROGRAMS, 16)) {
    it(`${name}: every analysis ends within ${HEAP} MB`, () => {
      assertAllEnd(outcomesOf('programs', name, analyses));
    });
  }

  /** Tests whose branches join again after setting a register, which nothing reads, to different constants. */
  const meeting = (tests: number): Program => {
    const program = Array.from({ length: tests }, (_, index) => [
      { code: BPF.LD_ABS, jt: 0, jf: 0, k: 4 * (4 + (index % 12)) },
      { code: BPF.JGT_K, jt: 0, jf: 1, k: Math.imul(0x9e3779b9, index + 1) >>> 0 },
      { code: BPF.LDX_IMM, jt: 0, jf: 0, k: index },
    ]).flat();
    const answers = [
      { code: BPF.LD_ABS, jt: 0, jf: 0, k: 4 },
      { code: BPF.JEQ_K, jt: 0, jf: 4, k: 0xc000003e },
      { code: BPF.LD_ABS, jt: 0, jf: 0, k: 0 },
      { code: BPF.JEQ_K, jt: 0, jf: 2, k: 83 },
      { code: BPF.RET_K, jt: 0, jf: 0, k: 0x50001 },
      { code: BPF.RET_K, jt: 0, jf: 0, k: 0 },
      { code: BPF.RET_K, jt: 0, jf: 0, k: 0x7fff0000 },
    ];
    // The tested words matter until the last test.
    const all = Array.from({ length: 12 }, (_, index) => [
      { code: BPF.LD_ABS, jt: 0, jf: 0, k: 4 * (4 + index) },
      { code: BPF.JEQ_K, jt: 1, jf: 0, k: 1 },
      { code: BPF.LDX_IMM, jt: 0, jf: 0, k: 0 },
    ]).flat();
    const whole = [...program, ...all, ...answers];
    validate(whole);
    return whole;
  };

  it('a walk stops after the same number of steps on every machine', () => {
    const used = [1, 2].map(() => {
      const walker = new Walker(meeting(200), walkBudget(100_000));
      assert.throws(() => walked(walker, policy, runTable(policy)), { code: 'undecidable-program' });
      return walker.work.used;
    });
    assert.equal(used[0], used[1]);
    assert.ok((used[0] ?? 0) < 200_000, `${used.join()} steps`);
  });

  it('states that join again are merged, which proves a program that the walk cannot', () => {
    assert.equal(findDifference(meeting(1000), policy), undefined);
  });

  it('a difference after tests whose branches join is found, with a witness', () => {
    const wrong = meeting(1000).map(instruction =>
      instruction.code === BPF.RET_K && instruction.k === 0x50001
        ? { ...instruction, k: 0x50002 }
        : instruction,
    );
    const call = findDifference(wrong, policy);
    assert.ok(call !== undefined);
    assert.notEqual(interpret(wrong, seccompData(call)).action, evaluate(policy, call));
  });

  it('states that differ only in unread registers are merged', () => {
    const steps = (tests: number): number => {
      const program = [
        ...Array.from({ length: tests }, (_, index) => [
          { code: BPF.LD_ABS, jt: 0, jf: 0, k: 8 },
          { code: BPF.JEQ_K, jt: 0, jf: 1, k: index },
          { code: BPF.LDX_IMM, jt: 0, jf: 0, k: index },
          { code: BPF.LD_IMM, jt: 0, jf: 0, k: 0 },
        ]).flat(),
        { code: BPF.RET_K, jt: 0, jf: 0, k: 0x7fff0000 },
      ];
      const walker = new Walker(program);
      walker.walk(
        [...new Array(16).keys()].map(() => ({ ranges: [0, 0xffffffff], facts: [] })),
        undefined,
        {
          narrow: () => undefined,
          key: () => '',
          words: () => 0,
          leaf: () => true,
        },
      );
      return walker.work.used;
    };
    assert.ok(steps(100) < 50_000, `${steps(100)} steps`);
  });

  it('diagrams and the walk agree for programs and their mutants', () => {
    const random = new Random(11);
    for (let index = 0; index < (all ? 20 : 5); index++) {
      const one = randomPolicy(random, { ...randomShape(random), maxRules: 3 });
      const program = generate(one);
      const table = runTable(one);
      assert.equal(differenceByDiagrams(program, one, table), undefined, `policy ${index}`);
      for (let mutation = 0; mutation < 8; mutation++) {
        const at = random.below(program.length);
        const mutant = program.map((instruction, place) =>
          place === at ? { ...instruction, k: (instruction.k ^ (1 << random.below(32))) >>> 0 } : instruction,
        );
        let walk;
        try {
          walk = walked(new Walker(mutant), one, table);
          validate(mutant);
        } catch {
          continue; // Not a valid program, or one that the walk cannot decide.
        }
        const diagrams = differenceByDiagrams(mutant, one, table);
        assert.equal(diagrams === undefined, walk === undefined, `policy ${index}, instruction ${at}`);
        if (diagrams !== undefined)
          assert.notEqual(interpret(mutant, seccompData(diagrams)).action, evaluate(one, diagrams));
      }
    }
  });

  it('diagrams count their steps', () => {
    const bdd = new Bdd(bddBudget(10));
    assert.throws(
      () => {
        for (let level = 0; level < 20; level++) bdd.and(bdd.node(level, 0, 1), bdd.node(level + 1, 1, 0));
      },
      { code: 'undecidable-program' },
    );
  });
});

describe('hostile profiles', function () {
  this.timeout(600_000);
  for (const { name } of some(HOSTILE_PROFILES, 8)) {
    it(`${name}: compile and lint end within ${HEAP} MB`, () => {
      assertAllEnd(outcomesOf('profiles', name, ['compile', 'compile by libseccomp', 'lint']));
    });
  }

  it('equal lists of rules are compiled once for all calls and ABIs', () => {
    const shared = resolveProfile(SHARED_RULES(), { arch: 'x86_64' });
    const lists = new RuleLists(shared);
    generate(shared, UNIFORM, runTable(shared), lists);
    // One list for 64 bits and one for 32 bits, twice if the first program is too large.
    assert.ok(lists.lists <= 4, `${lists.lists} lists`);
  });

  it('too-much-work names the expensive calls, the places of their rules, and a remedy', () => {
    const [profile] = HOSTILE_PROFILES.filter(({ name }) => name === '100 rules on six arguments');
    const costly = resolveProfile(profile?.text() ?? '', { arch: 'x86_64' });
    assert.throws(() => generate(costly), {
      name: 'CompileError',
      code: 'too-much-work',
      message: /the 100 rules of "\w+" \(from <string>:1:\d+\).*Merge these rules/,
    });
  });

  it('one bound applies to all calls of a policy together', () => {
    const [profile] = HOSTILE_PROFILES.filter(({ name }) => name === '100 rules for each of 110 calls');
    const costly = resolveProfile(profile?.text() ?? '', { arch: 'x86_64' });
    const lists = new RuleLists(costly, 1_000_000);
    assert.throws(() => generate(costly, UNIFORM, runTable(costly), lists), { code: 'too-much-work' });
    assert.ok(lists.steps < 1_100_000, `${lists.steps} steps`);
  });
});
