// Loads the files of bundle/ with V8's code cache, if it exists for this Node (scripts/code-cache.mjs): the functions that a
// start needs are compiled already, and Node does not search for each file. A separate file in the syntax of ES2020, like
// package-files.
import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { BUILD_FILE, codeCacheFolder, codeIn, nodeBuild, wrapped } from '../util/host/code-cache.js';
import { bare } from '../util/own.js';

export { BUILD_FILE, codeTwice, nodeBuild } from '../util/host/code-cache.js';

/**
 * The cache for this Node. V8 itself compares its version, its flags and the length of the text, and compiles again if they
 * differ. It may crash with the code of another build of the same version.
 */
export const folder = codeCacheFolder(__dirname);

/** A loaded file: its compiled text, and its exports. */
interface LoadedFile {
  readonly script: Script;
  readonly module: { exports: object };
}

/** Loaded files by `./NAME.js`. */
export const loaded = new Map<string, LoadedFile>();

/**
 * The result of a function; undefined if it throws: the file does not exist, another user owns it, Node's permissions hide it, or
 * the program has replaced a function of Node.
 */
function ifPossible<Result>(get: () => Result): Result | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

/** Whether files are loaded here rather than by `require`; undefined before the first one. */
let isOn: boolean | undefined;

/** Uses only calls that Node makes for each file it loads, so that filters need not allow others. */
const isOfThisBuild = (): boolean =>
  readFileSync(`${folder}/${BUILD_FILE}`, bare({ encoding: 'utf8', flag: 'r' } as const)) === nodeBuild();

/** Loads files here without checking the cache, to create it. */
export function loadHere(): void {
  isOn = true;
}

/**
 * The `require` of this file, under a name that scripts/bundle.mjs replaces, because the compiler has a helper for `require` in
 * ES modules.
 */
declare const commonJsRequire: NodeJS.Require;

/** The CommonJS wrapper of Node. */
type Run = (
  this: object,
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  path: string,
  directory: string,
) => void;

/**
 * The exports of a file in the same folder; undefined if `require` must load it. Throws the errors of running the file.
 */
export function load(file: `./${string}.js`): unknown {
  return loaded.get(file)?.module.exports ?? (isOn === false ? undefined : loadFile(file));
}

function loadFile(file: string): object | undefined {
  const path = `${__dirname}${file.slice(1)}`;
  const compiled = ifPossible(() => compile(path, file));
  isOn = compiled !== undefined;
  // From here on, Node loads files that are not loaded yet, and finds loaded ones here, so that each has one instance.
  if (compiled === undefined) return undefined;
  const { script, run } = compiled;
  const module = { exports: {} };
  loaded.set(file, { script, module });
  try {
    run.call(module.exports, module.exports, commonJsRequire, module, path, __dirname);
  } catch (error) {
    loaded.delete(file);
    throw error;
  }
  return module.exports;
}

/**
 * Undefined if there is no code cache for this build of Node, if a program has replaced `Script` so that the result is not a
 * function, and in Jest, which runs files in a separate realm: V8 compiles in Node's realm, whose errors are not instances of
 * Error there.
 */
function compile(path: string, file: string): { readonly script: Script; readonly run: Run } | undefined {
  if (isOn === undefined && !isOfThisBuild()) return undefined;
  const cachedData = ifPossible(() =>
    codeIn(readFileSync(`${folder}${file.slice(1)}.bin`, bare({ flag: 'r' }))),
  );
  // The files are ASCII, which is fastest to read as latin1.
  const text = readFileSync(path, bare({ encoding: 'latin1', flag: 'r' } as const));
  const script = new Script(wrapped(text), bare({ filename: path, ...(cachedData && { cachedData }) }));
  const run: unknown = script.runInThisContext(bare({}));
  return run instanceof Function ? { script, run: run as Run } : undefined;
}
