// Reads a file and says when that is done: what Node takes for a program that has something to load.
import { readFileSync } from 'node:fs';

readFileSync(process.argv[2]);
process.stdout.write(String(process.hrtime.bigint()));
