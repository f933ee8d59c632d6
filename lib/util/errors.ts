// Every error of the package, so that callers can distinguish them by class and by `code`.
import type { Code } from './codes.js';
import { own, owned } from './own.js';
import { type Location, placeText } from './place.js';
import { printable } from './printable.js';

export type { Location } from './place.js';

/** An error or a warning about a profile, a policy or a program. */
export interface Diagnostic {
  /** Documented in docs/diagnostics.md. */
  readonly code: Code;
  /** An `error` stops the operation; with `strict`, so does a `warning`. */
  readonly severity: 'error' | 'warning';
  /** What is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** The position; absent if there is none. */
  readonly at?: Location;
}

/** Formats a diagnostic as one line: `file:line:column: severity: message at /json/pointer [code]. Remedy`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { at, severity, message, code, remedy } = owned(diagnostic);
  const place = at === undefined ? '' : `${placeText(at)}: `;
  const where = at === undefined || at.pointer === '' ? '' : ` at ${printable(at.pointer)}`;
  return `${place}${severity}: ${message}${where} [${code}]${remedy === undefined ? '' : `. ${remedy}`}`;
}

/** Base of every error of this package. `code` is stable; `remedy` says what to do. */
export class SeccompError extends Error {
  /** The name of the class, which survives minifiers. */
  override readonly name: string = 'SeccompError';
  /** Listed in docs/diagnostics.md. */
  readonly code: Code;
  /** What to do; undefined if there is no advice. The message ends with it. */
  readonly remedy: string | undefined;

  constructor(code: Code, message: string, remedy?: string, options?: ErrorOptions) {
    super(remedy === undefined ? message : `${message}. ${remedy}`, options);
    this.code = code;
    this.remedy = remedy;
  }
}

/** A profile that cannot be used. Contains every problem, not only the first. */
export class ProfileError extends SeccompError {
  override readonly name = 'ProfileError';
  /** Every problem, in the order of the text; the first gives the error its `code`. */
  readonly problems: readonly Diagnostic[];
  /** The position of the first problem. */
  readonly at: Location | undefined;

  constructor(problems: readonly [Diagnostic, ...Diagnostic[]]) {
    const [first] = problems;
    super(first.code, problems.map(formatDiagnostic).join('\n'));
    this.problems = problems;
    this.at = own(first, 'at');
  }
}

/** A policy that cannot be compiled. */
export class CompileError extends SeccompError {
  override readonly name = 'CompileError';
}

/** A policy that a format cannot express. */
export class ConversionError extends SeccompError {
  override readonly name = 'ConversionError';
}

/** A BPF program that the kernel would reject, or that cannot be decoded. */
export class ProgramError extends SeccompError {
  override readonly name = 'ProgramError';
}

/** A text that is not a valid program, with the position of the first mistake; lines and columns count from 1. */
export class AssemblyError extends SeccompError {
  override readonly name = 'AssemblyError';
  /** The position of the first mistake. */
  readonly at: Omit<Location, 'pointer'>;

  constructor(code: Code, message: string, remedy: string | undefined, at: Omit<Location, 'pointer'>) {
    super(code, `${placeText(at)}: ${message}`, remedy);
    this.at = at;
  }
}

/** A system call for which two programs or policies differ, as in `struct seccomp_data`. */
export interface Witness {
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  /** The number as the kernel sees it: with bit 30 for x32. */
  readonly syscall: number;
  /** The address of the instruction after the call, 64 bits. */
  readonly instructionPointer: bigint;
  /** Six registers of 64 bits. */
  readonly args: readonly bigint[];
}

/** A program that does not implement its policy. The program is not returned. */
export class VerificationError extends SeccompError {
  override readonly name = 'VerificationError';
  /** A call for which they differ. */
  readonly witness: Witness;
  /** The action of the policy for the witness, as a seccomp return value. */
  readonly expected: number;
  /** The action of the program. */
  readonly actual: number;

  constructor(message: string, remedy: string, witness: Witness, expected: number, actual: number) {
    super('verification-failed', message, remedy);
    this.witness = witness;
    this.expected = expected;
    this.actual = actual;
  }
}

/** A filter that was not loaded. With an `errno`, the kernel refused it, and no_new_privs may have been set before. */
export class LoadError extends SeccompError {
  override readonly name = 'LoadError';
  /** The errno of the system call that failed; undefined if none did. */
  readonly errno: number | undefined;
  /** The thread that could not adopt the filter, for `thread-diverges`. */
  readonly thread:
    | {
        /** The thread id, as the kernel numbers it. */
        readonly id: number;
        /** The thread's name, at most 15 bytes. */
        readonly name: string;
      }
    | undefined;

  constructor(
    code: Code,
    message: string,
    remedy: string,
    detail: { errno?: number; thread?: { id: number; name: string } } = {},
  ) {
    super(code, message, remedy);
    this.errno = own(detail, 'errno');
    this.thread = own(detail, 'thread');
  }
}

/** A sandboxed worker whose process ended unexpectedly. */
export class WorkerError extends SeccompError {
  override readonly name = 'WorkerError';
  /** The signal that ended the process, if one did. */
  readonly signal: NodeJS.Signals | null;

  constructor(code: Code, message: string, remedy: string, signal: NodeJS.Signals | null) {
    super(code, message, remedy);
    this.signal = signal;
  }
}

/** A running process whose filters could not be read. */
export class DumpError extends SeccompError {
  override readonly name = 'DumpError';
  /** The errno of the system call that failed; undefined if none did. */
  readonly errno: number | undefined;

  constructor(code: Code, message: string, remedy: string, errno?: number) {
    super(code, message, remedy);
    this.errno = errno;
  }
}

/** A recording or a log that cannot be used. */
export class RecordingError extends SeccompError {
  override readonly name = 'RecordingError';
  /** The position in the text; undefined for errors without a position. */
  readonly at: Location | undefined;

  constructor(code: Code, message: string, remedy?: string, at?: Location) {
    super(code, at === undefined ? message : `${placeText(at)}: ${message}`, remedy);
    this.at = at;
  }
}

/** A supervised call whose memory a handler could not read, or another failure of supervision. */
export class SupervisionError extends SeccompError {
  override readonly name = 'SupervisionError';
}

/** A function of libseccomp that failed. */
export class LibseccompError extends SeccompError {
  override readonly name = 'LibseccompError';
  /** The C function, e.g. `seccomp_rule_add_array`. */
  readonly syscall: string;
  /** Positive errno, e.g. 22. */
  readonly errno: number;
  /** Its name, e.g. `EINVAL`. */
  readonly errnoName: string;

  constructor(cFunction: string, errno: number, errnoName: string, remedy?: string) {
    super('libseccomp', `${cFunction} failed with ${errnoName} (${errno})`, remedy);
    this.syscall = cFunction;
    this.errno = errno;
    this.errnoName = errnoName;
  }
}

/** Something that this platform, kernel or build does not support. */
export class UnsupportedError extends SeccompError {
  override readonly name = 'UnsupportedError';
}

/** A call with wrong arguments. */
export class UsageError extends SeccompError {
  override readonly name = 'UsageError';
}
