// Reads the tables that ship as text in data/: they are large, and only loaded by who asks for them.
import { readFileSync } from 'node:fs';

/** The lines of a file of data/. */
export const dataLines = (name: string): readonly string[] =>
  readFileSync(new URL(`../../data/${name}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
