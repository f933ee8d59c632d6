/**
 * The entry point `seccomp/load`: loads compiled programs, without the parser, the generator or libseccomp's
 * tables.
 *
 * @module seccomp/load
 */
export * from '../util/errors.js';
export { CODES, type Code } from '../util/codes.js';
export { features, type Features } from '../process/machine/features.js';
export type { MissingFeature } from '../kernel/kernel-features.js';
export { load, type LoadedFilter, type LoadOptions, type Scope } from '../process/load.js';
export { status, type Mode, type ProcessStatus, type ThreadStatus } from '../process/inspect/status.js';
