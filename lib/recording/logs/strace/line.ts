// Parses a line of strace: the process, the call, its arguments as text, its result.

export type StraceLine =
  | {
      /** A call, or the start of one. */
      readonly kind: 'call';
      readonly pid: number;
      readonly name: string;
      readonly args: readonly string[];
      /** The text after `= `; undefined if another process interrupted the line. */
      readonly result: string | undefined;
    }
  | {
      /** The end of a call that started on another line. */
      readonly kind: 'resumed';
      readonly pid: number;
      /** Undefined for calls that started before strace was attached. */
      readonly name: string | undefined;
      readonly result: string | undefined;
    }
  | {
      /** From here on, a process uses another ABI. */
      readonly kind: 'mode';
      readonly pid: number;
      /** Whether lines of this process omit its id, as far as this line shows. */
      readonly isUnnamed: boolean;
      readonly mode: '64' | '32' | 'x32';
    }
  | {
      /** A row of the table of `-c`. */
      readonly kind: 'count';
      readonly name: string;
      readonly calls: number;
    }
  | {
      /**
       * The start of a call that continues on the next line, because something else was written into it, or it was
       * wrapped.
       */
      readonly kind: 'cut';
      readonly name: string;
      /** The text without notices that strace appended. */
      readonly text: string;
    }
  | {
      /** Signals, ends of processes, headings, dumps of data. */
      readonly kind: 'other';
    };

/** Text that may precede a call: the process, the time, the number of the call, the instruction pointer. */
const PID = /^ *(?:\[pid +(\d{1,10})(?:<[^<>]*>)?\]|(\d{1,10})(?:<[^<>]*>)?(?= )) */;
const BEFORE = [
  /^ *\d\d:\d\d:\d\d(?:\.\d+)? +/,
  /^ *\d+\.\d+ +/,
  /^ *\(\+ *\d+\.\d+\) +/,
  /^ *\[ *\d+\] +/,
  /^ *\[[\da-f?]+\] +/,
];
/** A row of `-c`: share of the time, seconds, microseconds per call, calls, errors, name. */
const COUNT = /^ *\d+\.\d+ +\d+\.\d+ +\d+ +(\d{1,15}) +(?:\d+ +)?([a-z_]\w*)$/;
const OTHER =
  /^(?:\+\+\+ |--- |strace: |% time |------|\d+\.\d+ .* total$|Process \d+ (?:attached|detached|resumed|suspended)|<\.\.\. exit(?:_group)? )/;
/** Stacks of -k, and data of -e read and -e write. */
const INDENTED = /^ +(?:> .+ \[0x[\da-f]+\](?: .*)?|\| [\da-f]{5,16} {2}.*\|)$/;
/** Matches whole lines only, because a path may contain the same text. */
const MODE = /^(?:strace: )?\[ Process PID=(\d{1,10}) runs in (64|32|x32)(?: bit)? mode\. \]$/;
/** A notice of strace about a process in the middle of a line, if both are written to a terminal. */
const SPOKEN = /strace: Process \d{1,10} (?:attached|detached)$/;
/** The heading of a `-c` table if there is one for each ABI. */
const TABLE = /^System call usage summary for (?:(64|32) bit|(x32)) mode:$/;
const CALL = /^([A-Za-z_]\w{0,63})\(/;
const RESUMED = /^<\.\.\. (?:(\w{1,64}) )?resumed>/;
/** The text after the arguments of a call. */
const RESULT = /^\) *= (.*)$/s;
const UNFINISHED = /<(?:unfinished|detached) \.\.\.>$/;

/** Parses a line; undefined if strace does not write such lines. The process is 0 if the line does not name one. */
export function parseStraceLine(line: string): StraceLine | undefined {
  const table = line.startsWith('System ') ? TABLE.exec(line) : null;
  if (table !== null)
    return {
      kind: 'mode',
      pid: 0,
      isUnnamed: true,
      mode: table[1] === '32' ? '32' : table[2] === 'x32' ? 'x32' : '64',
    };
  const count = COUNT.exec(line);
  if (count !== null) {
    const [, calls = '', name = ''] = count;
    return name === 'total' ? { kind: 'other' } : { kind: 'count', name, calls: Number(calls) };
  }
  const { pid, rest } = withoutPrefix(line);
  const mode = rest.includes('[ Process PID=') ? MODE.exec(rest) : null;
  if (mode !== null) {
    const [, process = '', word] = mode;
    return {
      kind: 'mode',
      pid: Number(process),
      isUnnamed: pid === 0,
      mode: word === '32' ? '32' : word === 'x32' ? 'x32' : '64',
    };
  }
  const resumed = RESUMED.exec(rest);
  if (resumed !== null) {
    const end = rest.lastIndexOf(') ');
    return {
      kind: 'resumed',
      pid,
      name: resumed[1],
      result: end < 0 ? undefined : resultOf(rest.slice(end)),
    };
  }
  const [head, name] = CALL.exec(rest) ?? [];
  if (head === undefined || name === undefined)
    return OTHER.test(rest) || OTHER.test(line.trimStart()) || INDENTED.test(line)
      ? { kind: 'other' }
      : undefined;
  const { args, end } = argumentsOf(rest, head.length);
  const result = resultOf(rest.slice(end));
  if (result === undefined && !UNFINISHED.test(rest)) return { kind: 'cut', name, text: withoutSpoken(line) };
  return { kind: 'call', pid, name, args, result };
}

/** Searches by position, because one regular expression over the line would take quadratic time. */
function withoutSpoken(line: string): string {
  const at = line.endsWith('tached') ? line.lastIndexOf('strace: ') : -1;
  return at >= 0 && SPOKEN.test(line.slice(at)) ? line.slice(0, at) : line;
}

const resultOf = (text: string): string | undefined => RESULT.exec(text)?.[1];

function withoutPrefix(line: string): { readonly pid: number; readonly rest: string } {
  let rest = line;
  let pid = 0;
  const first = PID.exec(rest);
  if (first !== null) {
    pid = Number(first[1] ?? first[2]);
    rest = rest.slice(first[0].length);
  }
  // Each prefix occurs at most once, in any order.
  for (let left = [...BEFORE]; ;) {
    const found = left.find(pattern => pattern.test(rest));
    if (found === undefined) return { pid, rest: rest.trimStart() };
    rest = rest.replace(found, '');
    left = left.filter(pattern => pattern !== found);
  }
}

/** The codes of characters that matter between arguments. */
const [QUOTE, BACKSLASH, COMMA, LESS, GREATER, MINUS, ZERO, NINE, D] = Array.from('"\\,<>-09D', character =>
  character.charCodeAt(0),
);
const isOpening = (code: number): boolean => code === 0x28 || code === 0x5b || code === 0x7b;
const isClosing = (code: number): boolean => code === 0x29 || code === 0x5d || code === 0x7d;

/**
 * Splits the arguments from a position on at the commas between them, up to the closing parenthesis, and returns where they end.
 * Skips strings, text in brackets, and the text in angle brackets that -y adds to a descriptor. Compares character codes, because
 * long logs spend most of their time here.
 */
function argumentsOf(
  text: string,
  start: number,
): { readonly args: readonly string[]; readonly end: number } {
  const args: string[] = [];
  let depth = 0;
  let from = start;
  let index = start;
  const take = (): void => {
    const piece = text.slice(from, index);
    const arg = (piece.endsWith(' ...>') ? piece.replace(UNFINISHED, '') : piece).trim();
    if (arg !== '') args.push(arg);
    from = index + 1;
  };
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    // Most characters are letters, digits and spaces.
    if (code > CLOSING_BRACKET && code < OPENING_BRACE) continue;
    if (code === QUOTE) index = endOfString(text, index);
    else if (code === LESS && isAfterDescriptor(text, index)) index = endOfPath(text, index);
    else if (isOpening(code)) depth++;
    else if (isClosing(code)) {
      if (depth === 0) break;
      depth--;
    } else if (code === COMMA && depth === 0) {
      take();
      if (args.length === MAX_ARGUMENTS) break;
    }
  }
  take();
  return { args, end: index };
}

const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;

/** Whether `<` at a position follows a descriptor, `3` or AT_FDCWD, and is not a shift operator. */
function isAfterDescriptor(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  const isDigit = before >= (ZERO ?? 0) && before <= (NINE ?? 0);
  return (isDigit || before === D) && index + 1 < text.length && text.charCodeAt(index + 1) !== LESS;
}

/** The maximum number of arguments of a call. */
const MAX_ARGUMENTS = 6;

function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === BACKSLASH) index++;
    else if (code === QUOTE) return index;
  }
  return text.length;
}

/**
 * The end of a path. strace escapes `<` and `>` in paths in octal, and writes `->` between the ends of a connection.
 */
function endOfPath(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++)
    if (text.charCodeAt(index) === GREATER && text.charCodeAt(index - 1) !== MINUS) return index;
  return text.length;
}
