// The JSON Schemas that ship, as validators.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

/** The file of a schema in the project's folder. */
export type SchemaFile = 'profile.schema.json' | 'recording.schema.json';

/** Its text. */
export const schemaText = (file: SchemaFile = 'profile.schema.json'): string =>
  readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');

/** A function that gives what is wrong with a value; nothing where it is valid. */
export function schemaValidator(
  file: SchemaFile = 'profile.schema.json',
): (value: unknown) => readonly string[] {
  // The one keyword that is for editors alone. Alternatives of a rule look at its keys without naming their types again.
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    keywords: ['enumDescriptions'],
  });
  const validate = ajv.compile(JSON.parse(schemaText(file)) as object);
  return value =>
    validate(value) ? [] : (validate.errors ?? []).map(error => `${error.instancePath} ${error.message}`);
}
