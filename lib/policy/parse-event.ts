// Parses a system call as text: `openat AT_FDCWD 0 O_RDONLY|O_CLOEXEC`.
import { UsageError } from '../util/errors.js';
import { requireText } from '../util/failures.js';
import { ABIS, requireAbi, syscallName, syscallNumber, type Abi } from '../kernel/abi.js';
import type { AbiName } from '../kernel/architectures.js';
import { callLike, noSuchCall } from '../kernel/calls/suggest-call.js';
import type { Event } from '../kernel/event.js';
import { parseValue } from '../kernel/arguments/named-values.js';
import { parameterOf } from '../kernel/arguments/signatures.js';

/** The maximum number of arguments. */
const ARGUMENTS = 6;
const MAX_QUOTED = 80;

/**
 * Parses a line with a call: `[ABI:]CALL [ARGUMENT]...`, separated by spaces. The default ABI is `abi`. CALL is a name,
 * or a number as the kernel sees it. Arguments are numbers or names of constants, as in `parseValue`: negative ones have
 * the width of the C type that the kernel declares. Missing arguments are not in the event.
 *
 * Throws UsageError: `bad-event` for anything that is not a call, `unknown-syscall`, `unknown-constant`, `bad-value` and `bad-argument`.
 */
export function parseEvent(line: string, abi: AbiName): Event {
  requireText('a system call', line, 'Pass a line such as: openat AT_FDCWD 0 O_RDONLY');
  const [call = '', ...words] = line.trim().split(/\s+/);
  const colon = call.indexOf(':');
  const { name, audit } = colon < 0 ? requireAbi(abi) : abiOf(call.slice(0, colon));
  const syscall = numberOf(call.slice(colon + 1), ABIS[name]);
  if (words.length > ARGUMENTS)
    throw badEvent(`${quote(line)} has ${words.length} arguments`, `A call has up to ${ARGUMENTS}`);
  const known = syscallName(name, syscall);
  const args = words.map((word, index) =>
    parseValue(word, known === undefined ? undefined : parameterOf(name, known, index), name),
  );
  return { arch: audit, syscall, args };
}

function abiOf(name: string): Abi {
  const abi = Object.values(ABIS).find(each => each.name === name);
  if (abi !== undefined) return abi;
  throw badEvent(`there is no ABI ${quote(name)}`, `Write one of: ${Object.keys(ABIS).join(', ')}`);
}

function numberOf(text: string, { name, numberBit }: Abi): number {
  if (/^(?:0[xX][\da-fA-F]{1,8}|-?\d{1,10})$/.test(text)) {
    const number = Number(text);
    if (number >= -(2 ** 31) && number < 2 ** 32) return (number | numberBit) >>> 0;
  }
  const number = syscallNumber(name, text);
  if (number !== undefined) return number;
  if (!/^\w+$/.test(text))
    throw badEvent(`${quote(text)} is not a system call`, 'Write its name, or its number of 32 bits');
  const meant = callLike(text, [name]);
  throw new UsageError(
    'unknown-syscall',
    noSuchCall(text, name),
    meant === undefined ? 'Write its number, or name another ABI: x86:NAME' : `Did you mean ${quote(meant)}?`,
  );
}

const badEvent = (message: string, remedy: string): UsageError =>
  new UsageError('bad-event', message, remedy);

const quote = (text: string): string => JSON.stringify(text.slice(0, MAX_QUOTED));
