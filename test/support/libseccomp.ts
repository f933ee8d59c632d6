// The features of the linked libseccomp: the system's library may be older than the one that this package ships.
import { version } from '#lib/libseccomp/context.js';
import { skip } from './skip.js';

/** Skips a test that needs libseccomp 2.6. */
export function needs26(test: Mocha.Context): void {
  const { major, minor } = version();
  if (major === 2 && minor < 6) skip(test, `libseccomp ${major}.${minor} is older than 2.6`);
}
