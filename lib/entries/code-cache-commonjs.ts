// How the files of bundle/ load each other where V8's code cache is there for this Node (scripts/code-cache.mjs): the functions that a start
// needs are compiled already, and Node does not search for each file. A file of its own in the syntax of ES2020, as package-files is.
import { readFileSync, statSync } from 'node:fs';
import { createRequire, wrap } from 'node:module';
import { Script } from 'node:vm';
import { codeCacheFolder, codeIn } from '../util/host/code-cache.js';
import { bare, own } from '../util/own.js';

export { codeTwice } from '../util/host/code-cache.js';

/** What is kept for this Node. V8 itself compares its version, its flags and the length of the text, and otherwise compiles anew. */
export const folder = codeCacheFolder(__dirname);

/** A file that was loaded: its text as V8 compiled it, and what the file exports. */
interface LoadedFile {
  readonly script: Script;
  readonly module: { exports: object };
}

/** By `./NAME.js`. */
export const loaded = new Map<string, LoadedFile>();

/** Whether files that are not loaded yet are loaded here and not by `require`. */
let isOn: boolean | undefined;

/**
 * What a function gives; undefined where it throws: there is no such file, another user has made it, Node's permissions hide it, or the
 * program has replaced a function of Node by one that cannot do it.
 */
function ifPossible<Result>(get: () => Result): Result | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

/** By the call that Node makes for each file that it loads, so that no filter needs to allow another one. */
const hasFolder = (): boolean =>
  ifPossible(() => statSync(folder, bare({ throwIfNoEntry: false } as const))) !== undefined;

/** Resolves modules that are not files of bundle/. */
const require = createRequire(`${__dirname}/package.json`);
/** What Node 22 has besides. */
const newer = require('node:module') as { readonly getCompileCacheDir?: () => unknown };

/**
 * Jest runs files in a realm of their own, but V8 compiles in that of Node, whose errors are no instances of Error there. And where a program has
 * Node cache the code of all its files, that is enough.
 */
const isWanted = (): boolean =>
  hasFolder() &&
  new Script('Object', bare({})).runInThisContext(bare({})) === Object &&
  own(newer, 'getCompileCacheDir')?.() === undefined;

/** The CommonJS wrapper of Node. */
type Run = (
  this: object,
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  path: string,
  directory: string,
) => void;

/** Loads files here in any case, to make the code cache. */
export function loadHere(): void {
  isOn = true;
}

/** What a file beside this one exports; undefined where `require` loads it. Throws what running the file throws. */
export function load(file: `./${string}.js`): unknown {
  isOn ??= ifPossible(isWanted) ?? false;
  return loaded.get(file)?.module.exports ?? (isOn ? loadFile(file) : undefined);
}

function loadFile(file: string): object | undefined {
  const path = `${__dirname}${file.slice(1)}`;
  const compiled = ifPossible(() => compile(path, file));
  if (compiled === undefined) {
    // From here on Node loads all that is not loaded yet, and finds here what is: there is one instance of each file.
    isOn = false;
    return undefined;
  }
  const { script, run } = compiled;
  const module = { exports: {} };
  loaded.set(file, { script, module });
  try {
    run.call(module.exports, module.exports, require, module, path, __dirname);
  } catch (error) {
    loaded.delete(file);
    throw error;
  }
  return module.exports;
}

/** Undefined where a program has changed `Script`, so that no function comes of it. */
function compile(path: string, file: string): { readonly script: Script; readonly run: Run } | undefined {
  // The files are ASCII, which is read fastest so.
  const text = wrap(readFileSync(path, bare({ encoding: 'latin1', flag: 'r' } as const)));
  const cachedData = ifPossible(() =>
    codeIn(readFileSync(`${folder}${file.slice(1)}.bin`, bare({ flag: 'r' }))),
  );
  const script = new Script(text, bare({ filename: path, ...(cachedData && { cachedData }) }));
  const run: unknown = script.runInThisContext(bare({}));
  return typeof run === 'function' ? { script, run: run as Run } : undefined;
}
