// Writes data/first-versions.txt: the Linux version that introduced each system call, one version per line.
// Usage: node scripts/generate-first-versions.mjs HEADERS MANUAL [--check]
// HEADERS is an unpacked linux-libc-dev, MANUAL an unpacked manpages-dev: syscalls(2) knows most versions.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { generated, runGenerator, Undecided } from './generated-file.mjs';
import { ABI_NAMES } from './kernel-abis.mjs';
import { callsOf } from './kernel-calls.mjs';

const output = 'data/first-versions.txt';

/** Calls that syscalls(2) does not list, or lists with a wrong version: the first version whose tables have the call. */
const UNLISTED = `
2.2 pread64 pwrite64
2.6 arm_fadvise64_64
2.6.20 arm_sync_file_range
4.3 membarrier
5.1 clock_adjtime64 clock_getres_time64 clock_gettime64 clock_nanosleep_time64 clock_settime64 futex_time64 io_pgetevents_time64 mq_timedreceive_time64 mq_timedsend_time64 ppoll_time64 pselect6_time64 recvmmsg_time64 rt_sigtimedwait_time64 sched_rr_get_interval_time64 semtimedop_time64 timer_gettime64 timer_settime64 timerfd_gettime64 timerfd_settime64 utimensat_time64
5.12 mount_setattr
5.15 process_mrelease
5.16 futex_waitv
5.17 set_mempolicy_home_node
6.5 cachestat
6.6 fchmodat2 map_shadow_stack
6.7 futex_requeue futex_wait futex_wake
6.8 listmount lsm_get_self_attr lsm_list_modules lsm_set_self_attr statmount
6.10 mseal
6.11 uretprobe
6.13 getxattrat listxattrat removexattrat setxattrat
6.15 open_tree_attr
6.17 file_getattr file_setattr
6.18 uprobe
6.19 listns
7.0 rseq_slice_yield
`;

/** Reserved numbers that no Linux has ever served. */
const NEVER =
  'afs_syscall break epoll_ctl_old epoll_wait_old ftime getpmsg gtty idle lock mpx prof profil putpmsg security stty tuxcall ulimit vserver';

/** Writes the list, or compares it. Throws if a call of the headers has no version. */
export function firstVersions(headers, manual, check) {
  generated(output, textOf(headers, manual), check);
}

function textOf(headers, manual) {
  const known = new Map([...listed(manual), ...UNLISTED.trim().split('\n').flatMap(row)]);
  const never = new Set(NEVER.split(' '));
  const groups = new Map();
  const missing = [];
  for (const name of new Set(ABI_NAMES.flatMap(abi => [...(callsOf(headers, abi)?.keys() ?? [])]))) {
    const version = never.has(name) ? '-' : known.get(name);
    if (version === undefined) missing.push(name);
    else groups.set(version, [...(groups.get(version) ?? []), name]);
  }
  if (missing.length > 0)
    throw new Undecided(
      `UNLISTED of scripts/generate-first-versions.mjs needs the versions of: ${missing.join(', ')}`,
    );
  const order = [...groups].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  return order.map(([version, names]) => `${version} ${names.sort().join(' ')}\n`).join('');
}

const row = line => {
  const [version, ...names] = line.split(' ');
  return names.map(name => [name, version]);
};

/** The table of syscalls(2): the first version that it lists for each name. */
function listed(manual) {
  const page = gunzipSync(readFileSync(join(manual, 'usr/share/man/man2/syscalls.2.gz'))).toString();
  const table = page
    .slice(page.indexOf('\n.TS\n'), page.indexOf('\n.TE\n'))
    .replace(/^\.\\".*\n/gm, '')
    .replace(/T\{\n(.*?)\nT\}/gs, (_, cell) => cell.replaceAll('\n', ' '));
  const versions = new Map();
  for (const line of table.split('\n')) {
    const [call, kernel = ''] = line.split('\t');
    const [, name] = /(\w+)(?:\\f\[\])? ?\(2\)/.exec(call.replace('\\f[B]', '')) ?? [];
    const [version] = /\d+\.\d+(?:\.\d+)*/.exec(kernel) ?? [];
    if (name !== undefined && version !== undefined) versions.set(name, version);
  }
  if (versions.size < 300) throw new Error(`syscalls(2) of ${manual} cannot be read`);
  return versions;
}

await runGenerator('generate-first-versions', ['HEADERS', 'MANUAL'], (check, headers, manual) =>
  firstVersions(headers, manual, check),
);
