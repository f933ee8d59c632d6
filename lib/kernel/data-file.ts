// Reads the tables that ship as text in data/: they are large, and only loaded by who asks for them.
import { packageFile } from '../package-files.js';
import { readText } from '../util/read-text.js';

/** The lines of a file of data/. */
export const dataLines = (name: string): readonly string[] =>
  readText(packageFile(`data/${name}`))
    .trimEnd()
    .split('\n');
