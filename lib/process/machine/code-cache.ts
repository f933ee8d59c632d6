// Describes the state of the code cache, which the installing user can create.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { packageFile } from '../../package-files.js';
import { BUILD_FILE, codeCacheFolder, codeIn, nodeBuild, wrapped } from '../../util/host/code-cache.js';
import { own } from '../../util/own.js';

/** The state of the code cache, with the command that creates one if this Node has none. */
export function describeCodeCache(): string {
  const folder = codeCacheFolder(packageFile('bundle'));
  const problem = problemOf(folder);
  if (problem === undefined) return `made for this Node (${basename(folder)})`;
  return `${problem}; to make one for this Node: node ${packageFile('scripts/code-cache.mjs')}`;
}

function problemOf(folder: string): string | undefined {
  try {
    const files = entries(folder);
    if (files === undefined) {
      const others = entries(dirname(folder)) ?? [];
      return others.length === 0 ? 'none' : `made by another Node: ${others.join(', ')}`;
    }
    if (!files.includes(BUILD_FILE)) return 'incomplete';
    if (readFileSync(join(folder, BUILD_FILE), 'utf8') !== nodeBuild())
      return `made by another build of Node ${process.version}`;
    const kept = files
      .filter(file => file !== BUILD_FILE)
      .map(file => ({ file, cachedData: codeIn(readFileSync(join(folder, file))) }));
    const damaged = kept.filter(({ cachedData }) => cachedData === undefined);
    if (damaged.length > 0) return `damaged: ${damaged.map(({ file }) => file).join(', ')}`;
    return kept.some(isRejected)
      ? 'made with other options of Node, which the script needs too, or for other files of this package'
      : undefined;
  } catch (error) {
    return `not readable (${(error as Error).message})`;
  }
}

/** A file of the code cache and its code. */
interface Kept {
  readonly file: string;
  readonly cachedData: Buffer | undefined;
}

/** Whether V8 rejects the cached code and compiles the file again. */
function isRejected({ file, cachedData }: Kept): boolean | undefined {
  const text = readFileSync(packageFile(`bundle/${basename(file, '.bin')}`), 'latin1');
  return own(new Script(wrapped(text), { ...(cachedData && { cachedData }) }), 'cachedDataRejected');
}

/** The entries of a folder; undefined if it does not exist. */
function entries(folder: string): readonly string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (own(error as NodeJS.ErrnoException, 'code') === 'ENOENT') return undefined;
    throw error;
  }
}
