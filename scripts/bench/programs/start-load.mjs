// Puts the process under a program that was compiled before.
import { readFileSync } from 'node:fs';
import { load, status } from 'seccomp/load';

load(readFileSync(process.argv[2]));
if (status().mode !== 'filter') process.exitCode = 1;
