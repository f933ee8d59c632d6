// Recordings for property tests, with few calls and values, so that they overlap.
import fc from 'fast-check';
import { formatRecording, parseRecording, readLog, type Recording } from 'seccomp';

const CALLS = [
  ['read', '(3, 0x1, 2)'],
  ['socket', '(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0)'],
  ['socket', '(AF_INET, SOCK_DGRAM, IPPROTO_UDP)'],
  ['mmap', '(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)'],
  ['mmap', '(NULL, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)'],
  ['mprotect', '(0x1000, 4096, PROT_READ|PROT_EXEC)'],
  ['clone', '(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x1)'],
  ['clone', '(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD, child_tidptr=0x1)'],
  ['openat', '(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC)'],
  ['openat', '(AT_FDCWD, "/tmp/x", O_WRONLY|O_CREAT, 0666)'],
  ['ioctl', '(1, TCGETS, 0x1)'],
  ['ioctl', '(1, SOMETHING_NEW, 0x1)'],
  ['prlimit64', '(0, RLIMIT_NOFILE, NULL, 0x1)'],
  ['fork', '()'],
  ['stat', '("/", 0x1)'],
  ['epoll_wait', '(3, 0x1, 1, 0)'],
] as const;

const line = fc
  .record({
    call: fc.constantFrom(...CALLS),
    pid: fc.integer({ min: 1, max: 3 }),
    program: fc.constantFrom('/usr/bin/a', '/usr/bin/b'),
    result: fc.constantFrom('0', '-1 ENOSYS (Function not implemented)'),
  })
  .map(({ call: [name, args], pid, program, result }) => [
    `${pid} execve("${program}", ["x"], 0x1 /* 1 var */) = 0`,
    `${pid} ${name}${args} = ${result}`,
  ]);

/** One run. */
export const run: fc.Arbitrary<Recording> = fc
  .record({
    lines: fc.array(line, { minLength: 1, maxLength: 8 }),
    arch: fc.constantFrom('x86_64' as const),
    command: fc.constantFrom('one', 'two'),
    phase: fc.constantFrom('', 'start', 'work'),
  })
  .map(({ lines, ...options }) => readLog(lines.flat(), options).recording);

/** A copy of the recording, through its text. */
export const copied = (recording: Recording): Recording => parseRecording(formatRecording(recording));
