// Joins the compiled modules into a few files, because Node spends more time on finding seventy modules than on running
// them.
// Usage: node scripts/bundle.mjs
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, transform } from 'esbuild';
import { filesUnder, inRoot, root } from './files.mjs';
import { writeShippedPrograms } from './shipped-programs.mjs';

/** The modules that users import or require, by the name of the bundle. Code that several of them use is in shared files. */
const ENTRIES = {
  index: 'dist/entries/index.js',
  apply: 'dist/entries/apply.js',
  load: 'dist/entries/load.js',
  inspect: 'dist/entries/inspect.js',
  libseccomp: 'dist/entries/libseccomp.js',
};
/** Modules in separate files, which are loaded on first use. */
const PARTS = {
  compile: 'dist/filter/compile-profile.js',
  // The index entry again, so that the entry's own file does not contain code that only this module needs.
  main: 'dist/entries/index.js',
};
/**
 * Modules that few programs need, by the name of the file: it is loaded on first use. Only in bundle/: bundlers drop unused
 * code of module/.
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
 * Modules that an entry or a part contains too, because they are always loaded before it. Outputs that contain the same
 * modules share files, and each file costs Node more than its contents.
 */
const CONTAINED = {
  compile: [ENTRIES.load],
  inspect: [ENTRIES.load],
  libseccomp: [PARTS.compile, ENTRIES.load],
  load: [
    'dist/filter/compile-options.js',
    'dist/policy/policy.js',
    // Modules that applyProfile needs before it uses a program that was compiled earlier.
    'dist/profile/profile.js',
    'dist/profile/read-source.js',
  ],
  ...Object.fromEntries(Object.keys(RARE).map(name => [name, [PARTS.compile, ENTRIES.load]])),
};
/** Modules that are run as programs. */
const PROGRAMS = {
  cli: 'dist/cli/main.js',
  // Preloaded by the Node processes that `fork` starts.
  preload: 'dist/process/children/launch/preload.js',
  // Run by the processes of SandboxedWorker.
  'sandboxed-worker-relay': 'dist/process/sandboxed-worker/sandboxed-worker-relay.js',
};
/** Packages that become part of the bundles; all others are imported. */
const INLINED = ['fastest-levenshtein', 'jsonc-parser', 'yaml'];

/**
 * Writes bundle/, module/ and types/ from scratch.
 *
 * Node loads bundle/, by `import` and by `require`. It is CommonJS, so that a process has one instance of the package, and so
 * that it works in Jest and other tools without ES modules. module/ has the same code as ES modules for bundlers, which use
 * the condition `module`: their output may be an ES module, in which CommonJS code would find neither `require` nor
 * `__dirname`. module/inspect.browser.js is for programs in browsers: one file, with all tables and profiles inside.
 */
export async function bundle() {
  await writeCommonJs(inRoot('bundle'));
  await writeModules(inRoot('module'));
  copyTypes(inRoot('dist'), inRoot('types'));
  await writeShippedPrograms();
}

/** Modules that use `__dirname`, so they must remain separate files: lib/entries/NAME-commonjs.ts. */
const APART = ['package-files', 'code-cache'];

/** Keeps the module that finds the package's files external: bundle/ has its CommonJS version. */
const FILES_APART = {
  name: 'files-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/package-files\.js$/ }, () => ({ path: './package-files.js', external: true }));
  },
};

/**
 * Embeds files of the package in a program, for `packageText`.
 * @param {RegExp} wanted the paths of these files
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
    // Locations name shipped profiles by their paths in the package.
    onLoad({ filter: /\/dist\/package-files\.js$/ }, () => ({
      contents: 'export const packageFile = path => path;',
      loader: 'js',
    }));
  },
});

/**
 * esbuild's options for browsers.
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

/** Makes the modules of RARE external, so that they are loaded from their own files. */
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

/** Resolves `containing:NAME` to a module that exports an entry and the modules of CONTAINED. */
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

/** Compiles entries to ES modules that share files. Returns their names and texts. */
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
 * Removes imports that only determine the order in which shared files run. The order does not matter, because shared files
 * only contain definitions, and Node must find each imported file.
 */
const withoutBareImports = text => text.replaceAll(/^import "\.\/chunk-\w+\.js";\n/gm, '');

/** Makes the compiler's export helper ignore properties that were added to Object.prototype before the file was loaded. */
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
  // The script of report pages.
  await build({
    ...FOR_BROWSERS,
    entryPoints: [inRoot('data/report/page.js')],
    outfile: join(directory, 'report-page.js'),
    format: 'iife',
    plugins: [textsInside(/^data\/(?:named-values|signatures)\.txt$/)],
  });
  // Loaded for the first YAML text, because few programs have one.
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
      // It uses top-level await and import.meta.url, so it must be an ES module.
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

/** The exports of a module, by name. */
async function valuesOf(path) {
  const entries = Object.entries(await import(inRoot(path)));
  return new Map(entries);
}

/**
 * Replaces the export statement of an ES module with one of CommonJS. `import` reads all exports of an entry, so functions
 * and classes load their files only when they are used. Returns the text and the exported names.
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

/** Code that never runs, in which Node finds the names of exports for `import`. */
const namesForImport = names =>
  names.length === 0 ? '' : `0 && (module.exports = { ${names.join(', ')} });\n`;

/** Whether a value is exported as a literal, so that no file is loaded for it. */
const isLiteral = value =>
  typeof value === 'number' || (Array.isArray(value) && value.every(item => typeof item === 'string'));
/**
 * A function that loads its file when it is called. Functions that load a filter with a listener also load what serves the
 * listener, because the filter may refuse to open files.
 */
function lazyFunction(exported, local, values) {
  const serves = ['applyProfile', 'load'].includes(exported) && values.has('superviseListener');
  const prepare = serves ? 'args[1]?.listener && superviseListener; ' : '';
  return `${exported}(...args) { ${prepare}return ${local}(...args); }`;
}

const isClass = value => typeof value === 'function' && /^class\b/.test(String(value));
/** Error classes are not lazy: they are small, and users compare their constructors. */
const isLazyClass = value =>
  isClass(value) ? !(value.prototype instanceof Error) : typeof value === 'function' && hasMore(value);
/** Whether a function has symbol properties, for example for `promisify`. */
const hasMore = value => Object.getOwnPropertySymbols(value).length > 0;

/**
 * A class, or a function with properties, that loads its file on first use: a call, `new`, `extends`, or a property access,
 * which `instanceof` makes too. The target is a bound function, because it can be constructed and has no own `prototype`,
 * which a proxy would have to report.
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
 * Makes a file load other files on first use: the compiler writes each use as a property of the result of `require`. The
 * files of RARE are always loaded lazily. Entries, and the file of applyProfile, which compiles before it loads a filter,
 * load all files lazily. The other files load theirs at once, because a filter may refuse to read files later, for example
 * to describe a violation.
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

/** Makes a file load others through the code cache. Bundlers find the files by the argument of `require`. */
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

/** Copies the declarations as CommonJS: TypeScript takes the format from the package.json in their folder. */
function copyTypes(from, to) {
  fresh(to, 'commonjs');
  for (const path of filesUnder(from).filter(name => name.endsWith('.d.ts'))) {
    mkdirSync(join(to, dirname(path)), { recursive: true });
    writeFileSync(join(to, path), readFileSync(join(from, path), 'utf8').replace(/^\/\/# source.*\n?/m, ''));
  }
}

/** Creates an empty directory for files of a module format. */
function fresh(directory, type) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), `{ "type": "${type}" }\n`);
}

if (import.meta.filename === process.argv[1]) await bundle();
