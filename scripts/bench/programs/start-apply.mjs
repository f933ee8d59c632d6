// Applies a profile, and prints when it is in force: a shipped profile by its name, or any other, which is compiled and
// proven; with a directory, through a program cache there.
import { applyProfile, status } from 'seccomp/apply';

const [, , profile, cache] = process.argv;
applyProfile(profile, cache === undefined ? {} : { cache });
process.stdout.write(String(process.hrtime.bigint()));
if (status().mode !== 'filter') process.exitCode = 1;
