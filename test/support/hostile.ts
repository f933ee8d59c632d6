// A supervised program that attacks its supervisor.
import { accessSync, constants, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built, isBuilt, type Recipe } from './built.js';

const RECIPE: Recipe = {
  name: 'hostile',
  compiler: 'gcc',
  sources: ['test/support/hostile.c'],
  flags: ['-pthread'],
};

/** Whether the program exists, or can be built here. */
export const canBuildHostile = isBuilt(RECIPE) || spawnSync('gcc', ['--version']).status === 0;

export const hostileProgram = (): string => built(RECIPE);

const isRoot = process.getuid?.() === 0;

function mayUseFuse(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-fuse-'));
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    const mounting = ['--user', '--map-root-user', '--mount', 'true'];
    return spawnSync('unshare', mounting).status === 0;
  } catch {
    return false;
  } finally {
    rmdirSync(directory);
  }
}

function mayUseUserfaultfd(): boolean {
  try {
    return isRoot || readFileSync('/proc/sys/vm/unprivileged_userfaultfd', 'utf8').trim() === '1';
  } catch {
    return false;
  }
}

/** The kinds of memory that never arrives, with the reason if one is unavailable here. */
export const NEVER: readonly {
  readonly kind: 'userfaultfd' | 'fuse';
  readonly missing: string | undefined;
}[] = [
  {
    kind: 'userfaultfd',
    missing: mayUseUserfaultfd() ? undefined : 'userfaultfd(2) of system calls is for root here',
  },
  { kind: 'fuse', missing: mayUseFuse() ? undefined : '/dev/fuse or user namespaces are not to be had here' },
];
