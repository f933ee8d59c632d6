// Tries a profile on the running process: calls that it would refuse are reported and made.
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

/** Where reports of calls go that the profile would refuse. */
interface TryOptions {
  readonly onViolation: (violation: ReportedViolation) => void;
  readonly reportFallbacks: boolean;
}

/** The result for a profile that is only reported on. No filter was loaded. */
export interface ReportedProfile extends LoadedFilter {
  /** The reports. */
  readonly reports: ViolationReports;
}

/** Reports in progress. */
export interface ViolationReports {
  /** The number of calls that are not reported, because the table was full. */
  readonly lost: number;
  /** Reports all calls up to now. */
  flush(): void;
  /** Reports all calls up to now, and stops reporting: the process then runs as if there had been no profile. */
  stop(): void;
  /** Keeps this process alive for reports; the default is not to. */
  ref(): void;
  /** Lets the process end without waiting for reports. */
  unref(): void;
}

/**
 * Reports what a filter would refuse to this process, its threads and the processes that they start.
 * Throws LoadError (`no-tracer`, `tracer-refused`).
 */
export function tryProfile(filter: Filter, { onViolation, reportFallbacks }: TryOptions): ReportedProfile {
  const { policy, warnings } = filter;
  // Read before the tracer is attached, which would report these calls as the program's.
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

/** The end of the tracer is unexpected here and does not keep the process alive. */
function warn(error: SupervisionError): void {
  process.emitWarning(error.message, { type: error.name, code: error.code });
}
