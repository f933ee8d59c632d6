// What `fork` with `load: 'before-user-code'` has Node import first. Imported by workers too, which inherit the filter.
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  hide();
  const { confineSelf } = await import('../confine-self.js');
  confineSelf(Number(new URL(import.meta.url).searchParams.get('fd')));
}

/** Takes the import back out of the options that children of this process inherit. */
function hide(): void {
  const index = process.execArgv.indexOf(import.meta.url);
  if (index > 0) process.execArgv.splice(index - 1, 2);
}
