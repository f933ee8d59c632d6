// Reads a file and prints when it is done: the time that Node takes for a program that loads something.
import { readFileSync } from 'node:fs';

readFileSync(process.argv[2]);
process.stdout.write(String(process.hrtime.bigint()));
