// The types of --json output, from which output.schema.json is generated.
import type { AnnotatedInstruction } from '../bpf/listing/disassemble.js';
import type { Filter } from '../filter/filter.js';
import type { DifferenceJson, ExplanationJson, SimulationJson } from '../filter/inspect/json.js';
import type { Finding } from '../lint/finding.js';
import type { ProcessList } from '../process/inspect/ps.js';
import type { PrecompiledPrograms } from '../process/apply/precompile.js';
import type { ReportedViolation } from '../process/supervise/report.js';
import type { ProfileCheck } from '../recording/check.js';
import type { ExplainedAudit } from '../recording/explain-audit.js';
import type { GeneratedProfile } from '../recording/generate/generate.js';
import type { SkippedLine } from '../recording/logs/read-log.js';
import type { TightenedProfile } from '../recording/tighten.js';
import type { Diagnostic } from '../util/errors.js';

/**
 * Types by subcommand. `error` is printed by any of them instead, `event` is a line of simulate --events, `violation` a line of a
 * report of run.
 */
export interface JsonOutputs {
  readonly explain: ExplanationJson;
  readonly simulate: SimulationJson;
  readonly event: EventOutput;
  readonly diff: readonly DifferenceJson[];
  readonly lint: readonly Finding[];
  readonly report: WrittenFile;
  readonly playground: WrittenFile;
  readonly compile: CompileOutput;
  readonly precompile: PrecompiledPrograms;
  readonly disasm: DisasmOutput;
  readonly asm: AsmOutput;
  readonly violation: ReportedViolation;
  readonly ps: ProcessList;
  readonly dump: DumpOutput;
  readonly doctor: readonly DoctorCheck[];
  readonly import: ImportOutput;
  readonly generate: GeneratedOutput;
  readonly check: CheckOutput;
  readonly audit: AuditOutput;
  readonly error: ErrorOutput;
}

/** The result for one call of a file. */
export interface EventOutput {
  /** The line number in the file, from 1. */
  readonly line: number;
  /** The call as written in the line. */
  readonly call: string;
  /** The action for the call. */
  readonly action: string;
  /** Whether the call is executed. */
  readonly permitted: boolean;
}

/** A file that was written. */
export interface WrittenFile {
  /** The path as it was given. */
  readonly output: string;
  /** The size in bytes. */
  readonly bytes: number;
}

/** A compiled profile. */
export interface CompileOutput extends Pick<Filter, 'target' | 'codegen' | 'warnings'> {
  /** The metrics of the program. */
  readonly report: Filter['metrics'];
  /** The program, an array of little-endian `struct sock_filter`, in base64. */
  readonly bpf: string;
}

/** A program. */
export interface DisasmOutput {
  /** Its instructions. */
  readonly instructions: readonly AnnotatedInstruction[];
  /** Why the kernel would reject it. Absent if it would not. */
  readonly refused?: Pick<Diagnostic, 'code' | 'message'>;
}

/** An assembled program. */
export interface AsmOutput {
  /** Its instructions. */
  readonly instructions: readonly AnnotatedInstruction[];
  /** The program in base64. */
  readonly bpf: string;
}

/** A thread with its filters. */
export interface ThreadOutput {
  /** The thread id. */
  readonly id: number;
  /** The name of the thread. */
  readonly name: string;
  /** `filter`, `strict` or `disabled`. */
  readonly mode: string;
  /** Its filters, the newest first. */
  readonly layers: readonly LayerOutput[];
}

/** A loaded filter. */
export interface LayerOutput {
  /** Its position: 1 is the oldest. */
  readonly layer: number;
  /** The number of instructions. */
  readonly instructions: number;
  /** The flags with which it was loaded. Absent if the kernel does not report them. */
  readonly flags: readonly string[] | undefined;
  /** The program in base64. */
  readonly bpf: string;
}

/** The filters of a process. */
export interface DumpOutput extends ThreadOutput {
  /** The id of the process. */
  readonly pid: number;
  /** Threads with other filters than this thread. */
  readonly differing: readonly ThreadOutput[];
  /** Warnings for readers. */
  readonly warnings: readonly Diagnostic[];
}

/** One check of doctor. */
export interface DoctorCheck {
  /** The name of the check. */
  readonly name: string;
  /** Whether the check passed. */
  readonly ok: boolean;
  /** What the check found. */
  readonly detail: string;
}

/** The result of reading logs. */
export interface ImportOutput {
  /** Each log; only one with --one-run. */
  readonly logs: readonly {
    /** The path of the log. */
    readonly file: string;
    /** The number of lines. */
    readonly lines: number;
    /** The number of lines and names that were not understood. */
    readonly skipped: number;
    /** The first lines that were not understood. */
    readonly examples: readonly SkippedLine[];
  }[];
  /** The recording, as in recording.schema.json. Absent with --output. */
  readonly recording?: unknown;
}

/** A profile that was generated from recordings. */
export interface GeneratedOutput extends Omit<GeneratedProfile, 'profile'> {
  /** The profile, as in profile.schema.json. */
  readonly profile: unknown;
}

/** The result of a check. */
export interface CheckOutput extends ProfileCheck {
  /** The smaller profile. Only with --tighten. */
  readonly tightened?: TightenedProfile;
}

/** Explained audit records. */
export interface AuditOutput {
  /** Distinct records, each with the number of its occurrences. */
  readonly records: readonly (ExplainedAudit & { readonly count: number })[];
  /** The number of records that were incomplete, or too many to distinguish. */
  readonly skipped: number;
}

/** An error in place of a result. */
export interface ErrorOutput {
  /** The error. */
  readonly error: {
    /** A stable code; listed in docs/diagnostics.md. */
    readonly code: string;
    /** The message, a sentence. */
    readonly message: string;
    /** All problems of a profile. Absent for other errors. */
    readonly problems: readonly Diagnostic[] | undefined;
  };
}
