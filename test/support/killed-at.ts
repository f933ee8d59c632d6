// A library that ends a supervisor at an exact step of a notification.
import { built } from './built.js';

/** Its path, for LD_PRELOAD. */
export const killedAt = (): string =>
  built({
    name: 'killed-at.so',
    compiler: 'gcc',
    sources: ['test/support/killed-at.c'],
    flags: ['-shared', '-fPIC', '-ldl'],
  });
