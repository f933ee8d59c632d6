// The responses that a handler may return, and how they are sent to the kernel.
import { UsageError } from '../../util/errors.js';
import { native, type Failure } from '../../native.js';
import { MAX_ERRNO } from '../../kernel/action.js';
import { errnoNumber, ENOSYS, errnoName } from '../../kernel/errno.js';
import type { SupervisedCall } from './call.js';
import { owned } from '../../util/own.js';
import { show } from '../../util/show.js';

/** The response to a call. */
export type Response =
  | {
      /** The call fails with this errno: a name, or a positive number up to 4095. */
      readonly errno: string | number;
    }
  | {
      /** The call returns this value without being executed. */
      readonly value: bigint | number;
    }
  | {
      /**
       * The kernel executes the call, as if there were no filter. It reads the caller's memory again, which may have
       * changed: this response cannot enforce a policy on the contents of memory.
       */
      readonly continue: true;
    }
  | {
      /**
       * The call returns a copy of this descriptor of this process, in one step if the kernel supports it (Linux 5.14).
       * The descriptor must stay open at least until the response has been sent. The copy is made when the caller runs,
       * which the caller can delay; while 256 copies for one listener are pending, calls fail with EAGAIN.
       */
      readonly fd: number;
      /** Whether an execve of the caller closes the copy. Default: true. */
      readonly closeOnExec?: boolean;
    };

/** Decides about a call. While its promise is pending, the caller waits and this process continues. */
export type Handler = (call: SupervisedCall) => Response | Promise<Response>;

export const CONTINUE: Response = { continue: true };
export const UNAVAILABLE: Response = { errno: ENOSYS };

const FLAG_CONTINUE = 1;

/** Errnos for a call that is no longer waiting: the caller has ended, or has its response. */
const TOO_LATE: readonly string[] = ['ENOENT', 'EINPROGRESS'];

/**
 * Sends the response to a call, unless it is no longer waiting. If a descriptor cannot be copied, the call fails with
 * the errno of the copying. Throws UsageError (`bad-answer`) before anything is sent; returns any other failure.
 */
export function sendAnswer(listener: number, id: bigint, answer: unknown): Failure | undefined {
  const failure = transmit(listener, id, checkAnswer(answer));
  return failure === undefined || TOO_LATE.includes(errnoName(failure.errno)) ? undefined : failure;
}

function transmit(listener: number, id: bigint, answer: Checked): Failure | undefined {
  const { kind } = answer;
  switch (kind) {
    case 'errno':
      return native().answerCall(listener, id, 0n, -answer.errno, 0);
    case 'value':
      return native().answerCall(listener, id, answer.value, 0, 0);
    case 'continue':
      return native().answerCall(listener, id, 0n, 0, FLAG_CONTINUE);
    case 'fd': {
      const failure = native().beginAnswerWithDescriptor(listener, id, answer.fd, answer.closeOnExec);
      return failure && native().answerCall(listener, id, 0n, -failure.errno, 0);
    }
  }
}

/** A response that has been checked. */
type Checked =
  | { readonly kind: 'errno'; readonly errno: number }
  | { readonly kind: 'value'; readonly value: bigint }
  | { readonly kind: 'continue' }
  | { readonly kind: 'fd'; readonly fd: number; readonly closeOnExec: boolean };

/** Checks a response. Throws UsageError (`bad-answer`) if it is invalid; `source` names its origin. */
export function checkAnswer(answer: unknown, source = 'the handler returned'): Checked {
  if (typeof answer === 'object' && answer !== null) {
    const given = owned(
      answer as Partial<Record<'errno' | 'value' | 'continue' | 'fd' | 'closeOnExec', unknown>>,
    );
    if (Object.hasOwn(given, 'errno')) {
      const errno = typeof given.errno === 'string' ? errnoNumber(given.errno) : given.errno;
      if (isInteger(errno) && errno >= 1 && errno <= MAX_ERRNO) return { kind: 'errno', errno };
    } else if (Object.hasOwn(given, 'value')) {
      const { value } = given;
      if (isInteger(value)) return { kind: 'value', value: BigInt(value) };
      if (typeof value === 'bigint') return { kind: 'value', value: BigInt.asIntN(64, value) };
    } else if (Object.hasOwn(given, 'continue')) {
      if (given.continue === true) return { kind: 'continue' };
    } else if (Object.hasOwn(given, 'fd')) {
      const { fd } = given;
      const closeOnExec = Object.hasOwn(given, 'closeOnExec') ? given.closeOnExec : true;
      if (isInteger(fd) && fd >= 0 && fd <= 0x7fffffff && typeof closeOnExec === 'boolean')
        return { kind: 'fd', fd, closeOnExec };
    }
  }
  throw new UsageError(
    'bad-answer',
    `${source} an invalid response: ${show(answer)}`,
    `Return { errno } with a name or a number up to ${MAX_ERRNO}, { value }, { continue: true } or { fd }`,
  );
}

const isInteger = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value);
