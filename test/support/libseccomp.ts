// What the linked libseccomp has: builds with the system's library may have an older one than this package brings.
import { version } from '#lib/libseccomp/context.js';
import { skip } from './skip.js';

/** Skips a test of what libseccomp has since 2.6. */
export function needs26(test: Mocha.Context): void {
  const { major, minor } = version();
  if (major === 2 && minor < 6) skip(test, `libseccomp ${major}.${minor} is older than 2.6`);
}
