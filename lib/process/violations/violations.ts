// Reports the calls that filters refuse, while the process goes on: listens to the SIGSYS handler of the add-on.
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
import { socketOptions } from '../socket-options.js';

/** What `onViolation` may be told. */
export interface ViolationOptions {
  /**
   * Where the profile kills, say which call it was on standard error first. `applyProfile` then turns KILL_PROCESS and
   * KILL_THREAD into traps, both of which end the whole process by SIGSYS. Default: false.
   */
  readonly fatal?: boolean;
  /** Keep the event loop alive. Default: false. */
  readonly ref?: boolean;
}

/** A listener that is in place. */
export interface Violations {
  /** Calls that are in no event and never will be: there were too many different ones at once. */
  readonly dropped: number;
  /** Whether calls that kill are announced on standard error. */
  readonly fatal: boolean;
  /** Tells of a filter that was loaded, so that violations name its rules. `applyProfile` does this itself. */
  watch(loaded: LoadedFilter): void;
  /**
   * Hands over what is left and ends the reports. Calls that are refused afterwards go on failing with their errno; where
   * no thread has a filter, SIGSYS gets back the disposition it had.
   */
  close(): void;
}

/** Between two deliveries, in milliseconds: a loop of refused calls costs the listener no more than this allows. */
const INTERVAL = 20;

/**
 * Calls `listener` for each call that a filter answers with TRAP from now on; the call itself fails with the errno that
 * the TRAP carries, EPERM if none. Give the result to `applyProfile` as `violations`: it turns the refusals of the
 * profile into such traps. Listen before the filter is loaded; without a handler a TRAP ends the process.
 *
 * Calls of all threads arrive, through the event loop of the thread that listens; what is left at the exit of the process
 * is handed over then. An error that the listener throws is an uncaught exception.
 *
 * Throws UsageError (`bad-listener`, `bad-option`), LoadError (`violations-taken` where the process has a listener;
 * `violations-refused` with the errno where a filter forbids what it takes), UnsupportedError off Linux.
 * Source: seccomp(2), SECCOMP_RET_TRAP; sigaction(2).
 */
export function onViolation(
  listener: (violation: Violation) => void,
  options: ViolationOptions = {},
): Violations {
  const { fatal = false, ref = false } = ownOptions(options, [], ['fatal', 'ref']);
  if (typeof listener !== 'function') {
    throw new UsageError('bad-listener', `a listener cannot be ${show(listener)}`, 'Pass a function');
  }
  readArgumentTables(abisOf(nativeArchitecture()));
  const socket = new (net().Socket)(socketOptions({ fd: listen(), readable: true, writable: false }));
  const layers: KnownLayer[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let lost: bigint | undefined;

  const deliver = (): void => {
    for (const call of native().violationsTake()) {
      try {
        listener(describeCall(call, layers));
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
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

/** Names for the add-on's line on standard error: its handler can look nothing up by itself. */
const callNames = (): string =>
  abisOf(nativeArchitecture())
    .flatMap(name =>
      [...syscallsOf(name)].map(([call, number]) => `\n${ABIS[name].audit.toString(16)} ${number} ${call}`),
    )
    .join('');

/** Whether some thread has a filter, which cannot be taken off and may trap. */
function mayBeFiltered(): boolean {
  try {
    return status().threads.some(({ mode }) => mode === 'filter');
  } catch {
    // A filter may refuse to read even this.
    return true;
  }
}
