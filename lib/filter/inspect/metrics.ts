// The costs of a program: its length, the paths through it, and how many calls the kernel decides without running it.
import { syscallsOf } from '../../kernel/abi.js';
import { permits } from '../../kernel/action.js';
import type { Policy } from '../../policy/policy.js';
import { allowedByCache } from './cache.js';
import { interpret, writeWords } from '../../bpf/interpret.js';
import type { Program } from '../../bpf/program.js';
import type { Weights } from '../generate/generate.js';

/** Metrics of a program; path lengths are in executed instructions, with all arguments 0. */
export interface ProgramMetrics {
  /** Length of the program; the kernel accepts up to 4096 instructions. */
  readonly instructions: number;
  /** Longest path over the named numbers of every ABI. */
  readonly worstPath: number;
  /** Mean path over the allowed native numbers. */
  readonly meanPath: number;
  /** That mean, weighted by the frequency of calls. */
  readonly weightedPath: number;
  /** The number of native numbers that the kernel allows from its cache of constant outcomes. */
  readonly cachedNumbers: number;
}

/** Measures a program by running it on every named call. */
export function programMetrics(program: Program, policy: Policy, weights: Weights): ProgramMetrics {
  const [native] = policy.abis;
  let worstPath = 0;
  let [steps, allowed, weightedSteps, weight, cachedNumbers] = [0, 0, 0, 0, 0];
  for (const { abi } of policy.abis) {
    for (const [name, number] of syscallsOf(abi.name)) {
      const data = writeWords({ arch: abi.audit, syscall: number, args: [], instructionPointer: 0n });
      const run = interpret(program, data);
      worstPath = Math.max(worstPath, run.steps);
      if (abi !== native.abi || !permits(run.action)) continue;
      allowed++;
      steps += run.steps;
      weight += weights(name);
      weightedSteps += run.steps * weights(name);
      if (allowedByCache(program, abi.audit, number)) cachedNumbers++;
    }
  }
  return {
    instructions: program.length,
    worstPath,
    meanPath: steps / Math.max(allowed, 1),
    weightedPath: weight === 0 ? 0 : weightedSteps / weight,
    cachedNumbers,
  };
}
