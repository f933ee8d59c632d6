// Joins the compiled modules to a few files, since Node spends more on finding seventy modules than on running them.
// Usage: node scripts/bundle.mjs
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, transform } from 'esbuild';
import { filesUnder, inRoot, root } from './files.mjs';
import { writeShippedPrograms } from './shipped-programs.mjs';

/** What is imported or required, by the name of its bundle. What several of them use is in files that they share. */
const ENTRIES = {
  index: 'dist/entries/index.js',
  apply: 'dist/entries/apply.js',
  load: 'dist/entries/load.js',
  inspect: 'dist/entries/inspect.js',
  libseccomp: 'dist/entries/libseccomp.js',
};
/** What is in files of its own, which are loaded when something of it is first used. */
const PARTS = {
  compile: 'dist/filter/compile-profile.js',
  // The same module once more, so that what it alone needs is not in the file of the entry.
  main: 'dist/entries/index.js',
};
/**
 * What few programs need, by the name of a file of its own: whoever imports such a module loads the file when it first uses something of
 * it. This holds for bundle/ alone; of module/, bundlers take what is used.
 */
const RARE = {
  'text-formats': 'dist/profile/formats/text-formats.js',
  'derive-profile': 'dist/profile/derive/derive.js',
  'edit-text': 'dist/profile/derive/edit-text.js',
  'read-json-exactly': 'dist/profile/read-json-exactly.js',
  'diagram-proof': 'dist/filter/meaning/policy-meaning.js',
  'generate-with-libseccomp': 'dist/libseccomp/generate.js',
  'try-profile': 'dist/process/trace/try-profile.js',
};
/**
 * What an entry or a part contains besides, since it is loaded before in any case: files are shared by those that contain the same, and
 * each file costs Node more than what is in it.
 */
const CONTAINED = {
  compile: [ENTRIES.load],
  inspect: [ENTRIES.load],
  libseccomp: [PARTS.compile, ENTRIES.load],
  load: [
    'dist/filter/compile-options.js',
    'dist/policy/policy.js',
    // What applyProfile asks before it uses a program that was compiled earlier.
    'dist/profile/profile.js',
    'dist/profile/read-source.js',
  ],
  ...Object.fromEntries(Object.keys(RARE).map(name => [name, [PARTS.compile, ENTRIES.load]])),
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
  await writeShippedPrograms();
}

/** What of bundle/ is a file of its own, since it says by `__dirname` where it lies: lib/entries has them as NAME-commonjs.ts. */
const APART = ['package-files', 'code-cache'];

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

/**
 * A program for browsers.
 * @satisfies {import('esbuild').BuildOptions}
 */
const FOR_BROWSERS = {
  absWorkingDir: root,
  bundle: true,
  platform: /** @type {const} */ ('browser'),
  target: 'es2022',
  minify: true,
  mainFields: ['module', 'main'],
  logLevel: /** @type {const} */ ('error'),
  plugins: [textsInside(/^data\/.*\.(?:txt|css)$|^profiles\/.*\.json$|^bundle\/report-/)],
};

/** Has the modules of RARE loaded from their files. */
const RARE_APART = {
  name: 'rare-apart',
  setup({ onResolve }) {
    const files = new Map(Object.entries(RARE).map(([name, path]) => [inRoot(path), `./${name}.js`]));
    onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir, namespace }) => {
      const file = namespace === 'file' ? files.get(join(resolveDir, path)) : undefined;
      return file === undefined ? undefined : { path: file, external: true };
    });
  },
};

/** Entries that contain another one: a module that exports both. */
const CONTAINING = {
  name: 'containing',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^containing:/ }, ({ path }) => ({ path, namespace: 'containing' }));
    onLoad({ filter: /./, namespace: 'containing' }, ({ path }) => {
      const name = path.slice('containing:'.length);
      const contained = CONTAINED[name].map(
        (path, index) => `export * as contained${index} from './${path}';\n`,
      );
      const contents = `export * from './${{ ...ENTRIES, ...PARTS, ...RARE }[name]}';\n${contained.join('')}`;
      return { contents, resolveDir: root };
    });
  },
};

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
    external: ['commander'],
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

/** Has the compiler's helper define what a file exports, and not what Object.prototype was given before the file was loaded. */
const withOwnNames = text =>
  text.replace(
    /for \(var name in all\)\n\s*__defProp\(target, name, \{ get/,
    'for (const name of Object.keys(all))\n    __defProp(target, name, { __proto__: null, get',
  );

async function writeCommonJs(directory) {
  fresh(directory, 'commonjs');
  const commonJs = /** @type {const} */ ({ format: 'cjs', platform: 'node', target: 'node20' });
  for (const name of APART) {
    const { outputFiles } = await build({
      entryPoints: [inRoot(`dist/entries/${name}-commonjs.js`)],
      write: false,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'es2020',
      logLevel: 'error',
    });
    const [source, names] = withCommonJsExports(outputFiles[0].text, new Map());
    const { code } = await transform(source, {
      ...commonJs,
      target: 'es2020',
      define: { commonJsRequire: 'require' },
    });
    writeFileSync(join(directory, `${name}.js`), `${code}${namesForImport(names)}`);
  }
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
  const entries = Object.keys(CONTAINED).map(name => [name, `containing:${name}`]);
  const files = await chunks({ ...ENTRIES, ...PARTS, ...PROGRAMS, ...Object.fromEntries(entries) }, [
    FILES_APART,
    RARE_APART,
    CONTAINING,
  ]);
  await Promise.all(
    files.map(async ([name, text]) => {
      // It waits before the program begins, and knows itself by its URL: both need an ES module.
      if (name === 'preload.js') return writeFileSync(join(directory, 'preload.mjs'), text);
      const entry = basename(name, '.js');
      if (Object.hasOwn(PARTS, entry)) return;
      const values = Object.hasOwn(ENTRIES, entry) ? await valuesOf(ENTRIES[entry]) : new Map();
      const [source, names] = withCommonJsExports(text, values);
      const code = withOwnNames((await transform(source, commonJs)).code);
      const isLazy = Object.hasOwn(ENTRIES, entry) || names.includes('applyProfile');
      const file = withCodeCache(withLazyImports(code, isLazy));
      writeFileSync(join(directory, name), `${file}${namesForImport(names)}`);
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

/** What a module exports, by name. */
async function valuesOf(path) {
  const entries = Object.entries(await import(inRoot(path)));
  return new Map(entries);
}

/**
 * Makes the last statement of an ES module, which exports, one of CommonJS. `import` reads all exports of an entry, so that functions and classes
 * are looked for when they are called. Gives the text, and the names.
 */
function withCommonJsExports(text, values) {
  const [statement, list] = /^export \{([^}]*)\};\s*$/m.exec(text) ?? [];
  if (statement === undefined) return [text, []];
  const names = list
    .split(',')
    .map(item => item.trim().split(' as '))
    .filter(pair => !/^contained\d+$/.test(pair.at(-1) ?? ''));
  const properties = names.map(([local, exported = local]) => {
    const value = values.get(exported);
    if (isLiteral(value)) return `${exported}: ${JSON.stringify(value)}`;
    if (isLazyClass(value)) return `${exported}: lazyClass(() => ${local})`;
    if (typeof value === 'function' && !isClass(value)) return lazyFunction(exported, local, values);
    return local === exported ? local : `${exported}: ${local}`;
  });
  const exported = names.map(pair => pair.at(-1));
  const hasClass = exported.some(name => isLazyClass(values.get(name)));
  const assignment = `${hasClass ? LAZY_CLASS : ''}module.exports = {\n  ${properties.join(',\n  ')}\n};\n`;
  return [text.replace(statement, () => assignment), exported];
}

/** What never runs: for `import`, Node looks for the names of exports in the text. */
const namesForImport = names =>
  names.length === 0 ? '' : `0 && (module.exports = { ${names.join(', ')} });\n`;

/** Written where it is exported, so that no file is loaded for it. */
const isLiteral = value =>
  typeof value === 'number' || (Array.isArray(value) && value.every(item => typeof item === 'string'));
/**
 * A function that is looked for when it is called. Whoever loads a filter with a listener is going to serve it, perhaps before any file can be
 * opened again.
 */
function lazyFunction(exported, local, values) {
  const serves = ['applyProfile', 'load'].includes(exported) && values.has('superviseListener');
  const prepare = serves ? 'args[1]?.listener && superviseListener; ' : '';
  return `${exported}(...args) { ${prepare}return ${local}(...args); }`;
}

const isClass = value => typeof value === 'function' && /^class\b/.test(String(value));
/** Errors are there at once: they are small, and people compare their constructors. */
const isLazyClass = value =>
  isClass(value) ? !(value.prototype instanceof Error) : typeof value === 'function' && hasMore(value);
/** A function of which `promisify` makes another one has a property for that. */
const hasMore = value => Object.getOwnPropertySymbols(value).length > 0;

/**
 * A class, or a function with properties, that is looked for when it is first used: called, called with `new`, extended, or asked for a property, as `instanceof` does. A bound
 * function can be constructed, and has no `prototype` that a proxy would have to give.
 */
const LAZY_CLASS = `const lazyClass = find => {
  const real = value => value === lazy ? find() : value;
  const forward = name => (_, ...args) => Reflect[name](find(), ...args.map(real));
  const names = ['apply', 'construct', 'get', 'getPrototypeOf', 'has', 'set'];
  const lazy = new Proxy(function () {}.bind(), Object.fromEntries(names.map(name => [name, forward(name)])));
  return lazy;
};
`;

/**
 * Has a file load another one when it first uses something of it: the compiler writes uses as properties of what `require` gives. So does
 * every file with what few programs need. Entries, and the file of applyProfile, which compiles before it loads a filter, do so with
 * all others. The rest loads what it uses before it runs: a filter may keep files from being read later, when a violation is to be
 * described.
 */
const withLazyImports = (code, isLazy) => {
  const lazy = new Set();
  return code
    .replaceAll(/^var (import_\w+) = require\("\.\/([\w-]+)\.js"\);$/gm, (statement, variable, file) => {
      if (!Object.hasOwn(RARE, file) && !(isLazy && file.startsWith('chunk-'))) return statement;
      lazy.add(variable);
      return `var ${variable}_;\nfunction ${variable}() {\n  return ${variable}_ ??= require("./${file}.js");\n}`;
    })
    .replaceAll(/\b(import_\w+)(?=\.)/g, (use, variable) => (lazy.has(variable) ? `(${variable}())` : use));
};

/** Has a file load others by way of the code cache. Bundlers find the files by what `require` gets. */
const withCodeCache = code => {
  const text = code.replaceAll(
    /\brequire\(("\.\/[\w-]+\.js")\)/g,
    '(import_code_cache.load($1) ?? require($1))',
  );
  if (text === code) return code;
  const begin = code.startsWith('#!') ? code.indexOf('\n') + 1 : 0;
  return `${text.slice(0, begin)}var import_code_cache = require("./code-cache.js");\n${text.slice(begin)}`;
};

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
