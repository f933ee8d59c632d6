// Converts the text of an argument in strace's output to a register's value.
import type { AbiName } from '../../../kernel/architectures.js';
import { parseValue } from '../../../kernel/arguments/named-values.js';
import { UsageError } from '../../../util/errors.js';
import type { RecordedParameter } from '../../recorded-arguments.js';
import { attempt } from '../../../util/failures.js';

/** The maximum length of a text; longer ones are structures and paths. */
const MAX_TEXT = 1024;
/** `_IOC(_IOC_READ|_IOC_WRITE, 0x45, 0x18, 0x10)`: direction, type, number, size; asm-generic/ioctl.h. */
const IOC = /^_IOC\(([A-Z_|]+), (0x[\da-f]+|0), (0x[\da-f]+|0), (0x[\da-f]+|0)\)$/;
const DIRECTIONS: ReadonlyMap<string, bigint> = new Map([
  ['_IOC_NONE', 0n],
  ['_IOC_WRITE', 1n],
  ['_IOC_READ', 2n],
]);

/** Converts the texts of one log, and caches results because the same few texts are frequent. */
export class StraceValues {
  readonly #remembered = new Map<string, bigint | undefined>();

  /**
   * The value of an argument; undefined if the text does not determine it. Bits for which strace has no name are
   * numbers.
   */
  read(text: string, parameter: RecordedParameter, abi: AbiName): bigint | undefined {
    if (text.length > MAX_TEXT) return undefined;
    const key = `${abi} ${parameter.type} ${parameter.name} ${text}`;
    if (this.#remembered.has(key)) return this.#remembered.get(key);
    const value = read(text, parameter, abi);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(key, value);
    return value;
  }
}

const MAX_REMEMBERED = 4096;
/** The first real-time signal. */
const SIGRTMIN = 32;

function read(text: string, parameter: RecordedParameter, abi: AbiName): bigint | undefined {
  const plain = text
    .replace(/\/\*[^*]*\*\//g, '')
    .replace(/^(\w+) or \w+(?: or \w+)*$/, '$1')
    .trim();
  const realtime = /^SIGRT(?:_(\d{1,2})|MIN)$/.exec(plain);
  if (realtime !== null) return BigInt(SIGRTMIN + Number(realtime[1] ?? 0));
  const [, directions, type, number, size] = IOC.exec(plain) ?? [];
  if (directions !== undefined) {
    const direction = directions.split('|').reduce((all, word) => all | (DIRECTIONS.get(word) ?? 0n), 0n);
    return (direction << 30n) | (BigInt(size ?? 0) << 16n) | (BigInt(type ?? 0) << 8n) | BigInt(number ?? 0);
  }
  return attempt(
    () => parseValue(plain, parameter, abi),
    UsageError,
    () => undefined,
  );
}
