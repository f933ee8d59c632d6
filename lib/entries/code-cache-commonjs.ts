// How the files of bundle/ load each other where V8's code cache is there for this Node (scripts/code-cache.mjs): the functions that a start
// needs are compiled already, and Node does not search for each file. A file of its own in the syntax of ES2020, as package-files is.
import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { BUILD_FILE, codeCacheFolder, codeIn, nodeBuild, wrapped } from '../util/host/code-cache.js';
import { bare } from '../util/own.js';

export { BUILD_FILE, codeTwice, nodeBuild } from '../util/host/code-cache.js';

/**
 * What is kept for this Node. V8 itself compares its version, its flags and the length of the text, and otherwise compiles anew. It
 * may crash with what another build of the same version has made.
 */
export const folder = codeCacheFolder(__dirname);

/** A file that was loaded: its text as V8 compiled it, and what the file exports. */
interface LoadedFile {
  readonly script: Script;
  readonly module: { exports: object };
}

/** By `./NAME.js`. */
export const loaded = new Map<string, LoadedFile>();

/**
 * What a function gives; undefined if it throws: there is no such file, another user has made it, Node's permissions hide it, or the
 * program has replaced a function of Node by one that cannot do it.
 */
function ifPossible<Result>(get: () => Result): Result | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

/** Whether files that are not loaded yet are loaded here and not by `require`: unknown before the first one. */
let isOn: boolean | undefined;

/** By the calls that Node makes for each file that it loads, so that no filter needs to allow others. */
const isOfThisBuild = (): boolean =>
  readFileSync(`${folder}/${BUILD_FILE}`, bare({ encoding: 'utf8', flag: 'r' } as const)) === nodeBuild();

/** Loads files here in any case, to make the code cache. */
export function loadHere(): void {
  isOn = true;
}

/** The `require` of this file, by the name that scripts/bundle.mjs knows: the compiler has a helper for what an ES module calls `require`. */
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

/** What a file beside this one exports; undefined if `require` loads it. Throws what running the file throws. */
export function load(file: `./${string}.js`): unknown {
  return loaded.get(file)?.module.exports ?? (isOn === false ? undefined : loadFile(file));
}

function loadFile(file: string): object | undefined {
  const path = `${__dirname}${file.slice(1)}`;
  const compiled = ifPossible(() => compile(path, file));
  isOn = compiled !== undefined;
  // From here on Node loads all that is not loaded yet, and finds here what is: there is one instance of each file.
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
 * Undefined if there is no code cache of this build of Node, where a program has changed `Script`, so that no function comes of it, and in Jest: it runs
 * files in a realm of their own, but V8 compiles in that of Node, whose errors are no instances of Error there.
 */
function compile(path: string, file: string): { readonly script: Script; readonly run: Run } | undefined {
  if (isOn === undefined && !isOfThisBuild()) return undefined;
  const cachedData = ifPossible(() =>
    codeIn(readFileSync(`${folder}${file.slice(1)}.bin`, bare({ flag: 'r' }))),
  );
  // The files are ASCII, which is read fastest so.
  const text = readFileSync(path, bare({ encoding: 'latin1', flag: 'r' } as const));
  const script = new Script(wrapped(text), bare({ filename: path, ...(cachedData && { cachedData }) }));
  const run: unknown = script.runInThisContext(bare({}));
  return run instanceof Function ? { script, run: run as Run } : undefined;
}
