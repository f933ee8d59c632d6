// The public surface.
export * from './errors.js';
export * from './policy/constants.js';
export { ABIS, syscallName, syscallNumber, type Abi, type AbiName } from './policy/abi.js';
export { actionName, type Action, type ActionName } from './policy/action.js';
export { evaluate, type Event } from './policy/evaluate.js';
export { nameValue, parseValue } from './policy/named-values.js';
export { parametersOf, type Parameter, type ParameterKind } from './policy/signatures.js';
export type {
  AbiPolicy,
  Condition,
  FilterFlag,
  Operator,
  Policy,
  Rule,
  SyscallPolicy,
} from './policy/policy.js';
export {
  makeTarget,
  type Architecture,
  type KernelVersion,
  type Target,
  type TargetOptions,
} from './policy/target.js';
export { parseProfile, type ParseOptions } from './profile/parse.js';
export type {
  ArchitectureMapping,
  NamedSyscall,
  Profile,
  ProfileArchitectures,
  ProfileCondition,
  ProfileRule,
  Restriction,
} from './profile/profile.js';
export type { ProfileSource } from './profile/read-source.js';
export { resolveProfile, type ArgWidth, type ResolveOptions } from './profile/resolve.js';
export { compile, type AnyProfile, type CompileOptions } from './compile.js';
export { lint, type LintOptions } from './profile/lint/lint.js';
export { lintProgram, type LintProgramOptions } from './filter/lint/lint-program.js';
export { formatFinding, type Finding } from './policy/lint/finding.js';
export { RULES as LINT_RULES, type LintRule, type RuleCode, type Severity } from './policy/lint/rules.js';
export { applyBaseline, makeBaseline, type Baseline } from './policy/lint/baseline.js';
export type { Suppression } from './policy/lint/suppress.js';
export { toSarif, type SarifLog, type SarifOptions } from './policy/lint/sarif.js';
export type { CompilePolicyOptions, WeightsName } from './filter/compile.js';
export type { Codegen, Filter } from './filter/filter.js';
export type { Report } from './filter/report.js';
export { disassemble } from './filter/disassemble.js';
export { interpret, seccompData, type Run } from './filter/interpret.js';
export { decode, encode, validate, type Instruction, type Program } from './filter/program.js';
export { findDifference, verify } from './filter/verify.js';
export {
  FilterContext,
  type Comparison,
  type Notification,
  type NotificationResponse,
  type Syscall,
} from './filter/context.js';
/** libseccomp's functions that need no context, under their names. */
export * as libseccomp from './filter/context.js';
export { applyProfile, type ApplyOptions } from './process/apply-profile.js';
export { BASE_CALLS, NEEDED_CALLS, THREAD_CALLS } from './process/base-calls.js';
export { exec, type ExecOptions } from './process/exec.js';
export { features, type Features } from './process/features.js';
export { load, type LoadedFilter, type LoadOptions, type Scope } from './process/load.js';
export { status, type Mode, type ProcessStatus, type ThreadStatus } from './process/status.js';
