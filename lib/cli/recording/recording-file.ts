// Adds runs to a recording in a file, as several commands may do at the same time: the tests of a project, for example.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
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

/** Merges a run into the recording in a file, which is made if there is none. Throws RecordingError. */
export function addToRecordingFile(file: string, run: Recording): void {
  try {
    merge(file, run);
  } catch (error) {
    // The file was a recording when the run began.
    if (!isFull(error)) {
      const beside = `${file}.new`;
      merge(beside, run);
      say(`this run is in ${beside}`);
    }
    throw error;
  }
}

const merge = (file: string, run: Recording): void => {
  withLock(file, path => {
    const earlier = existsSync(file) ? [recordingArgument(file)] : [];
    replace(path, formatRecording(mergeRecordings(...earlier, run)));
  });
};

/** Writes a file anew so that its earlier runs are never lost: to a full disk, or where the command is killed meanwhile. */
function replace(path: string, text: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  try {
    // In a folder of several users, a name that can be guessed may be a link by one of them.
    const beside = `${path}.${randomBytes(8).toString('hex')}.part`;
    if (status?.isSymbolicLink() === true) write(path, text);
    else replaceFile(path, text, beside, { flag: 'wx', mode: status === undefined ? 0o666 : 0o600 }, status);
  } catch (error) {
    if (isFull(error)) throw error;
    // The folder cannot be written to, the file is a mount of its own, or it cannot be given to its owner.
    write(path, text);
  }
}

/** Whether there is no room for a file. */
const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(own(error as NodeJS.ErrnoException, 'code') ?? '');

/**
 * Does something while no other command does so with the same file, by whatever link; without a lock if none can be made. The action gets
 * the path of the file itself.
 */
function withLock(file: string, action: (path: string) => void): void {
  const path = existsSync(file) ? realpathSync(file) : file;
  const beside = `${path}.lock`;
  // A file in a folder that cannot be written to is never replaced, so that it can be locked itself.
  const made = takeLock(beside);
  const lock = made ?? (existsSync(path) ? takeLock(path) : undefined);
  try {
    action(path);
  } finally {
    if (made !== undefined) removeLock(beside, made);
    if (lock !== undefined) closeSync(lock);
  }
}

/** What has content is no lock, and that of another user in a folder of several may stay. */
function removeLock(path: string, lock: number): void {
  try {
    if (fstatSync(lock).size === 0) rmSync(path);
  } catch {
    // It locks nothing.
  }
}

/** The kernel ends the lock of a command that was killed, so that a file which was left behind locks nothing. */
function takeLock(path: string): number | undefined {
  for (;;) {
    const lock = openedLock(path);
    if (lock === undefined) return undefined;
    // Some file systems have no locks.
    if (native().lockFile(lock) !== undefined || isAt(path, lock)) return lock;
    // Whoever held it has removed the file.
    closeSync(lock);
  }
}

/** NFS only locks what is open for writing; the lock of another user can be open for reading only. */
function openedLock(path: string): number | undefined {
  for (const flags of ['a+', constants.O_RDONLY | constants.O_NONBLOCK]) {
    try {
      return openSync(path, flags);
    } catch {
      // The other one is tried, and then there is none.
    }
  }
  return undefined;
}

const isAt = (path: string, descriptor: number): boolean => {
  const [there, here] = [statSync(path, { throwIfNoEntry: false }), fstatSync(descriptor)];
  return there?.ino === here.ino && there.dev === here.dev;
};
