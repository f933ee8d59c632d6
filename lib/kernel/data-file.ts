// Reads the tables that ship as text in data/. They are large, and loaded lazily.
import { packageFile } from '../package-files.js';
import { readText } from '../util/read-text.js';

/** The lines of a file of data/. */
export const dataLines = (name: string): readonly string[] =>
  readText(packageFile(`data/${name}`))
    .trimEnd()
    .split('\n');
