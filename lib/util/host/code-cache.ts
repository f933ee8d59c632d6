// The files of the code cache: where they are, and what is in them.

/** Where the code cache for this Node is. */
export const codeCacheFolder = (bundle: string): string =>
  `${bundle}/code-cache/${process.version}-${process.arch}`;

/** The file in that folder that says for which build of Node the others are; the last that is written. */
export const BUILD_FILE = 'node.json';

/**
 * What tells builds of one version of Node apart, such as those of nodejs.org and of Debian. V8 does not before Node 22, and crashes
 * with the code of another build.
 */
export const nodeBuild = (): string => JSON.stringify([process.versions, process.config]);

/** The text that V8 compiles for a file, as Node wraps it. */
export const wrapped = (text: string): string =>
  `(function (exports, require, module, __filename, __dirname) { ${text}\n})`;

/** The content of a file for what V8 gives. */
export const codeTwice = (code: Uint8Array): Buffer => Buffer.concat([code, code]);

/**
 * What V8 gave, undefined where the file is damaged. V8 itself does not look, and may crash. The code is there twice, since two copies
 * are compared in a fraction of the time that any checksum takes in a Node that has just been started.
 */
export function codeIn(file: Buffer): Buffer | undefined {
  const half = file.length / 2;
  const code = file.subarray(0, half);
  return half > 0 && code.equals(file.subarray(half)) ? code : undefined;
}
