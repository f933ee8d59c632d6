// Programs and libraries of the tests, compiled into out/ when what they are made of is newer.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** How one is made. */
export interface Recipe {
  /** Its name in out/. */
  readonly name: string;
  readonly compiler: 'gcc' | 'c++';
  /** From the root of the project: the one that is compiled, then what it includes of the project. */
  readonly sources: readonly [string, ...string[]];
  readonly flags: readonly string[];
}

const pathOf = ({ name }: Recipe): string => `${root}out/${name}`;

/** Whether it is there and newer than its sources. */
export function isBuilt(recipe: Recipe): boolean {
  const binary = pathOf(recipe);
  if (!existsSync(binary)) return false;
  const { mtimeMs } = statSync(binary);
  return recipe.sources.every(source => statSync(`${root}${source}`).mtimeMs <= mtimeMs);
}

/** Compiles it to a path, whatever is there. */
export function compileTo(path: string, { compiler, sources: [source], flags }: Recipe): void {
  const warnings = ['-Wall', '-Wextra', '-Werror'];
  // Libraries among the flags have to follow what uses them.
  execFileSync(compiler, ['-O1', ...warnings, '-o', path, `${root}${source}`, ...flags]);
}

/** Its path in out/, where it is compiled first unless that was done. */
export function built(recipe: Recipe): string {
  const path = pathOf(recipe);
  if (!isBuilt(recipe)) compileTo(path, recipe);
  return path;
}
