// The start-up time of a program: from the start of a Node process to the loaded filter, and to its end.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { inRoot } from '../files.mjs';
import { makeCodeCache } from '../make-code-cache.mjs';
import { programPath, scratch } from './build.mjs';
import { blocks, factor, spread, table } from './format.mjs';
import { profilePath } from './input.mjs';
import { interleave, ratios, summarize } from './statistics.mjs';

export const title = 'Process start';

/** The empty program of each module format. Node starts more slowly with an ES module. */
const BARE = { cjs: 'CommonJS: nothing', mjs: 'ES module: nothing' };

export async function measure({ quick }) {
  makeCodeCache();
  mkdirSync(scratch, { recursive: true });
  const program = join(scratch, 'docker-default.bpf');
  const own = join(scratch, 'own.json');
  const cache = join(scratch, 'start-cache');
  rmSync(cache, { recursive: true, force: true });
  run([programPath('start-compile.mjs'), profilePath, program]);
  // Like a user's own profile: the package has no compiled program for it.
  writeFileSync(
    own,
    JSON.stringify({ ...JSON.parse(readFileSync(profilePath, 'utf8')), comment: 'own' }, null, 2),
  );
  const plain = withoutCodeCache(join(scratch, 'without-code-cache'));
  const precompiled = precompiledFor(own);
  try {
    const subjects = subjectsOf({ program, own, cache, plain, precompiled });
    const samples = await interleave(
      Object.fromEntries(subjects.map(({ name, args, user }) => [name, () => run(args, user)])),
      quick ? { rounds: 3, warmUp: 1 } : { rounds: 60, warmUp: 5 },
    );
    const until = (name, moment) => samples[name].map(sample => sample[moment]);
    return subjects.map(({ name, kind }) => ({
      name,
      there: summarize(until(name, 'there')),
      ratio: name === BARE[kind] ? undefined : ratios(until(name, 'there'), until(BARE[kind], 'there')),
      end: summarize(until(name, 'end')),
    }));
  } finally {
    if (precompiled !== undefined) rmSync(precompiled, { recursive: true });
  }
}

/** The measured programs: a name, the module format, the arguments of Node, and another user to run as, if any. */
const subjectsOf = ({ program, own, cache, plain, precompiled }) =>
  Object.entries(BARE).flatMap(([kind, bare]) => {
    const path = name => programPath(`start-${name}.${kind}`);
    const language = bare.replace(': nothing', '');
    /** @type {(what: string, args: string[], user?: number) => object} */
    const named = (what, args, user) => ({ name: `${language}: ${what}`, kind, args, user });
    return [
      { name: bare, kind, args: kind === 'cjs' ? ['-e', SAY] : [path('empty')], user: undefined },
      named('`seccomp` imported', [path('import')]),
      named('a compiled program, by `seccomp/load`', [path('load'), program]),
      named('a profile that ships', [path('apply'), 'docker-default']),
      named("a profile of one's own, from JSON", [path('apply'), own]),
      named('the same, with a cache', [path('apply'), own, cache]),
      ...(precompiled === undefined
        ? []
        : [named('the same, precompiled by root', [path('apply'), own, precompiled], NOBODY)]),
      named('the same, without the code cache', [plain(path('apply')), own]),
    ];
  });

/** An unprivileged user who owns nothing. */
const NOBODY = 65534;

/** A directory with precompiled programs for another user; undefined if this user is not root, or if that user cannot read the package. */
function precompiledFor(profile) {
  if (process.getuid?.() !== 0) return undefined;
  const { status } = spawnSync(process.execPath, [programPath('start-read.mjs'), profile], { uid: NOBODY });
  if (status !== 0) return undefined;
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'seccomp-precompiled-'));
  chmodSync(directory, 0o755);
  execFileSync(process.execPath, [inRoot('bundle/cli.js'), 'precompile', profile, directory]);
  return directory;
}

/** Copies the package without V8's code cache. Returns the path of a program's copy. */
function withoutCodeCache(folder) {
  rmSync(folder, { recursive: true, force: true });
  for (const part of ['bundle', 'data', 'profiles', 'package.json', 'scripts/bench/programs'])
    cpSync(inRoot(part), join(folder, part), { recursive: true });
  rmSync(join(folder, 'bundle/code-cache'), { recursive: true });
  for (const part of ['build', 'node_modules']) symlinkSync(inRoot(part), join(folder, part));
  return path => join(folder, 'scripts/bench/programs', basename(path));
}

const SAY = 'process.stdout.write(String(process.hrtime.bigint()))';

/** Milliseconds from spawn to the program's output and to its exit. The program fails if its filter is not in force. */
function run(args, uid = undefined) {
  const start = process.hrtime.bigint();
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    ...(uid !== undefined && { uid }),
  });
  const end = process.hrtime.bigint();
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${signal ?? status}: ${stderr}`);
  // All processes read the same clock.
  return { there: Number(BigInt(stdout) - start) / 1e6, end: Number(end - start) / 1e6 };
}

export const render = data =>
  blocks(
    `Milliseconds of whole processes: from their start to the point that the row names, and until they have ended. The ratio compares the former
with the first row of its kind. If a filter is loaded, all threads are under it at that point. Everything is cold, as in real use. All rows
but the last of each kind use the [code cache](building.md#the-code-cache).

A profile that ships [is not compiled](verification.md#programs-that-ship). \`applyProfile\` compiles other profiles without the search of
\`compile\`, to programs that are 5 % larger with paths that are 4 % longer. With \`cache\`, the compilation is skipped, but not the proof. For a
process that is not root, root can [precompile](verification.md#precompiled-profiles) the profile: then both are skipped.`,
    table(
      ['Process', 'Until there', 'Ratio to nothing', 'Until its end'],
      data.map(({ name, there, ratio, end }) => [name, spread(there), factor(ratio), spread(end)]),
    ),
  );
