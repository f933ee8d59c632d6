// Reads files of system calls: one a line, as a person writes them or as strace does.
import { UsageError } from '../../util/errors.js';
import { singleLine } from '../../util/printable.js';
import { linesOf, MAX_LINE } from './read-lines.js';
import { inputName } from './standard-input.js';

/**
 * The calls of a file, or of standard input for `-`, with the number of their line, as `parseEvent` takes them. Empty
 * lines, comments (`#`) and lines of strace that start no call are left out.
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

/** Lines of strace begin with the process, where there are several. */
const PROCESS = String.raw`^(?:(?:\[pid +)?\d+\]? +)?`;
/** A call as `strace -e raw=all` writes it: `NAME(ARGUMENT, ARGUMENT) = RESULT`, or cut off by another process. */
const TRACED = new RegExp(String.raw`${PROCESS}(\w+)\(([^()"]*?)(?: ?<unfinished \.\.\.>|\) += .*)$`);
/** A signal, the end of a process, or the end of a call. */
const NO_CALL = new RegExp(String.raw`${PROCESS}(?:\+\+\+ |--- |<\.\.\. )`);

/** The call of a line as `parseEvent` takes it; undefined for empty lines, comments, and lines of strace without a call. */
function callOf(line: string): string | undefined {
  if (line === '' || line.startsWith('#') || NO_CALL.test(line)) return undefined;
  const [, name, args] = TRACED.exec(line) ?? [];
  return name === undefined || args === undefined ? line : `${name} ${args.replace(/, */g, ' ')}`.trimEnd();
}
