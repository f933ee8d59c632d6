// Puts the process under a profile: one that ships by its name, any other compiled and proven, with a directory by a cache of programs.
// Says when it is in force.
import { applyProfile, status } from 'seccomp/apply';

const [, , profile, cache] = process.argv;
applyProfile(profile, cache === undefined ? {} : { cache });
process.stdout.write(String(process.hrtime.bigint()));
if (status().mode !== 'filter') process.exitCode = 1;
