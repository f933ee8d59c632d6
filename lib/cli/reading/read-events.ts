// Reads files of system calls: one a line, as a person writes them or as strace does.
import { createReadStream } from 'node:fs';
import { UsageError } from '../../util/errors.js';

const MAX_LINE = 65_536;

/**
 * The calls of a file, or of standard input for `-`, with the number of their line, as `parseEvent` takes them. Empty
 * lines, comments (`#`) and lines of strace that start no call are left out.
 */
export async function* callsOf(
  source: string,
): AsyncGenerator<{ readonly line: number; readonly call: string }> {
  let line = 0;
  for await (const text of linesOf(source)) {
    line++;
    const call = callOf(text.trim());
    if (call !== undefined) yield { line, call };
  }
}

async function* linesOf(source: string): AsyncGenerator<string> {
  const stream = source === '-' ? process.stdin : createReadStream(source);
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > MAX_LINE)
      throw new UsageError('bad-event', `a line has more than ${MAX_LINE} characters`);
  }
  yield rest;
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
