// Plans how a child is started so that it cannot reach this process.
import { UnsupportedError } from '../../util/errors.js';
import { oneOf } from '../../util/options.js';
import { features } from '../machine/features.js';
import { RING_FILTER_MODES, type RingFilterMode } from './ring-filter.js';
import { isolationLayer } from './isolation-layer.js';
import {
  DOMAIN,
  domainFor,
  ISOLATION_MODES,
  isolationOf,
  type Isolation,
  type IsolationMode,
} from './isolation.js';

/** The settings for the launcher, or for `exec`. */
export interface IsolationPlan {
  /** The program of the filter layer, or empty. */
  readonly layer: Uint8Array;
  /** One of the values of DOMAIN. */
  readonly domain: number;
  /** Whether io_uring operations are filtered. */
  readonly ringFilter: RingFilterMode;
  /** Whether the command inherits only the descriptors of `stdio`. */
  readonly onlyStdio: boolean;
  /** Whether the kernel kills the command when the thread that starts it ends. */
  readonly endWithParent: boolean;
  /** The isolation of the command. If a part of it fails at the start, the command does not run. */
  readonly receipt: Isolation;
}

/** Plans an isolation. Throws UsageError (`bad-option`), UnsupportedError (`isolation-unavailable`). */
export function planIsolation(
  mode: IsolationMode = 'best-effort',
  ringFilter: RingFilterMode = 'best-effort',
  endWithParent = false,
): IsolationPlan {
  oneOf('isolation', mode, ISOLATION_MODES);
  oneOf('ringFilter', ringFilter, RING_FILTER_MODES);
  const kernel = features();
  const receipt = isolationOf(mode, kernel);
  const [missing] = receipt.open;
  if (mode === 'required' && missing !== undefined) {
    throw new UnsupportedError(
      'isolation-unavailable',
      `isolation: 'required' is not possible: ${receipt.open.map(({ part }) => part).join(' and ')} would stay open: ${missing.reason}`,
      "Use Linux 6.12 or later with Landlock; or pass another uid for the child, and isolation: 'best-effort'",
    );
  }
  const complete = mode === 'best-effort' || mode === 'required';
  return {
    layer: mode === 'none' ? new Uint8Array() : isolationLayer().bpf,
    domain: complete ? domainFor(kernel.landlock) : DOMAIN.none,
    onlyStdio: complete,
    endWithParent,
    ringFilter,
    receipt,
  };
}
