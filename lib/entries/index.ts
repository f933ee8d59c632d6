/**
 * The entry point `seccomp`: compiles profiles and loads them, for this process, workers and children, and has the main functions to
 * inspect filters. All functions to inspect filters are in `seccomp/inspect`, libseccomp's API is in `seccomp/libseccomp`.
 *
 * @module seccomp
 */
export * from './verbs.js';
export { applyProfile, type ApplyOptions, type TryProfileOptions } from '../process/apply/apply-profile.js';
export type { ReportedProfile, ViolationReports } from '../process/trace/try-profile.js';
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
export { load, type LoadedFilter, type LoadOptions, type Scope } from '../process/load.js';
export { precompile, type PrecompileOptions, type PrecompiledPrograms } from '../process/apply/precompile.js';
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
export type {
  RecordRunningOptions,
  RunningRecording,
  RunningTarget,
} from '../process/trace/perf/record-running.js';
export { record, type RecordedCommand, type RecordOptions } from '../process/trace/record.js';
export type { RecordingProgress } from '../process/trace/record-command.js';
export {
  startRecording,
  type OwnRecording,
  type StartRecordingOptions,
} from '../process/trace/start-recording.js';
