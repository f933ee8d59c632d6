// Reads logs of system calls, whoever wrote them: each line by what it looks like, in bounded memory.
import { abiOf, ABIS, callText, syscallNumber } from '../../kernel/abi.js';
import {
  ARCHITECTURES,
  nativeArchitecture,
  type AbiName,
  type Architecture,
} from '../../kernel/architectures.js';
import { Findings } from '../../profile/findings.js';
import { readJson } from '../../profile/read-json.js';
import { ProfileError, RecordingError, UsageError } from '../../util/errors.js';
import { own } from '../../util/own.js';
import { parametersOf } from '../../kernel/arguments/signatures.js';
import { oneOf, ownOptions } from '../../util/options.js';
import { show } from '../../util/show.js';
import { noted, RecordingBuilder, type SeenCall } from '../build.js';
import { mergeRecordings } from '../merge.js';
import { recordedParameters } from '../recorded-arguments.js';
import { addCounts, type Recording } from '../recording.js';
import { isAuditHeading, isAuditLine, parseAuditLine } from './audit-line.js';
import { profilesOf, profilesOfYaml, recordProfiles } from './documents.js';
import { CutCall } from './cut-call.js';
import { isOperatorLine, operatorRecordOf, parseOperatorLine, type OperatorRecord } from './operator-line.js';
import { isPerfLine, parsePerfLine, type PerfLine } from './perf-line.js';
import { PerfValues } from './perf-value.js';
import { parseStraceLine, type StraceLine } from './strace-line.js';
import { StraceTable } from './strace-table.js';
import { StraceValues } from './strace-value.js';
import { messageOfMember, messagesOf, unwrappings, withoutColours } from './unwrap.js';

/** Options of `readLog`. */
export interface ReadLogOptions {
  /** The architecture of the machine that wrote the log, if the log does not have it; default: this machine's. */
  readonly arch?: Architecture;
  /** The name of the log in messages; default: `<log>`. */
  readonly file?: string;
  /** The release of the kernel that the calls were made on, e.g. `6.18`. */
  readonly kernel?: string;
  /** The C library of the programs, e.g. `glibc 2.36`. */
  readonly libc?: string;
  /** What was run. */
  readonly command?: string;
  /** The phase that the calls belong to. */
  readonly phase?: string;
}

/** The result of reading a log. */
export interface ReadLog {
  /** Its calls, as one run, or as the number of runs that a recorded profile states. */
  readonly recording: Recording;
  /** The number of lines. */
  readonly lines: number;
  /** The number of lines and names that could not be parsed. */
  readonly skipped: number;
  /** The first ten of them, cut to 200 characters. */
  readonly examples: readonly SkippedLine[];
}

/** A line that could not be parsed. */
export interface SkippedLine {
  /** From 1; 0 for a name in a document. */
  readonly line: number;
  /** Its beginning. */
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
  if (!isText(log) && !isIterable(log))
    throw new UsageError('bad-argument', `a log cannot be ${show(log)}`, 'Pass its text or its lines');
  const reader = new LogReader(options);
  if (!isText(log)) for (const line of log) reader.push(line);
  else {
    // Not split: a text of many lines would be there twice.
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

/** Longer lines are cut: a call begins with what is needed of it. */
const MAX_LINE = 65_536;
/** Characters of a document. */
const MAX_DOCUMENT = 16 * 1024 * 1024;
const MAX_EXAMPLES = 10;
const MAX_EXAMPLE = 200;
/** Processes whose program, ABI or unfinished call is remembered. */
const MAX_PROCESSES = 16_384;

/** Formats that may be followed by a table of the same calls. */
const LISTINGS: ReadonlySet<string> = new Set(['strace', 'perf trace']);

type StraceEntry = Exclude<StraceLine, { kind: 'cut' }>;
type StraceCall = Extract<StraceLine, { kind: 'call' }>;

/** Reads a log line by line. */
export class LogReader {
  readonly #options: ReturnType<typeof ownOptions<ReadLogOptions>>;
  readonly #native: AbiName;
  readonly #phase: string;
  readonly #builder = new RecordingBuilder();
  readonly #values = new StraceValues();
  readonly #perfValues = new PerfValues();
  readonly #formats = new Set<string>();
  readonly #examples: { readonly line: number; readonly text: string }[] = [];
  /** Lines of a document so far, or undefined where the lines are read one by one. */
  #document: string[] | undefined;
  #documentLength = 0;
  #started = false;
  /** A call whose end is in one of the next lines. */
  #cut: CutCall | undefined;
  #lines = 0;
  #skipped = 0;
  #lost = 0;
  /** Calls of which there are lines, so that rows of a table that follows them are not new ones. */
  readonly #inLines = new Set<string>();
  /** Whether it is a log of perf trace, and has no lines of strace. */
  #isPerf = false;
  /** What may be the headings of a table, and the table that began last. */
  #heading: string | undefined;
  #table: StraceTable | undefined;
  /** Unfinished calls of perf trace, by thread. */
  readonly #begun = new Map<number, SeenCall>();
  /** Threads whose rows of a summary follow. */
  #thread: string | undefined;
  /** By process, for strace. */
  readonly #modes = new Map<number, AbiName>();
  readonly #programs = new Map<number, string>();
  readonly #unfinished = new Map<number, { readonly call: SeenCall; readonly line: StraceCall }>();

  /** Throws UsageError (`bad-option`). */
  constructor(options: ReadLogOptions = {}) {
    this.#options = ownOptions(options, ['arch', 'file', 'kernel', 'libc', 'command', 'phase']);
    const { arch } = this.#options;
    oneOf('arch', arch, ARCHITECTURES);
    for (const name of ['file', 'kernel', 'libc', 'command', 'phase'] as const) {
      const value: unknown = this.#options[name];
      if (value !== undefined && typeof value !== 'string')
        throw new UsageError('bad-option', `${name} cannot be ${show(value)}`, 'Pass a string');
    }
    this.#native = arch ?? nativeArchitecture();
    this.#phase = this.#options.phase ?? '';
  }

  /** Takes the next line, without its end. Throws RecordingError (`recording-too-large`). */
  push(text: string): void {
    if (!isText(text)) throw new UsageError('bad-argument', `a line cannot be ${show(text)}`, 'Pass strings');
    // Terminals end lines by \r\n, and old ones by \r.
    if (text.includes('\r')) {
      for (const part of text.replace(/\r+$/, '').split('\r')) this.#push(part);
    } else this.#push(text);
  }

  #push(text: string): void {
    // A byte order mark is no part of the text.
    const cut = text.length > MAX_LINE ? text.slice(0, MAX_LINE) : text;
    const line = this.#lines++ === 0 && cut.startsWith('\ufeff') ? cut.slice(1) : cut;
    if (!this.#started && line.trim() !== '') {
      this.#started = true;
      if (beginsDocument(line)) this.#document = [];
    }
    if (this.#document !== undefined) {
      this.#documentLength += line.length;
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

  /** The lines of another file follow, of the same run: what was known of a process that lines do not name is not true of its. */
  nextFile(): void {
    this.#giveUpCut();
    this.#isPerf = false;
    this.#modes.delete(0);
    this.#programs.delete(0);
    this.#unfinished.delete(0);
  }

  /** What was made of all lines. Throws RecordingError (`empty-log`). */
  finish(): ReadLog {
    const { arch, kernel, libc, command } = this.#options;
    this.#giveUpCut();
    const recordings: Recording[] = [];
    if (this.#document !== undefined) {
      const read = readDocument(this.#document, this.#native);
      recordings.push(...read.recordings);
      if (read.recordings.length === 0) this.#readObjects(this.#document);
      for (const name of read.skipped) this.#skip(0, name);
    }
    if (this.#builder.distinct > 0)
      recordings.push(
        this.#builder.finish({
          how: [...this.#formats].sort().join(', '),
          arch: arch ?? this.#native,
          kernel: kernel ?? '',
          libc: libc ?? '',
          command: command ?? '',
          skipped: this.#skipped,
          lost: this.#lost,
        }),
      );
    const recording = mergeRecordings(...recordings);
    if (recording.calls.length === 0) {
      const [first] = this.#examples;
      throw new RecordingError(
        'empty-log',
        `${this.#file} has no system call that could be parsed${first === undefined ? '' : `, beginning with ${show(first.text)}`}`,
        'Pass a log of strace or perf trace, audit records, a report of seccomp run --json, or a recorded profile',
      );
    }
    return { recording, lines: this.#lines, skipped: this.#skipped, examples: this.#examples };
  }

  /** Objects of JSON one after the other, each over several lines: JSON lines that a person has laid out. */
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

  /** Whether the line was understood, or is kept until the next one. */
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

  /** Whether a text was understood that was this deep in wrappings: only lines that were alike belong together. */
  #readText(line: string, depth: number): boolean {
    if (line.startsWith('{')) return this.#readJson(line);
    if (isAuditLine(line)) return this.#readAudit(line);
    if (isAuditHeading(line)) return true;
    const whole = this.#cut?.depth === depth ? this.#cut.endsWith(line) : undefined;
    if (whole !== undefined) {
      this.#cut = undefined;
      return this.#readStrace(whole);
    }
    if (this.#readTable(line)) return true;
    const parsed = this.#isPerf ? undefined : parseStraceLine(line);
    if (parsed !== undefined && parsed.kind !== 'cut') return this.#readStrace(parsed);
    if (isOperatorLine(line)) {
      const record = parseOperatorLine(line);
      return record !== undefined && this.#readOperator(record);
    }
    // Names of threads may hold line breaks, and perf then writes what looks like a line of strace.
    if (isPerfLine(line) && !this.#formats.has('strace')) this.#isPerf = true;
    const ofPerf = parsePerfLine(line);
    return ofPerf !== undefined && this.#readPerf(ofPerf);
  }

  /** Whether it belongs to a table of strace with its headings. */
  #readTable(line: string): boolean {
    if (StraceTable.isHeading(line)) {
      this.#heading = line;
      return true;
    }
    if (this.#heading !== undefined) {
      this.#table = StraceTable.beginning(this.#heading, line);
      this.#heading = undefined;
      return this.#table !== undefined;
    }
    if (this.#table === undefined) return false;
    if (StraceTable.isRule(line)) return true;
    const row = this.#table.row(line);
    if (row === undefined) this.#table = undefined;
    return row !== undefined && (row.name === 'total' || this.#readStrace({ kind: 'count', ...row }));
  }

  /** Whether a line that was not understood may be the beginning or the next part of a call. */
  #keep(line: string, depth: number): boolean {
    const begun = this.#isPerf ? undefined : parseStraceLine(line);
    if (begun?.kind === 'cut' && named(this.#native, begun.name) !== undefined) {
      this.#giveUpCut();
      this.#cut = new CutCall(this.#lines, begun.text, depth);
      return true;
    }
    return this.#cut?.depth === depth && this.#cut.takes(this.#lines, line);
  }

  /** The lines of a call that has no end are not understood. */
  #giveUpCut(): void {
    for (const { line, text } of this.#cut?.lines ?? []) this.#skip(line, text);
    this.#cut = undefined;
  }

  #add(how: string, call: SeenCall): boolean {
    const all = noted(call, this.#phase);
    const { abi, syscall } = all;
    if (!this.#builder.note(all)) return false;
    this.#formats.add(how);
    if (LISTINGS.has(how)) this.#inLines.add(`${abi} ${syscall}`);
    return true;
  }

  #readAudit(line: string): boolean {
    const { abi, number, program, comm } = parseAuditLine(line) ?? {};
    if (abi === undefined || number === undefined) return false;
    const syscall = nameOf(abi, number);
    return syscall !== undefined && this.#add('audit', { abi, syscall, program: program ?? comm });
  }

  #readJson(line: string): boolean {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return false;
    }
    const record = operatorRecordOf(value);
    if (record !== undefined) return this.#readOperator(record);
    const call = reportedCall(value);
    if (call !== undefined) return this.#add('report', call);
    const messages = messagesOf(value);
    if (messages.length < 2) return messages.some(message => this.#readLine(message));
    for (const message of messages) if (!this.#readLine(message)) this.#skip(this.#lines, message);
    return true;
  }

  /** Nothing of a record counts where one of its names is none of this machine: it is of another one then. */
  #readOperator({ calls, program }: OperatorRecord): boolean {
    const abi = this.#native;
    const known = calls.map(({ name, number }) => {
      const syscall = named(abi, name);
      const isOther = number !== undefined && syscall !== undefined && syscallNumber(abi, syscall) !== number;
      return isOther ? undefined : syscall;
    });
    if (known.includes(undefined)) return false;
    for (const syscall of known)
      if (syscall !== undefined) this.#add('operator log', { abi, syscall, program });
    return true;
  }

  #readPerf(line: PerfLine): boolean {
    const abi = this.#native;
    switch (line.kind) {
      case 'other':
        return true;
      case 'lost':
        this.#lost = addCounts(this.#lost, line.events);
        return true;
      case 'thread':
        this.#thread = line.comm;
        return true;
      case 'count': {
        const syscall = named(abi, line.name);
        return (
          syscall !== undefined &&
          line.calls > 0 &&
          (this.#inLines.has(`${abi} ${syscall}`) ||
            this.#add('perf trace -s', { abi, syscall, count: line.calls, program: this.#thread }))
        );
      }
      case 'call': {
        const syscall = named(abi, line.name);
        if (syscall === undefined) return false;
        const isUnavailable = line.result !== undefined && isEnosys(line.result);
        const call = {
          abi,
          syscall,
          program: line.comm,
          ...(line.args !== undefined && { args: this.#perfArguments(abi, syscall, line.args) }),
        };
        if (line.result === undefined) remember(this.#begun, line.pid, call);
        return this.#add('perf trace', { ...call, ...(isUnavailable && { unavailable: 1 }) });
      }
      case 'continued': {
        const syscall = named(abi, line.name);
        if (syscall === undefined) return false;
        const begun = this.#begun.get(line.pid);
        this.#begun.delete(line.pid);
        const unavailable = isEnosys(line.result) ? 1 : 0;
        if (begun?.syscall === syscall)
          return unavailable === 0 || this.#add('perf trace', { ...begun, count: 0, unavailable });
        // The return of a new process from the call that made it is no call.
        const isChild = /^(?:clone3?|v?fork)$/.test(syscall) && /^0?$/.test(line.result);
        return isChild || this.#add('perf trace', { abi, syscall, program: line.comm, unavailable });
      }
    }
  }

  /** Registers of a call. perf leaves out arguments that are 0, unless trace.show_zeros is set: perf-config(1). */
  #perfArguments(
    abi: AbiName,
    syscall: string,
    args: ReadonlyMap<string, string>,
  ): readonly (bigint | undefined)[] {
    const parameters = parametersOf(abi, syscall) ?? [];
    const isWhole = [...args.keys()].every(name =>
      parameters.some(parameter => parameter.kernelName === name),
    );
    const registers: (bigint | undefined)[] = [];
    for (const parameter of recordedParameters(abi, syscall)) {
      const text = args.get(parameter.kernelName);
      registers[parameter.index] =
        text !== undefined ? this.#perfValues.read(text, parameter, abi) : isWhole ? 0n : undefined;
    }
    return registers;
  }

  #readStrace(line: StraceEntry): boolean {
    switch (line.kind) {
      case 'other':
        return true;
      case 'mode':
        remember(this.#modes, line.pid, abiOfMode(this.#native, line.mode));
        if (line.isUnnamed) this.#modes.set(0, abiOfMode(this.#native, line.mode));
        return true;
      case 'count': {
        const abi = this.#abiOf(0);
        const syscall = named(abi, line.name);
        return (
          syscall !== undefined &&
          line.calls > 0 &&
          (this.#inLines.has(`${abi} ${syscall}`) ||
            this.#add('strace -c', { abi, syscall, count: line.calls }))
        );
      }
      case 'call': {
        const call = this.#straceCall(line);
        if (call === undefined) return false;
        const isUnavailable = line.result !== undefined && isEnosys(line.result);
        if (!this.#add('strace', { ...call, ...(isUnavailable && { unavailable: 1 }) })) return false;
        if (line.result === undefined) remember(this.#unfinished, line.pid, { call, line });
        else this.#followProcess(line, line.result);
        return true;
      }
      case 'resumed': {
        const begun = this.#unfinished.get(line.pid);
        this.#unfinished.delete(line.pid);
        if (begun !== undefined && (line.name === undefined || line.name === begun.line.name)) {
          const { result } = line;
          if (result !== undefined && isEnosys(result))
            this.#add('strace', { ...begun.call, count: 0, unavailable: 1 });
          if (result !== undefined) this.#followProcess(begun.line, result);
          return true;
        }
        // It began before strace came.
        const abi = this.#abiOf(line.pid);
        const syscall = line.name === undefined ? undefined : named(abi, line.name);
        return (
          line.name === undefined ||
          (syscall !== undefined &&
            this.#add('strace', { abi, syscall, program: this.#programs.get(line.pid) }))
        );
      }
    }
  }

  #abiOf(pid: number): AbiName {
    return this.#modes.get(pid) ?? this.#native;
  }

  #straceCall({ pid, name, args }: StraceCall): SeenCall | undefined {
    const abi = this.#abiOf(pid);
    const syscall = named(abi, name);
    if (syscall === undefined) return undefined;
    const registers: (bigint | undefined)[] = [];
    for (const parameter of recordedParameters(abi, syscall)) {
      // strace writes those of clone with their names, in the order of the C library.
      const text =
        syscall === 'clone'
          ? (args.find(arg => arg.startsWith('flags='))?.slice('flags='.length) ??
            (args.some(arg => arg.includes('=')) ? undefined : args[0]))
          : args[parameter.index];
      if (text !== undefined) registers[parameter.index] = this.#values.read(text, parameter, abi);
    }
    return { abi, syscall, args: registers, program: this.#programs.get(pid) };
  }

  /** Notes which program a process is from now on: after execve its file, as a child that of its parent. */
  #followProcess({ pid, name, args }: StraceCall, result: string): void {
    if (name === 'execve' && /^0(?: |$)/.test(result)) {
      const path = /^"([^"\\]*)"$/.exec(args[0] ?? '')?.[1];
      if (path === undefined) this.#programs.delete(pid);
      else remember(this.#programs, pid, path);
    }
    const child = /^(?:clone3?|v?fork)$/.test(name) ? /^(\d{1,10})(?:<| |$)/.exec(result)?.[1] : undefined;
    if (child === undefined) return;
    const program = this.#programs.get(pid);
    if (program !== undefined) remember(this.#programs, Number(child), program);
    const mode = this.#modes.get(pid);
    if (mode !== undefined) remember(this.#modes, Number(child), mode);
  }
}

const isEnosys = (result: string): boolean => result.startsWith('-1 ENOSYS');

/** Keeps what is known of the processes that came last. */
function remember<V>(processes: Map<number, V>, pid: number, value: V): void {
  processes.delete(pid);
  processes.set(pid, value);
  const [oldest] = processes.keys();
  if (processes.size > MAX_PROCESSES && oldest !== undefined) processes.delete(oldest);
}

const abiOfMode = (native: AbiName, mode: '64' | '32' | 'x32'): AbiName =>
  mode === '64' ? native : native === 'aarch64' ? 'arm' : mode === 'x32' ? 'x32' : 'x86';

/** The name that an ABI has for a call of strace, its number in digits for one without, or undefined. */
function named(abi: AbiName, name: string): string | undefined {
  if (syscallNumber(abi, name) !== undefined) return name;
  const digits = /^syscall_(0x[\da-f]{1,8}|\d{1,10})$/.exec(name)?.[1];
  if (digits !== undefined) return nameOf(abi, Number(digits));
  const [, other] = STRACE_NAMES.find(([own]) => own === name) ?? [];
  return other !== undefined && syscallNumber(abi, other) !== undefined ? other : undefined;
}

/** Calls that versions of strace name differently from the kernel. */
const STRACE_NAMES: readonly (readonly [string, string])[] = [
  ['fstatat', 'newfstatat'],
  ['pread', 'pread64'],
  ['pwrite', 'pwrite64'],
  ['umount', 'umount2'],
];

/** The name of a number, or its digits without x32's bit; undefined for what cannot be a call. */
function nameOf(abi: AbiName, number: number): string | undefined {
  const bare = number - ABIS[abi].numberBit;
  return bare >= 0 && bare < 2 ** 30 ? callText(abi, number) : undefined;
}

/** The call of a line that `seccomp run --report --json` or JSON.stringify wrote of a violation. */
function reportedCall(value: unknown): SeenCall | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const report = value as Readonly<Record<string, unknown>>;
  const [arch, number, args, program, count = 1] = (
    ['arch', 'number', 'args', 'program', 'count'] as const
  ).map(key => own(report, key));
  if (!isCount(arch) || !isCount(number) || !isCount(count) || count === 0) return undefined;
  const abi = abiOf(arch, number)?.name;
  const syscall = abi && nameOf(abi, number);
  if (abi === undefined || syscall === undefined) return undefined;
  const registers = Array.isArray(args) ? args.slice(0, 6).map(registerOf) : [];
  return {
    abi,
    syscall,
    count,
    // One event stands for several calls, of which it has the arguments of the first alone.
    ...(count === 1 && { args: registers }),
    program: typeof program === 'string' ? program : undefined,
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function registerOf(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
  return typeof value === 'string' && /^(?:\d{1,20}|0x[\da-f]{1,16})$/.test(value)
    ? BigInt.asUintN(64, BigInt(value))
    : undefined;
}

/** Whether a log that begins with this line is a document: JSON over several lines, a profile on one, or YAML of Kubernetes. */
function beginsDocument(line: string): boolean {
  if (/^(?:---\s*$|apiVersion:|kind:|items:|metadata:|spec:)/.test(line)) return true;
  if (!line.trimStart().startsWith('{')) return false;
  try {
    return profilesOf(JSON.parse(line)).length > 0;
  } catch {
    // A line of JSON lines would be complete.
    return !/^\s*\{.*\}\s*$/.test(line);
  }
}

function readDocument(lines: readonly string[], abi: AbiName): ReturnType<typeof recordProfiles> {
  if (!(lines.find(line => line.trim() !== '') ?? '').trimStart().startsWith('{'))
    return recordProfiles(profilesOfYaml(lines), abi);
  const text = lines.join('\n');
  try {
    const findings = new Findings();
    readJson(text, '<log>', findings);
    // Of a key that is there twice, readers take the one or the other.
    findings.conclude(true);
    return recordProfiles(profilesOf(JSON.parse(text)), abi);
  } catch (error) {
    if (error instanceof ProfileError) return recordProfiles([], abi);
    throw error;
  }
}
