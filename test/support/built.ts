// Programs and libraries of the tests, compiled into out/ if their sources are newer.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** How a program or library is built. */
export interface Recipe {
  /** Its name in out/. */
  readonly name: string;
  readonly compiler: 'gcc' | 'c++';
  /** Paths from the project's root: the compiled source, then the project's files that it includes. */
  readonly sources: readonly [string, ...string[]];
  readonly flags: readonly string[];
}

const pathOf = ({ name }: Recipe): string => `${root}out/${name}`;

/** Whether the output exists and is newer than its sources. */
export function isBuilt(recipe: Recipe): boolean {
  const binary = pathOf(recipe);
  if (!existsSync(binary)) return false;
  const { mtimeMs } = statSync(binary);
  return recipe.sources.every(source => statSync(`${root}${source}`).mtimeMs <= mtimeMs);
}

/** Compiles to a path, and replaces an existing file. */
export function compileTo(path: string, { compiler, sources: [source], flags }: Recipe): void {
  const warnings = ['-Wall', '-Wextra', '-Werror'];
  // Libraries among the flags must follow the sources that use them.
  execFileSync(compiler, ['-O1', ...warnings, '-o', path, `${root}${source}`, ...flags]);
}

/** The path in out/; compiles first if necessary. */
export function built(recipe: Recipe): string {
  const path = pathOf(recipe);
  if (!isBuilt(recipe)) compileTo(path, recipe);
  return path;
}
