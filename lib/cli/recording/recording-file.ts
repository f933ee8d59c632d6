// Adds runs to a recording in a file, as several commands may do at the same time: the tests of a project, for example.
import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs';
import { formatRecording } from '../../recording/json.js';
import { mergeRecordings } from '../../recording/merge.js';
import type { Recording } from '../../recording/recording.js';
import { own } from '../../util/own.js';
import { say, write } from '../output.js';
import { pause } from '../reading/pause.js';
import { recordingArgument } from './recording-argument.js';

/** Throws RecordingError for an existing file that is not a recording. */
export function checkRecordingFile(file: string): void {
  if (existsSync(file)) withLock(file, () => recordingArgument(file));
}

/** Merges a run into the recording in a file, which is made if there is none. Throws RecordingError. */
export function addToRecordingFile(file: string, run: Recording): void {
  try {
    withLock(file, () => {
      const earlier = existsSync(file) ? [recordingArgument(file)] : [];
      write(file, formatRecording(mergeRecordings(...earlier, run)));
    });
  } catch (error) {
    // The file was a recording when the run began.
    const beside = `${file}.new`;
    write(beside, formatRecording(run));
    say(`this run alone is in ${beside}`);
    throw error;
  }
}

/** Milliseconds after which a lock counts as left behind: merging takes much less. */
const STALE = 10_000;
const PAUSE = 10;

/** Does something while no other command does so with the same file; without a lock if none can be made. */
function withLock(file: string, action: () => void): void {
  const lock = `${file}.lock`;
  const locked = takeLock(lock);
  try {
    action();
  } finally {
    if (locked) rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): boolean {
  for (;;) {
    try {
      closeSync(openSync(lock, 'wx'));
      return true;
    } catch (error) {
      if (own(error as NodeJS.ErrnoException, 'code') !== 'EEXIST') return false;
    }
    if (isStale(lock)) rmSync(lock, { force: true });
    else pause(PAUSE);
  }
}

const isStale = (lock: string): boolean => {
  const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && Date.now() - made > STALE;
};
