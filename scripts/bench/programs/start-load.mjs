// Loads a program that was compiled before, and prints when it is in force.
import { readFileSync } from 'node:fs';
import { load, status } from 'seccomp/load';

load(readFileSync(process.argv[2]));
process.stdout.write(String(process.hrtime.bigint()));
if (status().mode !== 'filter') process.exitCode = 1;
