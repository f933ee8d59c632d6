import type { SeccompProfile } from '../types/entries/index.js';

/** A profile that ships, e.g. `seccomp/profiles/docker-default.json`. */
declare const profile: SeccompProfile;
export = profile;
