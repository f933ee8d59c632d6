/**
 * The public surface of the package, re-exports only.
 *
 * @module seccomp
 */
export * from '../util/errors.js';
export * from '../kernel/constants.js';
export { ABIS, syscallName, syscallNumber, type Abi, type AbiName } from '../kernel/abi.js';
export { actionName, type Action, type ActionName } from '../kernel/action.js';
export type { SyscallName } from '../kernel/calls/call-names.js';
export type { CapabilityName } from '../kernel/capabilities.js';
export type { DockerArchitecture } from '../kernel/docker-architectures.js';
export type { ErrnoName } from '../kernel/errno.js';
export { evaluate } from '../policy/evaluate.js';
export type { Event } from '../kernel/event.js';
export { nameValue, parseValue } from '../kernel/arguments/named-values.js';
export { reasonFor, type Reason } from '../policy/reason.js';
export { parseEvent } from '../policy/parse-event.js';
export type { NamedArgument } from '../kernel/arguments/named-arguments.js';
export { parametersOf, type Parameter, type ParameterKind } from '../kernel/arguments/signatures.js';
export type {
  AbiPolicy,
  Condition,
  FilterFlag,
  Operator,
  Policy,
  Rule,
  SyscallPolicy,
} from '../policy/policy.js';
export type { ArchitectureName } from '../kernel/scmp-archs.js';
export { makeTarget, type Architecture, type Target, type TargetOptions } from '../policy/target.js';
export type { KernelVersion } from '../kernel/kernel-version.js';
export { describeRemedy, remedyFor, type AllowingRule, type Remedy } from '../policy/remedy.js';
export { withNotifications, type NotificationOptions } from '../policy/with-notifications.js';
export { NEVER_TRAPPED, withTraps, type TrapOptions } from '../policy/with-traps.js';
export { parseProfile, type ParseOptions } from '../profile/parse.js';
export type {
  ArchitectureMapping,
  NamedSyscall,
  Profile,
  ProfileArchitectures,
  ProfileCondition,
  ProfileRule,
  Restriction,
} from '../profile/profile.js';
export type {
  OciConfig,
  OciRule,
  OciSeccomp,
  ProfileRemarks,
  SeccompArchitecture,
  SeccompCondition,
  SeccompNameRule,
  SeccompNamesRule,
  SeccompProfile,
  SeccompRestriction,
  SeccompRule,
  SeccompRuleBase,
} from '../profile/seccomp-profile.js';
export type {
  FirecrackerFile,
  FirecrackerFilter,
  FirecrackerRule,
} from '../profile/formats/firecracker/filters.js';
export { parseFirecracker } from '../profile/formats/firecracker/parse.js';
export { resolveFirecracker, type FirecrackerOptions } from '../profile/formats/firecracker/resolve.js';
export type { ProfileSource } from '../profile/read-source.js';
export { resolveProfile, type ArgWidth, type ResolveOptions } from '../profile/resolve/resolve.js';
export { compile, type AnyProfile, type CompileOptions } from '../filter/compile-profile.js';
export { convert, type ConversionFormat, type ConvertOptions } from '../filter/convert.js';
export { decompile, type DecompileOptions } from '../filter/decompile/decompile.js';
export { lint, type LintOptions } from '../lint/lint.js';
export { lintProgram, type LintProgramOptions } from '../lint/lint-program.js';
export { formatFinding, type Finding } from '../lint/finding.js';
export { RULES as LINT_RULES, type LintRule, type RuleCode, type Severity } from '../lint/rules.js';
export { applyBaseline, makeBaseline, type Baseline } from '../lint/baseline.js';
export type { Suppression } from '../lint/suppress.js';
export { toSarif, type SarifLog, type SarifOptions } from '../lint/sarif.js';
export type { CompilePolicyOptions, WeightsName } from '../filter/compile.js';
export type { Codegen, Filter } from '../filter/filter.js';
export type { ProgramMetrics } from '../filter/inspect/metrics.js';
export { assemble, type AssembleOptions } from '../bpf/assemble/assemble.js';
export { toC } from '../bpf/c-array.js';
export {
  annotate,
  disassemble,
  type AnnotatedInstruction,
  type AnnotateOptions,
  type DisassembleOptions,
  type ProgramSource,
} from '../bpf/listing/disassemble.js';
export { interpret, seccompData, type ProgramRun } from '../bpf/interpret.js';
export { decode, encode, validate, type Instruction, type Program } from '../bpf/program.js';
export type { Call } from '../bpf/call.js';
export type { Optimize } from '../libseccomp/generate.js';
export { composeLayers } from '../filter/compose.js';
export type { Layer, Layers } from '../filter/layers.js';
export { simulate, type LayerRun, type Simulation, type Step } from '../filter/inspect/simulate.js';
export { simulator } from '../filter/inspect/simulator.js';
export type { Answers, Case, Conditions, Term } from '../filter/meaning/answers.js';
export {
  findDisagreement,
  findExcess,
  isEquivalent,
  isSubset,
  type Disagreement,
} from '../filter/inspect/compare.js';
export { diff, type Difference, type Place } from '../filter/inspect/diff.js';
export { explain, type Explanation } from '../filter/inspect/explain.js';
export { formatDiff, formatExplanation } from '../filter/inspect/format.js';
export type { NumberRange, NumberTest } from '../filter/meaning/number-sets.js';
export type {
  ArchitectureAnswers,
  InterfaceAnswers,
  NamedAnswers,
  NumberedAnswers,
  Numbers,
  Sections,
} from '../filter/meaning/sections.js';
export { findDifference, verify } from '../filter/prove/verify.js';
export {
  FilterContext,
  type Comparison,
  type Notification,
  type NotificationResponse,
  type Syscall,
} from '../libseccomp/context.js';
/** libseccomp's functions that need no context, under their names. */
export * as libseccomp from '../libseccomp/context.js';
export {
  checkProfile,
  type CheckedCall,
  type CheckOptions,
  type ProfileCheck,
  type UnusedCall,
} from '../recording/check.js';
export {
  explainAuditLine,
  formatAudit,
  type AuditVerdict,
  type ExplainedAudit,
} from '../recording/explain-audit.js';
export type { AuditLine } from '../recording/logs/audit-line.js';
export type { ArgumentMode } from '../recording/generate/argument-conditions.js';
export type { Launcher } from '../recording/generate/completions.js';
export {
  generateProfile,
  type ExplainedCall,
  type GeneratedProfile,
  type GenerateOptions,
} from '../recording/generate/generate.js';
export { formatRecording, parseRecording, type ParseRecordingOptions } from '../recording/json.js';
export { readLog, type ReadLog, type ReadLogOptions, type SkippedLine } from '../recording/logs/read-log.js';
export { mergeRecordings } from '../recording/merge.js';
export type { RecordedArgument, RecordedCall, Recording, RecordingSource } from '../recording/recording.js';
export { htmlReport, type Reported, type ReportOptions } from '../report/report.js';
export { applyProfile, type ApplyOptions } from '../process/apply-profile.js';
export type { Capabilities } from '../process/machine/running-target.js';
export { BASE_CALLS, NEEDED_CALLS, THREAD_CALLS } from '../kernel/calls/base-calls.js';
export { execFile } from '../process/children/exec-file.js';
export { execFileSync } from '../process/children/exec-file-sync.js';
export { fork, type ForkLoad, type ForkSandboxOptions } from '../process/children/fork.js';
export type { SandboxOptions } from '../process/children/sandbox.js';
export { spawn } from '../process/children/spawn.js';
export { spawnSync } from '../process/children/spawn-sync.js';
export {
  dump,
  type DumpOptions,
  type LiveLayer,
  type ProcessDump,
  type ThreadDump,
} from '../process/inspect/dump.js';
export { exec, type ExecOptions } from '../process/exec.js';
export type { RingFilterMode } from '../process/isolation/ring-filter.js';
export { isolationLayer } from '../process/isolation/isolation-layer.js';
export type { Isolation, IsolationMode, IsolationPart, OpenWay } from '../process/isolation/isolation.js';
export { features, type Features } from '../process/machine/features.js';
export type { MissingFeature } from '../kernel/kernel-features.js';
export { load, type LoadedFilter, type LoadOptions, type Scope } from '../process/load.js';
export { ps, type ProcessEntry, type ProcessList, type PsOptions } from '../process/inspect/ps.js';
export {
  SandboxedWorker,
  type SandboxedWorkerEvents,
  type SandboxedWorkerOptions,
} from '../process/sandboxed-worker/sandboxed-worker.js';
export { listenForContainers, type AgentOptions, type ContainerAgent } from '../process/supervise/agent.js';
export type { Response, Handler } from '../process/supervise/response.js';
export type { ServeOptions, Supervisor } from '../process/supervise/serve-listener.js';
export type { SupervisedCall } from '../process/supervise/call.js';
export type { ContainerProcess } from '../process/supervise/container-state.js';
export { delegate, type DelegateOptions } from '../process/supervise/delegate.js';
export { superviseListener, type HandlerOptions } from '../process/supervise/handlers.js';
export {
  formatReport,
  type ReportedViolation,
  type ViolationReportOptions,
} from '../process/supervise/report.js';
export { sendListener, type SentProcess } from '../process/supervise/send-listener.js';
export { supervise, type Supervised, type SuperviseOptions } from '../process/supervise/supervise.js';
export { record, type RecordedCommand, type RecordOptions } from '../process/trace/record.js';
export { status, type Mode, type ProcessStatus, type ThreadStatus } from '../process/inspect/status.js';
export { formatViolation, type Violation } from '../process/violations/violation.js';
export { onViolation, type ViolationOptions, type Violations } from '../process/violations/violations.js';
