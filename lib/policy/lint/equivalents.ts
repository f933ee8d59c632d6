// Calls that do the same: a restriction of one is worth nothing while another is open.
import { actionName, permits } from '../action.js';
import { isAbsent, isOpen, isPartly, isShut, type Answer, type Answers } from './answers.js';
import type { Observation } from './finding.js';
import { own } from '../../own.js';

/** Calls that reach the same end. */
interface Family {
  readonly calls: readonly string[];
  /** Also in what their arguments decide, so that a condition on one is evaded by another. */
  readonly flags: boolean;
  /** C libraries choose among them, so that a program cannot know which one it makes. */
  readonly interchangeable: boolean;
}

const family = (calls: string, flags: boolean, interchangeable: boolean): Family => ({
  calls: calls.split(' '),
  flags,
  interchangeable,
});

const FAMILIES: readonly Family[] = [
  family('open openat openat2 creat', true, true),
  family('clone clone3 unshare', true, false),
  family('fork vfork clone clone3', false, false),
  family('chmod fchmod fchmodat fchmodat2', true, true),
  family('chown lchown fchown fchownat chown32 lchown32 fchown32', true, true),
  family('mkdir mkdirat', false, true),
  family('mknod mknodat', true, true),
  family('rename renameat renameat2', false, true),
  family('link linkat', false, true),
  family('symlink symlinkat', false, true),
  family('unlink unlinkat', false, true),
  family('readlink readlinkat', false, true),
  family('access faccessat faccessat2', false, true),
  family('execve execveat', false, false),
  family('truncate ftruncate truncate64 ftruncate64', false, true),
  family('utime utimes utimensat futimesat utimensat_time64', false, true),
  family('setxattr lsetxattr fsetxattr setxattrat', false, true),
  family('removexattr lremovexattr fremovexattr removexattrat', false, true),
  family('read readv pread64 preadv preadv2', false, true),
  family('write writev pwrite64 pwritev pwritev2', false, true),
  family('accept accept4', false, true),
  family('sendto sendmsg sendmmsg send', false, true),
  family('recvfrom recvmsg recvmmsg recv', false, true),
  family('kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal', false, false),
  family('ptrace process_vm_readv process_vm_writev', false, false),
  family('mprotect pkey_mprotect', true, false),
  family('mmap mmap2', true, true),
  family('mount fsmount move_mount open_tree mount_setattr', false, false),
  family('umount umount2', false, true),
  family('init_module finit_module', false, false),
  family('kexec_load kexec_file_load', false, false),
  family('settimeofday clock_settime clock_settime64 stime', false, false),
  family('setuid setreuid setresuid setuid32 setreuid32 setresuid32', false, false),
  family('setgid setregid setresgid setgid32 setregid32 setresgid32', false, false),
  family('setrlimit prlimit64', false, true),
];

/** Reports calls whose restriction another open call evades, and families of which a part is refused. */
export function* lintEquivalents(answers: Answers): Generator<Observation> {
  for (const { calls, flags, interchangeable } of FAMILIES) {
    const members = calls
      .map(name => ({ name, answer: answers.calls.get(name) }))
      .filter((member): member is Member => member.answer !== undefined);
    const open = members.filter(({ answer }) => isOpen(answer)).map(({ name }) => name);
    if (open.length === 0) continue;
    const restricted = members.filter(({ answer }) => isRestricted(answer, answers, flags));
    for (const { name, answer } of restricted) {
      yield {
        code: 'equivalent-open',
        abi: answers.abi,
        at: own(answer, 'at'),
        message: `${name} ${isShut(answer) ? `gets ${answer.actions.map(actionName).join(' or ')}` : 'is allowed under conditions'}, while ${list(open)} can do the same`,
      };
    }
    if (!interchangeable || restricted.length > 0 || permits(answers.otherwise)) continue;
    const left = members.filter(({ answer }) => isShut(answer) && !isAbsent(answer));
    if (left.length === 0) continue;
    yield {
      code: 'equivalent-shut',
      abi: answers.abi,
      at: own(answers.calls.get(open[0] ?? ''), 'at'),
      message: `${list(open)} may be called, and ${list(left.map(({ name }) => name))} not`,
    };
  }
}

interface Member {
  readonly name: string;
  readonly answer: Answer;
}

/** Whether someone has decided against the call, by a condition or by name. ENOSYS only sends libraries to another call. */
function isRestricted(answer: Answer, { otherwise }: Answers, flags: boolean): boolean {
  if (isAbsent(answer)) return false;
  if (isPartly(answer)) return flags;
  return isShut(answer) && answer.actions.some(action => action !== otherwise);
}

const list = (names: readonly string[]): string => {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
};
