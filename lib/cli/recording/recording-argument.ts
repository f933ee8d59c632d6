// What an argument of the command line stands for where a recording is expected.
import { parseRecording } from '../../recording/json.js';
import type { Recording } from '../../recording/recording.js';
import { textArgument } from '../input.js';

/** The recording in a file, or in standard input for `-`. Throws RecordingError, and ProfileError for a file that cannot be read. */
export const recordingArgument = (argument: string): Recording =>
  parseRecording(textArgument(argument), { file: argument === '-' ? '<stdin>' : argument });
