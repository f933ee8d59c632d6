// The generators of tables: each can be loaded, so that a change to their imports is noticed even without their input.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';

const FOLDER = new URL('../../../scripts/', import.meta.url);
/** These run when they are loaded: .ci/run has a check for each. */
const CHECKED = ['generate-api-table.mjs', 'measure-base-calls.mjs'];

describe('The generators', () => {
  const names = readdirSync(FOLDER).filter(name => /^(?:generate|measure|refresh)-.*\.mjs$/.test(name));
  assert.ok(names.length >= 7);
  for (const name of names.filter(each => !CHECKED.includes(each))) {
    it(`${name} can be imported, without running`, async () => {
      const exported: unknown = await import(new URL(name, FOLDER).href);
      assert.ok(typeof exported === 'object' && exported !== null);
    });
  }
});
