// Holds each prebuilt add-on to what the package promises of it, by its bytes alone.
// Usage: node scripts/check-prebuilds.mjs [VARIANT...]           all four by default
//        node scripts/check-prebuilds.mjs VARIANT=FILE...        files that lie elsewhere
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readElf } from './elf.mjs';
import { OLDEST_GLIBC, variantsNamed } from './variants.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const ET_DYN = 3;
const MACHINES = { x64: 62, arm64: 183 };
/** The parts of each C library: whoever has the library has them all. */
const LIBRARIES = {
  glibc: /^(lib(c|m|dl)\.so\.\d|libpthread\.so\.0|ld-linux-(x86-64|aarch64)\.so\.\d)$/,
  musl: /^libc\.so$/,
};
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
/** C++'s own run-time library is linked in, and nothing of a sanitizer. */
const UNWANTED_IMPORT = /^(_Z|__cxa_(?!atexit$|finalize$)|__gxx|_Unwind|__(ub|a|t|m)san)/;
const PT_GNU_STACK = 0x6474e551;
const PT_GNU_RELRO = 0x6474e552;
const PF_X = 1;
const DF_BIND_NOW = 8;
const DF_1_NOW = 1;
const DF_1_NODELETE = 8;

/** All that is wrong with the bytes of a variant, one sentence each. */
function faultsOf(bytes, { arch, libc }) {
  let elf;
  try {
    elf = readElf(bytes);
  } catch (error) {
    return [error.message];
  }
  const imports = elf.symbols.filter(({ isDefined }) => !isDefined).map(({ name }) => name);
  const exported = elf.symbols.filter(({ isDefined }) => isDefined).map(({ name }) => name);
  const segment = wanted => elf.segments.find(({ type }) => type === wanted);
  const stack = segment(PT_GNU_STACK);
  const foreign = [
    ['needs the library', elf.needed.filter(name => !LIBRARIES[libc].test(name))],
    ['needs the symbol version', elf.versions.filter(name => isTooNew(name, libc))],
    ['imports', imports.filter(name => UNWANTED_IMPORT.test(name))],
    ['exports', exported.filter(name => !EXPORTS.includes(name))],
    ['does not export', EXPORTS.filter(name => !exported.includes(name))],
  ];
  const promises = [
    [elf.type === ET_DYN, 'is no shared object'],
    [elf.machine === MACHINES[arch], `is not for ${arch} but for ELF machine ${elf.machine}`],
    [elf.needed.length > 0, 'needs no C library'],
    [segment(PT_GNU_RELRO) !== undefined, 'has no RELRO: its tables stay writable'],
    [
      (elf.flags & DF_BIND_NOW) !== 0 || (elf.flags1 & DF_1_NOW) !== 0,
      'has no BIND_NOW: its tables are filled late',
    ],
    [(elf.flags1 & DF_1_NODELETE) !== 0, 'has no NODELETE: a worker that ends would unload it'],
    [stack !== undefined && (stack.flags & PF_X) === 0, 'asks for an executable stack'],
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
  const path = elsewhere.length > 0 ? elsewhere.join('=') : join(root, variant.file);
  const shown = elsewhere.length > 0 ? path : variant.file;
  if (!existsSync(path)) return [`${shown}: is missing`];
  const bytes = readFileSync(path);
  const faults = faultsOf(bytes, variant).map(fault => `${shown}: ${fault}`);
  if (faults.length === 0) console.log(`${shown}: ${bytes.length} bytes, as promised`);
  return faults;
}

try {
  const given = process.argv.slice(2);
  const names = given.length > 0 ? given : variantsNamed([]).map(({ name }) => name);
  const faults = names.flatMap(check);
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
