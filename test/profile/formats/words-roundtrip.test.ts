// The output of explain, parsed again, is the same policy, for all available policies on every architecture.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from '#lib/filter/compile-profile.js';
import { compilePolicy } from '#lib/filter/compile.js';
import { convert } from '#lib/filter/convert.js';
import { explain } from '#lib/filter/inspect/explain.js';
import { formatExplanation } from '#lib/filter/inspect/format.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import type { Program } from '#lib/bpf/program.js';
import type { Architecture } from '#lib/kernel/architectures.js';
import { generateWithLibseccomp } from '#lib/libseccomp/generate.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { ProfileError } from '#lib/util/errors.js';
import { Random, seed } from '../../support/random.js';
import { randomPolicy, randomShape } from '../../support/random-policy.js';

const CORPUS = fileURLToPath(new URL('../../../../../shared/profiles/', import.meta.url));
/** Excluded files: those of Firecracker, and one with an errno that no kernel returns. */
const UNUSABLE = /^firecracker|fixture_example/;
const PROPERTY_RUNS = Number(process.env['WORDS_RUNS'] ?? 40);

/** Parses the explanation of a program, and compares the meanings. */
function isTheSame(program: Program, arch: Architecture, groups = false): string {
  const words = formatExplanation(explain(program), { groups });
  assert.equal(findDifference(program, resolveProfile(Buffer.from(words), { arch })), undefined, words);
  return words;
}

describe('the parsed output of explain is the same policy', () => {
  const start = seed();
  it(`for random policies (SEED=${start})`, function () {
    this.timeout(0);
    const random = new Random(start);
    let given = 0;
    for (let run = 0; run < PROPERTY_RUNS; run++) {
      const shape = randomShape(random);
      const { program } = compilePolicy(randomPolicy(random, shape));
      try {
        isTheSame(program, shape.arch, random.chance(0.5));
      } catch (error) {
        // A condition with several mismatched masks may need more rules than a policy can have.
        if (!(error instanceof ProfileError) || error.code !== 'too-many-rules') throw error;
        given++;
      }
    }
    assert.ok(given <= 2 + PROPERTY_RUNS / 20, `${given} of ${PROPERTY_RUNS} were given up`);
  });

  const folder = new URL('../../../../profiles/', import.meta.url).pathname;
  const own = readdirSync(folder).filter(file => file.endsWith('.json'));
  const corpus = existsSync(CORPUS) ? readdirSync(CORPUS) : [];
  for (const arch of ['x86_64', 'aarch64'] as const) {
    for (const path of [
      ...own.map(file => `${folder}${file}`),
      ...corpus
        .filter(file => file.endsWith('.json') && !UNUSABLE.test(file))
        .map(file => `${CORPUS}${file}`),
    ]) {
      it(`for ${path.slice(path.lastIndexOf('/') + 1)} on ${arch}`, () => {
        isTheSame(compile(path, { arch }).program, arch);
      });
    }
  }

  it('for programs of libseccomp', () => {
    for (const arch of ['x86_64', 'aarch64'] as const)
      isTheSame(generateWithLibseccomp(resolveProfile('docker-default', { arch })).program, arch);
  });

  it('even with groups instead of their calls', () => {
    for (const arch of ['x86_64', 'aarch64'] as const) {
      const { program } = compile('docker-default', { arch });
      const words = isTheSame(program, arch, true);
      assert.match(words, /\s@memory-map,/);
      assert.doesNotMatch(words, /\bmprotect\b/);
      assert.ok(words.length * 4 < formatExplanation(explain(program)).length * 3);
    }
  });

  it('and so is the output of convert in words', () => {
    for (const arch of ['x86_64', 'aarch64'] as const) {
      const { policy, program } = compile('docker-default', { arch });
      const words = convert(policy, 'words');
      assert.equal(findDifference(program, resolveProfile(words, { arch })), undefined);
      assert.match(words, /^default: ERRNO\(EPERM\)\n/);
    }
  });
});
