// Removes text around a line that terminals, mail, Markdown and log collectors have added.
import { own } from '../../util/own.js';

const ESC = String.fromCharCode(27);
const BEL = String.fromCharCode(7);
/** Colours and titles: ECMA-48 control sequences, and operating system commands. */
const SEQUENCES = new RegExp(
  `${ESC}(?:\\[[\\d;:?]*[ -/]*[@-~]|\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)?|[()][\\dA-Z]|[=>])`,
  'g',
);

/** Removes the colours that dmesg and others write to a terminal. */
export const withoutColours = (line: string): string =>
  line.includes(ESC) ? line.replace(SEQUENCES, '') : line;

/** A member of a JSON object on its own line. */
const MEMBER = /^\s*"(?:log|MESSAGE|message|msg)"\s*:\s*("(?:[^"\\]|\\.)*"),?\s*$/;

/** The message of a line such as `"msg": "audit: …",`; undefined for other lines. */
export function messageOfMember(line: string): string | undefined {
  const text = line.includes('"') ? MEMBER.exec(line)?.[1] : undefined;
  const value = text === undefined ? undefined : parsed(text);
  return typeof value === 'string' ? value : undefined;
}

/** The messages in an object: from the journal, Docker's log files, a collector, or all of `dmesg --json`. */
export function messagesOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const object = value as Readonly<Record<string, unknown>>;
  const list = own(object, 'dmesg');
  if (Array.isArray(list)) return list.flatMap(item => (isList(item) ? [] : messagesOf(item)));
  const text = ['MESSAGE', 'log', 'message', 'msg']
    .map(name => textIn(own(object, name)))
    .find(each => each !== undefined);
  return text === undefined ? [] : [text.trimEnd()];
}

/** The text of a message. The journal writes messages with control characters, such as colours, as a list of bytes. */
function textIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const bytes: readonly unknown[] = Array.isArray(value) ? value : [];
  if (bytes.length === 0 || !bytes.every(byte => typeof byte === 'number')) return undefined;
  return withoutColours(new TextDecoder().decode(Uint8Array.from(bytes)));
}

const isList = (item: unknown): boolean =>
  typeof item === 'object' && item !== null && Object.hasOwn(item, 'dmesg');

/** The kernel's message in a line of an audit log: unchanged, without colours, or from JSON. */
export function kernelMessage(line: string): string {
  const plain = withoutColours(line);
  const start = plain.trimStart();
  if (start.startsWith('"')) return messageOfMember(plain) ?? plain;
  return start.startsWith('{') ? (messagesOf(parsed(start))[0] ?? plain) : plain;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Prefixes of lines, in forms with which no line of a log itself starts. */
const PREFIXES = [
  // Quotations in mail, lists in Markdown.
  /^\s*(?:> ?)+/,
  /^\s*[-*+•] +/,
  // docker compose logs, supervisors of several processes; kubectl logs --prefix.
  /^(?:[\w.:|-]{1,64} +){1,2}\| /,
  /^\[[\w.-]{1,64}\/[\w./-]{1,256}\] /,
  // kubectl logs --timestamps, docker logs -t, GitHub Actions, files of the container runtime interface, GitLab; gh run view
  // --log.
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d) (?:std(?:out|err) [FP] |\d\d[OE][ +])?/,
  /^[^\t]{1,64}\t[^\t]{1,64}\t(?=\d{4}-)/,
  // journalctl, syslog files, systemd and Heroku: the time, then host, program and process.
  /^(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d /,
  /^(?:[\w.-]{1,64} )?[\w./@-]{1,64}\[[\w.]{1,64}\]: /,
  /^\[\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\] /,
  // cat -n, grep -n, grep -H.
  /^ *\d{1,9}\t/,
  /^(?:[\w./-]{1,256}:)?\d{1,9}:/,
  /^[\w./-]{1,256}:/,
  /^\s+/,
];
/** The maximum number of nested wrappings. */
const MAX_WRAPPINGS = 4;

const CHARACTERS: ReadonlyMap<string, string> = new Map([
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&#39;', "'"],
  ['&amp;', '&'],
  ['“', '"'],
  ['”', '"'],
  ['…', '...'],
  ['\u00a0', ' '],
]);
const CHARACTER = new RegExp([...CHARACTERS.keys()].join('|'), 'g');

/** Possible original texts of a line that is not understood, starting with the one that removes the least. */
export function* unwrappings(line: string): Generator<{ readonly text: string; readonly depth: number }> {
  let text = line.replace(CHARACTER, found => CHARACTERS.get(found) ?? '').trimEnd();
  if (text !== line) yield { text, depth: 0 };
  for (let depth = 1; depth <= MAX_WRAPPINGS; depth++) {
    const isCode = text.length > 1 && text.startsWith('`') && text.endsWith('`');
    const next = isCode ? text.slice(1, -1) : withoutPrefix(text);
    if (next === text) return;
    text = next;
    yield { text, depth };
  }
}

/** Removes the first matching prefix. */
function withoutPrefix(text: string): string {
  for (const prefix of PREFIXES) {
    const length = prefix.exec(text)?.[0].length;
    if (length !== undefined) return text.slice(length);
  }
  return text;
}
