/**
 * The entry point `seccomp/libseccomp`: the complete C API, for people who know it from C. One function for each of
 * libseccomp's, under the name that it has in C, and the context as a class.
 *
 * @module seccomp/libseccomp
 */
export * from '../util/errors.js';
export { CODES, type Code } from '../util/codes.js';
export * from '../kernel/constants.js';
export * from '../libseccomp/context.js';
