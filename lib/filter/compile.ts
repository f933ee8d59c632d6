// Compiles a policy to a filter: the program is generated, then proven, and only then returned.
import type { Program } from '../bpf/program.js';
import type { Policy } from '../policy/policy.js';
import { SeccompError } from '../util/errors.js';
import { checkedPolicy } from '../policy/check.js';
import { oneOf, optionError, pickOptions } from '../util/options.js';
import { own } from '../util/own.js';
import { runTable, type RunTable } from '../policy/runs.js';
import { CODEGENS, type Codegen, type Filter } from './filter.js';
import type { StoredProgram } from './stored/cache.js';
import { VerifiedFilter } from './verified-filter.js';
import { generateWithLibseccomp, type Optimize } from '../libseccomp/generate.js';
import { generate, UNIFORM, type Effort, type Weights } from './generate/generate.js';
import { RuleLists } from './generate/rule-lists.js';
import { prove } from './prove/verify.js';
import { nodeWeights } from './generate/weights.js';

export const WEIGHTS = ['node', 'uniform'] as const;
/** Which calls the search tree makes fast: those that Node programs make most often, or none. */
export type WeightsName = (typeof WEIGHTS)[number];

/** Options that affect how the program of a policy is generated. */
export interface CompilePolicyOptions {
  /** The generator: `tree`, this package's own (default), or `libseccomp`. Programs of both are proven. */
  readonly codegen?: Codegen | undefined;
  /** For `tree`: the calls to decide in few instructions. Default: `node`. */
  readonly weights?: WeightsName | undefined;
  /** For `libseccomp`: SCMP_FLTATR_CTL_OPTIMIZE. Default: 2, as in runc. */
  readonly optimize?: Optimize | undefined;
}

/** Internal options of `compilePolicy`. */
interface CompileMeans {
  /** How long the search for a good program may take. */
  readonly effort?: Effort;
  /** Where a program of this package's generator for this policy may be stored; otherwise, it is stored there. */
  readonly stored?: StoredProgram | undefined;
}

/**
 * Compiles a policy and proves the program against it. Throws UsageError (`bad-policy`, `bad-option`), CompileError if no program
 * can be generated, VerificationError with a witness if libseccomp's program is wrong.
 */
export function compilePolicy(
  source: Policy,
  options: CompilePolicyOptions = {},
  means: CompileMeans = {},
): Filter {
  const given = pickOptions(options, ['codegen', 'weights', 'optimize']);
  const { codegen = 'tree', optimize = 2 } = given;
  const policy = checkedPolicy(source);
  oneOf('codegen', codegen, CODEGENS);
  oneOf('weights', given.weights, WEIGHTS);
  oneOf('optimize', optimize, [1, 2]);
  if (codegen !== 'libseccomp' && given.optimize !== undefined)
    throw optionError(
      "optimize has no effect without codegen 'libseccomp'",
      'Leave it out, or pass that too',
    );
  const weights: Weights = given.weights === 'uniform' ? UNIFORM : nodeWeights;
  const runs = runTable(policy);
  const effort = own(means, 'effort') ?? 'best';
  const stored = codegen === 'tree' ? own(means, 'stored') : undefined;
  const known = provenProgram(stored?.read(), policy, runs);
  if (known !== undefined) return new VerifiedFilter({ program: known, policy, codegen, weights });
  const { program, ...extra } =
    codegen === 'tree'
      ? { program: generate(policy, weights, runs, new RuleLists(policy), effort) }
      : generateWithLibseccomp(policy, optimize);
  prove(program, policy, runs, REMEDIES[codegen]);
  const found = stored?.write(program);
  const warnings = found === undefined ? policy.warnings : [...policy.warnings, found];
  return new VerifiedFilter({ program, policy, codegen, weights, warnings, ...extra });
}

/** A stored program, which others may have written, if it is equivalent to the policy. */
function provenProgram(program: Program | undefined, policy: Policy, runs: RunTable): Program | undefined {
  if (program === undefined) return undefined;
  try {
    prove(program, policy, runs, '');
    return program;
  } catch (error) {
    if (error instanceof SeccompError) return undefined;
    throw error;
  }
}

const REMEDIES: Readonly<Record<Codegen, string>> = {
  tree: 'This is a bug in the code generator: please report the profile',
  libseccomp: "Use codegen 'tree', which supports all rules",
};
