/**
 * The entry point `seccomp/libseccomp`: the complete C API, for people who know it from C. It has one function for each
 * of libseccomp's, with the C name in camel case, and the context as a class.
 *
 * @module seccomp/libseccomp
 */
export * from '../util/errors.js';
export { CODES, type Code } from '../util/codes.js';
export * from '../kernel/constants.js';
export * from '../libseccomp/context.js';
