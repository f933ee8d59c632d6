import type { SeccompProfile } from '../types/index.js';

/** A profile that ships, e.g. `seccomp/profiles/docker-default.json`. */
declare const profile: SeccompProfile;
export = profile;
