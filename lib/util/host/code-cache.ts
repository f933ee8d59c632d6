// The location and the format of the files of the code cache.

/** The folder of the code cache for this Node version and processor. */
export const codeCacheFolder = (bundle: string): string =>
  `${bundle}/code-cache/${process.version}-${process.arch}`;

/** The file in that folder that names the Node build of the other files. It is written last. */
export const BUILD_FILE = 'node.json';

/**
 * Identifies a build of Node: nodejs.org and Debian build the same version differently. V8 does not check this before Node 22,
 * and crashes with the code of another build.
 */
export const nodeBuild = (): string => JSON.stringify([process.versions, process.config]);

/** The text that V8 compiles for a module, wrapped as Node wraps CommonJS. */
export const wrapped = (text: string): string =>
  `(function (exports, require, module, __filename, __dirname) { ${text}\n})`;

/** The content of a cache file for code from V8. */
export const codeTwice = (code: Uint8Array): Buffer => Buffer.concat([code, code]);

/**
 * The code from a cache file; undefined if the file is damaged. V8 itself does not check it, and may crash. The file has two
 * copies of the code, because comparing them takes a fraction of the time that any checksum takes in a Node that has just
 * started.
 */
export function codeIn(file: Buffer): Buffer | undefined {
  const half = file.length / 2;
  const code = file.subarray(0, half);
  return half > 0 && code.equals(file.subarray(half)) ? code : undefined;
}
