// Uses the package as it would be published in Jest and in the output of bundlers, embedded or external: each applies a
// profile in a test.
// Usage: node scripts/check-bundlers.mjs [--tarball FILE] [NAME...]   all of them by default
import { cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkTarball } from './check-tarball.mjs';
import { npmPackages } from './npm-packages.mjs';
import { run } from './run.mjs';

const VERSIONS = { jest: '30', '@vercel/ncc': '0.45', webpack: '5', esbuild: '0.28', vite: '8.3.8' };

/** A test that the kernel refuses a call, for Jest or node:test. */
const TEST = `
test('applyProfile', () => {
  applyProfile('docker-default');
  applyProfile({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['symlink', 'symlinkat'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' }],
  });
  assert.throws(() => symlinkSync('from', 'refused'), { code: 'EACCES' });
  assert.equal(status().mode, 'filter');
  assert.ok(lint('docker-default').some(({ code }) => code === 'ptrace-open'));
});
`;
const NAMES = {
  'node:fs': '{ symlinkSync }',
  seccomp: '{ applyProfile, lint, status }',
};
const asModule = (names, main) =>
  [`import assert from 'node:assert/strict';`]
    .concat(Object.entries(names).map(([from, what]) => `import ${what} from '${from}';`))
    .concat(main)
    .join('\n');
const asCommonJs = (names, main) =>
  [`const assert = require('node:assert/strict');`]
    .concat(Object.entries(names).map(([from, what]) => `const ${what} = require('${from}');`))
    .concat(main)
    .join('\n');
const WITH_RUNNER = { 'node:test': '{ test }', ...NAMES };

const FILES = {
  'package.json': '{ "name": "project", "jest": { "testEnvironment": "node" } }',
  'apply.test.js': asCommonJs(NAMES, TEST),
  'program.cjs': asCommonJs(WITH_RUNNER, TEST),
  'program.mjs': asModule(WITH_RUNNER, TEST),
  'vite.config.mjs': `export default { build: { ssr: 'program.mjs', outDir: 'vite' }, logLevel: 'warn' };`,
  'webpack.cjs': `
    const [, , webpack, name, external] = process.argv;
    require(webpack)({
      mode: 'production',
      target: 'node20',
      context: __dirname,
      entry: './program.mjs',
      output: { path: __dirname + '/' + name + '/out', filename: 'program.cjs' },
      externals: external === 'external' ? { seccomp: 'node-commonjs seccomp' } : {},
    }, (error, stats) => {
      const { errors, warnings } = stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
      for (const problem of [error, ...(errors ?? []), ...(warnings ?? [])]) if (problem) console.error(problem);
      process.exitCode = error || errors.length + warnings.length > 0 ? 1 : 0;
    });`,
};

/** The folders that are copied next to the folder of a program that contains the package. */
const BESIDE = ['bundle', 'data', 'prebuilds', 'profiles'];

const esbuild = (format, ...more) => ({
  tool: 'esbuild/bin/esbuild',
  args: name => [
    'program.mjs',
    '--bundle',
    '--platform=node',
    `--format=${format}`,
    `--outfile=${name}/out/program.${format === 'esm' ? 'mjs' : 'cjs'}`,
    '--log-level=warning',
    ...more,
  ],
  program: name => `${name}/out/program.${format === 'esm' ? 'mjs' : 'cjs'}`,
});
const webpack = (...more) => ({
  tool: 'webpack',
  args: (name, modules) => [join(modules, 'webpack'), name, ...more],
  script: 'webpack.cjs',
  program: name => `${name}/out/program.cjs`,
});

/**
 * The command that makes a program, and the program. With `contained`, the program contains the package: it runs elsewhere,
 * with these folders of the package copied next to its folder.
 */
const TOOLS = {
  jest: { tool: 'jest/bin/jest.js', args: () => ['--no-cache', '--ci'] },
  ncc: {
    tool: '@vercel/ncc/dist/ncc/cli.js',
    args: name => ['build', 'program.cjs', '--no-cache', '--quiet', '--out', `${name}/out`],
    program: name => `${name}/out/index.cjs`,
    contained: [],
  },
  'webpack, contained': { ...webpack(), contained: BESIDE },
  'webpack, external': webpack('external'),
  'esbuild to ESM, contained': { ...esbuild('esm'), contained: BESIDE },
  'esbuild to CommonJS, contained': { ...esbuild('cjs'), contained: BESIDE },
  'esbuild to ESM, external': esbuild('esm', '--external:seccomp'),
  vite: { tool: 'vite/bin/vite.js', args: () => ['build'], program: () => 'vite/program.js' },
};

function check(name, modules, project, elsewhere) {
  const { tool, args, script, program, contained } = TOOLS[name];
  const folder = name.replaceAll(/\W+/g, '-');
  const command = [script ?? join(modules, tool), ...args(folder, modules)];
  run(process.execPath, command, { cwd: project, env: { ...process.env, NODE_ENV: undefined, CI: '1' } });
  if (program === undefined) return;
  let path = join(project, program(folder));
  // Vite chooses the extension by the format of the enclosing package.
  if (!existsSync(path)) path = path.replace(/\.js$/, '.mjs');
  if (contained !== undefined) {
    const [from, to] = [join(project, folder), join(elsewhere, folder)];
    renameSync(from, to);
    for (const part of contained)
      cpSync(join(project, 'node_modules/seccomp', part), join(to, part), { recursive: true });
    path = path.replace(from, to);
  }
  const printed = run(process.execPath, [path], { cwd: dirname(path) });
  if (!/^(?:# pass|ℹ pass) 1$/m.test(printed)) throw new Error(`${name}: the program printed ${printed}`);
}

checkTarball('check-bundlers', Object.keys(TOOLS), (names, tarball, scratch) => {
  const modules = npmPackages('bundlers', VERSIONS);
  const [project, elsewhere] = ['project', 'elsewhere'].map(name => join(scratch, name));
  for (const directory of [project, elsewhere]) mkdirSync(directory);
  for (const [file, text] of Object.entries(FILES)) writeFileSync(join(project, file), text);
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', tarball], { cwd: project });
  for (const name of names) {
    const started = Date.now();
    check(name, modules, project, elsewhere);
    console.log(`${name}: applied a profile (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  }
});
