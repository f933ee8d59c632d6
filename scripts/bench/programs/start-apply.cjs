// Like start-apply.mjs, in CommonJS; with a directory, uses a program cache there.
const { applyProfile, status } = require('seccomp/apply');

const [, , profile, cache] = process.argv;
applyProfile(profile, cache === undefined ? {} : { cache });
process.stdout.write(String(process.hrtime.bigint()));
if (status().mode !== 'filter') process.exitCode = 1;
