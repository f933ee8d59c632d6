// Writes the program that start-apply.mjs would load. On Node 22 and later it depends on the descriptors of Node's rings.
import { writeFileSync } from 'node:fs';
import { applyProfile } from 'seccomp';

const [, , profile, output] = process.argv;
const { filter } = applyProfile(profile, { dryRun: true });
if (filter === undefined) throw new Error(`${profile} was not compiled`);
writeFileSync(output, filter.bpf);
