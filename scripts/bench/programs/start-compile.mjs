// Writes the program that start-apply.mjs would load, which on Node 22 and later is made for the descriptors of its rings.
import { writeFileSync } from 'node:fs';
import { applyProfile } from 'seccomp';

const [, , profile, output] = process.argv;
writeFileSync(output, applyProfile(profile, { dryRun: true }).filter.bpf);
