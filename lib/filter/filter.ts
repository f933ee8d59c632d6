// A BPF program for one target, and the policy it was proven against. Separate from the class, so that a program that only loads
// filters need not load code that inspects them.
import type { Program } from '../bpf/program.js';
import type { Policy } from '../policy/policy.js';
import type { Target } from '../policy/target.js';
import type { Diagnostic } from '../util/errors.js';
import type { ProgramMetrics } from './inspect/metrics.js';

export const CODEGENS = ['tree', 'libseccomp'] as const;
/** The generator of the program: this package's own, or libseccomp. */
export type Codegen = (typeof CODEGENS)[number];

/** A verified program. Immutable: the program that is inspected here is the one that `load` passes to the kernel. */
export interface Filter {
  /** The instructions. */
  readonly program: Program;
  /** The policy, which defines what the program means. */
  readonly policy: Policy;
  /** The generator. */
  readonly codegen: Codegen;
  /** Warnings about the profile. */
  readonly warnings: readonly Diagnostic[];
  /** The machine that it is for. */
  readonly target: Target;
  /** The kernel's `struct sock_filter` array, little-endian; a new copy at every access. */
  readonly bpf: Buffer;
  /** The number of instructions; the kernel accepts up to 4096. */
  readonly instructions: number;
  /** The rules as pseudo filter code; libseccomp's own if it generated the program. */
  readonly pfc: string;
  /** The program as a listing. */
  readonly disassembly: string;
  /** Its length, path lengths, and the number of calls in the kernel's cache. */
  readonly metrics: ProgramMetrics;
}

/** The origin of a filter: compiled here, or proven earlier and read from a file. */
type Origin = 'compiled' | 'precompiled';

const filters = new WeakMap<Filter, Origin>();

/** Marks a Filter; only the classes that implement it have it. */
export const markFilter = (filter: Filter, origin: Origin): void => void filters.set(filter, origin);

/** Whether a value is a filter, and not only an object of the same shape. */
export const isFilter = (value: unknown): value is Filter =>
  typeof value === 'object' && value !== null && filters.has(value as Filter);

/**
 * Whether the program of a filter was proven earlier: it ships with the package, or root has precompiled it. Then the checks of a load were
 * made at that time: the policy is for one architecture, requests no flags, and refuses nothing that Node depends on.
 */
export const isPrecompiled = (filter: Filter): boolean => filters.get(filter) === 'precompiled';
