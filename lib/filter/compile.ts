// From a policy to a filter: code is generated, then proven, and only then returned.
import type { Policy } from '../policy/policy.js';
import { checkedPolicy } from '../policy/check.js';
import { oneOf, pickOptions } from '../util/options.js';
import { runTable } from '../policy/runs.js';
import { CODEGENS, type Codegen, type Filter } from './filter.js';
import { VerifiedFilter } from './verified-filter.js';
import { generateWithLibseccomp, type Optimize } from '../libseccomp/generate.js';
import { generate, UNIFORM, type Weights } from './generate/generate.js';
import { prove } from './prove/verify.js';
import { nodeWeights } from './generate/weights.js';

export const WEIGHTS = ['node', 'uniform'] as const;
/** Which calls the search tree favours: those that Node programs make most, or none. */
export type WeightsName = (typeof WEIGHTS)[number];

/** How the program of a policy is made. */
export interface CompilePolicyOptions {
  /** `tree`, our own generator (default), or `libseccomp`. Both are verified. */
  readonly codegen?: Codegen;
  /** For `tree`: calls to reach in few instructions. Default `node`. */
  readonly weights?: WeightsName;
  /** For `libseccomp`: SCMP_FLTATR_CTL_OPTIMIZE. Default 2, as runc. */
  readonly optimize?: Optimize;
}

/**
 * Compiles a policy and proves the program against it.
 * Throws UsageError (`bad-policy`, `bad-option`), CompileError when no program can be made, VerificationError with a witness when libseccomp's is wrong.
 */
export function compilePolicy(source: Policy, options: CompilePolicyOptions = {}): Filter {
  const given = pickOptions(options, ['codegen', 'weights', 'optimize']);
  const { codegen = 'tree', optimize = 2 } = given;
  const policy = checkedPolicy(source);
  oneOf('codegen', codegen, CODEGENS);
  oneOf('weights', given.weights, WEIGHTS);
  oneOf('optimize', optimize, [1, 2]);
  const weights: Weights = given.weights === 'uniform' ? UNIFORM : nodeWeights;
  const runs = runTable(policy);
  const { program, ...extra } =
    codegen === 'tree'
      ? { program: generate(policy, weights, runs) }
      : generateWithLibseccomp(policy, optimize);
  prove(program, policy, runs, REMEDIES[codegen]);
  return new VerifiedFilter({ program, policy, codegen, weights, ...extra });
}

const REMEDIES: Readonly<Record<Codegen, string>> = {
  tree: 'This is a fault of the code generator: please report the profile',
  libseccomp: "Use codegen 'tree', which takes rules of any shape",
};
