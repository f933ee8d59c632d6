// What subcommands write with --json: output.schema.json is made of these types.
import type { AnnotatedInstruction } from '../bpf/listing/disassemble.js';
import type { Filter } from '../filter/filter.js';
import type { DifferenceJson, ExplanationJson, SimulationJson } from '../filter/inspect/json.js';
import type { Finding } from '../lint/finding.js';
import type { ProcessList } from '../process/inspect/ps.js';
import type { ReportedViolation } from '../process/supervise/report.js';
import type { ProfileCheck } from '../recording/check.js';
import type { ExplainedAudit } from '../recording/explain-audit.js';
import type { GeneratedProfile } from '../recording/generate/generate.js';
import type { SkippedLine } from '../recording/logs/read-log.js';
import type { TightenedProfile } from '../recording/tighten.js';
import type { Diagnostic } from '../util/errors.js';

/** By subcommand; `error` is what any of them writes instead, `event` a line of simulate --events, `violation` a line of a report of run. */
export interface JsonOutputs {
  readonly explain: ExplanationJson;
  readonly simulate: SimulationJson;
  readonly event: EventOutput;
  readonly diff: readonly DifferenceJson[];
  readonly lint: readonly Finding[];
  readonly report: WrittenFile;
  readonly playground: WrittenFile;
  readonly compile: CompileOutput;
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
  /** The line of the file, from 1. */
  readonly line: number;
  /** The call as the line has it. */
  readonly call: string;
  /** What it is answered. */
  readonly action: string;
  /** Whether it is made. */
  readonly permitted: boolean;
}

/** A file that was written. */
export interface WrittenFile {
  /** Its path, as it was given. */
  readonly output: string;
  /** Its size. */
  readonly bytes: number;
}

/** A compiled profile. */
export interface CompileOutput extends Pick<Filter, 'target' | 'codegen' | 'warnings'> {
  /** Figures of the program. */
  readonly report: Filter['metrics'];
  /** The program, `struct sock_filter` by `struct sock_filter`, little-endian, in base64. */
  readonly bpf: string;
}

/** A program. */
export interface DisasmOutput {
  /** Its instructions. */
  readonly instructions: readonly AnnotatedInstruction[];
  /** Why the kernel would refuse it. Absent if it would not. */
  readonly refused?: Pick<Diagnostic, 'code' | 'message'>;
}

/** An assembled program. */
export interface AsmOutput {
  /** Its instructions. */
  readonly instructions: readonly AnnotatedInstruction[];
  /** The same in base64. */
  readonly bpf: string;
}

/** A thread with its filters. */
export interface ThreadOutput {
  /** Its id. */
  readonly id: number;
  /** Its name. */
  readonly name: string;
  /** `filter`, `strict` or `disabled`. */
  readonly mode: string;
  /** Its filters, the newest first. */
  readonly layers: readonly LayerOutput[];
}

/** A filter in force. */
export interface LayerOutput {
  /** Its place, from 1, the oldest. */
  readonly layer: number;
  /** How many instructions it has. */
  readonly instructions: number;
  /** Flags that it was loaded with. Absent if the kernel does not tell. */
  readonly flags: readonly string[] | undefined;
  /** The program in base64. */
  readonly bpf: string;
}

/** The filters of a process. */
export interface DumpOutput extends ThreadOutput {
  /** The id of the process. */
  readonly pid: number;
  /** Threads with other filters than this one. */
  readonly differing: readonly ThreadOutput[];
  /** What a reader should know. */
  readonly warnings: readonly Diagnostic[];
}

/** One check of doctor. */
export interface DoctorCheck {
  /** What is checked. */
  readonly name: string;
  /** Whether it is as it should be. */
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
}

/** How logs were read. */
export interface ImportOutput {
  /** Each of them; all as one with --one-run. */
  readonly logs: readonly {
    /** Its path. */
    readonly file: string;
    /** How many lines it has. */
    readonly lines: number;
    /** How many lines or names were not understood. */
    readonly skipped: number;
    /** The first of them. */
    readonly examples: readonly SkippedLine[];
  }[];
  /** The recording: recording.schema.json describes it. Absent with --output. */
  readonly recording?: unknown;
}

/** A profile that was made of recordings. */
export interface GeneratedOutput extends Omit<GeneratedProfile, 'profile'> {
  /** The profile: profile.schema.json describes it. */
  readonly profile: unknown;
}

/** What came out of a check. */
export interface CheckOutput extends ProfileCheck {
  /** A smaller profile. Only with --tighten. */
  readonly tightened?: TightenedProfile;
}

/** What the kernel logged. */
export interface AuditOutput {
  /** Records, each that differs from the others once. */
  readonly records: readonly (ExplainedAudit & { readonly count: number })[];
  /** Records that were incomplete, or too many to distinguish. */
  readonly skipped: number;
}

/** Why there is no result. */
export interface ErrorOutput {
  /** What went wrong. */
  readonly error: {
    /** Stable; listed in docs/diagnostics.md. */
    readonly code: string;
    /** A sentence. */
    readonly message: string;
    /** All that is wrong with a profile. Absent for other errors. */
    readonly problems: readonly Diagnostic[] | undefined;
  };
}
