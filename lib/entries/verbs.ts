// The exports that `seccomp` and `seccomp/inspect` share: the main functions, their types, errors and constants.
export * from '../util/errors.js';
export * from '../kernel/constants.js';
export { CODES, type Code } from '../util/codes.js';
export type { Abi } from '../kernel/abi.js';
export type { AbiName, Architecture, ArchitectureAlias } from '../kernel/architectures.js';
export type { Action, ActionName } from '../kernel/action.js';
export type { SyscallName } from '../kernel/calls/call-names.js';
export type { CapabilityName } from '../kernel/capabilities.js';
export type { DockerArchitecture } from '../kernel/docker-architectures.js';
export type { ErrnoName } from '../kernel/errno.js';
export type { CheckedEvent, Event } from '../kernel/event.js';
export type { Reason } from '../policy/reason.js';
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
export type { Target, TargetOptions } from '../policy/target.js';
export type { KernelVersion } from '../kernel/kernel-version.js';
export type { AllowingRule, Remedy } from '../policy/remedy.js';
export { parseProfile, type ParseOptions } from '../profile/parse.js';
export type {
  ArchitectureMapping,
  NamedSyscall,
  Profile,
  ProfileArchitectures,
  ProfileCondition,
  ProfileFormat,
  ProfileRule,
  Restriction,
} from '../profile/profile.js';
export type {
  ConstantNames,
  ExtendingProfile,
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
export type { ProfileSource } from '../profile/read-source.js';
export {
  resolveProfile,
  type ArgWidth,
  type ResolveOptions,
  type UnknownSyscalls,
} from '../profile/resolve/resolve.js';
export { compile, type AnyProfile, type CompileOptions } from '../filter/compile-profile.js';
export { derive, formatProfile } from '../filter/algebra/derive.js';
export type { CallOrGroup, Changes } from '../policy/derive/changes.js';
export type { CallGroup } from '../kernel/calls/call-groups.js';
export { difference, intersection, union, type CombineOptions } from '../filter/algebra/combine.js';
export { lint, type LintOptions } from '../lint/lint.js';
export type { Finding } from '../lint/finding.js';
export type { LintRule, RuleCode, Severity } from '../lint/rules.js';
export type { Suppression } from '../lint/suppress.js';
export type { CompilePolicyOptions, WeightsName } from '../filter/compile.js';
export type { Codegen, Filter } from '../filter/filter.js';
export type { ProgramMetrics } from '../filter/inspect/metrics.js';
export { disassemble, type DisassembleOptions, type ProgramSource } from '../bpf/listing/disassemble.js';
export { decode, encode, validate, type Instruction, type Program } from '../bpf/program.js';
export type { Call } from '../bpf/call.js';
export type { Layer, Layers } from '../filter/layers.js';
export { simulate, type LayerRun, type Simulation, type Step } from '../filter/inspect/simulate.js';
export type { Actions, Case, Conditions, Term } from '../filter/meaning/actions.js';
export { diff, type Difference, type Place } from '../filter/inspect/diff.js';
export { explain, type Explanation } from '../filter/inspect/explain.js';
export type { NumberRange, NumberTest } from '../filter/meaning/number-sets.js';
export type {
  ArchitectureActions,
  AbiActions,
  SyscallActions,
  NumberActions,
  Numbers,
  Sections,
} from '../filter/meaning/sections.js';
export type { MissingFeature } from '../kernel/kernel-features.js';
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
export {
  tightenProfile,
  type RemovedName,
  type TightenedProfile,
  type TightenOptions,
} from '../recording/tighten.js';
export type { RecordedArgument, RecordedCall, Recording, RecordingSource } from '../recording/recording.js';
export { findDifference, verify } from '../filter/prove/verify.js';
export { evaluate } from '../policy/evaluate.js';
