// Typed readers of single values. Each reports mistakes and returns undefined, so that checking continues.
import type { Findings } from '../findings.js';
import { locate, type JsonObject, type JsonValue } from '../json.js';
import { quote } from '../../util/suggest.js';

/** Kinds of values in messages. */
export const KINDS: Readonly<Record<JsonValue['kind'], string>> = {
  object: 'an object',
  array: 'an array',
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  null: 'null',
};

/** Reports `wrong-type`: `"names" must be an array, not a string`. */
export function wrongType(value: JsonValue, what: string, wanted: string, findings: Findings): undefined {
  findings.error('wrong-type', locate(value), `${what} must be ${wanted}, not ${KINDS[value.kind]}`);
}

export function readString(value: JsonValue, what: string, findings: Findings): string | undefined {
  return value.kind === 'string' ? value.value : wrongType(value, what, 'a string', findings);
}

export function readObject(value: JsonValue, what: string, findings: Findings): JsonObject | undefined {
  return value.kind === 'object' ? value : wrongType(value, what, 'an object', findings);
}

/** The items of an array; none if the value is absent. */
export function readList(
  value: JsonValue | undefined,
  what: string,
  findings: Findings,
): readonly JsonValue[] {
  if (value === undefined) return [];
  if (value.kind === 'array') return value.items;
  wrongType(value, what, 'an array', findings);
  return [];
}

/** A string with its position. */
export type Named = Extract<JsonValue, { kind: 'string' }>;

/** The strings of an array; items of other types are reported. */
export function readStrings(
  value: JsonValue | undefined,
  what: string,
  findings: Findings,
): readonly Named[] {
  return readList(value, what, findings).filter((item): item is Named => {
    if (item.kind !== 'string') wrongType(item, `an item of ${what}`, 'a string', findings);
    return item.kind === 'string';
  });
}

/**
 * Reads an exact integer from 0 to `max`. Reports `not-an-integer` for fractions and exponents, which Go rejects even
 * if the value is an integer, and `out-of-range`, where `limit` explains the maximum.
 */
export function readUnsigned(
  value: JsonValue,
  what: string,
  max: bigint,
  limit: string,
  findings: Findings,
): bigint | undefined {
  if (value.kind !== 'number') return wrongType(value, what, 'a number', findings);
  if (/[.eE]/.test(value.text))
    return findings.error(
      'not-an-integer',
      locate(value),
      `${what} is ${quote(value.text)}`,
      'Write digits only, without fraction or exponent',
    );
  // No number with more digits fits, and parsing millions of digits would be slow.
  const number = value.text.startsWith('-') || value.text.length > 20 ? undefined : BigInt(value.text);
  if (number !== undefined && number <= max) return number;
  return findings.error('out-of-range', locate(value), `${what} is ${value.text.slice(0, 40)}`, limit);
}
