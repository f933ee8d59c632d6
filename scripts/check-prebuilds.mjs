// Checks by readelf(1) that each prebuilt add-on has the properties that the package promises.
// Usage: node scripts/check-prebuilds.mjs [VARIANT...]           all by default
//        node scripts/check-prebuilds.mjs VARIANT=FILE...        files in other places
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { commandLine } from './command-line.mjs';
import { inRoot, root } from './files.mjs';
import { OLDEST_GLIBC, variantsNamed } from './variants.mjs';

/**
 * The names of the processors in readelf(1), and of glibc's loader for each.
 * @type {Record<import('../dist/native.js').Processor, { machine: string, loader: string }>}
 */
const PROCESSORS = {
  x64: { machine: 'Advanced Micro Devices X86-64', loader: 'ld-linux-x86-64' },
  arm64: { machine: 'AArch64', loader: 'ld-linux-aarch64' },
};
const LOADERS = Object.values(PROCESSORS).map(({ loader }) => loader);
/** The parts of each C library, which are installed together. */
const LIBRARIES = {
  glibc: new RegExp(`^(lib(c|m|dl)\\.so\\.\\d|libpthread\\.so\\.0|(${LOADERS.join('|')})\\.so\\.\\d)$`),
  musl: /^libc\.so$/,
};
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
/** Symbols of the C++ run-time library, which must be linked statically, and of sanitizers. */
const UNWANTED_IMPORT = /^(_Z|__cxa_(?!atexit$|finalize$)|__gxx|_Unwind|__(ub|a|t|m)san)/;

const SHOWN = ['--file-header', '--program-headers', '--section-headers', '--dynamic', '--dyn-syms'];

/**
 * The properties of an ELF file that the loader uses, or the fault of an invalid file.
 * @param {string} file
 */
function readElf(file) {
  const { error, status, stdout, stderr } = spawnSync(
    'readelf',
    ['--wide', ...SHOWN, '--version-info', file],
    { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, maxBuffer: 1 << 28 },
  );
  if (error !== undefined) throw new Error(`readelf of binutils cannot be run: ${error.message}`);
  // readelf prints a warning about parts that it cannot read, and continues.
  if (status !== 0 || stderr !== '')
    return {
      fault: `is not a whole ELF file: ${stderr
        .trim()
        .split('\n')[0]
        .replace(/^readelf: /, '')}`,
    };
  const all = (/** @type {RegExp} */ pattern) => [...stdout.matchAll(pattern)].map(([, found]) => found);
  const dynamic = tag => all(new RegExp(`^ 0x[\\da-f]+ \\(${tag}\\) +(.*)$`, 'gm'));
  const flags = [...dynamic('FLAGS'), ...dynamic('FLAGS_1')].join(' ').split(/\s+/);
  const symbols = [...stdout.matchAll(/^ +\d+: [\da-f]+ +\S+ +\w+ +\w+ +\w+ +(\w+) ([^\s@]+)/gm)];
  const [, needs = ''] = stdout.split(/^Version needs section/m);
  return {
    isElf64: /^ {2}Class: +ELF64$/m.test(stdout) && /^ {2}Data: .*little endian$/m.test(stdout),
    type: all(/^ {2}Type: +(\w+)/gm)[0],
    machine: all(/^ {2}Machine: +(.*)$/gm)[0],
    needed: dynamic('NEEDED').map(entry => entry.replace(/^.*\[(.*)\]$/, '$1')),
    versions: [...new Set([...needs.matchAll(/ Name: (\S+) +Flags:/g)].map(([, name]) => name))],
    imports: symbols.filter(([, section]) => section === 'UND').map(([, , name]) => name),
    exported: symbols.filter(([, section]) => section !== 'UND').map(([, , name]) => name),
    /** The flags of the stack: `RW`, or `RWE` if it is executable. */
    stack: all(/^ {2}GNU_STACK +(?:0x\w+ +){5}([R ][W ][E ]) /gm)[0],
    hasRelro: /^ {2}GNU_RELRO /m.test(stdout),
    isBoundAtOnce: flags.includes('BIND_NOW') || flags.includes('NOW'),
    staysLoaded: flags.includes('NODELETE'),
    hasTextRelocations: dynamic('TEXTREL').length > 0 || flags.includes('TEXTREL'),
    hasSearchPath: dynamic('RPATH').length > 0 || dynamic('RUNPATH').length > 0,
    hasSymbolTable: /^ +\[ *\d+\] \S+ +SYMTAB /m.test(stdout),
  };
}

/** The faults of a variant's file, one sentence each. */
function faultsOf(file, bytes, { arch, libc }) {
  const elf = readElf(file);
  if (elf.fault !== undefined) return [elf.fault];
  /** @type {[what: string, names: string[]][]} */
  const foreign = [
    ['needs the library', elf.needed.filter(name => !LIBRARIES[libc].test(name))],
    ['needs the symbol version', elf.versions.filter(name => isTooNew(name, libc))],
    ['imports', elf.imports.filter(name => UNWANTED_IMPORT.test(name))],
    ['exports', elf.exported.filter(name => !EXPORTS.includes(name))],
    ['does not export', EXPORTS.filter(name => !elf.exported.includes(name))],
  ];
  const promises = [
    [elf.isElf64, 'is not a 64-bit little-endian file'],
    [elf.type === 'DYN', 'is not a shared object'],
    [elf.machine === PROCESSORS[arch].machine, `is not for ${arch} but for ELF machine ${elf.machine}`],
    [elf.needed.length > 0, 'needs no C library'],
    [elf.hasRelro, 'has no RELRO: its tables stay writable'],
    [elf.isBoundAtOnce, 'has no BIND_NOW: its tables are filled late'],
    [elf.staysLoaded, 'has no NODELETE: a worker that ends would unload it'],
    [elf.stack !== undefined && !elf.stack.includes('E'), 'asks for an executable stack'],
    [!elf.hasTextRelocations, 'has relocations in its code'],
    [!elf.hasSearchPath, 'has an RPATH or RUNPATH'],
    [!elf.hasSymbolTable, 'is not stripped'],
    [!bytes.includes(root), `names ${root}`],
  ];
  return [
    ...promises.filter(([kept]) => !kept).map(([, fault]) => fault),
    ...foreign.filter(([, names]) => names.length > 0).map(([what, names]) => `${what} ${names.join(', ')}`),
  ];
}

function isTooNew(version, libc) {
  const [, major, minor] = /^GLIBC_(\d+)\.(\d+)(?:\.\d+)?$/.exec(version) ?? [];
  if (libc !== 'glibc' || major === undefined) return true;
  const [oldestMajor, oldestMinor] = OLDEST_GLIBC.split('.').map(Number);
  return Number(major) > oldestMajor || (Number(major) === oldestMajor && Number(minor) > oldestMinor);
}

function check(argument) {
  const [name, ...elsewhere] = argument.split('=');
  const [variant] = variantsNamed([name]);
  const path = elsewhere.length > 0 ? elsewhere.join('=') : inRoot(variant.file);
  const shown = elsewhere.length > 0 ? path : variant.file;
  if (!existsSync(path)) return [`${shown}: is missing`];
  const bytes = readFileSync(path);
  const faults = faultsOf(path, bytes, variant).map(fault => `${shown}: ${fault}`);
  if (faults.length === 0) console.log(`${shown}: ${bytes.length} bytes, as promised`);
  return faults;
}

const { operands } = commandLine('node scripts/check-prebuilds.mjs [VARIANT[=FILE]...]', {
  count: [0, Infinity],
});
try {
  const names = operands.length > 0 ? operands : variantsNamed([]).map(({ name }) => name);
  const faults = names.flatMap(check);
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
