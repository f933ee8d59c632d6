// The flags of seccomp(2) that profiles name.
import type { FilterFlag } from '../../policy/policy.js';

/** The names that "flags" may contain. */
export const FLAGS: readonly FilterFlag[] = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
];
