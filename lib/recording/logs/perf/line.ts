// Parses a line of `perf trace`: the thread, the call, its arguments as text, its result (builtin-trace.c of tools/perf).

export type PerfLine =
  | {
      /** A call, or the start of one. */
      readonly kind: 'call';
      readonly pid: number;
      /** The name of the thread, if the line has it. */
      readonly comm: string | undefined;
      readonly name: string;
      /** Texts by parameter names; perf omits zeros. Undefined if they may contain names that a program chose. */
      readonly args: ReadonlyMap<string, string> | undefined;
      /** The text after `= `; undefined if the call continues. */
      readonly result: string | undefined;
    }
  | {
      /** The end of a call that started on another line, or before perf was attached. */
      readonly kind: 'continued';
      readonly pid: number;
      readonly comm: string | undefined;
      readonly name: string;
      readonly result: string;
    }
  | {
      /** The threads to which the rows of a summary belong. */
      readonly kind: 'thread';
      readonly comm: string;
    }
  | {
      /** A row of a summary of -s or -S. */
      readonly kind: 'count';
      readonly name: string;
      readonly calls: number;
    }
  | {
      /** The number of events that the kernel dropped. */
      readonly kind: 'lost';
      readonly events: number;
    }
  | {
      /** Headings, callchains, page faults. */
      readonly kind: 'other';
    };

/** `     0.012 ( 0.015 ms): `; `?` and no duration if the start is unknown. */
const TIME = /^ *(?:\?|\d+\.\d{3}) \( *(?:\d+\.\d{3} ms *)?\): /;
/** `ls/123 `, or `123 ` without --comm. Names of threads have at most 15 arbitrary bytes. */
const THREAD = /^(?:(.{0,16})\/)?(\d{1,10}) +(\.\.\. \[continued\]: )?([a-z_]\w{0,63})\(/su;
const SHORTEST_THREAD = /^(?:(.{0,16}?)\/)?(\d{1,10}) +(\.\.\. \[continued\]: )?([a-z_]\w{0,63})\(/su;
/** The text after the arguments. */
const RESULT = /\) += (-?(?:0x)?[\da-f]+(?: [^=]*)?|[A-Z][\w|]*|\?|)$/;
const FAULT = /^.{0,16}\/\d{1,10} (?:min|maj)fault \[/su;
/** `   read       12      3     0.150     0.001     0.012     0.100     8.20%`; without errors before Linux 5.17. */
const COUNT = /^ {3}([a-z_]\w{0,63}) +(\d{1,15})(?: +\d+)?(?: +\d+\.\d+){4} +(?:\d+\.\d+|-?nan)%$/;
const SUMMARY = /^ (.{1,16}) \(\d{1,10}\), \d+ events, \d+\.\d+%$/su;
const LOST = /^LOST (\d{1,15}) events!$/;
const OTHER =
  /^(?: Summary of events:| ?raw_syscalls:sys_(?:enter|exit) |\t+E[A-Z\d]+: \d+$| {3}syscall +calls | {20,}\(msec\)| {3}-{3,}[- ]*$| {30,}\S.* \(\S+\)$)/;

/** Whether only `perf trace` writes lines that start in this way, complete or not. */
export const isPerfLine = (line: string): boolean => TIME.test(line) || line === ' Summary of events:';

/**
 * Parses a line; undefined if `perf trace` does not write such lines, or if the name of a thread may look like a call.
 */
export function parsePerfLine(line: string): PerfLine | undefined {
  const time = TIME.exec(line);
  if (time === null) return summaryLine(line);
  const rest = line.slice(time[0].length).replace(/^ /, '');
  if (FAULT.test(rest)) return { kind: 'other' };
  const [head, comm, pid, continued, name] = THREAD.exec(rest) ?? [];
  // A name or a path may contain text that looks like another call, which makes the line ambiguous.
  if (head === undefined || name === undefined || head !== SHORTEST_THREAD.exec(rest)?.[0]) return undefined;
  const thread = { pid: Number(pid), comm, name };
  const result = RESULT.exec(rest);
  if (continued !== undefined)
    return result === null ? undefined : { kind: 'continued', ...thread, result: result[1] ?? '' };
  const goesOn = rest.endsWith(' ...');
  if (result === null && !goesOn) return undefined;
  const end = result === null ? rest.lastIndexOf(')') : result.index;
  return {
    kind: 'call',
    ...thread,
    args: argumentsOf(rest.slice(head.length, end)),
    result: result?.[1],
  };
}

function summaryLine(line: string): PerfLine | undefined {
  const [, name, calls] = COUNT.exec(line) ?? [];
  if (name !== undefined) return { kind: 'count', name, calls: Number(calls) };
  const comm = SUMMARY.exec(line)?.[1];
  if (comm !== undefined) return { kind: 'thread', comm };
  const lost = LOST.exec(line)?.[1];
  if (lost !== undefined) return { kind: 'lost', events: Number(lost) };
  return OTHER.test(line) ? { kind: 'other' } : undefined;
}

/**
 * Parses `fd: 3</a>, cmd: TCGETS` by names. perf does not escape anything: with more than one path, or a quote in one, a program
 * can inject text that looks like arguments.
 */
function argumentsOf(text: string): ReadonlyMap<string, string> | undefined {
  if (text.length > MAX_TEXT || text.split('>').length > 2 || ![1, 3].includes(text.split('"').length))
    return undefined;
  const args = new Map<string, string>();
  for (const part of text.replace(/<[^>]*>|"[^"]*"/g, '').split(', ')) {
    const [, name, value] = /^ *(\w{1,64}): (.*)$/s.exec(part) ?? [];
    if (name === undefined || value === undefined) continue;
    if (args.has(name)) return undefined;
    args.set(name, value.trim());
  }
  return args;
}

/** The maximum length of arguments. */
const MAX_TEXT = 8192;
