// What a child is started with so that it cannot reach this process.
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

/** The orders of the launcher, or of `exec`. */
export interface IsolationPlan {
  /** The program of the filter layer; empty for none. */
  readonly layer: Uint8Array;
  /** One of DOMAIN. */
  readonly domain: number;
  /** Whether io_uring operations are filtered. */
  readonly ringFilter: RingFilterMode;
  /** Whether descriptors behind those of `stdio` are kept from the command. */
  readonly onlyStdio: boolean;
  /** What is in force once the command runs: where a part of it cannot be had after all, the command is not run. */
  readonly receipt: Isolation;
}

/** Throws UsageError (`bad-option`), UnsupportedError (`isolation-unavailable`). */
export function planIsolation(
  mode: IsolationMode = 'best-effort',
  ringFilter: RingFilterMode = 'best-effort',
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
    ringFilter,
    receipt,
  };
}
