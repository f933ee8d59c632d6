// Reads logs of system calls in any supported format, which is detected line by line, in bounded memory.
import { syscallNumber } from '../../kernel/abi.js';
import {
  architectureOption,
  nativeArchitecture,
  type Architecture,
  type ArchitectureAlias,
} from '../../kernel/architectures.js';
import { RecordingError } from '../../util/errors.js';
import { badArgument } from '../../util/failures.js';
import { badOption, ownOptions } from '../../util/options.js';
import { isUint8Array } from '../../util/host/bytes.js';
import { own } from '../../util/own.js';
import { show } from '../../util/show.js';
import { mergeAll } from '../merge.js';
import { checkedPhase, type Recording } from '../recording.js';
import { isAuditHeading, isAuditLine, parseAuditLine } from './audit-line.js';
import { callName, tracedName } from './call-name.js';
import { beginsDocument, isProfileObject, readDocument } from './documents.js';
import { LogCalls } from './log-calls.js';
import { isOperatorLine, operatorRecordOf, parseOperatorLine, type OperatorRecord } from './operator-line.js';
import { PerfCalls } from './perf/calls.js';
import { isPerfLine, parsePerfLine } from './perf/line.js';
import { reportedCall } from './report-line.js';
import { StraceCalls } from './strace/calls.js';
import { CutCall } from './strace/cut-call.js';
import { parseStraceLine } from './strace/line.js';
import { messageOfMember, messagesOf, unwrappings, withoutColours } from './unwrap.js';

/** Options of `readLog`. */
export interface ReadLogOptions {
  /** The architecture of the machine that wrote the log, if the log does not have it; default: this machine's. */
  readonly arch?: Architecture | ArchitectureAlias | undefined;
  /** The name of the log in messages; default: `<log>`. */
  readonly file?: string | undefined;
  /** The release of the kernel, e.g. `6.18`. */
  readonly kernel?: string | undefined;
  /** The C library of the programs, e.g. `glibc 2.36`. */
  readonly libc?: string | undefined;
  /** The command line. */
  readonly command?: string | undefined;
  /** The phase of the run for these calls. */
  readonly phase?: string | undefined;
}

/** The result of reading a log. */
export interface ReadLog {
  /** Its calls, as one run, or as the number of runs that a recorded profile states. */
  readonly recording: Recording;
  /** The number of lines. */
  readonly lines: number;
  /** The number of lines and names that could not be parsed. */
  readonly skipped: number;
  /** The first ten of them, truncated to 200 characters. */
  readonly examples: readonly SkippedLine[];
}

/** A line that could not be parsed. */
export interface SkippedLine {
  /** The line number, from 1; 0 for a name in a document. */
  readonly line: number;
  /** The beginning of the line. */
  readonly text: string;
}

/**
 * Reads a log of system calls, as text or line by line. The format is detected from the content: strace (plain, -f, -ff,
 * -t, -r, -T, -y, -n, -i, -c, -C, raw), `perf trace` (plain, -T, -s, -S), audit records of the kernel (dmesg, journal,
 * auditd, ausearch -i), lines of the log and JSON enrichers of the Security Profiles Operator, reports of this package
 * in JSON, and, as a whole document, a profile in Docker's format or one that the Security Profiles Operator recorded.
 *
 * Lines that cannot be parsed are counted. Throws RecordingError: `empty-log` if no call can be parsed,
 * `recording-too-large` beyond the limits of a recording; UsageError (`bad-option`, `bad-argument`).
 */
export function readLog(log: string | Iterable<string>, options: ReadLogOptions = {}): ReadLog {
  if (!isText(log) && (!isIterable(log) || isUint8Array(log)))
    throw badArgument('a log', log, 'Pass its text or its lines');
  const reader = new LogReader(options);
  if (!isText(log)) for (const line of log) reader.push(line);
  else {
    // Not split into an array, because the lines of a long text would need its memory again.
    for (let start = 0; start < log.length;) {
      const end = log.indexOf('\n', start);
      reader.push(log.slice(start, end < 0 ? undefined : end));
      if (end < 0) break;
      start = end + 1;
    }
  }
  return reader.finish();
}

const isText = (value: unknown): value is string => typeof value === 'string';

const isIterable = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';

/** The maximum length of a line. Longer lines are truncated, because the beginning of a call is enough. */
const MAX_LINE = 65_536;
/** The maximum length of a document, in characters. */
const MAX_DOCUMENT = 16 * 1024 * 1024;
const MAX_EXAMPLES = 10;
const MAX_EXAMPLE = 200;

/** Reads a log line by line. */
export class LogReader {
  readonly #options: ReturnType<typeof ownOptions<ReadLogOptions>>;
  readonly #native: Architecture;
  readonly #calls: LogCalls;
  readonly #strace: StraceCalls;
  readonly #perf: PerfCalls;
  readonly #examples: { readonly line: number; readonly text: string }[] = [];
  /** The lines of a document so far; undefined if lines are parsed one by one. */
  #document: string[] | undefined;
  #documentLength = 0;
  #started = false;
  /** A call that continues on the next lines. */
  #cut: CutCall | undefined;
  #lines = 0;
  #skipped = 0;
  /** Whether it is a log of perf trace, without lines of strace. */
  #isPerf = false;

  /** Checks the options. Throws UsageError (`bad-option`). */
  constructor(options: ReadLogOptions = {}) {
    this.#options = ownOptions(options, ['arch', 'file', 'kernel', 'libc', 'command', 'phase']);
    const { phase = '' } = this.#options;
    const arch = architectureOption(this.#options.arch);
    for (const name of ['file', 'kernel', 'libc', 'command'] as const) {
      const value: unknown = this.#options[name];
      if (value !== undefined && typeof value !== 'string') throw badOption(name, value, 'Pass a string');
    }
    this.#native = arch ?? nativeArchitecture();
    this.#calls = new LogCalls(checkedPhase(phase));
    this.#strace = new StraceCalls(this.#native, this.#calls);
    this.#perf = new PerfCalls(this.#native, this.#calls);
  }

  /** Reads the next line, without its line break. Throws RecordingError (`recording-too-large`). */
  push(text: string): void {
    if (!isText(text)) throw badArgument('a line', text, 'Pass strings');
    // Terminals end lines with \r\n, and overwrite them after \r.
    if (text.includes('\r')) {
      for (const part of text.replace(/(?<!\r)\r+$/, '').split('\r')) this.#push(part);
    } else this.#push(text);
  }

  #push(text: string): void {
    // A byte order mark is not part of the text.
    const cut = text.length > MAX_LINE ? text.slice(0, MAX_LINE) : text;
    const line = this.#lines++ === 0 && cut.startsWith('\ufeff') ? cut.slice(1) : cut;
    if (!this.#started && line.trim() !== '') {
      this.#started = true;
      if (beginsDocument(line)) this.#document = [];
    }
    if (this.#document !== undefined) {
      // The rest of a truncated line may have changed the meaning.
      if (text.length >= MAX_LINE)
        throw new RecordingError(
          'recording-too-large',
          `line ${this.#lines} of the document ${this.#file} has ${MAX_LINE} characters or more`,
          'Write it over several lines, for example with jq',
        );
      this.#documentLength += line.length + 1;
      if (this.#documentLength > MAX_DOCUMENT)
        throw new RecordingError(
          'recording-too-large',
          `${this.#file} is a document of more than ${MAX_DOCUMENT} characters`,
          'A profile has a few kilobytes: check what you pass',
        );
      this.#document.push(line);
      return;
    }
    if (line.trim() === '') return;
    if (!this.#readLine(line)) this.#skip(this.#lines, line);
  }

  /** Starts another file of the same run. Resets the state of processes whose lines do not name them. */
  nextFile(): void {
    this.#giveUpCut();
    this.#isPerf = false;
    this.#strace.nextFile();
  }

  /** Returns the result. Throws RecordingError (`empty-log`). */
  finish(): ReadLog {
    const { kernel, libc, command } = this.#options;
    this.#giveUpCut();
    let recordings: readonly Recording[] = [];
    let fault: string | undefined;
    if (this.#document !== undefined) {
      const read = readDocument(this.#document, this.#native, this.#file);
      fault = own(read, 'fault');
      ({ recordings } = read);
      if (recordings.length === 0) this.#readObjects(this.#document);
      for (const name of read.skipped) this.#skip(0, name);
    }
    const run = this.#calls.finish({
      arch: this.#native,
      kernel: kernel ?? '',
      libc: libc ?? '',
      command: command ?? '',
      skipped: this.#skipped,
    });
    const recording = mergeAll(run === undefined ? recordings : [...recordings, run]);
    if (recording.calls.length === 0) {
      const [first] = this.#examples;
      const beginning = first === undefined ? '' : `, beginning with ${show(first.text)}`;
      throw new RecordingError(
        'empty-log',
        `${this.#file} has no system call that could be parsed${fault === undefined ? beginning : `; as a document: ${fault}`}`,
        'Pass a log of strace or perf trace, audit records, a report of seccomp run --json, or a recorded profile',
      );
    }
    return { recording, lines: this.#lines, skipped: this.#skipped, examples: this.#examples };
  }

  /** Reads successive JSON objects over several lines each: JSON lines that somebody has formatted. */
  #readObjects(lines: readonly string[]): void {
    let start = 0;
    for (const [index, line] of lines.entries()) {
      if (line !== '}' && index + 1 < lines.length) continue;
      const object = lines.slice(start, index + 1);
      if (!(object[0]?.startsWith('{') === true && this.#readJson(object.join('\n'))))
        for (const [offset, text] of object.entries()) if (text !== '') this.#skip(start + offset + 1, text);
      start = index + 1;
    }
  }

  get #file(): string {
    return this.#options.file ?? '<log>';
  }

  #skip(line: number, text: string): void {
    this.#skipped++;
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push({ line, text: text.slice(0, MAX_EXAMPLE) });
  }

  /** Parses a line, and returns whether it was understood or is kept for the next one. */
  #readLine(line: string): boolean {
    if (this.#cut?.isOver(this.#lines) === true) this.#giveUpCut();
    const plain = withoutColours(line);
    const text = plain.trimStart().startsWith('"') ? (messageOfMember(plain) ?? plain) : plain;
    if (this.#readText(text, 0)) return true;
    const unwrapped = [...unwrappings(text)];
    return (
      unwrapped.some(inner => this.#readText(inner.text, inner.depth)) ||
      [{ text, depth: 0 }, ...unwrapped].some(inner => this.#keep(inner.text, inner.depth))
    );
  }

  /**
   * Parses a text at a depth of wrappings, and returns whether it was understood. Only lines with the same wrappings
   * belong together.
   */
  #readText(line: string, depth: number): boolean {
    if (line.startsWith('{')) return this.#readJson(line);
    if (isAuditLine(line)) return this.#readAudit(line);
    if (isAuditHeading(line)) return true;
    const whole = this.#cut?.depth === depth ? this.#cut.endsWith(line) : undefined;
    if (whole !== undefined) {
      this.#cut = undefined;
      return this.#strace.read(whole);
    }
    if (this.#strace.readTable(line)) return true;
    const parsed = this.#isPerf ? undefined : parseStraceLine(line);
    if (parsed !== undefined && parsed.kind !== 'cut') return this.#strace.read(parsed);
    if (isOperatorLine(line)) {
      const record = parseOperatorLine(line);
      return record !== undefined && this.#readOperator(record);
    }
    // Names of threads may contain line breaks, so that perf can write text that looks like a line of strace.
    if (isPerfLine(line) && !this.#calls.has('strace')) this.#isPerf = true;
    const ofPerf = parsePerfLine(line);
    return ofPerf !== undefined && this.#perf.read(ofPerf);
  }

  /** Whether a line that was not understood may be the start or the next part of a call. If so, keeps it. */
  #keep(line: string, depth: number): boolean {
    const begun = this.#isPerf ? undefined : parseStraceLine(line);
    if (begun?.kind === 'cut' && tracedName(this.#native, begun.name) !== undefined) {
      this.#giveUpCut();
      this.#cut = new CutCall(this.#lines, begun.text, depth);
      return true;
    }
    return this.#cut?.depth === depth && this.#cut.takes(this.#lines, line);
  }

  /** Counts the lines of a call without an end as not understood. */
  #giveUpCut(): void {
    for (const { line, text } of this.#cut?.lines ?? []) this.#skip(line, text);
    this.#cut = undefined;
  }

  #readAudit(line: string): boolean {
    const { abi, number, program, comm } = parseAuditLine(line) ?? {};
    if (abi === undefined || number === undefined) return false;
    const syscall = callName(abi, number);
    return syscall !== undefined && this.#calls.add('audit', { abi, syscall, program: program ?? comm });
  }

  #readJson(line: string): boolean {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return false;
    }
    if (isProfileObject(value)) return false;
    const record = operatorRecordOf(value);
    if (record !== undefined) return this.#readOperator(record);
    const call = reportedCall(value);
    if (call !== undefined) return this.#calls.add('report', call);
    const messages = messagesOf(value);
    if (messages.length < 2) return messages.some(message => this.#readLine(message));
    for (const message of messages) if (!this.#readLine(message)) this.#skip(this.#lines, message);
    return true;
  }

  /**
   * Ignores the whole record if one of its names does not exist on this machine, because it is then from another one.
   */
  #readOperator({ calls, program }: OperatorRecord): boolean {
    const abi = this.#native;
    const known = calls.map(({ name, number }) => {
      const syscall = tracedName(abi, name);
      const isOther = number !== undefined && syscall !== undefined && syscallNumber(abi, syscall) !== number;
      return isOther ? undefined : syscall;
    });
    if (known.includes(undefined)) return false;
    for (const syscall of known)
      if (syscall !== undefined) this.#calls.add('operator log', { abi, syscall, program });
    return true;
  }
}
