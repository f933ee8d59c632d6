// Writes data/signatures.txt: the parameters of every system call, as declared in the source of Linux.
// Usage: node scripts/generate-signatures.mjs SOURCE HEADERS [--check]
// SOURCE is an unpacked kernel source. HEADERS is an unpacked linux-libc-dev of the same version, with the calls to describe.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesUnder } from './files.mjs';
import { generated, runGenerator, Undecided } from './generated-file.mjs';
import { KERNEL_ABIS } from './kernel-abis.mjs';
import { callsOf } from './kernel-calls.mjs';

const output = 'data/signatures.txt';

/** Directories that declare system calls of every architecture. */
export const COMMON_DIRECTORIES = [
  ...['block', 'drivers/char', 'drivers/pci', 'fs', 'io_uring', 'ipc', 'kernel', 'mm', 'net', 'security'],
];

/**
 * Calls without a declaration in a current source: Linux has removed them, or their entry point is written in assembly or
 * uses raw registers. Their parameters come from their manual pages.
 */
const OTHERS = `
_sysctl struct __sysctl_args * args
bdflush int func, long data
breakpoint
cacheflush unsigned long start, unsigned long end, int flags
create_module const char * name, size_t size
epoll_ctl_old int epfd, int op, int fd, struct epoll_event * event
epoll_wait_old int epfd, struct epoll_event * events, int maxevents
get_kernel_syms struct kernel_sym * table
get_tls
getpmsg int fd, struct strbuf * ctlptr, struct strbuf * dataptr, int * bandp, int * flagsp
lookup_dcookie u64 cookie64, char * buf, size_t len
nfsservctl int cmd, struct nfsctl_arg * argp, void * resp
pciconfig_iobase long which, unsigned long bus, unsigned long devfn
putpmsg int fd, struct strbuf * ctlptr, struct strbuf * dataptr, int band, int flags
query_module const char * name, int which, void * buf, size_t bufsize, size_t * ret
set_tls unsigned long tls
sysfs int option, unsigned long arg1, unsigned long arg2
uselib const char * library
vm86 unsigned long cmd, unsigned long arg
vm86old struct vm86_struct * user_vm86
`;

/** Calls of ARM's headers with neither a row in the table nor a declaration. */
const UNDECLARED = ['usr26', 'usr32'];

/** The entry of a table for a number without a call. */
const NO_ENTRY = 'sys_ni_syscall';

const read = path => readFileSync(path, 'utf8');

/** Every declaration of the source: its entry point, parameters as `type name`, file, and enclosing `#if` branches. */
function declarations(source) {
  const found = [];
  const architectures = new Set(Object.values(KERNEL_ABIS).map(({ arch }) => arch));
  for (const directory of [...architectures, ...COMMON_DIRECTORIES]) {
    // arch/x86/um is User-mode Linux, which has other entry points.
    for (const name of filesUnder(join(source, directory)).filter(path => /^(?!um\/).*\.[ch]$/.test(path))) {
      const file = join(directory, name);
      const text = read(join(source, file));
      if (!text.includes('SYSCALL')) continue;
      for (const match of text.matchAll(/^(COMPAT_|)SYSCALL(32|)_DEFINE(\d)\(([^{;]*?)\)\s*[{;#]/gm)) {
        const [, compat, narrow, count, inside] = match;
        const [name, ...words] = flat(inside);
        const parameters = [];
        for (let i = 0; i + 1 < words.length; i += 2) parameters.push(`${cType(words[i])} ${words[i + 1]}`);
        if (parameters.length !== Number(count)) throw new Error(`${file}: cannot read ${match[0]}`);
        const guards = enclosing(text.slice(0, match.index));
        found.push({
          entry: `${compat + narrow === '' ? '' : 'compat_'}sys_${name}`,
          parameters,
          file,
          guards,
        });
      }
    }
  }
  return found;
}

/** The words of a declaration, with macros for a 64-bit value in two registers expanded. */
const flat = inside =>
  inside
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\b(?:arg_u32p|compat_arg_u64_dual|SC_ARG64)\((\w+)\)/g, 'u32, $1_lo, u32, $1_hi')
    .split(',')
    .map(word => word.trim().replace(/\s+/g, ' '));

/** A type without annotations for the kernel: `const struct compat_iovec __user *` becomes `const struct iovec *`. */
const cType = type =>
  type
    .replace(/\b(?:__user|__kernel_)\s*/g, '')
    .replace(/\bcompat_uptr_t\b/, 'void *')
    .replace(/\bcompat_u?(?:long|ulong)_t\b/, word => (word.includes('ulong') ? 'unsigned long' : 'long'))
    .replace(/\bcompat_/g, '')
    .replace(/\s*(\*+)\s*/g, ' $1')
    .replace(/(\*+)(?=\w)/g, '$1 ')
    .replace(/^const (?!.*\*)/, '')
    .trim();

/** The branches of every `#if` that encloses a position, up to the branch with the position. */
function enclosing(before) {
  const stack = [];
  for (const [, directive, condition] of before.matchAll(
    /^\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)$/gm,
  )) {
    if (directive.startsWith('if')) stack.push([`${directive} ${condition.trim()}`]);
    else if (directive === 'endif') stack.pop();
    else stack.at(-1)?.push(`${directive} ${condition.trim()}`);
  }
  return stack;
}

/** Whether a branch of an `#if` is compiled for the ABI; undefined if nothing here depends on it. */
function holds(branch, backwards) {
  if (/^else/.test(branch)) return true;
  const symbol = /^(?:ifdef |(?:el)?if defined\()CONFIG_(CLONE_BACKWARDS[23]?|OLD_SIGSUSPEND)\b/.exec(
    branch,
  )?.[1];
  if (symbol === undefined) return undefined;
  return symbol === 'CLONE_BACKWARDS' && backwards;
}

/** Of several declarations of an entry point, the one that is compiled for the ABI. */
function choose(candidates, { arch, backwards = false }) {
  const own = candidates.filter(({ file }) => file.startsWith(`${arch}/`));
  const generic = candidates.filter(({ file }) => !file.startsWith('arch/'));
  const built = (own.length > 0 ? own : generic).filter(({ guards }) =>
    guards.every(branches => {
      const [last, ...earlier] = branches.map(branch => holds(branch, backwards)).reverse();
      return last !== false && !earlier.includes(true);
    }),
  );
  const texts = new Set(built.map(({ parameters }) => parameters.join(', ')));
  if (texts.size > 1) throw new Error(`declared in several ways: ${[...texts].join(' | ')}`);
  return [...texts][0];
}

function tableOf(source, { table, columns, compat = false }) {
  const entries = new Map();
  for (const line of read(join(source, table)).split('\n')) {
    const [number, column, name, entry, compatEntry = '-'] = line.trim().split(/\s+/);
    if (!/^\d+$/.test(number) || !columns.includes(column)) continue;
    entries.set(name, {
      number: Number(number),
      entry: compat && compatEntry !== '-' ? compatEntry : (entry ?? NO_ENTRY),
    });
  }
  return entries;
}

/**
 * Throws if the source's table and the headers number a call differently, or if one has a call that the other lacks;
 * `others` are in no table.
 */
function compareNumbers(abi, table, calls, others) {
  for (const [name, { number }] of table) {
    if (calls.get(name) === number) continue;
    throw new Undecided(`${abi}: ${name} is ${number} in the source and ${calls.get(name)} in the headers`);
  }
  const missing = [...calls.keys()].filter(
    name => !table.has(name) && !others.has(name) && !UNDECLARED.includes(name),
  );
  if (missing.length > 0)
    throw new Undecided(
      `${abi}: no row of the table in the source is for ${missing.join(', ')}. Are all its columns in scripts/kernel-abis.mjs?`,
    );
}

/** Writes the list, or compares it. */
export function signatures(source, headers, check) {
  generated(output, textOf(source, headers), check);
}

/** The text of the data file. Throws if a call in the source has no declaration. */
function textOf(source, headers) {
  const byEntry = new Map();
  for (const declaration of declarations(source)) {
    const group = byEntry.get(declaration.entry);
    if (group === undefined) byEntry.set(declaration.entry, [declaration]);
    else group.push(declaration);
  }
  /** @type {Map<string, string>} */
  const others = new Map(OTHERS.trim().split('\n').map(splitFirst));
  const abis = Object.entries(KERNEL_ABIS).map(([abi, facts]) => {
    const [calls, table] = [callsOf(headers, abi), tableOf(source, facts)];
    if (calls === undefined) throw new Error(`${headers} has no headers for ${abi}`);
    compareNumbers(abi, table, calls, others);
    return { abi, facts, calls, table };
  });
  const names = [...new Set(abis.flatMap(({ calls }) => [...calls.keys()]))].sort();
  const lines = names.flatMap(name => {
    const texts = new Map();
    for (const { abi, facts, calls, table } of abis) {
      if (!calls.has(name)) continue;
      const entry = table.get(name)?.entry ?? NO_ENTRY;
      const declared = entry === NO_ENTRY ? undefined : choose(byEntry.get(entry) ?? [], facts);
      const text = declared ?? others.get(name);
      if (text !== undefined) texts.set(text, [...(texts.get(text) ?? []), abi]);
      else if (entry !== NO_ENTRY) throw new Error(`${abi} has ${name}, but ${entry} is declared nowhere`);
    }
    return [...texts].map(([text, abis]) =>
      `${name} ${texts.size === 1 ? '*' : abis.join(',')} ${text}`.trim(),
    );
  });
  return `${lines.join('\n')}\n`;
}

/** @returns {[string, string]} */
const splitFirst = (/** @type {string} */ line) => {
  const [first, ...others] = line.split(' ');
  return [first, others.join(' ')];
};

await runGenerator('generate-signatures', ['SOURCE', 'HEADERS'], (check, source, headers) =>
  signatures(source, headers, check),
);
