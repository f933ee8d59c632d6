// The JSON Schemas that ship, as validators.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

/** The file of a schema in the project's folder. */
export type SchemaFile = 'profile.schema.json' | 'recording.schema.json' | 'output.schema.json';

/** Its text. */
export const schemaText = (file: SchemaFile = 'profile.schema.json'): string =>
  readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');

/** A function that gives what is wrong with a value, by the whole schema or a definition of it; nothing where it is valid. */
export function schemaValidator(
  file: SchemaFile = 'profile.schema.json',
  definition?: string,
): (value: unknown) => readonly string[] {
  // The one keyword that is for editors alone. Alternatives of a rule look at its keys without naming their types again.
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
