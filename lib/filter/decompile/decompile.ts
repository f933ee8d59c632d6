// Decompiles a program of any origin to the policy that it enforces, which is proven equivalent.

import { ABIS } from '../../kernel/abi.js';
import {
  architectureOption,
  ARCHITECTURES,
  nativeArchitecture,
  type Architecture,
  type ArchitectureAlias,
} from '../../kernel/architectures.js';
import { ownOptions } from '../../util/options.js';
import type { Policy } from '../../policy/policy.js';
import { makeTarget } from '../../policy/target.js';
import { programOf, type Layer } from '../layers.js';
import type { Program } from '../../bpf/program.js';
import { Bdd } from '../meaning/bdd.js';
import { programMeaning } from '../meaning/meaning.js';
import { Vectors } from '../meaning/vectors.js';
import { findDifference } from '../prove/verify.js';
import { markPolicy } from '../../policy/own-policy.js';
import { policyOfMeaning } from './policy-of-meaning.js';
import { notExpressible } from '../../util/failures.js';

/** Options of `decompile`. */
export interface DecompileOptions {
  /** The architecture of the program; default: the one that it tests, or that of this process if it tests several or none. */
  readonly arch?: Architecture | ArchitectureAlias | undefined;
}

/**
 * Returns the policy that a program enforces on its machine. The policy is proven to have the same action for every
 * call. Rules never test an argument twice, and no two rules with different actions can match the same call, so every
 * runtime agrees on their meaning.
 *
 * Throws ConversionError (`not-expressible`) for a program that no policy can express (several actions for other
 * architectures, tests of the instruction pointer, …), CompileError (`undecidable-program`) for a program that cannot be
 * analysed, and as `programOf` does for anything that is not a program.
 */
export function decompile(layer: Layer, options: DecompileOptions = {}): Policy {
  const arch = architectureOption(ownOptions(options, ['arch']).arch);
  const program = programOf(layer);
  const target = makeTarget({ arch: arch ?? architectureOf(program) });
  const bdd = new Bdd();
  const meaning = programMeaning(bdd, new Vectors(bdd), program);
  const policy = policyOfMeaning(bdd, meaning, target);
  const witness = findDifference(program, policy);
  if (witness === undefined) return markPolicy(Object.freeze(policy));
  throw notExpressible(
    `no policy can express the action of this program for call number ${witness.syscall} of architecture 0x${witness.arch.toString(16)}`,
    'The number is outside the range of the ABI',
  );
}

/** The architecture whose AUDIT_ARCH the program compares with. */
function architectureOf(program: Program): Architecture {
  const asked = ARCHITECTURES.filter(arch => program.some(({ k }) => k === ABIS[arch].audit));
  const [only, ...others] = asked;
  return only !== undefined && others.length === 0 ? only : nativeArchitecture();
}
