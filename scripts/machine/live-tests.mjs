// Lists the live tests, which depend on the kernel and on Node, and those that a virtual machine cannot run.
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesUnder, inRoot } from '../files.mjs';
import { run } from '../run.mjs';

const SUITE = ['native', 'process', 'attacks', 'cli', 'examples'];

/** Test files that a virtual machine cannot even load, with the reason. */
export const LEFT_OUT_FILES = {
  'out/test/cli/json-outputs.test.js': 'needs ajv, with which only this package is checked',
  'out/test/examples/packaging.test.js':
    'needs esbuild, which runs on the processor that it was installed for',
};
/** Tests that a virtual machine cannot run, by parts of their titles. */
export const LEFT_OUT = {
  'generated from libseccomp': 'needs a compiler and the source of libseccomp',
};

/** The paths of all live tests that a virtual machine can load. */
export const liveFiles = () =>
  SUITE.flatMap(part =>
    filesUnder(inRoot('out/test', part))
      .filter(name => name.endsWith('.test.js'))
      .map(name => `out/test/${part}/${name}`)
      .filter(file => !Object.hasOwn(LEFT_OUT_FILES, file)),
  );

/** A title without the random seed of a run. */
export const plainTitle = title => title.replace(/\bSEED=\w+/, 'SEED');

/** The titles of the tests in the files on this machine, without running them. */
export function titlesHere(files) {
  const args = ['--dry-run', '--reporter', 'scripts/machine/reporter.cjs', ...files];
  const listed = run(process.execPath, ['node_modules/mocha/bin/mocha.js', ...args]);
  return [...listed.matchAll(/^@\w+ (.*)$/gm)]
    .map(([, entry]) => plainTitle(JSON.parse(entry).title))
    .filter(title => !Object.keys(LEFT_OUT).some(part => title.includes(part)));
}

/** Writes the jobs of a virtual machine: a run of mocha for each file, the largest first. */
export function addTests(tree, files) {
  const config = {
    // An emulated processor is slow.
    timeout: 0,
    reporter: 'scripts/machine/reporter.cjs',
    grep: Object.keys(LEFT_OUT)
      .map(title => title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('|'),
    invert: true,
  };
  const largestFirst = files.toSorted((a, b) => statSync(inRoot(b)).size - statSync(inRoot(a)).size);
  largestFirst.forEach((spec, index) => {
    const name = `job-${String(index).padStart(3, '0')}`;
    const write = (extension, text) => writeFileSync(join(tree, 'seccomp', `${name}.${extension}`), text);
    write('json', JSON.stringify({ ...config, spec }));
    write('sh', `exec node node_modules/mocha/bin/mocha.js --config ${name}.json\n`);
  });
}
