// An HTTP server that drops everything it does not need once it is listening: first root, then all but a list of system calls.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { applyProfile } from 'seccomp';

/** The calls that Node always makes, those of a server that already listens, and those of an orderly exit. */
const PROFILE = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [
    {
      comment: 'The event loop, memory, threads that run already, signals and the clock',
      names: [
        ...['brk', 'madvise', 'mmap', 'mprotect', 'mremap', 'munmap'],
        ...[
          'clock_gettime',
          'clock_nanosleep',
          'futex',
          'getpid',
          'gettid',
          'sched_yield',
          'sched_getaffinity',
        ],
        ...['epoll_ctl', 'epoll_pwait', 'epoll_pwait2', 'epoll_wait', 'eventfd2'],
        ...['rt_sigaction', 'rt_sigprocmask', 'rt_sigreturn', 'restart_syscall', 'tgkill', 'wait4'],
        ...['exit', 'exit_group', 'set_robust_list', 'rseq', 'prctl', 'getrandom'],
      ],
      action: 'SCMP_ACT_ALLOW',
    },
    {
      comment: 'Descriptors that are open',
      names: ['close', 'dup3', 'fcntl', 'fstat', 'ioctl', 'lseek', 'read', 'readv', 'write', 'writev'],
      action: 'SCMP_ACT_ALLOW',
    },
    {
      comment: 'Connections that come in',
      names: [
        'accept4',
        'getpeername',
        'getsockname',
        'getsockopt',
        'recvmsg',
        'sendmsg',
        'setsockopt',
        'shutdown',
      ],
      action: 'SCMP_ACT_ALLOW',
    },
    {
      comment:
        'No new threads or processes: libc asks by clone3 first, and by clone, which is refused, on ENOSYS',
      names: ['clone3'],
      action: 'SCMP_ACT_ERRNO',
      errno: 'ENOSYS',
    },
  ],
};

const attempts = {
  '/file': () => readFileSync('/etc/passwd'),
  '/program': () => {
    const { error } = spawnSync('/bin/true');
    if (error !== undefined) throw error;
  },
  '/connection': () =>
    new Promise((resolve, reject) => {
      connect(1, '127.0.0.1').once('connect', resolve).once('error', reject);
    }),
};

const server = createServer(async (request, response) => {
  try {
    await attempts[request.url]?.();
    response.end('done');
  } catch (error) {
    response.end(error.code);
  }
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

// The client is a separate process, started while that is still possible. It requests every page and prints the responses.
const client = spawn(
  process.execPath,
  [
    '--input-type=module',
    '-e',
    `process.stdin.once('data', async port => {
       for (const page of ['/', '/file', '/program', '/connection']) {
         const answer = await fetch('http://127.0.0.1:' + port + page);
         console.log(page.padEnd(12), await answer.text());
       }
       process.exit();
     });`,
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);

// The thread pool starts when it is first used, which has to be now: the profile allows no new threads.
await access('/');
if (process.getuid() === 0) {
  process.setgroups([]);
  process.setgid(65534);
  process.setuid(65534);
}
const user = process.getuid();
const { warnings, threads } = applyProfile(PROFILE);

let answers = '';
client.stdout.setEncoding('utf8').on('data', text => (answers += text));
client.stdin.end(String(server.address().port));
await once(client, 'close');
server.close();

// getuid is refused by now as well, and process.getuid() returns an invalid user: call it before.
console.log(`as user ${user}, with a filter on ${threads.length} threads`);
for (const { code } of warnings) console.log(`warning: ${code}`);
console.log(answers);
process.exitCode = /done[^]*EPERM[^]*EPERM[^]*EPERM/.test(answers) ? 0 : 1;
