// Reads files of system calls, one per line, in the notation of `parseEvent` or of strace.
import { UsageError } from '../../util/errors.js';
import { singleLine } from '../../util/printable.js';
import { linesOf, MAX_LINE } from './read-lines.js';
import { inputName } from './standard-input.js';

/**
 * The calls of a file, or of standard input for `-`, with their line numbers, in the notation of `parseEvent`. Empty
 * lines, comments (`#`) and lines of strace without the start of a call are skipped.
 *
 * Throws RecordingError (`log-unreadable`), and UsageError (`bad-event`) for a line that is longer than any call.
 */
export function* callsOf(source: string): Generator<{ readonly line: number; readonly call: string }> {
  let line = 0;
  for (const text of linesOf(source)) {
    line++;
    if (text.length >= MAX_LINE)
      throw new UsageError(
        'bad-event',
        `${singleLine(inputName(source))}:${line}: the line has ${MAX_LINE} characters or more`,
      );
    const call = callOf(text.trim());
    if (call !== undefined) yield { line, call };
  }
}

/** The process before a line of strace, if there are several. */
const PROCESS = String.raw`^(?:(?:\[pid +)?\d+\]? +)?`;
/**
 * A call in the output of `strace -e raw=all`: `NAME(ARGUMENT, ARGUMENT) = RESULT`, or interrupted by another process.
 */
const TRACED = new RegExp(String.raw`${PROCESS}(\w+)\(([^()"]*?)(?: ?<unfinished \.\.\.>|\) += .*)$`);
/** A signal, the end of a process, or the end of a call. */
const NO_CALL = new RegExp(String.raw`${PROCESS}(?:\+\+\+ |--- |<\.\.\. )`);

/**
 * The call in a line, in the notation of `parseEvent`; undefined for empty lines, comments, and lines of strace without a
 * call.
 */
function callOf(line: string): string | undefined {
  if (line === '' || line.startsWith('#') || NO_CALL.test(line)) return undefined;
  const [, name, args] = TRACED.exec(line) ?? [];
  return name === undefined || args === undefined ? line : `${name} ${args.replace(/, */g, ' ')}`.trimEnd();
}
