// A BPF program for one target, together with the policy it was proven against.
import type { Diagnostic } from '../errors.js';
import type { Policy } from '../policy/policy.js';
import type { Target } from '../policy/target.js';
import { disassemble } from './disassemble.js';
import { markFilter } from './is-filter.js';
import { pfc } from './pfc.js';
import { encode, type Program } from './program.js';
import { report, type Report } from './report.js';
import type { Weights } from './tree/generate.js';
import { own } from '../own.js';

/** Who wrote the program: this package's generator, or libseccomp. */
export type Codegen = 'tree' | 'libseccomp';

/** A verified program. Immutable; what is inspected here is what `load` passes to the kernel. */
export class Filter {
  /** The instructions. */
  readonly program: Program;
  /** What they mean. */
  readonly policy: Policy;
  /** What made the program. */
  readonly codegen: Codegen;
  /** What a reader of the profile should know. */
  readonly warnings: readonly Diagnostic[];
  readonly #weights: Weights;
  readonly #pfc: string | undefined;
  #bytes: Buffer | undefined;

  /** Filters come from `compile`, which verifies them first. */
  constructor(parts: {
    readonly program: Program;
    readonly policy: Policy;
    readonly codegen: Codegen;
    readonly weights: Weights;
    readonly pfc?: string;
  }) {
    this.program = Object.freeze(parts.program.map(instruction => Object.freeze({ ...instruction })));
    this.policy = parts.policy;
    this.codegen = parts.codegen;
    this.warnings = parts.policy.warnings;
    this.#weights = parts.weights;
    this.#pfc = own(parts, 'pfc');
    markFilter(this);
    Object.freeze(this);
  }

  /** The machine that it is for. */
  get target(): Target {
    return this.policy.target;
  }

  /** The kernel's `struct sock_filter` array, little-endian: a fresh copy at every read. */
  get bpf(): Buffer {
    this.#bytes ??= encode(this.program);
    return Buffer.from(this.#bytes);
  }

  /** How many instructions the kernel will check; it takes up to 4096. */
  get instructions(): number {
    return this.program.length;
  }

  /** The rules as pseudo filter code; libseccomp's own where it made the program. */
  get pfc(): string {
    return this.#pfc ?? pfc(this.policy);
  }

  /** The program as a listing. */
  get disassembly(): string {
    return disassemble(this.program);
  }

  /** Length, paths and how many calls the kernel's cache covers. */
  get report(): Report {
    return report(this.program, this.policy, this.#weights);
  }
}
