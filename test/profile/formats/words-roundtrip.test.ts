// What explain prints, read again, is the same policy: for every policy there is, on every architecture.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { compile } from '#lib/filter/compile-profile.js';
import { compilePolicy } from '#lib/filter/compile.js';
import { convert } from '#lib/filter/convert.js';
import { explain } from '#lib/filter/inspect/explain.js';
import { formatExplanation } from '#lib/filter/inspect/format.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import type { Program } from '#lib/bpf/program.js';
import type { Architecture } from '#lib/kernel/architectures.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { Random, seed } from '../../support/random.js';
import { randomPolicy, randomShape } from '../../support/random-policy.js';

const CORPUS = process.env['PROFILE_CORPUS'];
const PROPERTY_RUNS = Number(process.env['WORDS_RUNS'] ?? 40);

/** Reads the words for a program again, and compares the meanings; then the words of the new program. */
function isTheSame(program: Program, arch: Architecture): void {
  const words = formatExplanation(explain(program));
  const policy = resolveProfile(Buffer.from(words), { arch });
  assert.equal(findDifference(program, policy), undefined, words);
  assert.equal(formatExplanation(explain(compilePolicy(policy).program)), words);
}

describe('the words of explain, read again, are the same policy', () => {
  const start = seed();
  it(`for random policies (SEED=${start})`, function () {
    this.timeout(0);
    const random = new Random(start);
    for (let run = 0; run < PROPERTY_RUNS; run++) {
      const shape = randomShape(random);
      isTheSame(compilePolicy(randomPolicy(random, shape)).program, shape.arch);
    }
  });

  const folder = new URL('../../../../profiles/', import.meta.url).pathname;
  const own = readdirSync(folder).filter(file => file.endsWith('.json'));
  const corpus = CORPUS !== undefined && existsSync(CORPUS) ? readdirSync(CORPUS) : [];
  for (const arch of ['x86_64', 'aarch64'] as const) {
    for (const path of [
      ...own.map(file => `${folder}${file}`),
      ...corpus.filter(file => file.endsWith('.json')).map(file => `${CORPUS ?? ''}/${file}`),
    ]) {
      it(`for ${path.slice(path.lastIndexOf('/') + 1)} on ${arch}`, () => {
        isTheSame(compile(path, { arch }).program, arch);
      });
    }
  }

  it('and what convert writes in words is too', () => {
    for (const arch of ['x86_64', 'aarch64'] as const) {
      const { policy, program } = compile('docker-default', { arch });
      const words = convert(policy, 'words');
      assert.equal(findDifference(program, resolveProfile(words, { arch })), undefined);
      assert.match(words, /^default: ERRNO\(EPERM\)\n/);
    }
  });
});
