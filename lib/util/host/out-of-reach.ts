// Opens folders without following links, and reads files that only root can have written, in processes that are not root.
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, statfsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { own } from '../own.js';
import { quote } from '../suggest.js';
import { readRegular, WRITABLE_BY_OTHERS } from './read-regular.js';
import { readText } from './read-text.js';

/** The mode bit of a folder that lets only owners rename and remove its entries. */
const STICKY = 0o1000;
/** O_PATH of open(2), which node:fs does not export: it needs no permission to read. The value is the same on all architectures. */
const O_PATH = 0o10000000;
/** FUSE_SUPER_MAGIC of statfs(2). */
const FUSE = 0x65735546;

/** A folder that was opened without following a link. */
export interface OpenFolder {
  /** A path that leads to the folder until it is closed, even if another has its name by then. */
  readonly place: string;
  /**
   * Whether only root can change what is in the folder, or replace it: it and all folders above belong to root, and others cannot
   * write to them; above it, a sticky folder is enough. None is in a FUSE file system, which users may mount over their
   * folders and which invents owners.
   */
  readonly isRoots: boolean;
}

/**
 * Reads a file in a folder if only root can have written it, and this process could not, even if an attacker took it over; returns
 * undefined otherwise. The process must not be root or have a capability, the folder must be `isRoots`, and the file
 * must belong to root and not be writable by others.
 *
 * Throws an Error if there is no such file, or no /proc.
 */
export function readOutOfReach(folder: string, name: string): Buffer | undefined {
  if (isPrivileged(readText('/proc/self/status'))) return undefined;
  return inFolder(folder, ({ place, isRoots }) =>
    isRoots ? readRegular(join(place, name), isOnlyRoots) : undefined,
  );
}

/**
 * Calls `use` with a folder. Each part of its path is opened in the one before it, so that nobody can replace one between its check
 * and its use. No part may be a link: a user may have it lead to files of root elsewhere, also in an image that the user may mount.
 *
 * With `make`, folders that do not exist are created with the mode 0755. Throws an Error for a link and what node:fs throws.
 */
export function inFolder<Result>(path: string, use: (folder: OpenFolder) => Result, make = false): Result {
  const { O_DIRECTORY, O_NOFOLLOW } = constants;
  const open = (part: string): number => openSync(part, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  const placeOf = (descriptor: number): string => `/proc/self/fd/${descriptor}`;
  let current = open('/');
  try {
    let isRoots = true;
    let above = '/';
    for (const name of resolve(path).split('/').filter(Boolean)) {
      isRoots &&= isRootsAbove(current, placeOf(current));
      above = join(above, name);
      const part = `${placeOf(current)}/${name}`;
      if (make) makeFolder(part);
      if (lstatSync(part).isSymbolicLink()) throw new Error(`${quote(above)} is a symbolic link`);
      const next = open(part);
      closeSync(current);
      current = next;
    }
    const place = placeOf(current);
    return use({ place, isRoots: isRoots && isOnlyRoots(fstatSync(current)) && !isFuse(place) });
  } finally {
    closeSync(current);
  }
}

/** Makes a folder if it does not exist. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, 0o755);
  } catch (error) {
    if (own(error as NodeJS.ErrnoException, 'code') !== 'EEXIST') throw error;
  }
}

const isOnlyRoots = ({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean =>
  uid === 0 && (mode & WRITABLE_BY_OTHERS) === 0;

/** Whether only root can replace the folders of root in a folder. */
function isRootsAbove(descriptor: number, place: string): boolean {
  const status = fstatSync(descriptor);
  return status.uid === 0 && (isOnlyRoots(status) || (status.mode & STICKY) !== 0) && !isFuse(place);
}

const isFuse = (path: string): boolean => statfsSync(path).type === FUSE;

/** Whether any user ID of a process is root, or it has a capability. Source: Uid and CapPrm, proc_pid_status(5). */
function isPrivileged(status: string): boolean {
  const users = /^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$/m.exec(status)?.slice(1);
  return users === undefined || users.includes('0') || !/^CapPrm:\t0+$/m.test(status);
}
