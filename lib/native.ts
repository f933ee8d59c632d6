// The only file that touches the .node: finds it, loads it, and gives its exports their types.
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
  /** Thread that could not take the filter (TSYNC), 0 for none. */
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
  /** `SECCOMP_FILTER_FLAG_*` names the kernel takes. */
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
  /** net.core.bpf_jit_enable: 0, 1 or 2; undefined where it cannot be read. seccomp filters use the JIT where it is on. */
  readonly jit: number | undefined;
  /** Version of Landlock's ABI, from 1 on; 0 where there is none. */
  readonly landlock: number;
  /** Why there is none, as an errno; 0 otherwise. */
  readonly landlockError: number;
  /** Why the io_uring operations of a child cannot be filtered, as an errno; 0 where they can. */
  readonly ringFilterError: number;
}

/** What a sandboxed child is started with: descriptors that the caller closes. See native/core/launch.h. */
export interface Launch {
  readonly image: number;
  readonly report: number;
  /** -1 if no call waits. */
  readonly awaited: number;
  readonly held: number;
}

/** What a tracer is started with: descriptors that the caller closes. See native/core/tracer.h. */
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

/** What a perf recorder is started with: descriptors that the caller closes. See native/core/perf_recorder.h. */
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

/** A rule table packed for one crossing; see native/compile_table.cc. */
export interface RuleTable {
  readonly defaultAction: number;
  readonly badArch: number;
  /** SCMP_FLTATR_CTL_OPTIMIZE: 1 linear, 2 binary tree. */
  readonly optimize: 1 | 2;
  /** SCMP_ARCH_* tokens. */
  readonly archs: Uint32Array;
  /** Four numbers a rule: index into archs, number on that architecture, action, number of comparisons. */
  readonly rules: Uint32Array;
  /** Four numbers a comparison, rule by rule: argument, SCMP_CMP_*, datum_a, datum_b. */
  readonly comparisons: BigUint64Array;
}

/** A notification of seccomp_unotify(2): a call that waits for a response. */
export interface Notification {
  /** Names the notification in `notifyRespond` and `notifyIdValid`. */
  readonly id: bigint;
  /** Thread id of the caller, as this PID namespace sees it. */
  readonly pid: number;
  /** 0: the kernel has none yet. */
  readonly flags: number;
  /** Number of the call. */
  readonly syscall: number;
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  /** The instruction after the one that made it. */
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
  /** What the call was made to return, positive. */
  readonly errno: number;
  readonly threadId: number;
  readonly threadName: string;
  readonly instructionPointer: bigint;
  /** The number of calls that it covers. */
  readonly count: number;
}

/** One layer of a running thread. */
export interface LiveFilter {
  /** As it was given to seccomp(2). */
  readonly program: Uint8Array;
  /** SECCOMP_FILTER_FLAG_* bits, of which the kernel returns only LOG; undefined before Linux 4.16. */
  readonly flags: number | undefined;
}

/** Exports of the add-on. Arguments are validated by the callers in lib/. */
export interface Native {
  probe(): Probe;
  /** The C library of this process, e.g. `glibc 2.36` or `musl`. */
  cLibrary(): string;

  /** The 32 bytes of SHA-256, for which Node's crypto would have to be loaded. */
  sha256(message: Uint8Array): Uint8Array;
  /** flock(2) with LOCK_EX: waits for the exclusive lock of an open file, which is held until the descriptor is closed. */
  lockFile(descriptor: number): Failure | undefined;

  /** prctl(PR_SET_NO_NEW_PRIVS) when asked, then seccomp(2). Gives the listener's descriptor or -1. */
  loadFilter(
    program: Uint8Array,
    flags: number,
    noNewPrivs: boolean,
  ): { readonly listener: number } | LoadFailure;
  /**
   * Isolates this thread (see native/launcher/isolation.h), loads the program on it and execs at once, without any other
   * system call between. Returns only on failure.
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
   * Makes the launcher for an isolation layer and a program, of which one may be empty; with `wait` also the pipe that is at
   * its end when the command runs or never will. `domain` is one of DOMAIN in lib/process/isolation/isolation.ts. With
   * `onlyStdio` the command inherits only the descriptors before `firstDescriptor`, and the terminal only if it is among
   * them. With `endWithParent` the command is killed when the thread that starts it ends. `ringVerdicts` is empty, or has
   * one of RING_VERDICT in lib/process/isolation/ring-filter.ts for each io_uring operation.
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
    /** The process that is to trace the command; 0 for none. */
    tracer: number,
  ): Launch | Failure;
  /** Has the kernel kill this process when the thread that started it ends; false where `parent` is not its parent any more. */
  endWithParent(parent: number): boolean;
  /** Makes what a tracer is started with; see native/core/tracer.h. */
  prepareTracer(): TracerFiles | Failure;
  /**
   * Starts the executable file that is the first of the descriptors as a process that is no child of this one, and gives its number;
   * see native/core/detached_process.h. A user or group of 0xffffffff is that of this process.
   */
  startDetached(descriptors: Uint32Array, user: number, group: number): number | Failure;
  /** The memory that native/tracer/table.h describes, which the tracer writes to meanwhile. */
  mapTable(table: number): ArrayBuffer | Failure;
  /**
   * Has a tracer take this process and all of its threads, through the other end of its socket. Gives the errno that the tracer met,
   * 0 for none.
   */
  beTraced(socket: number, tracer: number): number | Failure;
  /** Makes what a perf recorder is started with; see native/core/perf_recorder.h. */
  preparePerfRecorder(): PerfRecorderFiles | Failure;
  /** Id of the calling thread. */
  threadId(): number;
  /**
   * The layers of a thread of another process, the oldest first, by ptrace(2). Gives up after `limit` milliseconds with
   * ETIMEDOUT. The thread goes on afterwards in every case.
   */
  readFilters(thread: number, limit: number): readonly LiveFilter[] | Failure;
  /** Of `count` numbers from `first` on, those whose calls this kernel does not answer ENOSYS; see native/core/served_calls.h. */
  servedCalls(first: number, count: number): readonly number[] | Failure;
  /** Descriptors of the io_uring rings that this process has open, ascending. */
  openRings(): readonly number[] | Failure;
  /** Ids of the kernel's threads in this process that poll rings, ascending. */
  pollingThreads(): readonly number[] | Failure;

  /** Compiles a whole rule table through libseccomp. */
  compileTable(table: RuleTable): { readonly bpf: Uint8Array; readonly pfc: string } | Failure;

  version(): { readonly major: number; readonly minor: number; readonly micro: number };
  apiGet(): number;
  apiSet(level: number): Failure | undefined;
  /** seccomp_reset(NULL): forgets the features of the kernel and the notification descriptor, and asks again. */
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
  /** Comparisons as in RuleTable. */
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
   * Fills `records` with `struct seccomp_notif` of calls that wait, ten words each, without waiting for more. Gives their
   * number, or -1 where nothing ever will be there: no process is left that the filter covers.
   */
  takeNotifications(listener: number, records: BigUint64Array): number | Failure;
  /** As `notifyRespond`, without libseccomp between, which allocates. */
  answerCall(listener: number, id: bigint, value: bigint, error: number, flags: number): Failure | undefined;
  /**
   * Makes the call return a copy of a descriptor, or fail with the errno of that. A thread does this, because the
   * kernel makes it wait until the caller runs. EAGAIN if 256 copies for one listener are pending.
   */
  beginAnswerWithDescriptor(
    listener: number,
    id: bigint,
    descriptor: number,
    closeOnExec: boolean,
  ): Failure | undefined;
  /** SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6. */
  wakeInTurn(listener: number): Failure | undefined;
  /** Waits until one of two descriptors is readable or at its end: bit 0 for the first, bit 1 for the second. */
  waitForEither(first: number, second: number): number | Failure;
  /**
   * process_vm_readv(2) on the calling thread, which waits as long as the other process likes. Only for tests that
   * show this.
   */
  readMemoryBlocking(pid: number, address: bigint, length: number): Uint8Array | Failure;

  /**
   * Calls back through the event loop of the calling thread while a descriptor of any kind is `readable`, or else at its end. Takes
   * the descriptor over: it is closed by `watchStop`, or when the thread ends.
   */
  watch(descriptor: number, callback: (readable: boolean) => void): WatchHandle | Failure;
  /**
   * Reads the memory of a process in the background: as much as is mapped from the address on. Calls back with it once, or with
   * what failed: ETIMEDOUT after `limit` milliseconds, unless even SIGKILL could not end the read, which then calls back
   * when that process lets it, or never. The handle is that of a watch, to be stopped in any case. Fails with EAGAIN where
   * too many reads go on.
   */
  readMemory(
    pid: number,
    address: bigint,
    length: number,
    limit: number,
    callback: (result: Uint8Array | Failure) => void,
  ): WatchHandle | Failure;
  /**
   * The same as `watch` for a listener, whose next call is in `record`, as by `takeNotifications`, when it calls back; `taken` is
   * 1, 0 where there was none, and -1 where none ever will be, or what failed. `exclusive` says that nobody else takes calls, which saves a look.
   */
  watchCalls(
    listener: number,
    record: BigUint64Array,
    exclusive: boolean,
    callback: (taken: number | Failure) => void,
  ): WatchHandle | Failure;
  watchStop(handle: WatchHandle): void;
  /** Whether the watch keeps the event loop alive; it does at first. */
  watchKeepAlive(handle: WatchHandle, wanted: boolean): void;

  /** An AF_UNIX stream socket that listens at a path and does not block. */
  listenAt(path: string): number | Failure;
  /** EAGAIN if there is no connection. The connection is non-blocking. */
  acceptConnection(socket: number): number | Failure;
  /** A connection to a path, which does not block: EAGAIN where the queue there is full. */
  connectTo(path: string): number | Failure;
  /** recvmsg(2) with SCM_RIGHTS. The descriptors are close-on-exec. No data at all is the end. */
  receiveMessage(
    socket: number,
  ): { readonly data: Uint8Array; readonly descriptors: readonly number[] } | Failure;
  /** sendmsg(2) without waiting, with a descriptor unless it is -1. Gives the bytes that were taken; EAGAIN for none. */
  sendMessage(socket: number, data: Uint8Array, descriptor: number): number | Failure;
  /**
   * close(2) of a descriptor that the add-on has opened: in workers, Node warns about descriptors that it has not
   * opened itself.
   */
  closeDescriptor(descriptor: number): void;
  /** Closes it when the calling thread ends, also by `terminate()`, unless `closeDescriptor` or a watch does so before. */
  closeAtEnd(descriptor: number): void;
  /** As closeDescriptor, but on a thread, for a descriptor from elsewhere: the file system behind it may block. */
  closeInBackground(descriptor: number): void;

  /**
   * Handles SIGSYS from now on and records refused calls. `names` has a line `<arch in hex> <number> <name>` for each
   * call. Returns a descriptor that becomes readable when there are records; EBUSY if another environment listens.
   */
  violationsListen(names: string): number | Failure;
  /** Returns each record once; the descriptor signals later ones. */
  violationsTake(): readonly RefusedCall[];
  /** Calls that could not be noted. */
  violationsDropped(): bigint;
  /** Ends the notes; refused calls go on failing. Gives all calls that were lost. */
  violationsStop(): bigint;
  /** Restores the previous disposition of SIGSYS, unless there is a listener. */
  stopHandlingTraps(): void;
  /** Handles calls that get RING_WAIT from now on. Call it before each load of a filter with this action. */
  serveRings(): Failure | undefined;
  /** Whether calls that get TRAP fail with an errno in this process. */
  handlesTraps(): boolean;
}

/** Whether a result of the add-on is a failure. */
/** `connect: ENOENT`: the function that failed, and why. */
export const describeFailure = ({ failed, errno }: Failure): string => `${failed}: ${errnoName(errno)}`;

export const isFailure = (answer: unknown): answer is Failure =>
  typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'failed');

/** Node's names of the processors that there is an add-on for. */
export const PROCESSORS = ['x64', 'arm64'] as const;
export type Processor = (typeof PROCESSORS)[number];

let loaded: Native | undefined;

/**
 * The add-on, loaded on first use so that everything that needs no kernel works everywhere.
 * Throws UnsupportedError on other platforms (`unsupported-platform`), where no build is found (`addon-not-found`) and
 * where Node or the dynamic loader refuses it (`addon-not-loadable`).
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
  // An add-on that the user built has precedence.
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
  // What require does for such a file, without the search for a module that comes before it.
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
  // The narrow signature is the contract that native/addon.cc keeps. A copy, since V8 keeps an object that was filled from
  // outside as a dictionary, in which a function is looked for at each call.
  return { ...(module.exports as Native) };
}

/** Which C library this Node was built for, from the interpreter that its ELF header names: nothing that a caller could set. */
function usesMusl(): boolean {
  const { openSync, readSync, closeSync } = fs();
  let file;
  try {
    file = openSync(process.execPath, 'r');
  } catch {
    // No permission to read it, or no /proc to find it by. A report takes longer, but needs no file.
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

/** Whether the calling thread is the main thread, which has the id of the process: to load node:worker_threads takes longer. */
export const isMainThread = (): boolean => native().threadId() === process.pid;

/** The SHA-256 of bytes, as hexadecimal digits. */
export const sha256 = (bytes: Uint8Array): string => Buffer.from(native().sha256(bytes)).toString('hex');
