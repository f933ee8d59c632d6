// What the tracer and the perf recorder have in common: programs in memory, each a process of its own that shares memory with this one.
import { readSync } from 'node:fs';
import type { SpawnOptions } from 'node:child_process';
import { native } from '../../native.js';
import { childProcess } from '../../util/builtins.js';
import { bare, own } from '../../util/own.js';

/**
 * Starts a program with these descriptors behind its standard streams, the program itself being the first; undefined where it cannot be
 * started. It gets no signals of the terminal, and does not keep the working directory in use.
 */
export function startHelper(
  argv0: string,
  descriptors: readonly number[],
  user: Pick<SpawnOptions, 'uid' | 'gid'> = {},
): number | undefined {
  const child = childProcess().spawn(
    '/proc/self/fd/3',
    [],
    bare<SpawnOptions>({
      argv0,
      cwd: '/',
      detached: true,
      env: bare({}),
      stdio: ['ignore', 'ignore', 'ignore', ...descriptors],
      ...user,
    }),
  );
  child.unref();
  child.on('error', () => undefined);
  return own(child, 'pid');
}

/** The descriptors of a helper by their names, and what closes each of them once. */
export function closing<Name extends string>(
  files: Readonly<Record<Name, number>>,
): {
  readonly open: Set<Name>;
  readonly close: (...names: readonly Name[]) => void;
} {
  const open = new Set(Object.keys(files) as Name[]);
  const close = (...names: readonly Name[]): void => {
    for (const name of names) if (open.delete(name)) native().closeDescriptor(files[name]);
  };
  return { open, close };
}

const PIPE_SIZE = 64 * 1024;

/** Empties a pipe. Returns whether it is at its end, because the helper has ended. */
export function drain(descriptor: number): boolean {
  const bytes = Buffer.alloc(PIPE_SIZE);
  try {
    while (readSync(descriptor, bytes) > 0);
    return true;
  } catch (error) {
    if (own(error as NodeJS.ErrnoException, 'code') !== 'EAGAIN') throw error;
    return false;
  }
}

/** Bytes of the memory that a helper writes to. */
export function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (length > 0) readSync(descriptor, bytes, 0, length, position);
  return bytes;
}

/** A text up to its NUL. */
export function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

/** The bytes of a path. */
export const PROGRAM = 512;

/** The paths of programs, one after the other. */
export const pathsIn = (bytes: Buffer): readonly string[] =>
  Array.from({ length: bytes.length / PROGRAM }, (_, index) =>
    untilNul(bytes.subarray(index * PROGRAM, (index + 1) * PROGRAM)),
  );
