// The diagram of a program: every path leads to the action of the program.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { isConditional, type Program } from '#lib/bpf/program.js';
import { interpret } from '#lib/bpf/interpret.js';
import { actionName } from '#lib/kernel/action.js';
import { flowOf, type Flow, type FlowNode } from '#lib/report/flow.js';
import { Random, seed } from '../support/random.js';
import { randomProgram } from '../support/random-program.js';
import { written } from '../support/written.js';

const start = seed();

/** Follows the tests of a run through the diagram, and returns the action at the end. */
function follow(flow: Flow, program: Program, data: Uint32Array): string {
  const indexes: number[] = [];
  interpret(program, data, index => indexes.push(index));
  let node: FlowNode | undefined = flow.nodes[0];
  indexes.forEach((index, at) => {
    const instruction = program[index];
    if (instruction === undefined || !isConditional(instruction)) return;
    if (node?.kind === 'link') {
      const { to } = node;
      node = flow.nodes.find(one => one.kind === 'test' && one.at === to);
    }
    assert.ok(node?.kind === 'test' && node.at === index, `the picture is not at test ${index}`);
    // If both branches lead to the same node, either may be followed.
    const held = indexes[at + 1] === index + 1 + instruction.jt;
    const from = node;
    node = flow.edges.find(edge => edge.from === from && edge.when === held)?.to;
  });
  return node?.kind === 'answer' ? node.text : 'no answer';
}

describe('the diagram of a program', () => {
  it(`leads to the program's actions (SEED=${start})`, () => {
    const random = new Random(start);
    for (let round = 0; round < 200; round++) {
      const program = randomProgram(random, 2 + random.below(40));
      const flow = flowOf(program);
      for (let call = 0; call < 20; call++) {
        const data = Uint32Array.from({ length: 16 }, () => random.word());
        let last = 0;
        const { action } = interpret(program, data, index => (last = index));
        // The diagram shows neither computed return values nor a division by zero.
        if (program[last]?.code !== 6) continue;
        assert.equal(follow(flow, program, data), actionName(action));
      }
    }
  });

  it(`has one node per place, and an edge to each except the first (SEED=${start})`, () => {
    const random = new Random(start);
    for (let round = 0; round < 100; round++) {
      const { nodes, edges, columns, rows } = flowOf(randomProgram(random, 2 + random.below(60)));
      const places = new Set(nodes.map(({ column, row }) => `${column} ${row}`));
      assert.equal(places.size, nodes.length);
      assert.ok(nodes.every(({ column, row }) => column < columns && row < rows));
      assert.deepEqual(new Set(edges.map(({ to }) => to)), new Set(nodes.slice(1)));
    }
  });

  it('describes tests in words', () => {
    const { program } = compile(
      {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [
          {
            names: ['socket'],
            action: 'SCMP_ACT_ERRNO',
            args: [{ index: 0, value: 38, op: 'SCMP_CMP_EQ' }],
          },
          {
            names: ['clone'],
            action: 'SCMP_ACT_ERRNO',
            args: [{ index: 0, value: 255, valueTwo: 17, op: 'SCMP_CMP_MASKED_EQ' }],
          },
        ],
      },
      { arch: 'x86_64' },
    );
    const texts = flowOf(program).nodes.flatMap(node => (node.kind === 'test' ? [node.text] : []));
    for (const text of ['architecture = ARCH_X86_64', 'high half of domain = 0', 'domain = AF_ALG'])
      assert.ok(texts.includes(text), `${text} is not in ${texts.join('; ')}`);
    assert.ok(texts.some(text => text.startsWith('(flags & 255) = ')));
    assert.ok(texts.some(text => /^number [=≥] 41 socket$/.test(text)));
  });

  it('stays narrow for programs that are long chains', () => {
    const names = ['read', 'write', 'close', 'fsync', 'getpid', 'getuid', 'brk', 'mmap'];
    const { program } = compile(
      written({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] }),
      { arch: 'x86_64', codegen: 'libseccomp' },
    );
    assert.ok(flowOf(program).columns <= 3);
  });

  it('supports the longest program that the kernel accepts', () => {
    const program: Program = Array.from({ length: 4096 }, (_, index) =>
      index < 4095 ? { code: 0x15, jt: 0, jf: 0, k: index } : { code: 6, jt: 0, jf: 0, k: 0 },
    );
    assert.equal(flowOf(program).nodes.length, 8191);
  });
});
