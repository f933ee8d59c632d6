// Validators from the shipped JSON Schemas.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

/** The file of a schema in the project's folder. */
export type SchemaFile = 'profile.schema.json' | 'recording.schema.json' | 'output.schema.json';

/** The text of a schema. */
export const schemaText = (file: SchemaFile = 'profile.schema.json'): string =>
  readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');

/** A function that returns the errors of a value for a schema or one of its definitions; none if it is valid. */
export function schemaValidator(
  file: SchemaFile = 'profile.schema.json',
  definition?: string,
): (value: unknown) => readonly string[] {
  // Allows the only keyword that is for editors. Types are not strict, because alternatives of a rule do not repeat them.
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    keywords: ['enumDescriptions'],
  });
  ajv.addSchema(JSON.parse(schemaText(file)) as object, file);
  const validate = ajv.getSchema(definition === undefined ? file : `${file}#/definitions/${definition}`);
  if (validate === undefined) throw new Error(`${file} does not define ${definition ?? ''}`);
  return value =>
    validate(value) ? [] : (validate.errors ?? []).map(error => `${error.instancePath} ${error.message}`);
}
