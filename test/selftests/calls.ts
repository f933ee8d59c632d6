// Selftests about one call in one thread, which a small program makes under the filters of the test.
import assert from 'node:assert/strict';
import { encode, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import * as scmp from '#lib/kernel/constants.js';
import { answering } from '../support/answering.js';
import { NATIVE, nativeAudit as audit, numberOf } from '../support/native.js';
import { inChild, told } from '../support/child.js';
import { kernelCall, kernelVerdicts } from '../support/kernel.js';
import type { Case } from './selftest-names.js';

const E2BIG = 7;
const EFAULT = 14;
const EINVAL = 22;
const ENOSYS = 38;

const PR_GET_SECCOMP = 21n;
const PR_SET_SECCOMP = 22n;
const MODE_STRICT = 1n;
const SET_MODE_STRICT = 0n;
const SET_MODE_FILTER = 1n;
const NEW_LISTENER = 8n;
const ALL_BITS = 0xffffffffn;

/** A program of one instruction, with the same action for every call. */
const always = (k: number): Program => [{ code: BPF.RET_K, jt: 0, jf: 0, k }];
const allow = always(scmp.SCMP_ACT_ALLOW);

/** The result of a call under filters, the oldest first. */
const call = (filters: readonly Program[], name: string, ...args: readonly bigint[]): string =>
  kernelCall(filters, { arch: audit, syscall: numberOf(name), args });

const KILLED = 'signal 31';

/** Checks the results of getpid and getppid under filters with these actions for getpid, the oldest first. */
function withActions(actions: readonly number[], getpid: RegExp): () => void {
  return () => {
    const filters = actions.map(action => answering('getpid', action));
    assert.match(call(filters, 'getpid'), getpid);
    assert.match(call(filters, 'getppid'), /^value \d+$/);
  };
}

/** Checks a filter that kills only if an argument has a certain value. */
function killsByArgument(name: string, arg: number, rest: readonly bigint[]): () => void {
  const value = 0x0c0ffeen;
  const filters = [
    answering(name, scmp.SCMP_ACT_ALLOW, [
      { conditions: [{ op: 'SCMP_CMP_EQ', arg, width: 64, value }], action: scmp.SCMP_ACT_KILL_THREAD },
    ]),
  ];
  return () => {
    assert.equal(call(filters, name, ...rest.with(arg, value)), KILLED);
    assert.doesNotMatch(call(filters, name, ...rest), /signal/);
  };
}

const { ALLOW, LOG, KILL, TRAP } = {
  ALLOW: scmp.SCMP_ACT_ALLOW,
  LOG: scmp.SCMP_ACT_LOG,
  KILL: scmp.SCMP_ACT_KILL_THREAD,
  TRAP: scmp.SCMP_ACT_TRAP,
};
const TRACE = scmp.SCMP_ACT_TRACE(5);
const ERRNO = scmp.SCMP_ACT_ERRNO(0);

const WORKS = /^value \d+$/;
const FAKED = /^value 0$/;
const TRACED = /^trace 5 value \d+$/;
const DIES = /^signal 31$/;

/** The code of the error from loading bytes in a separate process. */
const refusal = (bytes: string): string =>
  told<string>(inChild(`try { s.load(${bytes}); tell('loaded'); } catch ({ code }) { tell(code); }`));

export const CALLS: Readonly<Record<string, Case>> = {
  no_new_privs_support() {
    assert.equal(told(inChild(`s.load(harmless); tell(s.status().noNewPrivs);`)), true);
  },
  mode_filter_support() {
    assert.equal(call([], 'prctl', PR_SET_SECCOMP, 2n, 0n), `errno ${EFAULT}`);
    assert.equal(told(inChild(`tell(s.features().filter);`)), true);
  },
  mode_filter_without_nnp() {
    // Runs as nobody, who has no capabilities.
    const code = told(
      inChild(`
        if (process.getuid() === 0) process.setuid(65534);
        try { s.load(harmless, { noNewPrivs: false }); tell('loaded'); } catch ({ code }) { tell(code); }`),
    );
    assert.equal(code, 'no-new-privs-required');
  },
  filter_size_limits() {
    const [most = -1, more = -1] = kernelVerdicts(
      [4096, 4097].map(length => Array(length).fill(allow[0]) as Program),
    );
    assert.deepEqual([most, more], [0, EINVAL]);
    const allows = `Buffer.from('060000000000ff7f', 'hex')`;
    assert.equal(refusal(`Buffer.concat(Array(4096).fill(${allows}))`), 'loaded');
    assert.equal(refusal(`Buffer.concat(Array(4097).fill(${allows}))`), 'bad-program-size');
  },
  filter_chain_limits() {
    const { code, layers } = told<{ code: string; layers: number }>(
      inChild(`
        const longest = Buffer.concat(Array(4096).fill(Buffer.from('060000000000ff7f', 'hex')));
        let layers = 0;
        try { for (;; layers++) s.load(longest); } catch ({ code }) { tell({ code, layers }); }`),
    );
    assert.equal(code, 'chain-too-long');
    assert.ok(layers > 0);
  },
  mode_filter_cannot_move_to_strict() {
    assert.equal(call([allow], 'prctl', PR_SET_SECCOMP, MODE_STRICT), `errno ${EINVAL}`);
  },
  mode_filter_get_seccomp() {
    assert.equal(call([], 'prctl', PR_GET_SECCOMP), 'value 0');
    assert.equal(call([allow], 'prctl', PR_GET_SECCOMP), 'value 2');
  },
  ALLOW_all() {
    assert.match(call([allow], 'getppid'), WORKS);
  },
  empty_prog() {
    assert.deepEqual(kernelVerdicts([[]]), [EINVAL]);
    assert.equal(refusal('Buffer.alloc(0)'), 'bad-program-size');
  },
  log_all() {
    assert.match(call([always(LOG)], 'getppid'), WORKS);
  },
  unknown_ret_is_kill_inside() {
    assert.equal(call([always(0x10000000)], 'getpid'), KILLED);
  },
  unknown_ret_is_kill_above_allow() {
    assert.equal(call([always(0x90000000)], 'getpid'), KILLED);
  },
  KILL_all() {
    assert.equal(call([always(KILL)], 'getpid'), KILLED);
  },
  KILL_one: withActions([KILL], DIES),
  KILL_one_arg_one: killsByArgument('times', 0, [0n, 0n, 0n, 0n, 0n, 0n]),
  KILL_one_arg_six: killsByArgument('mmap', 5, [0n, 4096n, 1n, 2n, 0n, 4096n]),
  arg_out_of_range() {
    const program: Program = [{ code: BPF.LD_ABS, jt: 0, jf: 0, k: 64 }, ...allow];
    assert.deepEqual(kernelVerdicts([program]), [EINVAL]);
    assert.equal(refusal(`Buffer.from('${encode(program).toString('hex')}', 'hex')`), 'bad-program');
  },
  ERRNO_valid() {
    assert.equal(call([answering('read', scmp.SCMP_ACT_ERRNO(E2BIG))], 'read'), `errno ${E2BIG}`);
  },
  ERRNO_zero() {
    assert.equal(call([answering('read', scmp.SCMP_ACT_ERRNO(0))], 'read', ALL_BITS), 'value 0');
  },
  ERRNO_capped() {
    assert.equal(call([answering('read', scmp.SCMP_ACT_ERRNO(4096))], 'read'), 'errno 4095');
  },
  ERRNO_order() {
    const filters = [11, 13, 12].map(errno => answering('read', scmp.SCMP_ACT_ERRNO(errno)));
    assert.equal(call(filters, 'read'), 'errno 12');
  },
  'TRAP.dfl': withActions([TRAP], DIES),
  'TRAP.handler'() {
    const [event] = told<{ syscall: string; abi: string; instructionPointer: string }[]>(
      inChild(`
        const events = [];
        const violations = s.onViolation(event => events.push(event));
        s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'getppid', action: 'SCMP_ACT_TRAP' }] }, { violations });
        void process.ppid;
        await until(() => events.length > 0);
        tell(events.map(({ syscall, abi, instructionPointer }) => ({ syscall, abi, instructionPointer })));`),
    );
    assert.equal(event?.syscall, 'getppid');
    assert.equal(event.abi, NATIVE);
    assert.notEqual(event.instructionPointer, '0');
  },
  'precedence.allow_ok': withActions([ALLOW, LOG, TRACE, ERRNO, TRAP, KILL], DIES),
  'precedence.kill_is_highest': withActions([ALLOW, LOG, TRACE, ERRNO, TRAP, KILL], DIES),
  'precedence.kill_is_highest_in_any_order': withActions([ALLOW, KILL, ERRNO, LOG, TRACE, TRAP], DIES),
  'precedence.trap_is_second': withActions([ALLOW, LOG, TRACE, ERRNO, TRAP], DIES),
  'precedence.trap_is_second_in_any_order': withActions([ALLOW, TRAP, LOG, TRACE, ERRNO], DIES),
  'precedence.errno_is_third': withActions([ALLOW, LOG, TRACE, ERRNO], FAKED),
  'precedence.errno_is_third_in_any_order': withActions([LOG, ERRNO, TRACE, ALLOW], FAKED),
  'precedence.trace_is_fourth': withActions([ALLOW, LOG, TRACE], TRACED),
  'precedence.trace_is_fourth_in_any_order': withActions([TRACE, ALLOW, LOG], TRACED),
  'precedence.log_is_fifth': withActions([ALLOW, LOG], WORKS),
  'precedence.log_is_fifth_in_any_order': withActions([LOG, ALLOW], WORKS),
  negative_ENOSYS() {
    for (const syscall of [0xffffffff, 0xffffff9b]) {
      assert.equal(kernelCall([], { arch: audit, syscall }), `errno ${ENOSYS}`);
    }
  },
  'TRACE_syscall.negative_ENOSYS'() {
    for (const syscall of [0xffffffff, 0xffffff9b]) {
      assert.equal(kernelCall([answering('getppid', TRACE)], { arch: audit, syscall }), `errno ${ENOSYS}`);
    }
  },
  'TRACE_syscall.syscall_allowed'() {
    assert.match(call([answering('getppid', TRACE)], 'getppid'), TRACED);
  },
  'TRACE_syscall.kill_immediate'() {
    assert.equal(
      call([answering('mknodat', TRACE), answering('mknodat', KILL)], 'mknodat', ALL_BITS),
      KILLED,
    );
  },
  seccomp_syscall() {
    const program = 1n;
    assert.equal(call([], 'seccomp', ALL_BITS, 0n, program), `errno ${EINVAL}`);
    assert.equal(call([], 'seccomp', SET_MODE_STRICT, ALL_BITS), `errno ${EINVAL}`);
    assert.equal(call([], 'seccomp', SET_MODE_STRICT, 0n, program), `errno ${EINVAL}`);
    assert.equal(call([], 'seccomp', SET_MODE_FILTER, ALL_BITS, program), `errno ${EINVAL}`);
    assert.equal(call([], 'seccomp', SET_MODE_FILTER, 0n, 0n), `errno ${EFAULT}`);
  },
  seccomp_syscall_mode_lock() {
    assert.equal(call([allow], 'prctl', PR_SET_SECCOMP, MODE_STRICT), `errno ${EINVAL}`);
    assert.equal(call([allow], 'seccomp', SET_MODE_STRICT), `errno ${EINVAL}`);
  },
  detect_seccomp_filter_flags() {
    const known = told<string[]>(inChild(`tell(s.features().flags);`));
    const bits = ['TSYNC', 'LOG', 'SPEC_ALLOW', 'NEW_LISTENER', 'TSYNC_ESRCH', 'WAIT_KILLABLE_RECV'];
    bits.forEach((name, bit) => {
      // The kernel accepts the last flag only together with a listener.
      const flags = (1n << BigInt(bit)) | (name === 'WAIT_KILLABLE_RECV' ? NEW_LISTENER : 0n);
      const answer = call([], 'seccomp', SET_MODE_FILTER, flags, 0n);
      const isKnown = known.includes(`SECCOMP_FILTER_FLAG_${name}`);
      assert.equal(answer, `errno ${isKnown ? EFAULT : EINVAL}`, name);
    });
    assert.equal(call([], 'seccomp', SET_MODE_FILTER, 1n << 31n, 0n), `errno ${EINVAL}`);
  },
  filter_flag_log() {
    assert.deepEqual(told(inChild(`tell(s.load(harmless, { scope: 'thread', log: true }).flags);`)), [
      'SECCOMP_FILTER_FLAG_LOG',
    ]);
  },
  get_action_avail() {
    const actions = told<string[]>(inChild(`tell(s.features().actions);`));
    const wanted = ['KILL_PROCESS', 'KILL_THREAD', 'TRAP', 'ERRNO', 'TRACE', 'LOG', 'ALLOW'];
    assert.deepEqual(
      wanted.filter(name => !actions.includes(`SCMP_ACT_${name}`)),
      [],
    );
  },
  seccomp_get_notif_sizes() {
    assert.deepEqual(told(inChild(`tell(s.features().notificationSizes);`)), {
      notification: 80,
      response: 24,
      data: 64,
    });
  },
};
