import type { ExtendingProfile } from '../types/entries/index.js';

/** A profile that ships and extends another, e.g. `seccomp/profiles/no-network.json`. */
declare const profile: ExtendingProfile;
export = profile;
