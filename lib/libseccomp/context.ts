// libseccomp's C API as it is, for code and knowledge that come from C: one method per function, memory handled.
import { didYouMeanCall, noSuchCall } from '../kernel/calls/suggest-call.js';
import { errnoName } from '../kernel/errno.js';
import { LibseccompError, UsageError, type SeccompError } from '../util/errors.js';
import {
  SCMP_FLTATR_ACT_BADARCH,
  SCMP_FLTATR_ACT_DEFAULT,
  SCMP_FLTATR_API_TSKIP,
} from '../kernel/constants.js';
import { isFailure, native, type ContextHandle, type Failure, type Notification } from '../native.js';
import { ContextRules, notProvable } from './context-rules.js';
import { tooMuchWork } from './limits.js';
import { decode } from '../bpf/program.js';
import { verify } from '../filter/prove/verify.js';
import { show } from '../util/show.js';
import { own, owned } from '../util/own.js';
import { ownElements } from '../util/own-elements.js';

/** A comparison of one argument, as `struct scmp_arg_cmp` has it. */
export interface Comparison {
  /** Index of the argument, 0 to 5; a rule compares each argument at most once. */
  readonly arg: number;
  /** `SCMP_CMP_*`. */
  readonly op: number;
  /** The value to compare with, or the mask of `SCMP_CMP_MASKED_EQ`. Unsigned 64 bits. */
  readonly a: bigint | number;
  /** The value of `SCMP_CMP_MASKED_EQ`. */
  readonly b?: bigint | number;
}

/** A system call by its name on the native architecture, or by its number there. */
export type Syscall = string | number;

export type { Notification };

/** The response to a notification. */
export interface NotificationResponse {
  /** That of the notification. */
  readonly id: bigint;
  /** What the call returns when `error` is 0. Signed 64 bits; 0 unless given. */
  readonly value?: bigint | number;
  /** A negative errno that the call fails with, 0 unless given. */
  readonly error?: number;
  /** 1 is `SECCOMP_USER_NOTIF_FLAG_CONTINUE`: make the call after all. Not a security decision: see seccomp_unotify(2). */
  readonly flags?: number;
}

/**
 * A filter under construction: `scmp_filter_ctx` with every function that takes one.
 *
 * Methods have the names of the C functions in camel case; the `_array` variants are the same methods here, since a
 * list can be spread. What fails throws LibseccompError with the C function's name and its errno, and UsageError where
 * an argument has the wrong type or range. Programs made here are libseccomp's own and not verified when they are exported
 * or loaded: call `verify` before.
 *
 * @example
 * const filter = new FilterContext(SCMP_ACT_ALLOW);
 * filter.ruleAdd(SCMP_ACT_ERRNO(EPERM), 'personality', { arg: 0, op: SCMP_CMP_NE, a: 0 });
 * const program = filter.exportBpf();
 * filter.close();
 */
export class FilterContext {
  readonly #handle: ContextHandle;
  #rules = new ContextRules();

  /**
   * seccomp_init(3): a filter for the native architecture whose every call gets the default action (`SCMP_ACT_*`).
   *
   * Fails with EINVAL for an action that is unknown, or that the running kernel does not have (see `apiSet`).
   */
  constructor(defaultAction: number) {
    this.#handle = value(native().contextInit(uint32('defaultAction', defaultAction)));
  }

  /**
   * seccomp_reset(3): drops all rules, architectures, attributes and transactions and begins again.
   *
   * `resetGlobalState` is the same function without a context.
   */
  reset(defaultAction: number): void {
    done(native().contextReset(this.#handle, uint32('defaultAction', defaultAction)));
    this.#rules = new ContextRules();
  }

  /**
   * seccomp_merge(3): takes over the architectures of another context, with their rules, and closes that one.
   *
   * Fails with EEXIST where both have an architecture, EDOM where their byte orders differ, EINVAL if the default
   * action, `SCMP_FLTATR_CTL_NNP` or `SCMP_FLTATR_CTL_TSYNC` differ. The other attributes stay those of this context.
   * After a failure both are as they were.
   */
  merge(source: FilterContext): void {
    const given: unknown = source;
    if (!(typeof given === 'object' && given !== null && #handle in given)) {
      throw new UsageError('bad-argument', 'source must be a FilterContext');
    }
    done(native().contextMerge(this.#handle, source.#handle));
    this.#rules.merged(source.#rules);
  }

  /** seccomp_arch_exist(3): whether the filter covers an architecture. `SCMP_ARCH_NATIVE` is this machine's. */
  archExist(arch: number): boolean {
    return value(native().contextArchExist(this.#handle, uint32('arch', arch)));
  }

  /**
   * seccomp_arch_add(3): covers one more architecture. Rules added before do not apply to it, rules added later do.
   *
   * Fails with EEXIST if it is there already, EDOM where its byte order differs, EINVAL for an unknown token.
   */
  archAdd(arch: number): void {
    done(native().contextArchAdd(this.#handle, uint32('arch', arch)));
    this.#rules.archAdded(arch);
  }

  /**
   * seccomp_arch_remove(3): drops an architecture with its rules. Calls of it get the bad-architecture action.
   *
   * Fails with EEXIST if it is not there. Most functions fail with EINVAL on a filter without architectures.
   */
  archRemove(arch: number): void {
    done(native().contextArchRemove(this.#handle, uint32('arch', arch)));
    this.#rules.archRemoved(arch);
  }

  /** seccomp_attr_get(3): the value of an `SCMP_FLTATR_*`. Fails with EINVAL for an unknown one. */
  attrGet(attribute: number): number {
    return value(native().contextAttrGet(this.#handle, uint32('attribute', attribute)));
  }

  /**
   * seccomp_attr_set(3): sets an `SCMP_FLTATR_*`.
   *
   * Fails with EACCES for `SCMP_FLTATR_ACT_DEFAULT`, which `reset` sets, EOPNOTSUPP for what the kernel or the library
   * does not have, EINVAL for an unknown attribute or action.
   */
  attrSet(attribute: number, setting: number): void {
    done(native().contextAttrSet(this.#handle, uint32('attribute', attribute), uint32('setting', setting)));
  }

  /**
   * seccomp_rule_add(3), seccomp_rule_add_array(3): an action for a call when every comparison holds, on all
   * architectures of the filter. Multiplexed calls (socketcall, ipc) get a rule too.
   *
   * Fails with EACCES where the action is the default one, EEXIST where another rule decides the same otherwise, EINVAL
   * for a bad call, action or comparison, EFAULT where an architecture does not know the call, E2BIG beyond 8,192 rules
   * or comparisons. A failure takes the filter back to where it was after the last rule: architectures added or removed
   * since are as they were then.
   *
   * libseccomp's work is bounded where several rules of one call compare several arguments each, unless all compare for
   * equality: every method of the filter then does its work in a child process first, with 1 s of processor time, and 4 s
   * until the next reset. Throws CompileError (`unsupported-by-libseccomp`) where that does not suffice: the filter
   * stays as it was.
   */
  ruleAdd(action: number, syscall: Syscall, ...comparisons: readonly Comparison[]): void {
    this.#ruleAdd(false, action, syscall, comparisons);
  }

  /**
   * seccomp_rule_add_exact(3), seccomp_rule_add_exact_array(3): as `ruleAdd`, but fails rather than alter the rule for
   * an architecture: with EOPNOTSUPP on a filter of several architectures, EINVAL or EDOM for a multiplexed call.
   */
  ruleAddExact(action: number, syscall: Syscall, ...comparisons: readonly Comparison[]): void {
    this.#ruleAdd(true, action, syscall, comparisons);
  }

  #ruleAdd(exact: boolean, action: number, syscall: Syscall, comparisons: readonly Comparison[]): void {
    const actionWord = uint32('action', action);
    const number = syscallNumber(syscall);
    const packed = packComparisons(comparisons);
    const failure = native().contextRuleAdd(this.#handle, exact, actionWord, number, packed);
    if (failure === undefined) this.#rules.ruleAdded(actionWord, number, packed);
    else if (tooMuchWork(failure) === undefined) this.#rules.ruleFailed();
    done(failure);
  }

  /**
   * seccomp_syscall_priority(3): a hint from 0 to 255; calls with a higher one are tested earlier in the program.
   * Without effect where `SCMP_FLTATR_CTL_OPTIMIZE` is 2.
   */
  syscallPriority(syscall: Syscall, priority: number): void {
    done(
      native().contextSyscallPriority(
        this.#handle,
        syscallNumber(syscall),
        integer('priority', priority, 0, 255),
      ),
    );
  }

  /**
   * seccomp_transaction_start(3): begins a transaction, which keeps the rules as they are now. Transactions nest, up to
   * 64 deep. Fails with EOPNOTSUPP in a build with libseccomp 2.5.
   */
  transactionStart(): void {
    done(native().contextTransactionStart(this.#handle));
    this.#rules.transactionStarted();
  }

  /**
   * seccomp_transaction_reject(3): goes back to the start of the transaction. Fails with EINVAL if none is open, a
   * case that libseccomp itself does not define.
   */
  transactionReject(): void {
    done(native().contextTransactionReject(this.#handle));
    this.#rules.transactionRejected();
  }

  /** seccomp_transaction_commit(3): ends the transaction and keeps its rules. Fails with EINVAL where none is open. */
  transactionCommit(): void {
    done(native().contextTransactionCommit(this.#handle));
    this.#rules.transactionCommitted();
  }

  /**
   * seccomp_precompute(3): makes the program now, so that `load` and `exportBpf` have it. Changes to the filter drop it.
   * Fails with EOPNOTSUPP in a build with libseccomp 2.5.
   */
  precompute(): void {
    done(native().contextPrecompute(this.#handle));
  }

  /**
   * seccomp_export_bpf(3), seccomp_export_bpf_mem(3): the program as the kernel takes it, an array of
   * `struct sock_filter`.
   *
   * Fails with E2BIG for a filter whose program would come near libseccomp's limit of 65,535 instructions; the kernel
   * takes 4,096.
   */
  exportBpf(): Buffer {
    const { buffer, byteOffset, byteLength } = value(native().contextExportBpf(this.#handle));
    return Buffer.from(buffer, byteOffset, byteLength);
  }

  /**
   * Proves that the program of `exportBpf` means what the rules say, for every number and every argument. Where rules
   * of different actions hold together, the most restrictive has to count.
   *
   * Throws VerificationError with a call on which they differ; CompileError (`not-provable`) for a context that does
   * not cover SCMP_ARCH_X86_64 or SCMP_ARCH_AARCH64, covers others than its 32-bit ABIs, has rules that
   * libseccomp rewrites on SCMP_ARCH_X86, or the attribute `SCMP_FLTATR_API_TSKIP`; and as `verify` and `exportBpf` do.
   */
  verify(): void {
    if (this.attrGet(SCMP_FLTATR_API_TSKIP) !== 0) throw notProvable('SCMP_FLTATR_API_TSKIP is set');
    const policy = this.#rules.policy(
      this.attrGet(SCMP_FLTATR_ACT_DEFAULT),
      this.attrGet(SCMP_FLTATR_ACT_BADARCH),
    );
    verify(
      decode(this.exportBpf()),
      policy,
      "Write the rules as a profile and compile it with codegen 'tree'",
    );
  }

  /** seccomp_export_pfc(3): the filter as pseudo code, for reading. */
  exportPfc(): string {
    return value(native().contextExportPfc(this.#handle));
  }

  /**
   * seccomp_load(3): enforces the filter on the calling thread, or on all where `SCMP_FLTATR_CTL_TSYNC` is set. There
   * is no way back. `load` of this package tells more about a failure and takes care of Node's threads.
   *
   * Fails with ECANCELED for every error of the kernel unless `SCMP_FLTATR_API_SYSRAWRC` is set, ESRCH where a thread
   * could not take the filter.
   */
  load(): void {
    done(native().contextLoad(this.#handle));
  }

  /**
   * seccomp_notify_fd(3): the descriptor that a loaded filter with `SCMP_ACT_NOTIFY` sends its notifications to.
   * There is one for the process, whichever context was loaded, and libseccomp owns it. Fails with EFAULT where no such
   * filter was loaded.
   */
  notifyFd(): number {
    return value(native().contextNotifyFd(this.#handle));
  }

  /**
   * seccomp_release(3): frees the filter; a loaded one stays in force. Later calls fail with EBADF, a second `close`
   * does nothing. A context that is not closed is freed when it is collected.
   */
  close(): void {
    native().contextRelease(this.#handle);
  }

  /** `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** seccomp_version(3): the libseccomp that the add-on is linked with. */
export const version = (): {
  /** 2 of 2.6.0. */
  readonly major: number;
  /** 6 of 2.6.0. */
  readonly minor: number;
  /** 0 of 2.6.0. */
  readonly micro: number;
} => native().version();

/** seccomp_api_get(3): what libseccomp can do on the running kernel, 1 to 7; asked once and kept. */
export const apiGet = (): number => native().apiGet();

/** seccomp_api_set(3): overrides that, for the whole process. Fails with EINVAL outside of 1 to 7. */
export function apiSet(level: number): void {
  done(native().apiSet(uint32('level', level)));
}

/**
 * seccomp_reset(3) without a context: forgets what the kernel was asked, asks again, and closes the descriptor of
 * `notifyFd`, after which a load gives a new one.
 */
export function resetGlobalState(): void {
  done(native().globalReset());
}

/** seccomp_arch_native(3): the `SCMP_ARCH_*` of this machine. */
export const archNative = (): number => native().archNative();

/** seccomp_arch_resolve_name(3): the `SCMP_ARCH_*` of libseccomp's name for it (`x86_64`), undefined for an unknown one. */
export const archResolveName = (name: string): number | undefined =>
  native().archResolveName(text('name', name)) || undefined;

/** seccomp_syscall_resolve_num_arch(3): the name of a call, undefined if the architecture has none of that number. */
export const syscallResolveNumArch = (arch: number, number: number): string | undefined =>
  native().syscallResolveNumArch(uint32('arch', arch), int32('number', number));

/**
 * seccomp_syscall_resolve_name_arch(3): the number of a call on an architecture; a negative pseudo number, -100 and
 * below, where it has no number of its own there, and `__NR_SCMP_ERROR` for a name that is unknown.
 */
export const syscallResolveNameArch = (arch: number, name: string): number =>
  native().syscallResolveNameArch(uint32('arch', arch), text('name', name));

/** seccomp_syscall_resolve_name_rewrite(3): the same, but a multiplexed call gives the number of its multiplexer. */
export const syscallResolveNameRewrite = (arch: number, name: string): number =>
  native().syscallResolveNameRewrite(uint32('arch', arch), text('name', name));

/** seccomp_syscall_resolve_name(3): the same as `syscallResolveNameArch` on the native architecture. */
export const syscallResolveName = (name: string): number => native().syscallResolveName(text('name', name));

/**
 * seccomp_notify_receive(3): waits for a call that a filter with `SCMP_ACT_NOTIFY` holds. Blocks the thread: poll the
 * descriptor first. Fails with ENOENT where the caller died meanwhile, EINTR on a signal.
 *
 * seccomp_notify_alloc(3) and seccomp_notify_free(3) are used within.
 */
export const notifyReceive = (descriptor: number): Notification =>
  value(native().notifyReceive(int32('descriptor', descriptor)));

/** seccomp_notify_respond(3): responds to a notification. Fails with ENOENT if the caller no longer waits. */
export function notifyRespond(descriptor: number, response: NotificationResponse): void {
  const { id, value: returned = 0n, error = 0, flags = 0 } = owned(response);
  done(
    native().notifyRespond(
      int32('descriptor', descriptor),
      uint64('id', id),
      int64('value', returned),
      int32('error', error),
      uint32('flags', flags),
    ),
  );
}

/**
 * seccomp_notify_id_valid(3): whether the caller of a notification still waits. Ask after opening anything by its pid,
 * which may have been given to another process, and before trusting what was read there.
 */
export function notifyIdValid(descriptor: number, id: bigint): boolean {
  const answer = native().notifyIdValid(int32('descriptor', descriptor), uint64('id', id));
  if (answer !== undefined && errnoName(answer.errno) === 'ENOENT') return false;
  done(answer);
  return true;
}

/** The names that no architecture has fail here: libseccomp would take `__NR_SCMP_ERROR` for a call. */
function syscallNumber(syscall: Syscall): number {
  if (typeof syscall !== 'string') return int32('syscall', syscall);
  const number = native().syscallResolveName(text('syscall', syscall));
  if (number === UNKNOWN_NAME) {
    throw new UsageError('unknown-syscall', noSuchCall(syscall), didYouMeanCall(syscall));
  }
  return number;
}

const UNKNOWN_NAME = -1;

function packComparisons(comparisons: readonly Comparison[]): BigUint64Array {
  return BigUint64Array.from(
    ownElements(comparisons).flatMap(comparison => {
      const { arg, op, a, b = 0n } = owned(comparison);
      return [BigInt(uint32('arg', arg)), BigInt(uint32('op', op)), uint64('a', a), uint64('b', b)];
    }),
  );
}

const REMEDIES: Readonly<Record<string, string>> = {
  EBADF: 'The context was closed, or merged into another one',
  E2BIG: 'The kernel accepts 4,096 instructions: a filter needs far fewer rules',
};

const failed = (failure: Failure): SeccompError =>
  tooMuchWork(failure) ??
  new LibseccompError(
    failure.failed,
    failure.errno,
    errnoName(failure.errno),
    own(REMEDIES, errnoName(failure.errno)),
  );

function done(answer: Failure | undefined): void {
  if (answer !== undefined) throw failed(answer);
}

function value<Value>(answer: Value | Failure): Value {
  if (isFailure(answer)) throw failed(answer);
  return answer;
}

function integer(name: string, given: number, least: number, most: number): number {
  if (!Number.isInteger(given) || given < least || given > most) {
    throw new UsageError(
      'bad-argument',
      `${name} must be an integer from ${least} to ${most}, not ${show(given)}`,
    );
  }
  return given;
}

const uint32 = (name: string, given: number): number => integer(name, given, 0, 0xffffffff);

const int32 = (name: string, given: number): number => integer(name, given, -0x80000000, 0x7fffffff);

function bits64(name: string, given: bigint | number, least: bigint, most: bigint): bigint {
  const exact = typeof given === 'bigint' || Number.isSafeInteger(given);
  const number = exact ? BigInt(given) : undefined;
  if (number === undefined || number < least || number > most) {
    throw new UsageError(
      'bad-argument',
      `${name} must be an integer from ${least} to ${most}, not ${show(given)}`,
      'Pass numbers above 2^53 as a bigint, and negative ones as BigInt.asUintN(64, -1n)',
    );
  }
  return number;
}

const uint64 = (name: string, given: bigint | number): bigint => bits64(name, given, 0n, 2n ** 64n - 1n);

const int64 = (name: string, given: bigint | number): bigint =>
  bits64(name, given, -(2n ** 63n), 2n ** 63n - 1n);

function text(name: string, given: string): string {
  if (typeof given !== 'string' || given.includes('\0')) {
    throw new UsageError('bad-argument', `${name} must be a string without NUL, not ${show(given)}`);
  }
  return given;
}
