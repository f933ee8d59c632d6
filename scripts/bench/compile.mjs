// The time from rules to a program: this package's with its proof, in this process, alternating with libseccomp's in
// separate processes.
import { parseProfile, resolveProfile, validate, verify } from '../../dist/entries/inspect.js';
import { compilePolicy } from '../../dist/filter/compile.js';
import { generate, UNIFORM } from '../../dist/filter/generate/generate.js';
import { nodeWeights } from '../../dist/filter/generate/weights.js';
import { blocks, comparison, spread, table } from './format.mjs';
import { nativeArch, policiesOf, profileText } from './input.mjs';
import { languages, startCompiler } from './libseccomp-programs.mjs';
import { compareWith, interleave, summarize, time } from './statistics.mjs';

export const title = 'Compilation';

const OPTIMIZE = { linear: 1, tree: 2 };

/** The timed variants of this package; everything else is compared with the first. */
const OURS = 'ours, verified: weights node';

export async function measure({ quick }) {
  const plan = quick ? { rounds: 5, warmUp: 3 } : { rounds: 60, warmUp: 100 };
  const missing = new Set();
  const versions = new Set();
  const results = [];
  for (const [abis, policy] of Object.entries(policiesOf(nativeArch))) {
    const { subjects, close } = await others(policy, missing, versions);
    const samples = await interleave({ ...ours(policy), ...subjects }, plan);
    close();
    results.push({ abis, rows: compareWith(OURS, samples) });
  }
  return { steps: await steps(plan), results, missing: [...missing], versions: [...versions] };
}

const ours = policy => ({
  [OURS]: () => time(() => compilePolicy(policy)),
  'ours, verified: weights uniform': () => time(() => compilePolicy(policy, { weights: 'uniform' })),
  'ours, through libseccomp (tree), verified': () =>
    time(() => compilePolicy(policy, { codegen: 'libseccomp' })),
});

/** A subject for each language and optimisation level. */
async function others(policy, missing, versions) {
  const subjects = {};
  const started = [];
  for (const language of languages) {
    const compiler = await startCompiler(language, policy);
    if ('missing' in compiler) {
      missing.add(`${language}: skipped, since ${compiler.missing} is not installed`);
      continue;
    }
    started.push(compiler);
    versions.add(compiler.version);
    for (const [name, optimize] of Object.entries(OPTIMIZE)) {
      await compiler.check(optimize);
      subjects[`libseccomp from ${language}, ${name}`] = async () => (await compiler.compile(optimize)).ms;
    }
  }
  return { subjects, close: () => started.forEach(compiler => compiler.close()) };
}

/** Times the steps of this package's compilation, for the profile as it ships. */
async function steps(plan) {
  // parseProfile caches results by text, so each text is different.
  let text = profileText;
  const profile = parseProfile(text);
  const policy = resolveProfile(profile);
  const program = generate(policy, nodeWeights);
  const samples = await interleave(
    {
      parse: () => {
        text += '\n';
        return time(() => parseProfile(text));
      },
      resolve: () => time(() => resolveProfile(profile)),
      'generate, weights node': () => time(() => generate(policy, nodeWeights)),
      'generate, weights uniform': () => time(() => generate(policy, UNIFORM)),
      validate: () => time(() => validate(program)),
      verify: () => time(() => verify(program, policy)),
    },
    plan,
  );
  return Object.entries(samples).map(([name, own]) => ({ name, ms: summarize(own) }));
}

export const render = ({ steps: own, results, missing, versions }) =>
  blocks(
    `Milliseconds in a warm process. For this package, the time is from the resolved rules to the proven program. For libseccomp, it is from
\`seccomp_init\` to the exported program, without a proof. All get the same rules. With a ratio above 1, ours is faster.`,
    ...results.map(({ abis, rows }) =>
      blocks(`**${abis}**`, comparison(['What', 'ms, median (quartiles)', 'Ratio to ours'], rows)),
    ),
    `Versions: ${versions.join('; ')}.${missing.map(each => ` ${each}.`).join('')}`,
    '**Steps of this package, for the profile as it ships**',
    table(
      ['Step', 'ms, median (quartiles)'],
      own.map(({ name, ms }) => [name, spread(ms)]),
    ),
  );
