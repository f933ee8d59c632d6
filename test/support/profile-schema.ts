// The JSON Schema that ships, as a validator.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

const SCHEMA = new URL('../../../profile.schema.json', import.meta.url);

/** Its text. */
export const schemaText = (): string => readFileSync(SCHEMA, 'utf8');

/** A function that gives what is wrong with a value; nothing where it is valid. */
export function schemaValidator(): (value: unknown) => readonly string[] {
  // The one keyword that is for editors alone. Alternatives of a rule look at its keys without naming their types again.
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    keywords: ['enumDescriptions'],
  });
  const validate = ajv.compile(JSON.parse(schemaText()) as object);
  return value =>
    validate(value) ? [] : (validate.errors ?? []).map(error => `${error.instancePath} ${error.message}`);
}
