// Like start-load.mjs, in CommonJS.
const { readFileSync } = require('node:fs');
const { load, status } = require('seccomp/load');

load(readFileSync(process.argv[2]));
process.stdout.write(String(process.hrtime.bigint()));
if (status().mode !== 'filter') process.exitCode = 1;
