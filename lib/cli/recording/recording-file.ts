// Adds runs to a recording in a file, as several commands may do at the same time: the tests of a project, for example.
import { closeSync, existsSync, fstatSync, openSync, realpathSync, rmSync, statSync } from 'node:fs';
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
    withLock(file, () => {
      if (existsSync(file)) replace(file, formatRecording(mergeRecordings(recordingArgument(file), run)));
      else write(file, formatRecording(mergeRecordings(run)));
    });
  } catch (error) {
    // The file was a recording when the run began.
    if (!isFull(error)) {
      const beside = `${file}.new`;
      write(beside, formatRecording(run));
      say(`this run alone is in ${beside}`);
    }
    throw error;
  }
}

/** Writes a file anew so that its earlier runs are never lost: to a full disk, or where the command is killed meanwhile. */
function replace(file: string, text: string): void {
  const path = realpathSync(file);
  try {
    replaceFile(path, text, `${path}.part`, { mode: statSync(path).mode });
  } catch (error) {
    if (isFull(error)) throw error;
    // The folder cannot be written to, or the file is a mount of its own.
    write(file, text);
  }
}

/** Whether there is no room for a file. */
const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(own(error as NodeJS.ErrnoException, 'code') ?? '');

/** Does something while no other command does so with the same file; without a lock if none can be made. */
function withLock(file: string, action: () => void): void {
  const path = `${file}.lock`;
  const lock = takeLock(path);
  try {
    action();
  } finally {
    if (lock !== undefined) {
      rmSync(path, { force: true });
      closeSync(lock);
    }
  }
}

/** The kernel ends the lock of a command that was killed, so that a file which was left behind locks nothing. */
function takeLock(path: string): number | undefined {
  for (;;) {
    let lock;
    try {
      lock = openSync(path, 'a+');
    } catch {
      return undefined;
    }
    // Some file systems have no locks.
    if (native().lockFile(lock) !== undefined || isAt(path, lock)) return lock;
    // Whoever held it has removed the file.
    closeSync(lock);
  }
}

const isAt = (path: string, descriptor: number): boolean => {
  const [there, here] = [statSync(path, { throwIfNoEntry: false }), fstatSync(descriptor)];
  return there?.ino === here.ino && there.dev === here.dev;
};
