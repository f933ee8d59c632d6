// A library that kills a supervisor at an exact step of a notification.
import { built } from './built.js';

/** The path of the library, for LD_PRELOAD. */
export const killedAt = (): string =>
  built({
    name: 'killed-at.so',
    compiler: 'gcc',
    sources: ['test/support/killed-at.c'],
    flags: ['-shared', '-fPIC', '-ldl'],
  });
