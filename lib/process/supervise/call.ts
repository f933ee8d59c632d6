// A call that waits for a response, as a handler receives it: by name, with access to the caller's memory.
import { SupervisionError, UsageError } from '../../util/errors.js';
import { isFailure, native, type Failure, describeFailure } from '../../native.js';
import { abiOf, syscallName } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { show } from '../../util/show.js';
import { gone, type MemoryReader } from './memory-reader.js';

/**
 * A call with the action NOTIFY. The thread that made it waits for a response.
 *
 * **Memory may change after it was read.** Other threads of the caller, and processes that share its memory, can change
 * it before the kernel reads it. A decision that depends on memory is only safe with a response after which the kernel
 * does not read it again: `errno`, `value` and `fd`, but not `continue`. Registers cannot change.
 * Source: seccomp_unotify(2), "Caveats regarding the use of SECCOMP_USER_NOTIF_FLAG_CONTINUE".
 */
export interface SupervisedCall {
  /** An id that is unique among all calls of this listener. */
  readonly id: bigint;
  /** The name of the call; undefined for a number that is in no table. */
  readonly name: string | undefined;
  /** Its number, as the kernel sees it. */
  readonly number: number;
  /** The ABI of the call; undefined for one that this package does not know. */
  readonly abi: AbiName | undefined;
  /** `AUDIT_ARCH_*` of the ABI. */
  readonly arch: number;
  /** Its six registers, including those that the call does not use. */
  readonly args: readonly [bigint, bigint, bigint, bigint, bigint, bigint];
  /** The address of the instruction after the call. */
  readonly instructionPointer: bigint;
  /** The calling thread, in the numbering of this process's PID namespace; 0 if it is not in the namespace. */
  readonly pid: number;
  /** Whether it is still waiting. It is not if its thread has ended or received a signal, or if it has its response. */
  readonly isWaiting: () => boolean;
  /**
   * Reads a copy of the caller's memory, up to 64 MiB. Afterwards it checks that the call is still waiting, so the
   * memory is that of the caller.
   *
   * It returns a promise because the caller controls when its memory can be read: a page can be one that the process
   * itself supplies (userfaultfd(2), a FUSE file). The read does not block the event loop, and is limited by
   * `readTimeout`.
   *
   * Rejected with SupervisionError: `call-gone`; `memory-unreadable` if it is not mapped, or reading is not permitted
   * (ptrace(2)); `memory-timeout` if it could not be read in time; `too-many-reads` if too many other reads are still
   * blocked. Rejected with UsageError (`bad-argument`) for an invalid pointer or length.
   */
  readonly readMemory: (pointer: bigint, length: number) => Promise<Buffer>;
  /**
   * Reads a NUL-terminated UTF-8 string of at most `maximum` bytes (default: 4096, PATH_MAX). For paths of arbitrary
   * bytes use `readMemory`. Rejected as `readMemory` is, and with SupervisionError (`string-too-long`).
   */
  readonly readString: (pointer: bigint, maximum?: number) => Promise<string>;
}

/** Words of 64 bits in `struct seccomp_notif`. */
const CALL_WORDS = 10;

const MAX_LENGTH = 64 * 1024 * 1024;

/** Space for several `struct seccomp_notif`, accessed as 64-bit and 32-bit words. */
export interface CallRecords {
  readonly words: BigUint64Array;
  readonly halves: Uint32Array;
}

export function callRecords(count: number): CallRecords {
  const words = new BigUint64Array(CALL_WORDS * count);
  return { words, halves: new Uint32Array(words.buffer) };
}

/** The call in a record, which may be overwritten later. */
export function callAt(
  listener: number,
  { words, halves }: CallRecords,
  index: number,
  reader: MemoryReader,
): SupervisedCall {
  const first = index * CALL_WORDS;
  const word = (offset: number): bigint => words[first + offset] ?? 0n;
  const half = (offset: number): number => halves[2 * first + offset] ?? 0;
  const id = word(0);
  const pid = half(2);
  const number = half(4) | 0;
  const arch = half(5);
  const abi = abiOf(arch, number);

  // After the listener is closed, its number may be reused for another descriptor.
  const isWaiting = (): boolean => !reader.closed() && native().notifyIdValid(listener, id) === undefined;
  const read = async (pointer: bigint, length: number): Promise<Buffer> => {
    if (!isWaiting()) throw gone();
    const bytes = await reader.read(pid, pointer, length);
    // If the process id was reused meanwhile, the bytes are those of another process.
    if (!isWaiting()) throw gone();
    if (isFailure(bytes)) throw unreadable(pointer, bytes);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  return {
    id,
    name: abi && syscallName(abi.name, number),
    number,
    abi: abi?.name,
    arch,
    args: [word(4), word(5), word(6), word(7), word(8), word(9)],
    instructionPointer: word(3),
    pid,
    isWaiting,
    readMemory: unobserved(async (pointer: bigint, length: number) => {
      const bytes = await read(checkPointer(pointer), checkLength(length));
      if (bytes.length < length) throw notMapped(pointer + BigInt(bytes.length));
      return bytes;
    }),
    readString: unobserved(async (pointer: bigint, maximum = 4096) => {
      const bytes = await read(checkPointer(pointer), checkLength(maximum));
      const end = bytes.indexOf(0);
      if (end !== -1) return bytes.toString('utf8', 0, end);
      if (bytes.length < maximum) throw notMapped(pointer + BigInt(bytes.length));
      throw new SupervisionError(
        'string-too-long',
        `the string at 0x${pointer.toString(16)} is longer than ${maximum} bytes`,
        'Refuse the call, or read more',
      );
    }),
  };
}

/**
 * Marks the rejection as handled: a read may fail before it is awaited, and a caller that ends must not cause an
 * unhandled rejection in its supervisor.
 */
const unobserved =
  <Args extends readonly unknown[], Result>(read: (...args: Args) => Promise<Result>) =>
  (...args: Args): Promise<Result> => {
    const result = read(...args);
    result.catch(() => undefined);
    return result;
  };

const unreadable = (pointer: bigint, failure: Failure): SupervisionError =>
  new SupervisionError(
    'memory-unreadable',
    `the caller's memory at 0x${pointer.toString(16)} cannot be read (${describeFailure(failure)})`,
    failure.errno === EFAULT
      ? 'Respond with EFAULT, as the kernel would'
      : 'See process_vm_readv(2) and ptrace(2)',
  );

const notMapped = (pointer: bigint): SupervisionError =>
  unreadable(pointer, { failed: 'process_vm_readv', errno: EFAULT });

const EFAULT = 14;

function checkPointer(pointer: unknown): bigint {
  if (typeof pointer === 'bigint' && pointer === BigInt.asUintN(64, pointer)) return pointer;
  throw new UsageError('bad-argument', 'a pointer is a bigint of 64 bits', 'Pass one of the args');
}

function checkLength(length: unknown): number {
  if (typeof length === 'number' && Number.isInteger(length) && length >= 0 && length <= MAX_LENGTH)
    return length;
  throw new UsageError(
    'bad-argument',
    `a length cannot be ${show(length)}`,
    `Pass an integer from 0 to ${MAX_LENGTH}`,
  );
}
