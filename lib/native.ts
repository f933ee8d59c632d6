// The only file that touches the .node file: finds it, loads it, and types its exports.
import { errnoName } from './kernel/errno.js';
import { fs, host } from './util/builtins.js';
import { UnsupportedError } from './util/errors.js';
import { packageFile } from './package-files.js';
import { own } from './util/own.js';

/** Opaque owner of a `scmp_filter_ctx`. */
export type ContextHandle = { readonly __context: unique symbol };

/** Owner of a watched descriptor. */
export type WatchHandle = { readonly __watch: unique symbol };

/** A C function that failed: its name and a positive errno. */
export interface Failure {
  readonly failed: string;
  readonly errno: number;
}

/** What `loadFilter` and `loadAndExec` return when the kernel refused a call. */
export interface LoadFailure extends Failure {
  /** The thread that could not adopt the filter (TSYNC), or 0. */
  readonly threadId: number;
  readonly threadName: string;
}

export interface Probe {
  /** Release of the running kernel, e.g. `6.1.0-18-amd64`. */
  readonly release: string;
  /** seccomp(2) exists and knows filters. */
  readonly filter: boolean;
  /** The names of the `SCMP_ACT_*` actions that the kernel supports. */
  readonly actions: readonly string[];
  /** `SECCOMP_FILTER_FLAG_*` names that the kernel accepts. */
  readonly flags: readonly string[];
  /** Sizes of the notification structures in bytes, or undefined before Linux 5.0. */
  readonly notificationSizes:
    | {
        /** `struct seccomp_notif`. */
        readonly notification: number;
        /** `struct seccomp_notif_resp`. */
        readonly response: number;
        /** `struct seccomp_data`. */
        readonly data: number;
      }
    | undefined;
  /**
   * net.core.bpf_jit_enable: 0, 1 or 2; undefined if it cannot be read. The kernel compiles seccomp filters with the
   * JIT if it is on.
   */
  readonly jit: number | undefined;
  /** The version of Landlock's ABI, from 1 on; 0 if Landlock is not available. */
  readonly landlock: number;
  /** Why Landlock is not available, as an errno, or 0. */
  readonly landlockError: number;
  /** Why the io_uring operations of a child cannot be filtered, as an errno; 0 if they can. */
  readonly ringFilterError: number;
}

/** The descriptors for starting a sandboxed child, which the caller closes. See native/core/launch.h. */
export interface Launch {
  readonly image: number;
  readonly report: number;
  /** -1 if no call waits. */
  readonly awaited: number;
  readonly held: number;
}

/** The descriptors for starting a tracer, which the caller closes. See native/core/tracer.h. */
export interface TracerFiles {
  readonly image: number;
  readonly table: number;
  readonly woken: number;
  readonly wake: number;
  readonly forTracer: number;
  readonly forLauncher: number;
  readonly stopped: number;
  readonly stop: number;
}

/** The descriptors for starting a perf recorder, which the caller closes. See native/core/perf_recorder.h. */
export interface PerfRecorderFiles {
  readonly image: number;
  readonly table: number;
  readonly woken: number;
  readonly wake: number;
  readonly forRecorder: number;
  readonly forStarter: number;
  readonly stopped: number;
  readonly stop: number;
}

/** A rule table, packed so that one call into the add-on passes it; see native/compile_table.cc. */
export interface RuleTable {
  readonly defaultAction: number;
  readonly badArch: number;
  /** SCMP_FLTATR_CTL_OPTIMIZE: 1 linear, 2 binary tree. */
  readonly optimize: 1 | 2;
  /** SCMP_ARCH_* tokens. */
  readonly archs: Uint32Array;
  /** Four numbers per rule: index into archs, number on that architecture, action, number of comparisons. */
  readonly rules: Uint32Array;
  /** Four numbers per comparison, in the order of the rules: argument, SCMP_CMP_*, datum_a, datum_b. */
  readonly comparisons: BigUint64Array;
}

/** A notification of seccomp_unotify(2): a call that waits for a response. */
export interface Notification {
  /** Identifies the notification in `notifyRespond` and `notifyIdValid`. */
  readonly id: bigint;
  /** Thread id of the caller, as this PID namespace sees it. */
  readonly pid: number;
  /** Always 0: the kernel defines no flags yet. */
  readonly flags: number;
  /** Number of the call. */
  readonly syscall: number;
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  /** The address of the instruction after the call. */
  readonly instructionPointer: bigint;
  /** Six registers. Pointers are into the caller's memory, which it can change at any time. */
  readonly args: readonly bigint[];
}

/** A refused call, as the SIGSYS handler saw it; see native/core/violation_log.h. */
export interface RefusedCall {
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  readonly syscall: number;
  /** Six registers. */
  readonly args: readonly bigint[];
  /** The errno that the call returned, positive. */
  readonly errno: number;
  readonly threadId: number;
  readonly threadName: string;
  readonly instructionPointer: bigint;
  /** The number of calls that this record covers. */
  readonly count: number;
}

/** One layer of a running thread. */
export interface LiveFilter {
  /** The program as it was passed to seccomp(2). */
  readonly program: Uint8Array;
  /** SECCOMP_FILTER_FLAG_* bits, of which the kernel returns only LOG; undefined before Linux 4.16. */
  readonly flags: number | undefined;
}

/** Exports of the add-on. Arguments are validated by the callers in lib/. */
export interface Native {
  probe(): Probe;
  /** The C library of this process, e.g. `glibc 2.36` or `musl`. */
  cLibrary(): string;

  /** The SHA-256 digest, 32 bytes, without loading Node's crypto. */
  sha256(message: Uint8Array): Uint8Array;
  /** flock(2) with LOCK_EX: waits for the exclusive lock of an open file, which is held until the descriptor is closed. */
  lockFile(descriptor: number): Failure | undefined;

  /** Sets no_new_privs if asked, then calls seccomp(2). Returns the listener's descriptor or -1. */
  loadFilter(
    program: Uint8Array,
    flags: number,
    noNewPrivs: boolean,
  ): { readonly listener: number } | LoadFailure;
  /**
   * Isolates this thread (see native/launcher/isolation.h), loads the program on it and execs at once, with no other
   * system call in between. Returns only on failure.
   */
  loadAndExec(
    program: Uint8Array,
    flags: number,
    noNewPrivs: boolean,
    layer: Uint8Array,
    domain: number,
    onlyStdio: boolean,
    path: string,
    argv: readonly string[],
    env: readonly string[],
  ): LoadFailure;
  /**
   * Makes the launcher for an isolation layer and a program, either of which may be empty. With `wait`, also makes a pipe
   * that ends once the command runs or has failed to start. `domain` is one of DOMAIN in lib/process/isolation/isolation.ts.
   * With `onlyStdio`, the command inherits only the descriptors below `firstDescriptor`, and the terminal only if it is one
   * of them. With `endWithParent`, the command is killed when the thread that starts it ends. `ringVerdicts` is empty, or
   * has one of RING_VERDICT in lib/process/isolation/ring-filter.ts for each io_uring operation.
   */
  prepareLaunch(
    layer: Uint8Array,
    program: Uint8Array,
    flags: number,
    noNewPrivs: boolean,
    domain: number,
    onlyStdio: boolean,
    firstDescriptor: number,
    wait: boolean,
    endWithParent: boolean,
    ringVerdicts: Uint8Array,
    /** The process that will trace the command, or 0. */
    tracer: number,
  ): Launch | Failure;
  /**
   * Has the kernel kill this process when the thread that started it ends. Returns false if that thread has already ended:
   * `parent` is no longer its parent, or the other end of `channel` is closed.
   */
  endWithParent(parent: number, channel: number): boolean;
  /** Opens the descriptors for a tracer; see native/core/tracer.h. */
  prepareTracer(): TracerFiles | Failure;
  /**
   * Starts the executable file that is the first of the descriptors, as a process that is not a child of this one, and returns
   * its process id; see native/core/detached_process.h. A user or group of 0xffffffff keeps that of this process.
   */
  startDetached(descriptors: Uint32Array, user: number, group: number): number | Failure;
  /** The memory that native/tracer/table.h describes, which the tracer writes concurrently. */
  mapTable(table: number): ArrayBuffer | Failure;
  /**
   * Attaches a tracer to this process and all of its threads, through the other end of the tracer's socket. Returns the tracer's
   * errno, or 0.
   */
  beTraced(socket: number, tracer: number): number | Failure;
  /** Opens the descriptors for a perf recorder; see native/core/perf_recorder.h. */
  preparePerfRecorder(): PerfRecorderFiles | Failure;
  /** The id of the calling thread. */
  threadId(): number;
  /**
   * Reads the layers of a thread of another process, the oldest first, with ptrace(2). Fails with ETIMEDOUT after
   * `limit` milliseconds. In every case, the thread continues afterwards.
   */
  readFilters(thread: number, limit: number): readonly LiveFilter[] | Failure;
  /** Which of `count` numbers from `first` on this kernel does not answer with ENOSYS; see native/core/served_calls.h. */
  servedCalls(first: number, count: number): readonly number[] | Failure;
  /** Descriptors of the io_uring rings that this process has open, ascending. */
  openRings(): readonly number[] | Failure;
  /** Ids of the kernel threads in this process that poll rings, ascending. */
  pollingThreads(): readonly number[] | Failure;

  /** Compiles a whole rule table through libseccomp. */
  compileTable(table: RuleTable): { readonly bpf: Uint8Array; readonly pfc: string } | Failure;

  version(): { readonly major: number; readonly minor: number; readonly micro: number };
  apiGet(): number;
  apiSet(level: number): Failure | undefined;
  /** seccomp_reset(NULL): forgets the kernel's features and the notification descriptor, and probes again. */
  globalReset(): Failure | undefined;
  archNative(): number;
  /** 0 for an unknown name. */
  archResolveName(name: string): number;
  syscallResolveNumArch(arch: number, number: number): string | undefined;
  syscallResolveNameArch(arch: number, name: string): number;
  syscallResolveNameRewrite(arch: number, name: string): number;
  syscallResolveName(name: string): number;

  contextInit(defaultAction: number): ContextHandle | Failure;
  contextReset(context: ContextHandle, defaultAction: number): Failure | undefined;
  /** Releases the C object; later calls with the handle fail with EBADF. */
  contextRelease(context: ContextHandle): void;
  /** On success the source is consumed. */
  contextMerge(destination: ContextHandle, source: ContextHandle): Failure | undefined;
  contextArchExist(context: ContextHandle, arch: number): boolean | Failure;
  contextArchAdd(context: ContextHandle, arch: number): Failure | undefined;
  contextArchRemove(context: ContextHandle, arch: number): Failure | undefined;
  contextAttrGet(context: ContextHandle, attribute: number): number | Failure;
  contextAttrSet(context: ContextHandle, attribute: number, value: number): Failure | undefined;
  /** Comparisons have the form of those in RuleTable. */
  contextRuleAdd(
    context: ContextHandle,
    exact: boolean,
    action: number,
    syscall: number,
    comparisons: BigUint64Array,
  ): Failure | undefined;
  contextSyscallPriority(context: ContextHandle, syscall: number, priority: number): Failure | undefined;
  contextTransactionStart(context: ContextHandle): Failure | undefined;
  contextTransactionReject(context: ContextHandle): Failure | undefined;
  contextTransactionCommit(context: ContextHandle): Failure | undefined;
  contextPrecompute(context: ContextHandle): Failure | undefined;
  contextExportBpf(context: ContextHandle): Uint8Array | Failure;
  contextExportPfc(context: ContextHandle): string | Failure;
  contextLoad(context: ContextHandle): Failure | undefined;
  contextNotifyFd(context: ContextHandle): number | Failure;

  notifyReceive(descriptor: number): Notification | Failure;
  notifyRespond(
    descriptor: number,
    id: bigint,
    value: bigint,
    error: number,
    flags: number,
  ): Failure | undefined;
  notifyIdValid(descriptor: number, id: bigint): Failure | undefined;
  /**
   * Fills `records` with the `struct seccomp_notif` of pending calls, ten words each, without waiting for more. Returns
   * their number, or -1 if no process is left that the filter covers, so that none can follow.
   */
  takeNotifications(listener: number, records: BigUint64Array): number | Failure;
  /** Responds like `notifyRespond`, but without libseccomp, which allocates memory. */
  answerCall(listener: number, id: bigint, value: bigint, error: number, flags: number): Failure | undefined;
  /**
   * Makes the call return a copy of a descriptor, or fail with the errno of the copying. This happens on another
   * thread, because the kernel blocks it until the caller runs. Fails with EAGAIN if 256 copies are pending for one
   * listener.
   */
  beginAnswerWithDescriptor(
    listener: number,
    id: bigint,
    descriptor: number,
    closeOnExec: boolean,
  ): Failure | undefined;
  /** Sets SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, since Linux 6.6. */
  wakeInTurn(listener: number): Failure | undefined;
  /**
   * Waits until one of two descriptors is readable or at its end. Returns bit 0 for the first, bit 1 for the second.
   */
  waitForEither(first: number, second: number): number | Failure;
  /**
   * process_vm_readv(2) on the calling thread, which blocks for as long as the other process likes. Only for tests that
   * show this.
   */
  readMemoryBlocking(pid: number, address: bigint, length: number): Uint8Array | Failure;

  /**
   * Calls back on the event loop of the calling thread while a descriptor is readable (`readable` is true) or at its end (false).
   * Takes ownership of the descriptor: `watchStop` or the end of the thread closes it.
   */
  watch(descriptor: number, callback: (readable: boolean) => void): WatchHandle | Failure;
  /**
   * Reads the memory of a process in the background: up to `length` bytes, as far as the memory is mapped. Calls back once,
   * with the bytes or the failure: ETIMEDOUT after `limit` milliseconds. If not even SIGKILL can end the read, it calls back
   * when that process allows it, or never. Stop the handle as that of a watch, whatever happens. Fails with EAGAIN if too many
   * reads are running.
   */
  readMemory(
    pid: number,
    address: bigint,
    length: number,
    limit: number,
    callback: (result: Uint8Array | Failure) => void,
  ): WatchHandle | Failure;
  /**
   * Like `watch`, for a listener: when it calls back, the next call is in `record`, as from `takeNotifications`, and `taken` is
   * 1. `taken` is 0 if no call was pending, -1 if none can follow, or the failure. `exclusive` promises that nobody else takes
   * calls, which saves a system call.
   */
  watchCalls(
    listener: number,
    record: BigUint64Array,
    exclusive: boolean,
    callback: (taken: number | Failure) => void,
  ): WatchHandle | Failure;
  watchStop(handle: WatchHandle): void;
  /** Sets whether the watch keeps the event loop alive. It does so initially. */
  watchKeepAlive(handle: WatchHandle, wanted: boolean): void;

  /** A non-blocking AF_UNIX stream socket that listens at a path. */
  listenAt(path: string): number | Failure;
  /** Fails with EAGAIN if no connection is pending. The connection is non-blocking. */
  acceptConnection(socket: number): number | Failure;
  /** A non-blocking connection to a path. Fails with EAGAIN if the queue of the listening socket is full. */
  connectTo(path: string): number | Failure;
  /** recvmsg(2) with SCM_RIGHTS. The descriptors are close-on-exec. Empty data means the end. */
  receiveMessage(
    socket: number,
  ): { readonly data: Uint8Array; readonly descriptors: readonly number[] } | Failure;
  /**
   * sendmsg(2) without waiting, with a descriptor unless it is -1. Returns the number of bytes sent; fails with EAGAIN
   * if there is no room.
   */
  sendMessage(socket: number, data: Uint8Array, descriptor: number): number | Failure;
  /**
   * close(2) of a descriptor that the add-on opened. In workers, Node warns if it closes descriptors that it did not
   * open itself.
   */
  closeDescriptor(descriptor: number): void;
  /**
   * Closes the descriptor when the calling thread ends, also by `terminate()`, unless `closeDescriptor` or a watch closes
   * it first.
   */
  closeAtEnd(descriptor: number): void;
  /** Closes a descriptor from elsewhere on another thread, because its file system may block. */
  closeInBackground(descriptor: number): void;

  /**
   * Starts handling SIGSYS and recording refused calls. `names` has a line `<arch in hex> <number> <name>` for each
   * call. Returns a descriptor that becomes readable when there are records. Fails with EBUSY if another environment
   * listens.
   */
  violationsListen(names: string): number | Failure;
  /** Returns the new records; the descriptor signals later ones. */
  violationsTake(): readonly RefusedCall[];
  /** The number of calls that could not be recorded. */
  violationsDropped(): bigint;
  /** Stops recording; refused calls keep failing. Returns the total number of lost calls. */
  violationsStop(): bigint;
  /** Restores the previous disposition of SIGSYS, unless there is a listener. */
  stopHandlingTraps(): void;
  /** Starts handling calls with the action RING_WAIT. Call it before each load of a filter with this action. */
  serveRings(): Failure | undefined;
  /** Whether calls with the action TRAP fail with an errno in this process. */
  handlesTraps(): boolean;
}

/** Whether a result of the add-on is a failure. */
/** `connect: ENOENT`: the function that failed, and why. */
export const describeFailure = ({ failed, errno }: Failure): string => `${failed}: ${errnoName(errno)}`;

export const isFailure = (answer: unknown): answer is Failure =>
  typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'failed');

/** Node's names of the processors that have an add-on. */
export const PROCESSORS = ['x64', 'arm64'] as const;
export type Processor = (typeof PROCESSORS)[number];

let loaded: Native | undefined;

/**
 * The add-on, loaded on first use, so that everything that needs no kernel works everywhere. Throws UnsupportedError on
 * other platforms (`unsupported-platform`), if no build exists (`addon-not-found`), and if Node or the dynamic loader
 * refuses it (`addon-not-loadable`).
 */
export function native(): Native {
  return (loaded ??= load());
}

function load(): Native {
  const { platform, arch } = host() ?? { platform: 'a browser', arch: 'no machine' };
  if (platform !== 'linux' || !PROCESSORS.some(name => name === arch)) {
    throw new UnsupportedError(
      'unsupported-platform',
      `seccomp needs Linux on ${PROCESSORS.join(' or ')}; this is ${platform} on ${arch}`,
      'You can parse, resolve, compile for a named target and inspect profiles here',
    );
  }
  const built = packageFile('build/Release/seccomp.node');
  // An add-on that the user built takes precedence.
  if (fs().existsSync(built)) return open(built);
  const libc = usesMusl() ? 'musl' : 'glibc';
  const prebuilt = packageFile(`prebuilds/linux-${process.arch}/seccomp.${libc}.node`);
  if (fs().existsSync(prebuilt)) return open(prebuilt);
  throw new UnsupportedError(
    'addon-not-found',
    `there is no add-on for linux-${process.arch} with ${libc}: neither ${built} nor ${prebuilt} exists`,
    `Install the package again, or build the add-on with: ${BUILD}. A program that contains this package needs the folder prebuilds there`,
  );
}

const BUILD = 'node node_modules/seccomp/scripts/build-native.mjs';

function open(path: string): Native {
  // Loads the file as `require` does, but without its search for a module.
  const module = { exports: {} };
  try {
    process.dlopen(module, path);
  } catch (cause) {
    const { message } = cause as Error;
    const code = own(cause as NodeJS.ErrnoException, 'code');
    throw new UnsupportedError(
      'addon-not-loadable',
      `the add-on ${path} cannot be loaded: ${message}`,
      code === 'ERR_DLOPEN_DISABLED'
        ? 'Start Node with --allow-addons'
        : `Build it for this machine with: ${BUILD}`,
      { cause },
    );
  }
  // native/addon.cc implements this narrow type. The copy is faster: V8 keeps an object that native code filled as a
  // dictionary, and looks up its functions at each call.
  return { ...(module.exports as Native) };
}

/** Whether this Node was built for musl, from the interpreter in its ELF header, which a caller cannot change. */
function usesMusl(): boolean {
  const { openSync, readSync, closeSync } = fs();
  let file;
  try {
    file = openSync(process.execPath, 'r');
  } catch {
    // The file is unreadable, or there is no /proc to find it. A report is slower, but needs no file.
    return !Object.hasOwn((process.report.getReport() as NodeReport).header, 'glibcVersionRuntime');
  }
  try {
    const head = Buffer.alloc(4096);
    const length = readSync(file, head, 0, head.length, 0);
    return head.subarray(0, length).includes('/ld-musl-');
  } finally {
    closeSync(file);
  }
}

interface NodeReport {
  readonly header: object;
}

/**
 * Whether the calling thread is the main thread, whose id is that of the process. Loading node:worker_threads would take
 * longer.
 */
export const isMainThread = (): boolean => native().threadId() === process.pid;

/** The SHA-256 of bytes, as hexadecimal digits. */
export const sha256 = (bytes: Uint8Array): string => Buffer.from(native().sha256(bytes)).toString('hex');
