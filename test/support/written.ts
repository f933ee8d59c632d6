// Profiles that tests put together from strings and numbers, which the compiler cannot check: the reader does.
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';

/** A value as a profile, whatever it is. */
export const written = (value: unknown): SeccompProfile => value as SeccompProfile;
