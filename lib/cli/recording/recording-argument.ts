// Reads an argument of the command line that names a recording.
import { parseRecording } from '../../recording/json.js';
import type { Recording } from '../../recording/recording.js';
import { textArgument } from '../input.js';
import { say } from '../output.js';
import { inputName } from '../reading/standard-input.js';
import { ProfileError, RecordingError } from '../../util/errors.js';
import { attempt } from '../../util/failures.js';
import { own } from '../../util/own.js';
import { counted } from '../../util/show.js';

/** Reads the recording in a file, or in standard input for `-`. Throws RecordingError, also for a file that cannot be read. */
export const recordingArgument = (argument: string): Recording =>
  parseRecording(
    attempt(() => textArgument(argument), ProfileError, unreadable),
    { file: inputName(argument) },
  );

/** Converts the error of a file that cannot be read, because a recording is not a profile. */
function unreadable({ problems: [problem], message }: ProfileError): never {
  const code = problem?.code;
  throw new RecordingError(
    code === 'profile-too-large'
      ? 'recording-too-large'
      : code === 'not-a-file'
        ? code
        : 'recording-unreadable',
    problem?.message ?? message,
    problem && own(problem, 'remedy'),
  );
}

/** Reports lost and skipped data of recordings, because a profile from them may be incomplete. */
export function sayWhatIsMissing(recordings: readonly Recording[]): void {
  const sum = (key: 'lost' | 'skipped'): number =>
    recordings.flatMap(({ sources }) => sources).reduce((all, source) => all + source[key], 0);
  const [lost, skipped] = [sum('lost'), sum('skipped')];
  const missing = [
    ...(lost > 0 ? [counted(lost, 'lost call')] : []),
    ...(skipped > 0 ? [`${counted(skipped, 'line')} of logs that could not be parsed`] : []),
  ];
  if (missing.length > 0) say(`the recordings lack ${missing.join(' and ')}`);
}
