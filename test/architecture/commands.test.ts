// Every subcommand has a section in docs/cli.md, a test, and a line in the test with hostile text.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

const commands = readdirSync(`${root}lib/cli/commands`, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => basename(name, '.ts'));
const tests = readdirSync(`${root}test/cli`)
  .filter(name => name.endsWith('.test.ts') && name !== 'terminal.test.ts')
  .map(name => read(`test/cli/${name}`))
  .join('\n');

describe('every subcommand', () => {
  for (const command of commands) {
    it(`${command} has a section in docs/cli.md`, () => {
      assert.match(read('docs/cli.md'), new RegExp(`^## ${command}$`, 'm'));
    });

    it(`${command} is run by a test`, () => {
      assert.match(tests, new RegExp(`'${command}'|\\b${command} `));
    });

    it(`${command} is tested with hostile text`, () => {
      assert.match(read('test/cli/terminal.test.ts'), new RegExp(`\\['${command}'`));
    });
  }
});
