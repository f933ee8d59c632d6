// Reads small files of text. Node looks for options in objects that inherit, unless it is given one that does not.
import { readFileSync } from 'node:fs';
import { bare } from './own.js';

/** The text of a file in UTF-8. Throws as `readFileSync` of node:fs. */
export const readText = (path: string): string => readFileSync(path, OPTIONS);

const OPTIONS = bare({ encoding: 'utf8', flag: 'r' } as const);
