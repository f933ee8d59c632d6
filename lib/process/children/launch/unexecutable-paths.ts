// Files that can never be executed: started instead of a command whose execve has failed, so that errors and events
// are Node's own.

/** execve fails with ENOENT: /proc names descriptors by numbers. */
export const NEVER_THERE = '/proc/self/fd/-';

/** By the errnos for which Node has an event; it throws for others. */
export const STAND_INS: Readonly<Record<string, string>> = {
  ENOENT: NEVER_THERE,
  // A directory.
  EACCES: '/',
};
