// Tries a profile on the running process: calls that it would refuse are reported but executed.
import { readdirSync } from 'node:fs';
import { compilePolicy } from '../../filter/compile.js';
import type { Filter } from '../../filter/filter.js';
import { withStops } from '../../policy/with-stops.js';
import type { SupervisionError } from '../../util/errors.js';
import type { ReportedViolation } from '../supervise/report.js';
import { threadStatus } from '../inspect/status.js';
import type { LoadedFilter } from '../load.js';
import { attachTracer } from './attach.js';
import { follow } from './follow.js';

/** Options for reports of calls that the profile would refuse. */
interface TryOptions {
  readonly onViolation: (violation: ReportedViolation) => void;
  readonly reportFallbacks: boolean;
}

/** The result of trying a profile. No filter was loaded. */
export interface ReportedProfile extends LoadedFilter {
  /** The reports. */
  readonly reports: ViolationReports;
}

/** Active reports. */
export interface ViolationReports {
  /** The number of calls that were not reported, because the table was full. */
  readonly lost: number;
  /** Reports all calls so far. */
  flush(): void;
  /** Reports all calls so far, and stops reporting: the process then runs as if there had been no profile. */
  stop(): void;
  /** Keeps this process alive for reports. Default: it does not. */
  ref(): void;
  /** Lets the process end without waiting for reports. */
  unref(): void;
}

/**
 * Reports the calls of this process, its threads and the processes that they start that a filter would refuse. Throws
 * LoadError (`no-tracer`, `tracer-refused`).
 */
export function tryProfile(filter: Filter, { onViolation, reportFallbacks }: TryOptions): ReportedProfile {
  const { policy, warnings } = filter;
  // Read before the tracer is attached, because it would report these calls.
  const threads = readdirSync('/proc/self/task').map(Number);
  const noNewPrivs = threadStatus()?.noNewPrivs === true;
  const tracer = attachTracer(compilePolicy(withStops(policy)));
  const follower = follow(tracer, {
    policy,
    command: process.execPath,
    fallbacks: reportFallbacks,
    onViolation,
    onEnd: warn,
    detach: tracer.end,
  });
  follower.unref();
  return {
    filter,
    scope: 'process',
    threads,
    flags: [],
    layer: undefined,
    noNewPrivs,
    listener: undefined,
    warnings,
    dryRun: false,
    reports: {
      get lost() {
        return follower.lost;
      },
      flush: () => {
        follower.flush();
      },
      stop: () => {
        follower.close();
      },
      ref: () => {
        follower.ref();
      },
      unref: () => {
        follower.unref();
      },
    },
  };
}

/** Warns of an unexpected end of the tracer, which does not end the process. */
function warn(error: SupervisionError): void {
  process.emitWarning(error.message, { type: error.name, code: error.code });
}
