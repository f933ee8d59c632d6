// Reads files that only root can have written, in processes that are not root.
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readText } from './read-text.js';

/** The mode bits that let others than the owner write. */
const WRITABLE_BY_OTHERS = 0o022;
/** The mode bit of a folder that lets only owners rename and remove its entries. */
const STICKY = 0o1000;

/**
 * Reads a file in a folder if only root can have written it, and this process could not, even if an attacker took it over; returns
 * undefined otherwise. The process must not be root or have a capability, the folder must pass `isRootsFolder`, and the file
 * must belong to root and not be writable by others.
 *
 * Throws what node:fs throws if there is no such file, or no /proc.
 */
export function readOutOfReach(folder: string, name: string): Buffer | undefined {
  if (isPrivileged(readText('/proc/self/status')) || !isRootsFolder(folder)) return undefined;
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const descriptor = openSync(join(folder, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const status = fstatSync(descriptor);
    return status.isFile() && isRoots(status) ? readFileSync(descriptor) : undefined;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether only root can change what is in a folder, or replace the folder: it and all folders above belong to root, and
 * others cannot write to them; above it, a sticky folder is enough. No part of the path is a link, because a user may be allowed to mount
 * an image that contains files of root, and could have a link lead there.
 */
export function isRootsFolder(folder: string): boolean {
  const path = resolve(folder);
  if (realpathSync.native(path) !== path || !isRoots(lstatSync(path))) return false;
  for (let above = dirname(path); ; above = dirname(above)) {
    const status = lstatSync(above);
    if (status.uid !== 0 || !(isRoots(status) || (status.mode & STICKY) !== 0)) return false;
    if (above === '/') return true;
  }
}

const isRoots = ({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean =>
  uid === 0 && (mode & WRITABLE_BY_OTHERS) === 0;

/** Whether any user ID of a process is root, or it has a capability. Source: Uid and CapPrm, proc_pid_status(5). */
function isPrivileged(status: string): boolean {
  const users = /^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$/m.exec(status)?.slice(1);
  return users === undefined || users.includes('0') || !/^CapPrm:\t0+$/m.test(status);
}
