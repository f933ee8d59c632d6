// What an ELF file asks of the loader and shows to others, read from the tables that the loader reads; elf(5).

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT = {
  NEEDED: 1n,
  STRTAB: 5n,
  RPATH: 15n,
  TEXTREL: 22n,
  RUNPATH: 29n,
  FLAGS: 30n,
  VERNEED: 0x6ffffffen,
  VERNEEDNUM: 0x6fffffffn,
  FLAGS_1: 0x6ffffffbn,
};
const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;

/** Reads a 64-bit little-endian ELF file. Throws a RangeError or an Error for what is none. */
export function readElf(bytes) {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) throw new Error('is no ELF file');
  if (bytes[4] !== 2 || bytes[5] !== 1) throw new Error('is no 64-bit little-endian ELF file');
  const segments = table(bytes, 0x20, 0x36, 0x38).map(at => ({
    type: bytes.readUInt32LE(at),
    flags: bytes.readUInt32LE(at + 4),
    offset: number(bytes, at + 8),
    address: number(bytes, at + 16),
    fileSize: number(bytes, at + 32),
  }));
  const sections = table(bytes, 0x28, 0x3a, 0x3c).map(at => ({
    type: bytes.readUInt32LE(at + 4),
    offset: number(bytes, at + 24),
    size: number(bytes, at + 32),
  }));
  const dynamic = dynamicEntries(bytes, segments);
  const first = tag => dynamic.find(entry => entry.tag === tag)?.value;
  const offsetOf = address => {
    const segment = segments.find(
      ({ type, address: start, fileSize }) =>
        type === PT_LOAD && address >= start && address < start + fileSize,
    );
    if (segment === undefined) throw new Error(`has no bytes at address ${address}`);
    return address - segment.address + segment.offset;
  };
  const strings = first(DT.STRTAB) === undefined ? 0 : offsetOf(Number(first(DT.STRTAB)));
  const string = offset => text(bytes, strings + Number(offset));
  return {
    type: bytes.readUInt16LE(16),
    machine: bytes.readUInt16LE(18),
    segments,
    hasSymbolTable: sections.some(({ type }) => type === SHT_SYMTAB),
    needed: dynamic.filter(({ tag }) => tag === DT.NEEDED).map(({ value }) => string(value)),
    hasSearchPath: first(DT.RPATH) !== undefined || first(DT.RUNPATH) !== undefined,
    hasTextRelocations: first(DT.TEXTREL) !== undefined,
    flags: Number(first(DT.FLAGS) ?? 0n),
    flags1: Number(first(DT.FLAGS_1) ?? 0n),
    versions: neededVersions(bytes, first, offsetOf, string),
    symbols: dynamicSymbols(bytes, sections, string),
  };
}

const number = (bytes, at) => Number(bytes.readBigUInt64LE(at));

/** Where the entries of a table begin, from three fields of the header. */
function table(bytes, offsetField, sizeField, countField) {
  const [size, count] = [bytes.readUInt16LE(sizeField), bytes.readUInt16LE(countField)];
  return Array.from({ length: count }, (_, index) => number(bytes, offsetField) + index * size);
}

function text(bytes, at) {
  const end = bytes.indexOf(0, at);
  if (at >= bytes.length || end === -1) throw new Error(`has no string at ${at}`);
  return bytes.toString('latin1', at, end);
}

function dynamicEntries(bytes, segments) {
  const segment = segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined) return [];
  const entries = [];
  for (let at = segment.offset; at < segment.offset + segment.fileSize; at += 16) {
    const tag = bytes.readBigUInt64LE(at);
    if (tag === 0n) break;
    entries.push({ tag, value: bytes.readBigUInt64LE(at + 8) });
  }
  return entries;
}

/** Versions of symbols that other libraries must have, e.g. `GLIBC_2.14`. */
function neededVersions(bytes, first, offsetOf, string) {
  const names = new Set();
  if (first(DT.VERNEED) === undefined) return [];
  let library = offsetOf(Number(first(DT.VERNEED)));
  for (let left = Number(first(DT.VERNEEDNUM)); left > 0; left -= 1) {
    let version = library + bytes.readUInt32LE(library + 8);
    for (let more = bytes.readUInt16LE(library + 2); more > 0; more -= 1) {
      names.add(string(bytes.readUInt32LE(version + 8)));
      version += bytes.readUInt32LE(version + 12);
    }
    library += bytes.readUInt32LE(library + 12);
  }
  return [...names];
}

function dynamicSymbols(bytes, sections, string) {
  const section = sections.find(({ type }) => type === SHT_DYNSYM);
  if (section === undefined) return [];
  return Array.from({ length: Math.floor(section.size / 24) }, (_, index) => section.offset + index * 24)
    .slice(1)
    .map(at => ({ name: string(bytes.readUInt32LE(at)), isDefined: bytes.readUInt16LE(at + 6) !== 0 }));
}
