// The cases of the kernel's own tests of seccomp, tools/testing/selftests/seccomp/seccomp_bpf.c, under their names: those
// that a loader of filters can show are shown here, for the others it is said why not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { BPF, type Instruction, type Program } from '#lib/filter/program.js';
import { ABIS, syscallNumber } from '#lib/policy/abi.js';
import * as scmp from '#lib/policy/constants.js';
import { nativeArchitecture } from '#lib/policy/target.js';
import { inChild, told } from '../support/child.js';
import { kernelCall, kernelVerdicts } from '../support/kernel.js';

const { E2BIG, EINVAL } = constants.errno;
const { SIGSYS } = constants.signals;
const arch = nativeArchitecture();
const number = (name: string): number => syscallNumber(arch, name) ?? assert.fail(`there is no ${name}`);

const insn = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const answer = (action: number): Program => [insn(BPF.RET_K, action)];
const allow = answer(scmp.SCMP_ACT_ALLOW);

/** Answers one call, and allows the others. */
const only = (name: string, action: number): Program => [
  insn(BPF.LD_ABS, 0),
  insn(BPF.JEQ_K, number(name), 0, 1),
  insn(BPF.RET_K, action),
  ...allow,
];

/** The same where the low word of an argument has a value. */
const onlyWith = (name: string, argument: number, value: number, action: number): Program => [
  insn(BPF.LD_ABS, 0),
  insn(BPF.JEQ_K, number(name), 0, 3),
  insn(BPF.LD_ABS, 16 + 8 * argument),
  insn(BPF.JEQ_K, value, 0, 1),
  insn(BPF.RET_K, action),
  ...allow,
];

/** What becomes of a call under filters, oldest first. */
const call = (programs: readonly Program[], name: string, ...args: readonly bigint[]): string =>
  kernelCall(programs, { arch: ABIS[arch].audit, syscall: number(name), args });

const KILLED = `signal ${SIGSYS}`;
const made = /^value \d+$/;

/** Filters of each action for one call, in the order that a case gives them. */
const ACTION = {
  allow: scmp.SCMP_ACT_ALLOW,
  log: scmp.SCMP_ACT_LOG,
  trace: scmp.SCMP_ACT_TRACE(7),
  errno: scmp.SCMP_ACT_ERRNO(E2BIG),
  trap: scmp.SCMP_ACT_TRAP,
  kill: scmp.SCMP_ACT_KILL_THREAD,
} as const;
const layers = (...names: readonly (keyof typeof ACTION)[]): string =>
  call(
    names.map(name => only('getpid', ACTION[name])),
    'getpid',
  );

/** What a child tells of itself. */
const child = (body: string): unknown => told(inChild(body));

const CASES: Readonly<Record<string, () => void>> = {
  no_new_privs_support: () => {
    assert.equal(child('tell(s.load(harmless).noNewPrivs);'), true);
  },
  mode_filter_support: () => {
    assert.deepEqual(
      child(`s.load(harmless); tell(s.status().threads.every(t => t.mode === 'filter'));`),
      true,
    );
  },
  mode_filter_without_nnp: () => {
    const options = '{ noNewPrivs: false, scope: "thread" }';
    const privileged = child(
      `tell(m('fs').readFileSync('/proc/self/status', 'utf8').match(/^CapEff:\\s*(\\w+)/m)[1]);`,
    );
    const mayLoad = ((BigInt(`0x${String(privileged)}`) >> 21n) & 1n) === 1n;
    const code = child(
      `try { s.load(harmless, ${options}); tell('loaded'); } catch (error) { tell(error.errno); }`,
    );
    assert.equal(code, mayLoad ? 'loaded' : constants.errno.EACCES);
  },
  filter_size_limits: () => {
    const sized = (length: number): Program => Array.from({ length }, () => allow).flat();
    assert.deepEqual(kernelVerdicts([sized(4097), sized(4096)]), [EINVAL, 0]);
  },
  filter_chain_limits: () => {
    const seen = child(`
      const program = s.encode(Array.from({ length: 4096 }, () => ({ code: 6, jt: 0, jf: 0, k: s.SCMP_ACT_ALLOW })));
      let layers = 0;
      try { for (;;) { s.load(program, { scope: 'thread' }); layers++; } }
      catch (error) { tell({ layers: layers > 0, errno: error.errno }); }`);
    assert.deepEqual(seen, { layers: true, errno: constants.errno.ENOMEM });
  },
  mode_filter_get_seccomp: () => {
    assert.deepEqual(
      child(`const before = s.status().mode; s.load(harmless); tell([before, s.status().mode]);`),
      ['disabled', 'filter'],
    );
  },
  ALLOW_all: () => {
    assert.match(call([allow], 'getpid'), made);
  },
  empty_prog: () => {
    assert.deepEqual(kernelVerdicts([[]]), [EINVAL]);
  },
  log_all: () => {
    assert.match(call([answer(scmp.SCMP_ACT_LOG)], 'getpid'), made);
  },
  unknown_ret_is_kill_inside: () => {
    assert.equal(call([only('getpid', 0x10000000)], 'getpid'), KILLED);
  },
  unknown_ret_is_kill_above_allow: () => {
    assert.equal(call([only('getpid', 0x90000000)], 'getpid'), KILLED);
  },
  KILL_all: () => {
    assert.equal(call([answer(scmp.SCMP_ACT_KILL_THREAD)], 'getpid'), KILLED);
  },
  KILL_one: () => {
    const filter = only('getpid', scmp.SCMP_ACT_KILL_THREAD);
    assert.match(call([filter], 'getppid'), made);
    assert.equal(call([filter], 'getpid'), KILLED);
  },
  KILL_one_arg_one: () => {
    const filter = onlyWith('getpgid', 0, 0x0c0ffee, scmp.SCMP_ACT_KILL_THREAD);
    assert.match(call([filter], 'getpgid', 0n), made);
    assert.equal(call([filter], 'getpgid', 0x0c0ffeen), KILLED);
  },
  KILL_one_arg_six: () => {
    const filter = onlyWith('mmap', 5, 0x0c0ffee, scmp.SCMP_ACT_KILL_THREAD);
    // No mapping has a length of nothing, so that the call fails where it is made.
    assert.equal(call([filter], 'mmap', 0n, 0n, 0n, 2n, 0n, 0n), `errno ${EINVAL}`);
    assert.equal(call([filter], 'mmap', 0n, 0n, 0n, 2n, 0n, 0x0c0ffeen), KILLED);
  },
  KILL_process: () => {
    assert.equal(call([only('getpid', scmp.SCMP_ACT_KILL_PROCESS)], 'getpid'), KILLED);
  },
  KILL_unknown: () => {
    assert.equal(call([only('getpid', 0x7fff0000 + 0x10000)], 'getpid'), KILLED);
  },
  arg_out_of_range: () => {
    assert.deepEqual(kernelVerdicts([[insn(BPF.LD_ABS, 64), ...allow]]), [EINVAL]);
  },
  ERRNO_valid: () => {
    assert.equal(call([only('getpid', scmp.SCMP_ACT_ERRNO(E2BIG))], 'getpid'), `errno ${E2BIG}`);
  },
  ERRNO_zero: () => {
    assert.equal(call([only('getpid', scmp.SCMP_ACT_ERRNO(0))], 'getpid'), 'value 0');
  },
  ERRNO_capped: () => {
    assert.equal(call([only('getpid', scmp.SCMP_ACT_ERRNO(4096))], 'getpid'), 'errno 4095');
  },
  ERRNO_order: () => {
    const filters = [12, 13, 14].map(errno => only('getpid', scmp.SCMP_ACT_ERRNO(errno)));
    assert.equal(call(filters, 'getpid'), 'errno 14', 'the newest filter decides between equals');
  },
  'TRAP.dfl': () => {
    assert.equal(call([only('getpid', scmp.SCMP_ACT_TRAP)], 'getpid'), KILLED);
  },
  'TRAP.handler': () => {
    const seen = child(`
      const violations = s.onViolation(() => undefined);
      s.load(s.compile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'getppid', action: 'SCMP_ACT_TRAP', errno: 'EXDEV' }] }), { force: true });
      const before = process.pid; process.ppid; tell(process.pid === before); violations.close();`);
    assert.equal(seen, true, 'the process lives on');
  },
  'precedence.allow_ok': () => {
    assert.match(layers('allow', 'log'), made);
  },
  'precedence.kill_is_highest': () => {
    assert.equal(layers('allow', 'log', 'trace', 'errno', 'trap', 'kill'), KILLED);
  },
  'precedence.kill_is_highest_in_any_order': () => {
    assert.equal(layers('errno', 'allow', 'kill', 'trace', 'trap', 'log'), KILLED);
  },
  'precedence.trap_is_second': () => {
    assert.equal(layers('allow', 'log', 'trace', 'errno', 'trap'), KILLED);
  },
  'precedence.trap_is_second_in_any_order': () => {
    assert.equal(layers('trap', 'allow', 'errno', 'log', 'trace'), KILLED);
  },
  'precedence.errno_is_third': () => {
    assert.equal(layers('allow', 'log', 'trace', 'errno'), `errno ${E2BIG}`);
  },
  'precedence.errno_is_third_in_any_order': () => {
    assert.equal(layers('log', 'errno', 'trace', 'allow'), `errno ${E2BIG}`);
  },
  'precedence.trace_is_fourth': () => {
    assert.match(layers('allow', 'log', 'trace'), /^trace 7 value /);
  },
  'precedence.trace_is_fourth_in_any_order': () => {
    assert.match(layers('trace', 'allow', 'log'), /^trace 7 value /);
  },
  'precedence.log_is_fifth': () => {
    assert.match(layers('allow', 'log'), made);
  },
  'precedence.log_is_fifth_in_any_order': () => {
    assert.match(layers('log', 'allow'), made);
  },
  'TRACE_poke.getpid_runs_normally': () => {
    assert.match(call([only('getppid', scmp.SCMP_ACT_TRACE(1))], 'getpid'), made);
  },
  'TRACE_syscall.syscall_allowed': () => {
    assert.match(layers('trace'), /^trace 7 value [1-9]/);
  },
  'TRACE_syscall.kill_immediate': () => {
    assert.equal(call([only('getpid', scmp.SCMP_ACT_KILL_THREAD)], 'getpid'), KILLED);
  },
  seccomp_syscall: () => {
    assert.deepEqual(
      child(
        `tell([8, 4097 * 8].map(length => { try { s.load(new Uint8Array(length).fill(255), { scope: 'thread' }); return 'loaded'; } catch (error) { return error.name; } }));`,
      ),
      ['ProgramError', 'ProgramError'],
    );
  },
  detect_seccomp_filter_flags: () => {
    const flags = child('tell(s.features().flags);') as string[];
    assert.ok(flags.includes('SECCOMP_FILTER_FLAG_TSYNC'), flags.join());
  },
  TSYNC_first: () => {
    assert.deepEqual(child(`tell(s.load(harmless).flags.includes('SECCOMP_FILTER_FLAG_TSYNC'));`), true);
  },
  'TSYNC.two_sibling_want_nnp': () => {
    assert.equal(
      child(
        `s.load(harmless); const fs = m('fs'); tell(fs.readdirSync('/proc/self/task').every(id => /NoNewPrivs:\\s*1/.test(fs.readFileSync('/proc/self/task/' + id + '/status', 'utf8'))));`,
      ),
      true,
    );
  },
  'TSYNC.two_siblings_with_ancestor': () => {
    assert.deepEqual(
      child(`s.load(harmless); s.load(harmless); tell(s.status().threads.every(t => t.filters === 2));`),
      true,
    );
  },
  'TSYNC.two_siblings_with_no_filter': () => {
    assert.deepEqual(child(`s.load(harmless); tell(s.status().threads.every(t => t.filters === 1));`), true);
  },
  get_action_avail: () => {
    const actions = child('tell(s.features().actions);') as string[];
    for (const name of ['ALLOW', 'ERRNO', 'TRAP', 'KILL_THREAD'])
      assert.ok(actions.includes(`SCMP_ACT_${name}`), actions.join());
  },
};

/** Cases that another test shows: its file, and words of its title. */
const ELSEWHERE: Readonly<Record<string, readonly [file: string, title: string]>> = {
  'TSYNC.two_siblings_with_one_divergence': ['process/load', 'names the worker whose own filter keeps it'],
  'TSYNC.two_siblings_with_one_divergence_no_tid_in_err': [
    'native/load',
    'says ESRCH where it is told not to',
  ],
  'TSYNC.two_siblings_not_under_filter': ['process/load', 'covers only the calling thread'],
  get_metadata: ['process/dump', 'with the flag that the kernel tells'],
  user_notification_basic: ['process/supervise', "['a number', () => ({ value: 42 })"],
  user_notification_with_tsync: ['process/load', 'gives the descriptor of a listener when asked'],
  user_notification_kill_in_middle: ['process/supervise', 'tells a handler that the caller has gone'],
  user_notification_closed_listener: ['process/supervise', 'leaves ENOSYS, and nobody who waits'],
  user_notification_continue: ['process/supervise', 'with leave to go on'],
  user_notification_filter_empty: ['process/supervise', 'ends with its process, be it idle or not'],
  user_notification_addfd: ['process/supervise', 'with a descriptor, '],
  user_notification_fault_recv: ['native/library', 'need a descriptor that has them'],
  seccomp_get_notif_sizes: ['native/addon', 'notificationSizes'],
};

/** Cases that no loader of filters can show. */
const NOT_OURS: Readonly<Record<string, string>> = {
  KILL_thread: 'a thread that ends alone, which no Node survives for sure',
  'TRAP.ign': 'a SIGSYS that is ignored, which the kernel delivers whoever loads the filter',
  user_ioctl_notification_filter_empty: 'an ioctl on a listener that nobody uses any more',
  kcmp: 'asks whether kcmp(2) is there',
  mode_strict_support: 'strict mode, which this package does not load',
  mode_strict_cannot_call_prctl: 'strict mode',
  mode_filter_cannot_move_to_strict: 'strict mode',
  seccomp_syscall_mode_lock: 'strict mode after a filter',
  negative_ENOSYS: 'number -1 without a filter',
  'TRACE_poke.read_has_side_effects': 'a tracer that writes memory',
  'TRACE_syscall.negative_ENOSYS': 'a tracer that changes numbers',
  'TRACE_syscall.syscall_redirected': 'a tracer that changes numbers',
  'TRACE_syscall.syscall_errno': 'a tracer that changes numbers',
  'TRACE_syscall.syscall_faked': 'a tracer that changes numbers',
  'TRACE_syscall.skip_after': 'a tracer that changes numbers',
  'TRACE_syscall.kill_after': 'a tracer that changes numbers',
  'TSYNC.siblings_fail_prctl': 'loads by prctl(2), which this package does not use',
  syscall_restart: 'restarts of calls that a tracer interrupts',
  filter_flag_log: 'the audit log, which a test cannot read everywhere',
  user_notification_signal: 'restarts of notified calls by signals, which are between kernel and caller',
  user_notification_child_pid_ns: 'process ids of another namespace, which the kernel translates',
  user_notification_sibling_pid_ns: 'process ids of another namespace, which the kernel translates',
  user_notification_filter_empty_threaded: 'when the kernel counts threads as gone',
  user_notification_addfd_rlimit: 'limits of the caller, which the kernel checks',
  user_notification_addfd_send_interrupted: 'a signal in the kernel between two steps',
  user_notification_sync: 'a scheduling hint of the kernel',
  'O_SUSPEND_SECCOMP.setoptions': 'PTRACE_O_SUSPEND_SECCOMP, for checkpoints',
  'O_SUSPEND_SECCOMP.seize': 'PTRACE_O_SUSPEND_SECCOMP, for checkpoints',
  user_notification_fifo: 'the order in which the kernel queues',
  user_notification_wait_killable_pre_notification: 'signals within the kernel',
  user_notification_wait_killable: 'signals within the kernel',
  user_notification_wait_killable_fatal: 'signals within the kernel',
  tsync_vs_dead_thread_leader: 'a process without its first thread, which Node never is',
};

/** Cases of Linux 6.12. */
const COUNT = 91;

describe("The kernel's own cases", () => {
  for (const [name, shows] of Object.entries(CASES)) it(name, shows);

  for (const [name, [file, title]] of Object.entries(ELSEWHERE)) {
    it(`${name} is shown by test/${file}.test.ts`, () => {
      const source = new URL(`../../../test/${file}.test.ts`, import.meta.url);
      assert.ok(readFileSync(source, 'utf8').includes(title), title);
    });
  }

  it('are all here or accounted for', () => {
    const names = [CASES, ELSEWHERE, NOT_OURS].flatMap(part => Object.keys(part));
    assert.equal(new Set(names).size, names.length);
    assert.equal(names.length, COUNT);
  });
});
