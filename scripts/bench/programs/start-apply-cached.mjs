// As start-apply.mjs, with a cache of programs.
import { applyProfile, status } from 'seccomp/apply';

applyProfile(process.argv[2], { cache: process.argv[3] });
process.stdout.write(String(process.hrtime.bigint()));
if (status().mode !== 'filter') process.exitCode = 1;
