// The module that Node imports first in a `fork` with `load: 'before-user-code'`. Workers, which inherit the filter,
// import it too.
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  hide();
  const { confineSelf } = await import('../confine-self.js');
  confineSelf(Number(new URL(import.meta.url).searchParams.get('fd')));
}

/** Removes the import from the options that children of this process inherit. */
function hide(): void {
  const index = process.execArgv.indexOf(import.meta.url);
  if (index > 0) process.execArgv.splice(index - 1, 2);
}
