// Named constants of arguments, per ABI: parsed from text to a register's value, and back.
import { UsageError } from '../../util/errors.js';
import { requireText } from '../../util/failures.js';
import type { AbiName } from '../architectures.js';
import type { ConstantGroup } from './argument-groups.js';
import { dataLines } from '../data-file.js';
import { closest } from '../../util/suggest.js';
import { parameterOf, registerWidth, type Parameter } from './signatures.js';
import { own } from '../../util/own.js';

/** One group of constants on one ABI. */
interface Group {
  /**
   * For ORed values, the mask of a bit field that holds one value of several; 0n for no such field. Otherwise
   * undefined.
   */
  readonly field: bigint | undefined;
  /**
   * The value of each name, negative if it is negative in C. If several names have the same value, the preferred one
   * comes first.
   */
  readonly values: ReadonlyMap<string, bigint>;
}

const MAX_QUOTED = 80;

const tables = new Map<AbiName, ReadonlyMap<ConstantGroup, Group>>();
const names = new Map<AbiName, ReadonlyMap<string, bigint>>();

function groupsOf(abi: AbiName): ReadonlyMap<ConstantGroup, Group> {
  const existing = tables.get(abi);
  if (existing !== undefined) return existing;
  const groups = new Map<ConstantGroup, Group>();
  let values = new Map<string, bigint>();
  for (const line of dataLines('named-values.txt')) {
    const head = /^\[(\w+)(?: (\d+))?\]$/.exec(line);
    if (head === null) {
      const value = valueOn(abi, line);
      if (value !== undefined) values.set(line.slice(0, line.indexOf(' ')), value);
      continue;
    }
    const [, name = '', field] = head;
    values = new Map();
    groups.set(name, { field: field === undefined ? undefined : BigInt(field), values });
  }
  tables.set(abi, groups);
  return groups;
}

/** The value for an ABI in a line `NAME 1` or `NAME 1 x86_64,x86 2 arm`. */
function valueOn(abi: AbiName, line: string): bigint | undefined {
  const [, value = '', ...rest] = line.split(' ');
  if (rest.length === 0) return BigInt(value);
  const cells = [value, ...rest];
  const index = cells.findIndex((cell, position) => position % 2 === 1 && cell.split(',').includes(abi));
  return index === -1 ? undefined : BigInt(cells[index - 1] ?? '');
}

/** The values of all constants of an ABI. Each name has one value, whatever its group. */
function namesOf(abi: AbiName): ReadonlyMap<string, bigint> {
  const existing = names.get(abi);
  if (existing !== undefined) return existing;
  const all = new Map([...groupsOf(abi).values()].flatMap(({ values }) => [...values]));
  names.set(abi, all);
  return all;
}

/** The values of a group's names on an ABI, in order of preference; empty if there is no such group. */
export const constantsOf = (abi: AbiName, group: ConstantGroup): ReadonlyMap<string, bigint> =>
  groupsOf(abi).get(group)?.values ?? new Map();

/**
 * Parses a text to the value of a register: decimal, hexadecimal (`0x1f`), octal (`0o755`, `0755`), negative (`-1`), a
 * name (`AF_UNIX`), or several of these joined with `|` (`O_RDONLY|O_CLOEXEC`).
 *
 * A negative value, including `AT_FDCWD`, becomes its two's complement in the width of the parameter, with zeros above,
 * as glibc's functions pass it: -1 is 0xffffffff for an `int`, and 0xffffffffffffffff for a `long` or an unknown
 * parameter. Every other number is used as it is, up to 64 bits, so that garbage above an `int` can be written. On x86
 * and arm a register has 32 bits.
 *
 * Throws UsageError: `bad-value` for text that is not a number or is too large, `unknown-constant`, with a suggestion,
 * for a name that the ABI does not have, and `bad-argument` for a value that is not a string.
 */
export function parseValue(text: string, parameter: Parameter | undefined, abi: AbiName): bigint {
  requireText('a value', text);
  let result = 0n;
  let column = 1;
  for (const part of text.split('|')) {
    const word = part.trim();
    const start = column + part.indexOf(word);
    const place = part === text ? '' : ` at column ${start} of ${JSON.stringify(text.slice(0, MAX_QUOTED))}`;
    result |= parsePart(word, place, parameter, abi);
    column += part.length + 1;
  }
  return result;
}

function parsePart(word: string, place: string, parameter: Parameter | undefined, abi: AbiName): bigint {
  const width = registerWidth(abi);
  const narrow = parameter?.width ?? width;
  const what = parameter === undefined ? 'a value' : `a value for ${parameter.type} ${parameter.name}`;
  const quoted = JSON.stringify(word.slice(0, MAX_QUOTED));
  if (/^[A-Za-z_]\w*$/.test(word)) {
    const value = namesOf(abi).get(word);
    if (value !== undefined) return BigInt.asUintN(value < 0n ? narrow : width, value);
    const group = own(parameter, 'constants');
    const names = group === undefined ? [] : constantsOf(abi, group).keys();
    const meant = closest(word, names) ?? closest(word, namesOf(abi).keys());
    throw new UsageError(
      'unknown-constant',
      `there is no constant ${quoted} on ${abi}${place}`,
      meant === undefined ? 'Write the number' : `Did you mean ${JSON.stringify(meant)}?`,
    );
  }
  const [, sign, digits] = NUMBER.exec(word) ?? [];
  const magnitude = digits === undefined ? undefined : BigInt(digits.replace(/^0(?=\d)/, '0o').toLowerCase());
  const most = sign === '-' ? 1n << BigInt(narrow - 1) : (1n << BigInt(width)) - 1n;
  if (magnitude === undefined || magnitude > most) {
    throw new UsageError(
      'bad-value',
      `${quoted} is not ${what}${place}`,
      'Write a number such as 10, 0xa, 0o12 or -1, or the name of a constant, or several with | between them',
    );
  }
  return sign === '-' ? BigInt.asUintN(narrow, -magnitude) : magnitude;
}

/** Numbers with no more digits than 64 bits can have. */
const NUMBER = /^(-?)(0[xX][\da-fA-F]{1,16}|0[oO]?[0-7]{1,22}|[1-9]\d{0,19}|0)$/;

/**
 * Returns the names of constants for a value of an argument, such as `AF_ALG` or `CLONE_NEWUSER|CLONE_NEWNS`; undefined
 * if there are none. Bits without a name are added as a number. With `mask`, only the bits in it are named, as in
 * `SCMP_CMP_MASKED_EQ`.
 */
export function nameValue(
  abi: AbiName,
  syscall: string,
  index: number,
  value: bigint,
  mask?: bigint,
): string | undefined {
  const parameter = parameterOf(abi, syscall, index);
  const name = own(parameter, 'constants');
  const group = name === undefined ? undefined : groupsOf(abi).get(name);
  if (parameter === undefined || group === undefined) return undefined;
  const all = (1n << BigInt(parameter.width)) - 1n;
  if (value > all) return undefined;
  const known = (mask ?? all) & all;
  // The low byte of clone's flags is not a flag: it is the signal for the parent when the child ends.
  if (syscall === 'clone')
    return nameFlags(group, { mask: 0xffn, values: constantsOf(abi, 'SIG') }, value, known, parameter.width);
  if (name === 'S') return nameMode(group, value, known);
  const exact = known === all ? nameOf(group.values, value, parameter.width) : undefined;
  if (exact !== undefined || group.field === undefined) return exact;
  return nameFlags(group, { mask: group.field, values: group.values }, value, known, parameter.width);
}

/** The mode of a file: its type and special bits in words, the permissions in octal as people write them. */
function nameMode({ values }: Group, mode: bigint, known: bigint): string | undefined {
  if (mode > 0o177777n) return undefined;
  const special = new Map([...values].filter(([, value]) => value > 0o777n));
  const words = nameFlags({ values: special }, { mask: 0o170000n, values }, mode & ~0o777n, known, 32);
  const permissions = (mode & 0o777n).toString(8);
  if (words === undefined) return mode === 0n ? '0' : `0${permissions}`;
  return permissions === '0' ? words : `${words}|0${permissions}`;
}

/**
 * The name of a value. Constants that do not fit into the width, such as CLONE_CLEAR_SIGHAND of clone3, match nothing.
 */
const nameOf = (values: ReadonlyMap<string, bigint>, bits: bigint, width: 32 | 64): string | undefined =>
  [...values].find(([, value]) => (value < 0n ? BigInt.asUintN(width, value) : value) === bits)?.[0];

/** A part of ORed values that holds one value of several. */
interface Field {
  readonly mask: bigint;
  readonly values: ReadonlyMap<string, bigint>;
}

/** Words for ORed values: that of the field first, then flags, those of many bits before those of few. */
function nameFlags(
  { values }: Pick<Group, 'values'>,
  field: Field,
  bits: bigint,
  known: bigint,
  width: 32 | 64,
): string | undefined {
  const words: string[] = [];
  let rest = bits;
  const inField = bits & field.mask;
  // A field of 0 has a name only if it is the whole value: O_RDONLY, PER_LINUX.
  if ((known & field.mask) === field.mask && (inField !== 0n || bits === 0n)) {
    const name = nameOf(field.values, inField, width);
    if (name !== undefined) {
      words.push(name);
      rest &= ~field.mask;
    }
  }
  const flags = [...values].filter(([, value]) => value > 0n && (value & field.mask) === 0n);
  for (const [name, value] of flags.sort(([, a], [, b]) => bitCount(b) - bitCount(a))) {
    if ((rest & value) !== value) continue;
    words.push(name);
    rest &= ~value;
  }
  if (words.length === 0) return undefined;
  return [...words, ...(rest === 0n ? [] : [`0x${rest.toString(16)}`])].join('|');
}

const bitCount = (value: bigint): number => value.toString(2).replaceAll('0', '').length;
