// A C program that makes calls for a supervisor to answer.
import { copyFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { built, compileTo, isBuilt, type Recipe } from './built.js';

const RECIPE: Recipe = {
  name: 'caller',
  compiler: 'gcc',
  sources: ['test/support/caller.c'],
  flags: ['-pthread'],
};

/** Whether the program exists, or can be built here. */
export const canBuild = isBuilt(RECIPE) || spawnSync('gcc', ['--version']).status === 0;

/** Copies the program to a directory, or compiles it there if there are additional compiler flags. Returns its path. */
export function callerProgram(directory: string, flags: readonly string[] = []): string {
  const path = join(directory, 'caller');
  if (flags.length > 0) compileTo(path, { ...RECIPE, flags: [...RECIPE.flags, ...flags] });
  else copyFileSync(built(RECIPE), path);
  return path;
}
