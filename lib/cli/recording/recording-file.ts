// Merges runs into a recording in a file. Several commands may do so concurrently, for example the tests of a project.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { native } from '../../native.js';
import { formatRecording } from '../../recording/json.js';
import { mergeRecordings } from '../../recording/merge.js';
import type { Recording } from '../../recording/recording.js';
import { replaceFile } from '../../util/host/replace-file.js';
import { own } from '../../util/own.js';
import { say, write } from '../output.js';
import { recordingArgument } from './recording-argument.js';

/** Throws RecordingError for an existing file that is not a recording. */
export function checkRecordingFile(file: string): void {
  if (existsSync(file)) withLock(file, () => recordingArgument(file));
}

/** Merges a run into the recording in a file, which is created if it does not exist. Throws RecordingError. */
export function addToRecordingFile(file: string, run: Recording): void {
  try {
    merge(file, run);
  } catch (error) {
    // The file was a valid recording when the run started.
    if (!isFull(error)) {
      const beside = `${file}.new`;
      merge(beside, run);
      say(`this run is in ${beside}`);
    }
    throw error;
  }
}

const merge = (file: string, run: Recording): void => {
  withLock(file, (path, isLocked) => {
    if (isLocked) removeLeftovers(path);
    const earlier = existsSync(file) ? [recordingArgument(file)] : [];
    replace(path, formatRecording(mergeRecordings(...earlier, run)));
  });
};

/** Replaces a file so that its earlier runs are never lost, even if the disk is full or the command is killed. */
function replace(path: string, text: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  try {
    // In a shared folder, another user could create a link with a name that can be guessed.
    const beside = `${path}.${randomBytes(8).toString('hex')}.part`;
    if (status?.isSymbolicLink() === true) write(path, text);
    else replaceFile(path, text, beside, { flag: 'wx', mode: status === undefined ? 0o666 : 0o600 }, status);
  } catch (error) {
    if (isFull(error)) throw error;
    // The folder is not writable, the file is a mount point, or its owner cannot be set.
    write(path, text);
  }
}

/**
 * Removes temporary files of killed commands of this user. A running command holds the lock while it writes, and this command holds
 * it now. The age is checked as well, because locks of some network file systems apply to one machine only.
 */
function removeLeftovers(path: string): void {
  const start = `${basename(path)}.`;
  const before = Date.now() - LEFT_BEHIND_MS;
  try {
    for (const name of readdirSync(dirname(path))) {
      if (!name.startsWith(start) || !PART.test(name.slice(start.length))) continue;
      const part = join(dirname(path), name);
      const status = lstatSync(part);
      if (status.isFile() && status.uid === process.geteuid?.() && status.mtimeMs < before) rmSync(part);
    }
  } catch {
    // The folder cannot be listed. Temporary files only need space.
  }
}

/** The suffix of the temporary files of `replace`, after a dot. */
const PART = /^[\da-f]{16}\.part$/;
/** Writing a recording takes milliseconds. */
const LEFT_BEHIND_MS = 60_000;

/** Whether an error means that there is no space for a file. */
const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(own(error as NodeJS.ErrnoException, 'code') ?? '');

/**
 * Runs an action while no other command does so for the same file, under whatever link; without a lock if none can be made. The
 * action is called with the resolved path, and whether the lock file beside it is locked.
 */
function withLock(file: string, action: (path: string, isLocked: boolean) => void): void {
  const path = existsSync(file) ? realpathSync(file) : file;
  const beside = `${path}.lock`;
  // In a folder that is not writable, the file is never replaced, so that it can be locked itself.
  const made = takeLock(beside);
  const lock = made ?? (existsSync(path) ? takeLock(path) : undefined);
  try {
    action(path, made?.isHeld === true);
  } finally {
    if (made !== undefined) removeLock(beside, made);
    if (lock !== undefined) closeSync(lock.descriptor);
  }
}

/** An open lock file. */
interface Lock {
  readonly descriptor: number;
  /** False if the file system does not support locks. */
  readonly isHeld: boolean;
}

/** A file with content is not a lock. In a shared folder, a lock file of another user may remain. */
function removeLock(path: string, { descriptor }: Lock): void {
  try {
    if (fstatSync(descriptor).size === 0) rmSync(path);
  } catch {
    // A remaining file does not lock anything.
  }
}

/**
 * Locks a file; undefined if it cannot be opened. The kernel releases the lock of a killed command, so that a remaining file does
 * not lock anything.
 */
function takeLock(path: string): Lock | undefined {
  for (;;) {
    const descriptor = openedLock(path);
    if (descriptor === undefined) return undefined;
    if (native().lockFile(descriptor) !== undefined) return { descriptor, isHeld: false };
    if (isAt(path, descriptor)) return { descriptor, isHeld: true };
    // The previous holder has removed the file.
    closeSync(descriptor);
  }
}

/**
 * Opens a lock file. NFS only locks files that are open for writing; that of another user can be opened only for
 * reading.
 */
function openedLock(path: string): number | undefined {
  for (const flags of ['a+', constants.O_RDONLY | constants.O_NONBLOCK]) {
    try {
      return openSync(path, flags);
    } catch {
      // Try the other flags; if both fail, there is no lock.
    }
  }
  return undefined;
}

const isAt = (path: string, descriptor: number): boolean => {
  const [there, here] = [statSync(path, { throwIfNoEntry: false }), fstatSync(descriptor)];
  return there?.ino === here.ino && there.dev === here.dev;
};
