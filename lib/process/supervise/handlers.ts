// Combines handlers by call name into one, and reads the options of functions that accept handlers.
import { badArgument } from '../../util/failures.js';
import { isKnownSyscall } from '../../kernel/abi.js';
import { optionError, givenOptions, ownOptions } from '../../util/options.js';
import { didYouMeanCall } from '../../kernel/calls/suggest-call.js';
import { abisOf, nativeArchitecture } from '../../kernel/architectures.js';
import { checkAnswer, UNAVAILABLE, type Handler } from './response.js';
import { serveListener, type ServeOptions, type Supervisor } from './serve-listener.js';
import { owned, type Own } from '../../util/own.js';
import { checkTime } from './time.js';

/** Options with functions that handle calls. */
export interface HandlerOptions extends ServeOptions {
  /** Handlers by the name of the call, for every ABI that has a call with that name. */
  readonly handlers?: Readonly<Record<string, Handler>> | undefined;
  /** The handler for all other calls. Without it they fail with ENOSYS, as without a supervisor. */
  readonly otherwise?: Handler | undefined;
}

/** The names of these options. */
export const HANDLER_OPTIONS: readonly string[] = [
  'answerTimeout',
  'handlers',
  'onError',
  'otherwise',
  'readTimeout',
  'timeoutAnswer',
];

/**
 * Handles the calls of a listener, such as one from `load` with `listener: true`. It takes ownership of the descriptor
 * and closes it in the end. The listener must not receive calls of this process, which would wait for itself.
 *
 * Throws UsageError (`bad-argument`, `bad-option`, `bad-answer`), LoadError (`listener-unusable`). Source:
 * seccomp_unotify(2).
 */
export function superviseListener(listener: number, options: HandlerOptions): Supervisor {
  if (!Number.isInteger(listener))
    throw badArgument('a listener', listener, 'Pass the descriptor that load returned');
  const checked = checkedHandlers(
    givenOptions<HandlerOptions>(ownOptions(options, HANDLER_OPTIONS), HANDLER_OPTIONS),
  );
  return serveListener(listener, handlerOf(checked), checked, false);
}

/** Selects the handler of each call. */
export function handlerOf({ handlers, otherwise = () => UNAVAILABLE }: Own<HandlerOptions>): Handler {
  const byName = new Map(Object.entries(handlers ?? {}));
  return call => ((call.name === undefined ? undefined : byName.get(call.name)) ?? otherwise)(call);
}

/**
 * Reads the options once and checks them. Throws UsageError (`bad-option`) for unknown calls and handlers that are not functions,
 * `bad-answer` for an invalid `timeoutAnswer`.
 */
export function checkedHandlers(options: HandlerOptions): Own<HandlerOptions> {
  const { handlers: given, otherwise, onError, answerTimeout, readTimeout, timeoutAnswer } = owned(options);
  if (given !== undefined && typeof given !== 'object')
    throw optionError('handlers must be an object', 'Pass functions by names of calls');
  const handlers = given && owned(given);
  for (const [name, handler] of Object.entries(handlers ?? {})) {
    if (!isKnownSyscall(name)) {
      throw optionError(
        `handlers names ${JSON.stringify(name)}, which is not a system call`,
        didYouMeanCall(name, abisOf(nativeArchitecture())) ?? 'Correct the name',
      );
    }
    checkFunction(`the handler of ${name}`, handler);
  }
  checkFunction('otherwise', otherwise);
  checkFunction('onError', onError);
  if (timeoutAnswer !== undefined) checkAnswer(timeoutAnswer, 'timeoutAnswer is');
  checkTime('answerTimeout', answerTimeout);
  checkTime('readTimeout', readTimeout);
  return { handlers, otherwise, onError, answerTimeout, readTimeout, timeoutAnswer };
}

function checkFunction(what: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw optionError(`${what} is not a function`, 'Pass a function of the call');
}
