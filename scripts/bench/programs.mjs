// Properties of programs that are the same on every machine: length, paths, and calls that the kernel's cache allows.
import { compile } from '../../dist/entries/inspect.js';
import { programMetrics } from '../../dist/filter/inspect/metrics.js';
import { nodeWeights } from '../../dist/filter/generate/weights.js';
import { blocks, table } from './format.mjs';
import { GENERATORS, policiesOf } from './input.mjs';

export const title = 'Programs';

export function measure() {
  return ['x86_64', 'aarch64'].flatMap(arch =>
    Object.entries(policiesOf(arch)).map(([abis, policy]) => ({
      abis,
      programs: Object.entries(GENERATORS).map(([generator, options]) => ({
        generator,
        ...programMetrics(compile(policy, options).program, policy, nodeWeights),
      })),
    })),
  );
}

const HEAD = ['Program', 'Instructions', 'Longest path', 'Mean path', 'Mean path, as Node calls', 'Cached'];

export const render = data =>
  blocks(
    `The number of instructions in the BPF program for the profile, and how many of them run for one call. The longest path is the maximum over
the named numbers of all ABIs. The means are over the allowed native numbers, with equal weights, or weighted by how often Node programs
make the call. Cached: native numbers that the kernel (5.11 and later) allows without running the program. Programs of libseccomp begin
with the instructions for unknown numbers that runc adds.`,
    ...data.map(({ abis, programs }) =>
      blocks(
        `**${abis}**`,
        table(
          HEAD,
          programs.map(each => [
            each.generator,
            each.instructions,
            each.worstPath,
            each.meanPath.toFixed(1),
            each.weightedPath.toFixed(1),
            each.cachedNumbers,
          ]),
        ),
      ),
    ),
  );
