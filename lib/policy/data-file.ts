// Reads the tables that ship as text in data/: they are large, and only loaded by who asks for them.
import { readFileSync } from 'node:fs';
import { packageFile } from '../package-files.js';

/** The lines of a file of data/. */
export const dataLines = (name: string): readonly string[] =>
  readFileSync(packageFile(`data/${name}`), 'utf8')
    .trimEnd()
    .split('\n');
