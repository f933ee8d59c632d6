// A filter whose program was proven before it was written to a file. Its policy is resolved on first access.
import { decode, type Program } from '../../bpf/program.js';
import type { Policy } from '../../policy/policy.js';
import type { Target } from '../../policy/target.js';
import type { Diagnostic } from '../../util/errors.js';
import { markFilter, type Filter } from '../filter.js';
import { nodeWeights } from '../generate/weights.js';
import type { ProgramMetrics } from '../inspect/metrics.js';
import { VerifiedFilter } from '../verified-filter.js';
import { precompiledProgram } from './precompiled.js';
import type { Sha256, Variant } from './program-file.js';
import { shippedProgram } from './shipped.js';

/** A filter with a program that was proven before it was written to a file. */
class PrecompiledFilter implements Filter {
  readonly program: Program;
  readonly codegen = 'tree';
  /** Always empty: profiles with warnings have no such file. */
  readonly warnings: readonly Diagnostic[] = Object.freeze([]);
  readonly target: Target;
  readonly #bytes: Uint8Array;
  readonly #resolve: () => Policy;
  #whole: Filter | undefined;

  constructor(bytes: Uint8Array, target: Target, resolve: () => Policy) {
    this.program = Object.freeze(decode(bytes).map(instruction => Object.freeze(instruction)));
    this.target = target;
    this.#bytes = bytes;
    this.#resolve = resolve;
    markFilter(this, 'precompiled');
    Object.freeze(this);
  }

  get policy(): Policy {
    return this.#filter().policy;
  }

  get bpf(): Buffer {
    return Buffer.from(this.#bytes);
  }

  get instructions(): number {
    return this.program.length;
  }

  get pfc(): string {
    return this.#filter().pfc;
  }

  get disassembly(): string {
    return this.#filter().disassembly;
  }

  get metrics(): ProgramMetrics {
    return this.#filter().metrics;
  }

  #filter(): Filter {
    const { program, codegen } = this;
    return (this.#whole ??= new VerifiedFilter({
      program,
      policy: this.#resolve(),
      codegen,
      weights: nodeWeights,
    }));
  }
}

/**
 * The filter whose program ships with the package, if the profile is given by name and has one. `resolve` returns the policy that
 * would be compiled: that of the profile, for this target without capabilities, with default options.
 */
export function shippedFilter(
  profile: unknown,
  target: Pick<Target, 'arch' | 'kernel'>,
  variant: Variant,
  resolve: () => Policy,
  sha256: Sha256,
): Filter | undefined {
  if (typeof profile !== 'string' || !/^[\w-]+$/.test(profile)) return undefined;
  return filterOf(shippedProgram(profile, target, variant, sha256), target, resolve);
}

/** The filter whose program root has precompiled for the text of a profile. `resolve` is as for `shippedFilter`. */
export function precompiledFilter(
  directory: string,
  text: string,
  target: Pick<Target, 'arch' | 'kernel'>,
  variant: Variant,
  resolve: () => Policy,
  sha256: Sha256,
): Filter | undefined {
  return filterOf(precompiledProgram(directory, text, target, variant, sha256), target, resolve);
}

const filterOf = (
  program: Uint8Array | undefined,
  { arch, kernel }: Pick<Target, 'arch' | 'kernel'>,
  resolve: () => Policy,
): Filter | undefined =>
  program && new PrecompiledFilter(program, { arch, kernel, capabilities: new Set() }, resolve);
