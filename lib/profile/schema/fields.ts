// Finds the fields of an object as Go's JSON decoder does, and reports keys that Go silently ignores.
import type { Findings } from '../findings.js';
import { locate, reportDuplicate, type JsonMember, type JsonObject, type JsonValue } from '../json.js';
import { didYouMean, quote } from '../../util/suggest.js';

/** Keys for human readers. */
const REMARK = /^(?:[_$#]|\/\/|comments?$|description$)/i;

/**
 * A key as Go compares it with an ASCII field name: `ſ` is the one letter that folds to ASCII but has no lower case there.
 * Source: encoding/json, foldName.
 */
const fold = (key: string): string => key.toLowerCase().replaceAll('ſ', 's');

/** The value of a field, whose key may be in any case, without warnings. Null counts as absent, as in Go. */
export function peek(object: JsonObject, field: string): JsonValue | undefined {
  const folded = fold(field);
  const member =
    object.members.get(field) ??
    [...object.members.values()].find(({ key }) => fold(String(key.key)) === folded);
  return member?.value.kind === 'null' ? undefined : member?.value;
}

/**
 * The known fields of an object. A field whose value is null is omitted, as in Go.
 *
 * Warns `key-case` for a key in another case and `unknown-key` for a key that is not a field. In objects that only this
 * package reads, an unknown key is an error. Reports `duplicate-key` if two keys mean one field.
 */
export function fieldsOf<Field extends string>(
  object: JsonObject,
  fields: readonly Field[],
  findings: Findings,
  unknown: 'error' | 'warning' = 'warning',
): ReadonlyMap<Field, JsonValue> {
  const found = new Map<Field, JsonMember>();
  object.members.forEach((member, name) => {
    const field =
      fields.find(candidate => candidate === name) ??
      fields.find(candidate => fold(candidate) === fold(name));
    if (field === undefined) {
      if (!REMARK.test(name)) {
        findings[unknown]('unknown-key', locate(member.key), `the key ${quote(name)} is unknown here`, () =>
          didYouMean(
            name,
            fields,
            `${unknown === 'error' ? 'Remove it' : 'It is ignored'}; start a key with "_" to make it a comment`,
          ),
        );
      }
      return;
    }
    if (field !== name) {
      findings.warning(
        'key-case',
        locate(member.key),
        `the key ${quote(name)} is read as ${quote(field)}, as in Docker`,
        `Write ${quote(field)}`,
      );
    }
    const earlier = found.get(field);
    if (earlier !== undefined) reportDuplicate(earlier.key, member.key, findings);
    found.set(field, member);
  });
  const values = new Map<Field, JsonValue>();
  found.forEach(({ value }, field) => {
    if (value.kind !== 'null') values.set(field, value);
  });
  return values;
}
