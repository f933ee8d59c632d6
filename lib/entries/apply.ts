/**
 * The entry point `seccomp/apply`: compiles and loads profiles, without the functions to inspect filters.
 *
 * @module seccomp/apply
 */
export * from './load.js';
export { compile, type AnyProfile, type CompileOptions } from '../filter/compile-profile.js';
export type { OciConfig, SeccompProfile } from '../profile/seccomp-profile.js';
export { applyProfile, type ApplyOptions, type TryProfileOptions } from '../process/apply/apply-profile.js';
export type { ReportedViolation } from '../process/supervise/report.js';
export type { ReportedProfile, ViolationReports } from '../process/trace/try-profile.js';
export type { Capabilities } from '../process/machine/running-target.js';
