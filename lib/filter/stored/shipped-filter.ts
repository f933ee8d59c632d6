// A filter whose program ships with the package: its policy is resolved on first access.
import { decode, type Program } from '../../bpf/program.js';
import type { Policy } from '../../policy/policy.js';
import type { Target } from '../../policy/target.js';
import type { Diagnostic } from '../../util/errors.js';
import { markFilter, type Filter } from '../filter.js';
import { nodeWeights } from '../generate/weights.js';
import type { ProgramMetrics } from '../inspect/metrics.js';
import { VerifiedFilter } from '../verified-filter.js';
import { shippedProgram, type Sha256, type Variant } from './shipped.js';

/** A filter with a program that was proven when the package was built. */
class ShippedFilter implements Filter {
  readonly program: Program;
  readonly codegen = 'tree';
  /** Always empty: only programs of profiles without warnings ship. */
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
    markFilter(this, 'shipped');
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
  { arch, kernel }: Pick<Target, 'arch' | 'kernel'>,
  variant: Variant,
  resolve: () => Policy,
  sha256: Sha256,
): Filter | undefined {
  if (typeof profile !== 'string' || !/^[\w-]+$/.test(profile)) return undefined;
  const program = shippedProgram(profile, { arch, kernel }, variant, sha256);
  if (program === undefined) return undefined;
  return new ShippedFilter(program, { arch, kernel, capabilities: new Set() }, resolve);
}
