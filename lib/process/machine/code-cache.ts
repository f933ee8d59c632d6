// Describes the state of the code cache, which the user who installs the package can make.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packageFile } from '../../package-files.js';
import { codeCacheFolder, codeIn } from '../../util/host/code-cache.js';
import { own } from '../../util/own.js';

/** The state of the code cache, with the command that makes one if there is none that this Node uses. */
export function describeCodeCache(): string {
  const folder = codeCacheFolder(packageFile('bundle'));
  const problem = problemOf(folder);
  return problem === undefined
    ? `made for this Node (${basename(folder)})`
    : `${problem}; to make one for this Node: node ${packageFile('scripts/code-cache.mjs')}`;
}

function problemOf(folder: string): string | undefined {
  try {
    const files = entries(folder);
    if (files === undefined) {
      const others = entries(dirname(folder)) ?? [];
      return others.length === 0 ? 'none' : `made by another Node: ${others.join(', ')}`;
    }
    const damaged = files.filter(file => codeIn(readFileSync(join(folder, file))) === undefined);
    return damaged.length === 0 ? undefined : `damaged: ${damaged.join(', ')}`;
  } catch (error) {
    return `not readable (${(error as Error).message})`;
  }
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
