// What a program costs: its length, the paths through it, and how many calls the kernel answers without running it.
import { SCMP_ACT_ALLOW } from '../policy/constants.js';
import { syscallsOf } from '../policy/abi.js';
import { permits } from '../policy/action.js';
import type { Policy } from '../policy/policy.js';
import { interpret, seccompData } from './interpret.js';
import { BPF, WORD, type Program } from './program.js';
import type { Weights } from './tree/generate.js';

/** Figures of a program; paths are in executed instructions, with all arguments 0. */
export interface Report {
  readonly instructions: number;
  /** Longest path over the named numbers of every interface. */
  readonly worstPath: number;
  /** Mean path over the native numbers that are allowed. */
  readonly meanPath: number;
  /** The same mean, weighted by how often calls occur. */
  readonly weightedPath: number;
  /**
   * Native numbers that the kernel, since 5.11, answers from its cache of constant outcomes: plain ALLOW, decided
   * by number and architecture alone. Source: seccomp_cache_prepare, kernel/seccomp.c.
   */
  readonly cachedNumbers: number;
}

/** Measures a program by running it on every named call. */
export function report(program: Program, policy: Policy, weights: Weights): Report {
  const [native] = policy.abis;
  let worstPath = 0;
  let [steps, allowed, weightedSteps, weight, cachedNumbers] = [0, 0, 0, 0, 0];
  for (const { abi } of policy.abis) {
    for (const [name, number] of syscallsOf(abi.name)) {
      const data = seccompData({ arch: abi.audit, syscall: number, args: [], instructionPointer: 0n });
      let numberAlone = true as boolean;
      const run = interpret(program, data, index => {
        const instruction = program[index];
        if (instruction?.code === BPF.LD_ABS && instruction.k > 4 * WORD.arch) numberAlone = false;
      });
      worstPath = Math.max(worstPath, run.steps);
      if (abi !== native.abi || !permits(run.action)) continue;
      allowed++;
      steps += run.steps;
      weight += weights(name);
      weightedSteps += run.steps * weights(name);
      if (numberAlone && run.action === SCMP_ACT_ALLOW) cachedNumbers++;
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
