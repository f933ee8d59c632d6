// Profiles that tests build from strings and numbers, which the parser checks instead of the compiler.
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';

/** Casts any value to a profile. */
export const written = (value: unknown): SeccompProfile => value as SeccompProfile;
