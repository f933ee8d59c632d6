// Node's own modules, loaded on first use: loading them slows start-up, few programs need them, and browsers have none.
import { UnsupportedError } from './errors.js';
import { own } from './own.js';

/** The process that runs this program; undefined in a browser. */
export const host = (): NodeJS.Process | undefined =>
  own(globalThis as { process?: NodeJS.Process }, 'process');

/** Throws UnsupportedError (`unsupported-platform`) if a module is missing, as in a browser. */
function required<Module>(found: Module | undefined, what: string): Module {
  if (found !== undefined) return found;
  throw new UnsupportedError(
    'unsupported-platform',
    `this needs ${what}, which browsers do not have`,
    'Pass texts and bytes instead of paths',
  );
}

export const childProcess = () => process.getBuiltinModule('node:child_process');
export const crypto = () => process.getBuiltinModule('node:crypto');
export const fs = () => required(host()?.getBuiltinModule('node:fs'), 'files');
export const net = () => process.getBuiltinModule('node:net');
export const os = () => process.getBuiltinModule('node:os');
/** This getter, `url` and `inspect` return undefined in a browser. */
export const path = () => host()?.getBuiltinModule('node:path');
/** node:path, for callers that need it. Throws UnsupportedError (`unsupported-platform`) in a browser. */
export const paths = () => required(path(), 'files');
export const url = () => host()?.getBuiltinModule('node:url');
export const inspect = () => host()?.getBuiltinModule('node:util').inspect;
export const util = () => process.getBuiltinModule('node:util');
export const v8 = () => process.getBuiltinModule('node:v8');
