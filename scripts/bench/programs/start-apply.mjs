// Puts the process under a profile: parsed, resolved, compiled and proven. Says when it is in force.
import { applyProfile, status } from 'seccomp/apply';

applyProfile(process.argv[2]);
process.stdout.write(String(process.hrtime.bigint()));
if (status().mode !== 'filter') process.exitCode = 1;
