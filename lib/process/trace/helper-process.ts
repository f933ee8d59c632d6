// Shared code for the tracer and the perf recorder: both are programs in memory that run as separate processes and
// share memory with this one.
import { readSync } from 'node:fs';
import { native, type Failure } from '../../native.js';
import { own } from '../../util/own.js';

/**
 * Starts a program as a process that is not a child of this one, with these descriptors after its standard streams; the
 * first is the program itself. It receives no signals from the terminal, and does not keep the working directory in
 * use.
 */
export const startHelper = (
  descriptors: readonly number[],
  { uid, gid }: { readonly uid: unknown; readonly gid: unknown } = { uid: undefined, gid: undefined },
): number | Failure => native().startDetached(Uint32Array.from(descriptors), idOf(uid), idOf(gid));

/** The remedy if a helper program cannot be started. */
export const HELPER_REMEDY =
  'It is an executable memory file, started through /proc: check /proc, vm.memfd_noexec, the limits of open files, file sizes and processes, and the filters of this process';

/** Invalid ids are rejected by Node, which starts the command. */
const idOf = (id: unknown): number =>
  typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < SAME ? id : SAME;

const SAME = 0xffffffff;

/**
 * The descriptors of a helper by name, and a function that closes each of them once. The end of this thread closes them
 * too.
 */
export function closing<Name extends string>(
  files: Readonly<Record<Name, number>>,
): {
  readonly open: Set<Name>;
  readonly close: (...names: readonly Name[]) => void;
} {
  const open = new Set(Object.keys(files) as Name[]);
  for (const name of open) native().closeAtEnd(files[name]);
  const close = (...names: readonly Name[]): void => {
    for (const name of names) if (open.delete(name)) native().closeDescriptor(files[name]);
  };
  return { open, close };
}

const PIPE_SIZE = 64 * 1024;

/** Drains a pipe. Returns whether it is at its end, because the helper has ended. */
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

/** Reads from the memory that a helper writes. */
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

/** The size of a path, in bytes. */
export const PROGRAM = 512;

/** Reads the paths of programs, which are stored one after another. */
export const pathsIn = (bytes: Buffer): readonly string[] =>
  Array.from({ length: bytes.length / PROGRAM }, (_, index) =>
    untilNul(bytes.subarray(index * PROGRAM, (index + 1) * PROGRAM)),
  );
