// Like start-import.mjs, in CommonJS.
require('seccomp');
process.stdout.write(String(process.hrtime.bigint()));
