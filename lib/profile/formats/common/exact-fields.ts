// Reads the fields of objects in formats in which unknown keys are errors.
import type { Findings } from '../../findings.js';
import { locate, type JsonObject, type JsonValue } from '../../json.js';
import { didYouMean, quote } from '../../../util/suggest.js';

/**
 * The fields of an object, which must match exactly. Reports `unknown-key` and `missing-key`; an optional null counts as
 * absent.
 */
export function exactFields<Field extends string>(
  object: JsonObject,
  required: readonly Field[],
  optional: readonly Field[],
  findings: Findings,
): ReadonlyMap<Field, JsonValue> {
  const known = [...required, ...optional];
  for (const { key } of object.members.values()) {
    const name = String(key.key);
    if (known.some(field => field === name)) continue;
    findings.error('unknown-key', locate(key), `the format has no key ${quote(name)} here`, () =>
      didYouMean(name, known, `There are: ${known.join(', ')}`),
    );
  }
  const fields = new Map<Field, JsonValue>();
  for (const field of known) {
    const value = object.members.get(field)?.value;
    if (value !== undefined && (value.kind !== 'null' || required.includes(field))) fields.set(field, value);
    else if (required.includes(field))
      findings.error('missing-key', locate(object), `there is no "${field}" here`);
  }
  return fields;
}
