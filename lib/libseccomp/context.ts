// libseccomp's C API for code and knowledge that come from C: one method per function, with automatic memory
// management.
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

/** A comparison of one argument, like `struct scmp_arg_cmp`. */
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

/** A system call by name, or by its number on the native architecture. */
export type Syscall = string | number;

export type { Notification };

/** The response to a notification. */
export interface NotificationResponse {
  /** The id of the notification. */
  readonly id: bigint;
  /** The return value of the call if `error` is 0. Signed 64 bits; default: 0. */
  readonly value?: bigint | number;
  /** The negative errno with which the call fails. Default: 0. */
  readonly error?: number;
  /**
   * 0, or 1 (`SECCOMP_USER_NOTIF_FLAG_CONTINUE`) to execute the call after all. Not a security mechanism: see
   * seccomp_unotify(2).
   */
  readonly flags?: number;
}

/**
 * A filter under construction: `scmp_filter_ctx` with every function that takes one.
 *
 * Methods have the names of the C functions in camel case. The `_array` variants are the same methods, because a list can
 * be spread. Failures throw LibseccompError with the C function's name and its errno, or UsageError if an argument has the
 * wrong type or range. Programs made here are libseccomp's own and are not verified when they are exported or loaded: call
 * `verify` first.
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
   * seccomp_init(3): creates a filter for the native architecture with a default action (`SCMP_ACT_*`) and no rules.
   *
   * Fails with EINVAL for an action that is unknown, or that the running kernel does not support (see `apiSet`).
   */
  constructor(defaultAction: number) {
    this.#handle = value(native().contextInit(uint32('defaultAction', defaultAction)));
  }

  /**
   * seccomp_reset(3): drops all rules, architectures, attributes and transactions.
   *
   * `resetGlobalState` is the same function without a context.
   */
  reset(defaultAction: number): void {
    done(native().contextReset(this.#handle, uint32('defaultAction', defaultAction)));
    this.#rules = new ContextRules();
  }

  /**
   * seccomp_merge(3): moves the architectures of another context, with their rules, to this one, and closes the other
   * one.
   *
   * Fails with EEXIST if both have an architecture, EDOM if their byte orders differ, EINVAL if the default action,
   * `SCMP_FLTATR_CTL_NNP` or `SCMP_FLTATR_CTL_TSYNC` differ. All other attributes stay those of this context. On
   * failure, neither changes.
   */
  merge(source: FilterContext): void {
    const given: unknown = source;
    if (!(typeof given === 'object' && given !== null && #handle in given)) {
      throw new UsageError('bad-argument', 'source must be a FilterContext');
    }
    done(native().contextMerge(this.#handle, source.#handle));
    this.#rules.merged(source.#rules);
  }

  /** seccomp_arch_exist(3): whether the filter covers an architecture. `SCMP_ARCH_NATIVE` is that of this machine. */
  archExist(arch: number): boolean {
    return value(native().contextArchExist(this.#handle, uint32('arch', arch)));
  }

  /**
   * seccomp_arch_add(3): covers one more architecture. Only rules that are added later apply to it.
   *
   * Fails with EEXIST if it is covered already, EDOM if its byte order differs, EINVAL for an unknown token.
   */
  archAdd(arch: number): void {
    done(native().contextArchAdd(this.#handle, uint32('arch', arch)));
    this.#rules.archAdded(arch);
  }

  /**
   * seccomp_arch_remove(3): drops an architecture with its rules. Its calls then have the bad-architecture action.
   *
   * Fails with EEXIST if it is not covered. Most functions fail with EINVAL on a filter without architectures.
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
   * Fails with EACCES for `SCMP_FLTATR_ACT_DEFAULT`, which `reset` sets, EOPNOTSUPP if the kernel or the library does
   * not support it, EINVAL for an unknown attribute or action.
   */
  attrSet(attribute: number, setting: number): void {
    done(native().contextAttrSet(this.#handle, uint32('attribute', attribute), uint32('setting', setting)));
  }

  /**
   * seccomp_rule_add(3), seccomp_rule_add_array(3): sets the action for a call if all comparisons hold, on all
   * architectures of the filter. Multiplexed calls (socketcall, ipc) get a rule too.
   *
   * Fails with EACCES if the action is the default action, EEXIST if another rule has a different action for the same
   * comparisons, EINVAL for an invalid call, action or comparison, EFAULT if an architecture does not have the call,
   * E2BIG beyond 8,192 rules or comparisons. On failure, the filter returns to its state after the last rule, which
   * undoes later additions and removals of architectures.
   *
   * libseccomp's work is limited if several rules of one call compare several arguments each, unless all of them test for
   * equality: every method of the filter then does its work in a child process first, with 1 s of processor time, and 4 s
   * until the next reset. Throws CompileError (`unsupported-by-libseccomp`) if that does not suffice; the filter then
   * stays unchanged.
   */
  ruleAdd(action: number, syscall: Syscall, ...comparisons: readonly Comparison[]): void {
    this.#ruleAdd(false, action, syscall, comparisons);
  }

  /**
   * seccomp_rule_add_exact(3), seccomp_rule_add_exact_array(3): as `ruleAdd`, but fails instead of changing the rule
   * for an architecture: with EOPNOTSUPP on a filter with several architectures, EINVAL or EDOM for a multiplexed call.
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
   * seccomp_syscall_priority(3): a hint from 0 to 255. Calls with a higher priority are tested earlier in the program.
   * Has no effect if `SCMP_FLTATR_CTL_OPTIMIZE` is 2.
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
   * seccomp_transaction_start(3): starts a transaction, which saves the current rules. Transactions nest, up to 64
   * deep. Fails with EOPNOTSUPP in a build with libseccomp 2.5.
   */
  transactionStart(): void {
    done(native().contextTransactionStart(this.#handle));
    this.#rules.transactionStarted();
  }

  /**
   * seccomp_transaction_reject(3): restores the rules from the start of the transaction. Fails with EINVAL if no
   * transaction is open, a case that libseccomp itself does not define.
   */
  transactionReject(): void {
    done(native().contextTransactionReject(this.#handle));
    this.#rules.transactionRejected();
  }

  /**
   * seccomp_transaction_commit(3): ends the transaction and keeps its rules. Fails with EINVAL if no transaction is
   * open.
   */
  transactionCommit(): void {
    done(native().contextTransactionCommit(this.#handle));
    this.#rules.transactionCommitted();
  }

  /**
   * seccomp_precompute(3): generates the program now, for later calls of `load` and `exportBpf`. Changes to the filter
   * discard it. Fails with EOPNOTSUPP in a build with libseccomp 2.5.
   */
  precompute(): void {
    done(native().contextPrecompute(this.#handle));
  }

  /**
   * seccomp_export_bpf(3), seccomp_export_bpf_mem(3): returns the program in the kernel's format, an array of `struct
   * sock_filter`.
   *
   * Fails with E2BIG for a filter whose program would approach libseccomp's limit of 65,535 instructions; the kernel
   * accepts 4,096.
   */
  exportBpf(): Buffer {
    const { buffer, byteOffset, byteLength } = value(native().contextExportBpf(this.#handle));
    return Buffer.from(buffer, byteOffset, byteLength);
  }

  /**
   * Proves that the program of `exportBpf` implements the rules, for every number and every argument. If several rules
   * match, the most restrictive action must apply.
   *
   * Throws VerificationError with a call for which they differ; CompileError (`not-provable`) for a context that does
   * not cover SCMP_ARCH_X86_64 or SCMP_ARCH_AARCH64, covers ABIs other than its 32-bit ones, has rules that libseccomp
   * rewrites on SCMP_ARCH_X86, or the attribute `SCMP_FLTATR_API_TSKIP`; and as `verify` and `exportBpf` do.
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

  /** seccomp_export_pfc(3): the filter as readable pseudo filter code. */
  exportPfc(): string {
    return value(native().contextExportPfc(this.#handle));
  }

  /**
   * seccomp_load(3): enforces the filter on the calling thread, or on all threads if `SCMP_FLTATR_CTL_TSYNC` is set. It
   * cannot be removed. The function `load` of this package reports failures in more detail and takes care of Node's
   * threads.
   *
   * Fails with ECANCELED for every error of the kernel unless `SCMP_FLTATR_API_SYSRAWRC` is set, and with ESRCH if a
   * thread could not adopt the filter.
   */
  load(): void {
    done(native().contextLoad(this.#handle));
  }

  /**
   * seccomp_notify_fd(3): the descriptor for notifications of a loaded filter with `SCMP_ACT_NOTIFY`. The process has
   * only one, whichever context was loaded, and libseccomp owns it. Fails with EFAULT if no such filter was loaded.
   */
  notifyFd(): number {
    return value(native().contextNotifyFd(this.#handle));
  }

  /**
   * seccomp_release(3): frees the filter; a loaded one stays in force. Later calls fail with EBADF; closing again has
   * no effect. A context that is not closed is freed by garbage collection.
   */
  close(): void {
    native().contextRelease(this.#handle);
  }

  /** Calls `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** seccomp_version(3): the version of libseccomp in the add-on. */
export const version = (): {
  /** 2 of 2.6.0. */
  readonly major: number;
  /** 6 of 2.6.0. */
  readonly minor: number;
  /** 0 of 2.6.0. */
  readonly micro: number;
} => native().version();

/** seccomp_api_get(3): libseccomp's API level on the running kernel, 1 to 7; probed once. */
export const apiGet = (): number => native().apiGet();

/** seccomp_api_set(3): overrides the API level for the whole process. Fails with EINVAL outside of 1 to 7. */
export function apiSet(level: number): void {
  done(native().apiSet(uint32('level', level)));
}

/**
 * seccomp_reset(3) without a context: forgets the results of probing the kernel, probes again, and closes the
 * descriptor of `notifyFd`; the next load opens a new one.
 */
export function resetGlobalState(): void {
  done(native().globalReset());
}

/** seccomp_arch_native(3): the `SCMP_ARCH_*` of this machine. */
export const archNative = (): number => native().archNative();

/** seccomp_arch_resolve_name(3): the `SCMP_ARCH_*` for libseccomp's name (`x86_64`); undefined for an unknown name. */
export const archResolveName = (name: string): number | undefined =>
  native().archResolveName(text('name', name)) || undefined;

/**
 * seccomp_syscall_resolve_num_arch(3): the name of a call; undefined if the architecture has no call with this number.
 */
export const syscallResolveNumArch = (arch: number, number: number): string | undefined =>
  native().syscallResolveNumArch(uint32('arch', arch), int32('number', number));

/**
 * seccomp_syscall_resolve_name_arch(3): the number of a call on an architecture; a negative pseudo number, -100 or
 * lower, if it has no number there, and `__NR_SCMP_ERROR` for an unknown name.
 */
export const syscallResolveNameArch = (arch: number, name: string): number =>
  native().syscallResolveNameArch(uint32('arch', arch), text('name', name));

/**
 * seccomp_syscall_resolve_name_rewrite(3): as `syscallResolveNameArch`, but returns the multiplexer's number for a
 * multiplexed call.
 */
export const syscallResolveNameRewrite = (arch: number, name: string): number =>
  native().syscallResolveNameRewrite(uint32('arch', arch), text('name', name));

/** seccomp_syscall_resolve_name(3): the same as `syscallResolveNameArch` on the native architecture. */
export const syscallResolveName = (name: string): number => native().syscallResolveName(text('name', name));

/**
 * seccomp_notify_receive(3): waits for a call that a filter with `SCMP_ACT_NOTIFY` holds. Blocks the thread: poll the
 * descriptor first. Fails with ENOENT if the caller has died, EINTR on a signal.
 *
 * Calls seccomp_notify_alloc(3) and seccomp_notify_free(3) internally.
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
 * seccomp_notify_id_valid(3): whether the caller of a notification is still waiting. Call it after opening anything by
 * pid, because another process may have the pid now, and before trusting data that was read there.
 */
export function notifyIdValid(descriptor: number, id: bigint): boolean {
  const answer = native().notifyIdValid(int32('descriptor', descriptor), uint64('id', id));
  if (answer !== undefined && errnoName(answer.errno) === 'ENOENT') return false;
  done(answer);
  return true;
}

/** Rejects unknown names, because libseccomp would take `__NR_SCMP_ERROR` for a call. */
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
