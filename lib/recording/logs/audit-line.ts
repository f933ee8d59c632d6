// Parses the kernel's audit records about seccomp, as printed by dmesg, the journal, auditd and ausearch.
import { ABIS, abiOf, syscallName, syscallNumber } from '../../kernel/abi.js';
import { abisByName, type AbiName } from '../../kernel/architectures.js';
import { isKill, isAction, type Action } from '../../kernel/action.js';
import { bare } from '../../util/own.js';
import * as scmp from '../../kernel/constants.js';

/** A call that the kernel logged, with its action. */
export interface AuditLine {
  /** The ABI; undefined for one that this package does not know. */
  readonly abi: AbiName | undefined;
  /** `AUDIT_ARCH_*`; undefined if the line names an architecture that this package does not know. */
  readonly arch: number | undefined;
  /** The number as the kernel sees it; undefined if the line has a name that the ABI lacks. */
  readonly number: number | undefined;
  /** The name; undefined for a number that is in no table. */
  readonly syscall: string | undefined;
  /** The name of the thread. */
  readonly comm: string | undefined;
  /** The path of the program. */
  readonly program: string | undefined;
  /** The process id, as the host numbers it. */
  readonly pid: number | undefined;
  /**
   * The action of the filter; undefined if the line has no known action. For ERRNO and TRACE by name, the data is unknown and 0.
   */
  readonly action: Action | undefined;
  /** The action in the line if this package does not know it: `0x12340000`. */
  readonly unknownAction: string | undefined;
  /**
   * Whether the call was killed. Before audit 4, ausearch -i writes `kill` for both a thread and a whole process;
   * `action` is then undefined.
   */
  readonly killed: boolean;
}

/**
 * The last alternatives are the journal's with -o cat, verbose and export, and with -o json. After a parenthesis or a quotation
 * mark, the text could be one that a program has chosen: a path in a strace log, a name in JSON.
 */
const RECORD = /^[^"(]*(?:\btype=(?:1326|SECCOMP)\b|\baudit\[\d+\]: SECCOMP )|^(?: *MESSAGE=)?SECCOMP auid=/;
/**
 * The end of the kernel's line, after all text that a program chooses (audit_seccomp in kernel/auditsc.c). auditd appends the
 * same fields in words.
 */
const TAIL =
  /^ sig=\S+ arch=(\S+) syscall=(\S+) compat=[01] ip=[^\s\p{Cc}]+(?: code=([^\s\p{Cc}]+))?(?![^\s\p{Cc}])/u;

/** Whether a line is an audit record of seccomp, complete or not. */
export const isAuditLine = (line: string): boolean =>
  (line.includes('type=') || line.includes('SECCOMP ')) && RECORD.test(line);

/** Whether a line is a separator that ausearch writes between records. */
export const isAuditHeading = (line: string): boolean => line === '----' || line.startsWith('time->');

/**
 * Parses a record; undefined for a line that is not a record, or was truncated. Names of programs may contain anything,
 * even text that looks like other fields: only fields after them count.
 */
export function parseAuditLine(line: string): AuditLine | undefined {
  if (!isAuditLine(line)) return undefined;
  const tail = line.lastIndexOf(' sig=');
  // auditd separates its fields in words from the kernel's with a control character, which pagers show as ^].
  const fields = line.slice(Math.max(tail, 0)).replace('^]', '\u001d');
  const [all = '', archText, callText, code] = TAIL.exec(fields) ?? [];
  if (archText === undefined || callText === undefined) return undefined;
  const rest = fields
    .slice(all.length)
    .replace(/^\p{Cc}/u, '')
    .trim();
  if (rest !== '' && !/^[A-Z]+=/.test(rest)) return undefined;
  return { ...callOf(archText, callText), ...programOf(line.slice(0, tail)), ...answerOf(code) };
}

/** auparse(3)'s names of architectures. */
const ARCHITECTURES = abisByName({
  x86_64: ['x86_64'],
  x86: ['i386', 'i486', 'i586', 'i686'],
  x32: [],
  aarch64: ['aarch64'],
  arm: ['arm', 'armeb'],
});

function callOf(archText: string, callText: string): Pick<AuditLine, 'abi' | 'arch' | 'number' | 'syscall'> {
  const named = ARCHITECTURES.get(archText);
  const arch =
    named !== undefined
      ? ABIS[named].audit
      : /^[\da-f]{1,8}$/.test(archText)
        ? Number.parseInt(archText, 16)
        : undefined;
  const given = /^-?\d{1,10}$/.test(callText) ? Number(callText) >>> 0 : undefined;
  if (given !== undefined) {
    const abi = arch === undefined ? undefined : abiOf(arch, given)?.name;
    return { abi, arch, number: given, syscall: abi && syscallName(abi, given) };
  }
  const abi = named ?? (arch === undefined ? undefined : abiOf(arch, 0)?.name);
  const number = abi && syscallNumber(abi, callText);
  return { abi, arch, number, syscall: number === undefined ? undefined : callText };
}

function programOf(head: string): Pick<AuditLine, 'comm' | 'program' | 'pid'> {
  const pid = / pid=(\d{1,10})(?= )/.exec(head)?.[1];
  const exe = head.lastIndexOf(' exe=');
  const comm = head.indexOf(' comm=');
  return {
    pid: pid === undefined ? undefined : Number(pid),
    comm: comm < 0 ? undefined : untrusted(head.slice(comm + 6, exe > comm ? exe : undefined)),
    program: exe < 0 ? undefined : untrusted(head.slice(exe + 5)),
  };
}

/**
 * Decodes the format of audit_log_untrustedstring: quoted, or hexadecimal digits if the text contains a space or a
 * quote.
 */
function untrusted(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === '?' || trimmed === '(null)') return undefined;
  if (trimmed.startsWith('"')) return trimmed.replace(/^"|"$/g, '');
  if (!/^(?:[\dA-F]{2})+$/.test(trimmed)) return trimmed;
  const bytes = Uint8Array.from(trimmed.match(/../g) ?? [], digits => Number.parseInt(digits, 16));
  return new TextDecoder('utf-8', bare({ ignoreBOM: true })).decode(bytes).replace(/\0.*$/s, '');
}

/** auparse(3)'s names of actions. */
const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['kill_thread', scmp.SCMP_ACT_KILL_THREAD],
  ['kill_process', scmp.SCMP_ACT_KILL_PROCESS],
  ['trap', scmp.SCMP_ACT_TRAP],
  ['errno', scmp.SCMP_ACT_ERRNO(0)],
  ['user_notif', scmp.SCMP_ACT_NOTIFY],
  ['trace', scmp.SCMP_ACT_TRACE(0)],
  ['log', scmp.SCMP_ACT_LOG],
  ['allow', scmp.SCMP_ACT_ALLOW],
]);

function answerOf(code: string | undefined): Pick<AuditLine, 'action' | 'unknownAction' | 'killed'> {
  const action = actionOf(code);
  return {
    action,
    unknownAction: action === undefined && code !== 'kill' ? code : undefined,
    killed: code === 'kill' || (action !== undefined && isKill(action)),
  };
}

function actionOf(code: string | undefined): Action | undefined {
  if (code === undefined) return undefined;
  const action = /^0x[\da-fA-F]{1,8}$/.test(code)
    ? Number.parseInt(code, 16)
    : ACTIONS.get(
        code
          .toLowerCase()
          .replace('-', '_')
          .replace(/\(.*\)$/, ''),
      );
  return isAction(action) ? action : undefined;
}
