// Parses the logs of the Security Profiles Operator's enrichers: one call per line, or the calls of a process as JSON.
// Sources: enricher.go and jsonenricher.go in internal/pkg/daemon/enricher of security-profiles-operator.
import { own } from '../../util/own.js';

/** Logged calls of a process, without arguments. */
export interface OperatorRecord {
  /** The path of the program. */
  readonly program: string | undefined;
  /** Names of calls on the machine of the log, each with its number if the log has it. */
  readonly calls: readonly { readonly name: string; readonly number: number | undefined }[];
}

/** A klog line, as before or since version 2.100: `"msg"="audit" "pid"=1`, `"audit" logger="log-enricher" pid=1`. */
const AUDIT =
  /^[IWE]\d{4} \S+ +\d+ [\w.-]+:\d+\] (?:log-enricher "msg"="audit"|"audit" logger="log-enricher")(?= )/;
const PAIR = / +(?:"(\w{1,64})"|(\w{1,64}))=(?:"((?:[^"\\]|\\.)*)"|([\w.:/-]*))/y;
/** The value of `version` in lines of the JSON enricher. */
const VERSION = /^spo\/v\d/;
/** The maximum number of calls; Linux has about 500. */
const MAX_CALLS = 1024;

/** Whether a line is from the log enricher, complete or not. */
export const isOperatorLine = (line: string): boolean => AUDIT.test(line);

/**
 * Parses a seccomp line of the log enricher; undefined for any other line, including those about SELinux, and for a truncated
 * line.
 */
export function parseOperatorLine(line: string): OperatorRecord | undefined {
  const head = AUDIT.exec(line)?.[0];
  if (head === undefined) return undefined;
  const fields = new Map<string, string>();
  const pair = new RegExp(PAIR);
  pair.lastIndex = head.length;
  const { length } = line.trimEnd();
  for (let end = head.length; end < length; end = pair.lastIndex) {
    const found = pair.exec(line);
    const name = found?.[1] ?? found?.[2];
    // Values are quoted as in Go, so that no program can inject a field.
    if (found === null || name === undefined || fields.has(name)) return undefined;
    fields.set(name, found[3] ?? found[4] ?? '');
  }
  const syscall = fields.get('syscallName') ?? '';
  const number = fields.get('syscallID') ?? '';
  if (fields.get('type') !== 'seccomp' || syscall === '' || !/^\d{1,10}$/.test(number)) return undefined;
  return { program: unquoted(fields.get('executable')), calls: [{ name: syscall, number: Number(number) }] };
}

/** Parses a line of the JSON enricher, or of the log enricher with a JSON logger. */
export function operatorRecordOf(value: unknown): OperatorRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const line = value as Readonly<Record<string, unknown>>;
  const [version, syscalls, type, syscall, number, executable] = (
    ['version', 'syscalls', 'type', 'syscallName', 'syscallID', 'executable'] as const
  ).map(key => own(line, key));
  const program = typeof executable === 'string' && executable !== '' ? executable : undefined;
  if (typeof version === 'string' && VERSION.test(version)) {
    if (!Array.isArray(syscalls) || syscalls.length === 0 || syscalls.length > MAX_CALLS) return undefined;
    const names = syscalls.filter(item => typeof item === 'string');
    return names.length < syscalls.length
      ? undefined
      : { program, calls: names.map(name => ({ name, number: undefined })) };
  }
  return type === 'seccomp' && typeof syscall === 'string' && Number.isSafeInteger(number)
    ? { program, calls: [{ name: syscall, number: Number(number) }] }
    : undefined;
}

function unquoted(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    // An escape of Go that JSON does not have.
    return text;
  }
}
