// Determines which io_uring operations a child is refused: those whose equivalent system calls its profile refuses.
import { describeFailure } from '../../native.js';
import { errnoName } from '../../kernel/errno.js';
import { LoadError, UnsupportedError } from '../../util/errors.js';
import type { Filter } from '../../filter/filter.js';
import { isFilter } from '../../filter/filter.js';
import type { Failure, Probe } from '../../native.js';
import { syscallNumber, type Abi } from '../../kernel/abi.js';
import { permits } from '../../kernel/action.js';
import { mayPermit, outcome } from '../../policy/evaluate.js';
import type { Policy } from '../../policy/policy.js';
import { RING_OPCODES } from '../../kernel/ring-operations.js';
import { features } from '../machine/features.js';
import { optionError } from '../../util/options.js';

/** Whether to filter the io_uring operations of a child: if the kernel supports it, always (otherwise an error), or never. */
export type RingFilterMode = 'best-effort' | 'required' | 'none';

export const RING_FILTER_MODES: readonly RingFilterMode[] = ['best-effort', 'required', 'none'];

/** `RingVerdict` of native/launcher/ring_filter.h. */
const RING_VERDICT = { unchanged: 0, allow: 1, refuse: 2 } as const;

const NONE = new Uint8Array();

/**
 * A verdict for each operation; empty if there is nothing to filter, or the kernel does not support it.
 * Throws UsageError (`bad-option`) and UnsupportedError (`ring-filter-unavailable`) with `required`.
 */
export function ringVerdicts(filter: Filter | Uint8Array, mode: RingFilterMode): Uint8Array {
  if (mode === 'none') return NONE;
  if (!isFilter(filter)) {
    if (mode === 'best-effort') return NONE;
    throw optionError(
      "ringFilter: 'required' needs a profile, but got the bytes of a program",
      'Pass a profile or the result of compile',
    );
  }
  const verdicts = verdictsOf(filter);
  const { release, ringFilterError } = features();
  if (verdicts.length === 0 || ringFilterError === 0) return verdicts;
  if (mode === 'best-effort') return NONE;
  throw new UnsupportedError(
    'ring-filter-unavailable',
    `ringFilter: 'required' is not possible: the profile allows io_uring_setup, and ${reasonWithout({ release, ringFilterError })}`,
    'Use Linux 7.0 or later, or refuse io_uring_setup, io_uring_enter and io_uring_register in the profile',
  );
}

/** Why operations cannot be filtered. */
export const reasonWithout = ({
  release,
  ringFilterError,
}: Pick<Probe, 'release' | 'ringFilterError'>): string =>
  errnoName(ringFilterError) === 'EINVAL'
    ? `filters of io_uring operations need Linux 7.0, but this is ${release}`
    : `io_uring cannot be used here (${errnoName(ringFilterError)}): a loaded filter or kernel.io_uring_disabled may refuse it`;

/** Why the launcher could not register the ring filter. */
export const explainRingFilter = (failure: Failure): LoadError =>
  new LoadError(
    'ring-filter-refused',
    `the kernel refused the filter of io_uring operations (${describeFailure(failure)})`,
    errnoName(failure.errno) === 'EACCES'
      ? 'Leave noNewPrivs on: without it, the child needs CAP_SYS_ADMIN'
      : "Check the filters of this process, or pass ringFilter: 'none'",
    { errno: failure.errno },
  );

/** Verdicts by filter, which are immutable, because many children run under few filters. */
const known = new WeakMap<Filter, Uint8Array>();

function verdictsOf(filter: Filter): Uint8Array {
  const verdicts = known.get(filter) ?? makeVerdicts(filter.policy);
  known.set(filter, verdicts);
  return verdicts;
}

function makeVerdicts(policy: Policy): Uint8Array {
  const opening = policy.abis.map(({ abi }) => abi).filter(abi => opensRings(policy, abi));
  if (opening.length === 0) return NONE;
  const otherwise = permits(policy.defaultAction) ? RING_VERDICT.unchanged : RING_VERDICT.allow;
  const verdicts = Uint8Array.from(RING_OPCODES, calls =>
    opening.every(abi => calls.every(name => alwaysAllows(policy, abi, name)))
      ? otherwise
      : RING_VERDICT.refuse,
  );
  return verdicts.some(verdict => verdict !== RING_VERDICT.unchanged) ? verdicts : NONE;
}

const opensRings = (policy: Policy, { audit, name }: Abi): boolean => {
  const number = syscallNumber(name, 'io_uring_setup');
  return number !== undefined && mayPermit(outcome(policy, audit, number));
};

/** Whether a call is allowed unconditionally, or does not exist. */
const alwaysAllows = (policy: Policy, { audit, name }: Abi, call: string): boolean => {
  const number = syscallNumber(name, call);
  if (number === undefined) return true;
  const { rules, otherwise } = outcome(policy, audit, number);
  return permits(otherwise) && rules.every(({ action }) => permits(action));
};
