// Puts the process under a profile: parsed, resolved, compiled and proven.
import { applyProfile, status } from 'seccomp/apply';

applyProfile(process.argv[2]);
if (status().mode !== 'filter') process.exitCode = 1;
