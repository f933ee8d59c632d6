/**
 * The entry `seccomp/inspect`: everything that looks at profiles, policies and programs, and touches no process.
 *
 * @module seccomp/inspect
 */
export * from '../util/errors.js';
export type { Code } from '../util/codes.js';
export * from '../kernel/constants.js';
export { ABIS, syscallName, syscallNumber, type Abi } from '../kernel/abi.js';
export type { AbiName } from '../kernel/architectures.js';
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
export { makeTarget, type Target, type TargetOptions } from '../policy/target.js';
export type { Architecture } from '../kernel/architectures.js';
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
export { htmlReport, type Reported, type ReportOptions } from '../report/report.js';
export { BASE_CALLS, NEEDED_CALLS, THREAD_CALLS } from '../kernel/calls/base-calls.js';
export type { MissingFeature } from '../kernel/kernel-features.js';
