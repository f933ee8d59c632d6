// Joins the compiled modules to a few files, since Node spends more on finding seventy modules than on running them.
// Usage: node scripts/bundle.mjs
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, transform } from 'esbuild';
import { filesUnder, inRoot, root } from './files.mjs';

/** What is imported or required, by the name of its bundle. What several of them use is in files that they share. */
const ENTRIES = {
  index: 'dist/entries/index.js',
  apply: 'dist/entries/apply.js',
  load: 'dist/entries/load.js',
  inspect: 'dist/entries/inspect.js',
  libseccomp: 'dist/entries/libseccomp.js',
};
/** What is run. */
const PROGRAMS = {
  cli: 'dist/cli/main.js',
  // Imported by the Node processes that `fork` starts.
  preload: 'dist/process/children/launch/preload.js',
  // Run by the processes of SandboxedWorker.
  'sandboxed-worker-relay': 'dist/process/sandboxed-worker/sandboxed-worker-relay.js',
};
/** Packages that become part of the bundles; of all others, each is imported where it is needed. */
const INLINED = ['fastest-levenshtein', 'jsonc-parser', 'yaml'];

/**
 * Writes bundle/, module/ and types/, anew.
 *
 * bundle/ is what Node loads, by `import` and by `require`: CommonJS, so that there is one instance of the package in a process,
 * in Jest and other tools without ES modules too. module/ is the same as ES modules for bundlers, which ask for the condition
 * `module`: they put it into a program, also one that is an ES module, where CommonJS has neither `require` nor `__dirname`.
 * module/inspect.browser.js is for programs in browsers: one file, with all tables and profiles inside.
 */
export async function bundle() {
  await writeCommonJs(inRoot('bundle'));
  await writeModules(inRoot('module'));
  copyTypes(inRoot('dist'), inRoot('types'));
}

/** Leaves what finds the files of the package in a file of its own, which is that of CommonJS. */
const FILES_APART = {
  name: 'files-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/package-files\.js$/ }, () => ({ path: './package-files.js', external: true }));
  },
};

/**
 * Puts files of the package into a program, where `packageText` finds them.
 * @param {RegExp} wanted which files
 */
const textsInside = wanted => ({
  name: 'texts-inside',
  setup({ onLoad }) {
    onLoad({ filter: /\/util\/host\/read-text\.js$/ }, () => {
      const paths = ['data', 'profiles', 'bundle'].flatMap(folder =>
        filesUnder(inRoot(folder))
          .map(path => `${folder}/${path}`)
          .filter(path => wanted.test(path)),
      );
      const texts = paths.map(path => [path, readFileSync(inRoot(path), 'utf8')]);
      const profiles = paths.flatMap(path => /^profiles\/(.*)\.(?:json|seccomp)$/.exec(path)?.[1] ?? []);
      const contents = `import { fs } from '../builtins.js';
        const TEXTS = new Map(${JSON.stringify(texts)});
        export const readText = path => fs().readFileSync(path, { __proto__: null, encoding: 'utf8' });
        export const packageText = path => TEXTS.get(path);
        export const shippedProfiles = () => ${JSON.stringify(profiles.sort())};`;
      return { contents, loader: 'js', resolveDir: inRoot('dist/util/host') };
    });
    onLoad({ filter: /\/yaml-library\.js$/ }, () => ({
      contents: "import * as yaml from 'yaml';\nexport const yamlLibrary = () => yaml;",
      loader: 'js',
      resolveDir: root,
    }));
    // Locations name the profiles that ship by their paths in the package.
    onLoad({ filter: /\/dist\/package-files\.js$/ }, () => ({
      contents: 'export const packageFile = path => path;',
      loader: 'js',
    }));
  },
});

/** A program for browsers. */
const FOR_BROWSERS = /** @type {const} */ ({
  absWorkingDir: root,
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  minify: true,
  mainFields: ['module', 'main'],
  logLevel: 'error',
  plugins: [textsInside(/^data\/.*\.(?:txt|css)$|^profiles\/.*\.json$|^bundle\/report-/)],
});

/** Compiles entries to ES modules that share files: their names and texts. */
async function chunks(entryPoints, plugins = []) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: 'bundle',
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: ['commander', 'picocolors'],
    logLevel: 'error',
    plugins,
  });
  return outputFiles
    .map(({ path, text }) => [basename(path), withoutBareImports(text)])
    .filter(([, text]) => text !== '');
}

/**
 * Drops the imports that stand for nothing but the order in which shared files run: none does anything but define, and
 * each import is a file for Node to look for. Files with nothing in them go.
 */
const withoutBareImports = text => text.replaceAll(/^import "\.\/chunk-\w+\.js";\n/gm, '');

async function writeCommonJs(directory) {
  fresh(directory, 'commonjs');
  const commonJs = /** @type {const} */ ({ format: 'cjs', platform: 'node', target: 'node20' });
  await build({
    ...commonJs,
    entryPoints: [inRoot('dist/entries/package-files-commonjs.js')],
    outfile: join(directory, 'package-files.js'),
    bundle: true,
    target: 'es2020',
    logLevel: 'error',
  });
  // What runs in the pages of reports.
  await build({
    ...FOR_BROWSERS,
    entryPoints: [inRoot('data/report/page.js')],
    outfile: join(directory, 'report-page.js'),
    format: 'iife',
    plugins: [textsInside(/^data\/(?:named-values|signatures)\.txt$/)],
  });
  // Read by the first text in YAML: few programs have one.
  await build({
    ...commonJs,
    absWorkingDir: root,
    entryPoints: ['node_modules/yaml/dist/index.js'],
    outfile: join(directory, 'yaml.js'),
    bundle: true,
    minify: true,
    logLevel: 'error',
  });
  for (const [name, entry, wanted] of /** @type {const} */ ([
    ['playground-page', 'data/report/playground.js', /^data\/(?:named-values|signatures)\.txt$/],
    ['playground-worker', 'dist/report/playground/worker.js', /^data\/[\w-]+\.txt$|^profiles\/.*\.json$/],
  ]))
    await build({
      ...FOR_BROWSERS,
      entryPoints: [inRoot(entry)],
      outfile: join(directory, `${name}.js`),
      format: 'iife',
      plugins: [textsInside(wanted)],
    });
  const files = await chunks({ ...ENTRIES, ...PROGRAMS }, [FILES_APART]);
  await Promise.all(
    files.map(async ([name, text]) => {
      // It waits before the program begins, and knows itself by its URL: both need an ES module.
      if (name === 'preload.js') return writeFileSync(join(directory, 'preload.mjs'), text);
      const { code } = await transform(text, commonJs);
      if (name === 'index.js') return writeEntry(directory, code);
      writeFileSync(join(directory, name), code);
    }),
  );
  chmodSync(join(directory, 'cli.js'), 0o755);
  for (const name of INLINED) {
    const license = ['LICENSE.md', 'LICENSE']
      .map(file => inRoot('node_modules', name, file))
      .find(existsSync);
    copyFileSync(license ?? '', join(directory, `${name}.LICENSE.md`));
  }
}

/**
 * Writes the largest entry as a file of its own behind one that names its exports. For `import`, Node looks for the names in the
 * text of the entry, which takes Node 20 and 22 as long as to run it.
 */
function writeEntry(directory, code) {
  const [, names] = /^0 && \(module\.exports = \{([^}]*)\}\);$/m.exec(code) ?? [];
  if (names === undefined) throw new Error('esbuild did not list the exports of index.js');
  writeFileSync(join(directory, 'main.js'), code);
  writeFileSync(
    join(directory, 'index.js'),
    `const main = require('./main.js');\nmodule.exports = main;\n0 && (module.exports = {${names}});\n`,
  );
}

async function writeModules(directory) {
  fresh(directory, 'module');
  for (const [name, text] of await chunks(ENTRIES)) writeFileSync(join(directory, name), text);
  await build({
    ...FOR_BROWSERS,
    entryPoints: [inRoot(ENTRIES.inspect)],
    outfile: join(directory, 'inspect.browser.js'),
    format: 'esm',
  });
}

/** The declarations, as those of CommonJS: TypeScript takes the format from the package.json beside. */
function copyTypes(from, to) {
  fresh(to, 'commonjs');
  for (const path of filesUnder(from).filter(name => name.endsWith('.d.ts'))) {
    mkdirSync(join(to, dirname(path)), { recursive: true });
    writeFileSync(join(to, path), readFileSync(join(from, path), 'utf8').replace(/^\/\/# source.*\n?/m, ''));
  }
}

/** An empty directory whose files are of a format. */
function fresh(directory, type) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), `{ "type": "${type}" }\n`);
}

if (import.meta.filename === process.argv[1]) await bundle();
