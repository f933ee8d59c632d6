// Files that can never be executed. If the execve of a command has failed, one of them is started instead, so that
// errors and events are Node's own.

/** execve fails with ENOENT, because /proc names descriptors by number. */
export const NEVER_THERE = '/proc/self/fd/-';

/** Paths by the errnos for which Node emits an event; for others, it throws. */
export const STAND_INS: Readonly<Record<string, string>> = {
  ENOENT: NEVER_THERE,
  // A directory.
  EACCES: '/',
};
