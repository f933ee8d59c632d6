// Leaks over many cycles: descriptors, threads and memory, counted in a separate process after a warm-up.
import assert from 'node:assert/strict';
import { inChild, told } from '../support/child.js';

/** The number of cycles of each test; the nightly run sets many more. */
const CYCLES = Number(process.env['CYCLES'] ?? 0);

interface Counts {
  readonly descriptors: number;
  readonly threads: number;
  /** In bytes. */
  readonly memory: number;
}

/** Counts after a first part of the cycles, and after all of them. */
function counted(cycles: number, cycle: string): readonly [before: Counts, after: Counts] {
  return told(
    inChild(
      `const fs = m('fs');
       const { once } = m('events');
       const count = async () => {
         for (let round = 0; round < 3; round++) { globalThis.gc(); await new Promise(setImmediate); }
         return { descriptors: fs.readdirSync('/proc/self/fd').length, threads: fs.readdirSync('/proc/self/task').length, memory: process.memoryUsage.rss() };
       };
       const cycle = async index => { ${cycle} };
       for (let index = 0; index < ${cycles}; index++) await cycle(index);
       const before = await count();
       for (let index = 0; index < ${cycles}; index++) await cycle(${cycles} + index);
       tell([before, await count()]);
       process.exit();`,
      { args: ['--expose-gc'] },
    ),
  );
}

const cases: readonly (readonly [what: string, cycles: number, share: number, cycle: string])[] = [
  [
    'compilations of profiles that all differ',
    300,
    1,
    `s.compile({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ name: 'read', action: 'SCMP_ACT_ALLOW', args: [{ index: 0, op: 'SCMP_CMP_EQ', value: index }] }] });`,
  ],
  [
    "contexts of libseccomp's",
    500,
    1,
    `const context = new c.FilterContext(s.SCMP_ACT_ALLOW); context.ruleAdd(s.SCMP_ACT_ERRNO(1), 'read'); context.exportBpf(); context.close();`,
  ],
  [
    'children under a filter',
    15,
    200,
    `s.spawnSync('/bin/true', [], { profile: { defaultAction: 'SCMP_ACT_ALLOW' } });`,
  ],
  [
    'workers that load the add-on and end',
    6,
    1000,
    `await once(new (m('worker_threads').Worker)('require("seccomp").compile({ defaultAction: "SCMP_ACT_ALLOW" })', { eval: true, execArgv: [] }), 'exit');`,
  ],
  ['listeners that are closed', 200, 1, `s.onViolation(() => undefined).close();`],
];

describe('Nothing leaks', () => {
  for (const [what, few, share, cycle] of cases) {
    it(`over ${what}`, () => {
      const cycles = CYCLES > 0 ? Math.ceil(CYCLES / share / 2) : few;
      const [before, after] = counted(cycles, cycle);
      assert.equal(after.descriptors, before.descriptors);
      assert.equal(after.threads, before.threads);
      // Twice the work must not need twice the memory. Memory that the allocator keeps varies much less.
      assert.ok(after.memory < 1.5 * before.memory, `${before.memory} bytes, then ${after.memory}`);
    });
  }
});
