// Filters made from a verified program and its policy; other properties are computed on first access.
import type { Diagnostic } from '../util/errors.js';
import type { Policy } from '../policy/policy.js';
import type { Target } from '../policy/target.js';
import { disassemble } from '../bpf/listing/disassemble.js';
import { markFilter, type Codegen, type Filter } from './filter.js';
import { pfc } from './inspect/pfc.js';
import { encode, type Program } from '../bpf/program.js';
import { programMetrics, type ProgramMetrics } from './inspect/metrics.js';
import type { Weights } from './generate/generate.js';
import { own } from '../util/own.js';
import { copyOf } from '../util/host/bytes.js';

/** A verified program and its derived properties. */
export class VerifiedFilter implements Filter {
  readonly program: Program;
  readonly policy: Policy;
  readonly codegen: Codegen;
  readonly warnings: readonly Diagnostic[];
  readonly #weights: Weights;
  readonly #pfc: string | undefined;
  #bytes: Buffer | undefined;

  /** Called by `compile`, which verifies the program first. */
  constructor(parts: {
    readonly program: Program;
    readonly policy: Policy;
    readonly codegen: Codegen;
    readonly weights: Weights;
    readonly pfc?: string;
    /** Default: the warnings of the policy. */
    readonly warnings?: readonly Diagnostic[];
  }) {
    this.program = Object.freeze(parts.program.map(instruction => Object.freeze({ ...instruction })));
    this.policy = parts.policy;
    this.codegen = parts.codegen;
    this.warnings = own(parts, 'warnings') ?? parts.policy.warnings;
    this.#weights = parts.weights;
    this.#pfc = own(parts, 'pfc');
    markFilter(this, 'compiled');
    Object.freeze(this);
  }

  get target(): Target {
    return this.policy.target;
  }

  get bpf(): Buffer {
    this.#bytes ??= encode(this.program);
    return copyOf(this.#bytes);
  }

  get instructions(): number {
    return this.program.length;
  }

  get pfc(): string {
    return this.#pfc ?? pfc(this.policy);
  }

  get disassembly(): string {
    return disassemble(this.program);
  }

  get metrics(): ProgramMetrics {
    return programMetrics(this.program, this.policy, this.#weights);
  }
}
