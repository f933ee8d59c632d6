// Reports the calls that filters refuse while the process continues, from the records of the add-on's SIGSYS handler.
import { errnoName } from '../../kernel/errno.js';
import { net } from '../../util/builtins.js';
import { LoadError, UsageError } from '../../util/errors.js';
import { isFailure, native } from '../../native.js';
import { ABIS, syscallsOf } from '../../kernel/abi.js';
import { readArgumentTables } from '../../kernel/arguments/named-arguments.js';
import { ownOptions } from '../../util/options.js';
import { abisOf, nativeArchitecture } from '../../kernel/architectures.js';
import type { LoadedFilter } from '../load.js';
import { status } from '../inspect/status.js';
import { describeCall, type KnownLayer, type Violation } from './violation.js';
import { show } from '../../util/show.js';
import { socketOptions } from './socket-options.js';
import { guarded } from '../supervise/event-loop.js';

/** Options of `onViolation`. */
export interface ViolationOptions {
  /**
   * If the profile kills, first print the call on standard error. `applyProfile` then replaces KILL_PROCESS and
   * KILL_THREAD with traps, which both end the whole process with SIGSYS. Default: false.
   */
  readonly fatal?: boolean | undefined;
  /** Keep the event loop alive. Default: false. */
  readonly ref?: boolean | undefined;
}

/** An active listener. */
export interface Violations {
  /** The number of calls that were not reported, because there were too many different ones at once. */
  readonly dropped: number;
  /** Whether calls that kill are printed on standard error. */
  readonly fatal: boolean;
  /** Adds a loaded filter, so that violations name its rules. `applyProfile` calls it itself. */
  watch(loaded: LoadedFilter): void;
  /**
   * Reports remaining calls and stops reporting. Calls that are refused later still fail with their errno; if no thread
   * has a filter, the previous disposition of SIGSYS is restored.
   */
  close(): void;
}

/** The minimum time between two deliveries, in milliseconds, which limits the cost of a loop of refused calls. */
const INTERVAL = 20;

/**
 * Calls `listener` for each call that a filter traps (TRAP) from now on; the call itself fails with the errno of the
 * TRAP, or EPERM if it has none. Pass the result to `applyProfile` as `violations`, which replaces the refusals of the
 * profile with such traps. Call `onViolation` before the filter is loaded: without a handler a TRAP ends the process.
 *
 * Calls of all threads are reported through the event loop of the thread that called `onViolation`; remaining ones are
 * reported when the process exits. An error that the listener throws is an uncaught exception.
 *
 * Throws UsageError (`bad-listener`, `bad-option`), LoadError (`violations-taken` if the process already has a listener;
 * `violations-refused` with the errno if a filter refuses calls that listening needs), UnsupportedError on platforms
 * other than Linux.
 * Source: seccomp(2), SECCOMP_RET_TRAP; sigaction(2).
 */
export function onViolation(
  listener: (violation: Violation) => void,
  options: ViolationOptions = {},
): Violations {
  const { fatal = false, ref = false } = ownOptions(options, [], ['fatal', 'ref']);
  if (typeof listener !== 'function') {
    throw new UsageError(
      'bad-listener',
      `a listener must be a function, not ${show(listener)}`,
      'Pass a function',
    );
  }
  readArgumentTables(abisOf(nativeArchitecture()));
  const socket = new (net().Socket)(socketOptions({ fd: listen(), readable: true, writable: false }));
  const layers: KnownLayer[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let lost: bigint | undefined;

  const deliver = (): void => {
    for (const call of native().violationsTake())
      guarded(() => {
        listener(describeCall(call, layers));
      });
  };
  const close = (): void => {
    if (closed) return;
    closed = true;
    process.off('exit', close);
    clearTimeout(timer);
    socket.destroy();
    deliver();
    lost = native().violationsStop();
    if (!mayBeFiltered()) native().stopHandlingTraps();
  };
  socket.on('data', () => {
    socket.pause();
    timer = setTimeout(() => socket.resume(), INTERVAL);
    if (!ref) timer.unref();
    deliver();
  });
  if (!ref) socket.unref();
  process.on('exit', close);

  return {
    get dropped() {
      return Number(lost ?? native().violationsDropped());
    },
    fatal,
    watch({ filter, layer }) {
      if (filter !== undefined) layers.push({ layer, policy: filter.policy });
    },
    close,
  };
}

function listen(): number {
  const descriptor = native().violationsListen(callNames());
  if (!isFailure(descriptor)) return descriptor;
  const { errno, failed } = descriptor;
  const reason = errnoName(errno);
  if (reason === 'EBUSY') {
    throw new LoadError(
      'violations-taken',
      'this process already has a listener for violations, and SIGSYS can have only one handler',
      'Close the other one first',
      { errno },
    );
  }
  throw new LoadError(
    'violations-refused',
    `${failed} failed with ${reason}`,
    'Call onViolation before a filter that refuses it is loaded',
    { errno },
  );
}

/** The names of calls for the add-on's line on standard error, because its signal handler cannot look them up. */
const callNames = (): string =>
  abisOf(nativeArchitecture())
    .flatMap(name =>
      [...syscallsOf(name)].map(([call, number]) => `\n${ABIS[name].audit.toString(16)} ${number} ${call}`),
    )
    .join('');

/** Whether some thread has a filter, which may trap and cannot be removed. */
function mayBeFiltered(): boolean {
  try {
    return status().threads.some(({ mode }) => mode === 'filter');
  } catch {
    // A filter may refuse the calls to read this.
    return true;
  }
}
