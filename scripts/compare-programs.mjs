// Checks that two builds make the same programs: `node scripts/compare-programs.mjs OLD/dist NEW/dist FOLDER` compiles
// every profile of a folder, and Docker's default, with both builds for both architectures, and compares the SHA-256 of
// the bytes.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ARCHITECTURES } from '../dist/kernel/architectures.js';

const [before, after, folder] = process.argv.slice(2).map(path => resolve(path));
const builds = await Promise.all([before, after].map(path => import(join(path, 'entries/index.js'))));
const files = readdirSync(folder)
  .filter(name => name.endsWith('.json'))
  .map(name => join(folder, name));

let [same, different] = [0, 0];
for (const profile of ['docker-default', ...files]) {
  for (const arch of ARCHITECTURES) {
    for (const weights of ['node', 'uniform']) {
      const [one, other] = builds.map(({ compile }) => {
        try {
          return createHash('sha256').update(compile(profile, { arch, weights }).bpf).digest('hex');
        } catch (error) {
          return error.code;
        }
      });
      if (one === other) same++;
      else {
        different++;
        console.log(`${profile} on ${arch}, weights ${weights}: ${one}, ${other}`);
      }
    }
  }
}
console.log(`${same} alike, ${different} different`);
process.exitCode = different === 0 ? 0 : 1;
