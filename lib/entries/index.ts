/**
 * The entry `seccomp`: profiles and their way into the kernel, for this process, workers and children; and the verbs that look at
 * them. The tools behind the verbs are in `seccomp/inspect`, libseccomp's own interface in `seccomp/libseccomp`.
 *
 * @module seccomp
 */
export * from '../util/errors.js';
export type { Code } from '../util/codes.js';
export * from '../kernel/constants.js';
export type { Abi } from '../kernel/abi.js';
export type { AbiName } from '../kernel/architectures.js';
export type { Action, ActionName } from '../kernel/action.js';
export type { SyscallName } from '../kernel/calls/call-names.js';
export type { CapabilityName } from '../kernel/capabilities.js';
export type { DockerArchitecture } from '../kernel/docker-architectures.js';
export type { ErrnoName } from '../kernel/errno.js';
export type { Event } from '../kernel/event.js';
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
export type { Architecture } from '../kernel/architectures.js';
export type { KernelVersion } from '../kernel/kernel-version.js';
export type { AllowingRule, Remedy } from '../policy/remedy.js';
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
export type { ProfileSource } from '../profile/read-source.js';
export { resolveProfile, type ArgWidth, type ResolveOptions } from '../profile/resolve/resolve.js';
export { compile, type AnyProfile, type CompileOptions } from '../filter/compile-profile.js';
export { lint, type LintOptions } from '../lint/lint.js';
export type { Finding } from '../lint/finding.js';
export type { LintRule, RuleCode, Severity } from '../lint/rules.js';
export type { Suppression } from '../lint/suppress.js';
export type { CompilePolicyOptions, WeightsName } from '../filter/compile.js';
export type { Codegen, Filter } from '../filter/filter.js';
export type { ProgramMetrics } from '../filter/inspect/metrics.js';
export { disassemble, type DisassembleOptions, type ProgramSource } from '../bpf/listing/disassemble.js';
export type { Instruction, Program } from '../bpf/program.js';
export type { Call } from '../bpf/call.js';
export type { Layer, Layers } from '../filter/layers.js';
export { simulate, type LayerRun, type Simulation, type Step } from '../filter/inspect/simulate.js';
export type { Answers, Case, Conditions, Term } from '../filter/meaning/answers.js';
export { diff, type Difference, type Place } from '../filter/inspect/diff.js';
export { explain, type Explanation } from '../filter/inspect/explain.js';
export type { NumberRange, NumberTest } from '../filter/meaning/number-sets.js';
export type {
  ArchitectureAnswers,
  InterfaceAnswers,
  NamedAnswers,
  NumberedAnswers,
  Numbers,
  Sections,
} from '../filter/meaning/sections.js';
export { applyProfile, type ApplyOptions } from '../process/apply-profile.js';
export type { Capabilities } from '../process/machine/running-target.js';
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
export { status, type Mode, type ProcessStatus, type ThreadStatus } from '../process/inspect/status.js';
export { formatViolation, type Violation } from '../process/violations/violation.js';
export { onViolation, type ViolationOptions, type Violations } from '../process/violations/violations.js';
