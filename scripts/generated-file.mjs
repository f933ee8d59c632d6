// Writes or compares generated files, and parses the command line of generators.
import { readFileSync, writeFileSync } from 'node:fs';
import { commandLine } from './command-line.mjs';
import { inRoot } from './files.mjs';

/** A generated file differs from the output of its generator. */
export class Stale extends Error {}

/** A generator needs a decision, which must be added to its source. */
export class Undecided extends Error {}

/**
 * Writes `text` to a file of the project; with `check`, throws Stale if the file has another text.
 * @param {string} path relative to the project's folder
 * @param {string} text
 * @param {boolean} check
 * @param {string} [command] the command that writes the file
 */
export function generated(path, text, check, command = 'node scripts/refresh-kernel.mjs') {
  if (!check) writeFileSync(inRoot(path), text);
  else if (readFileSync(inRoot(path), 'utf8') !== text) throw new Stale(`${path} is stale: run ${command}`);
}

/**
 * Runs a generator if its script is the program, with the `--check` flag and the operands of the command line. If a file is
 * stale or the generator needs a decision, prints that and sets the exit code to 1.
 * @param {string} script its name
 * @param {string[]} operands their names
 * @param {(check: boolean, ...operands: string[]) => void | Promise<void>} generate
 */
export async function runGenerator(script, operands, generate) {
  if (process.argv[1] !== inRoot('scripts', `${script}.mjs`)) return;
  const usage = ['node', `scripts/${script}.mjs`, ...operands, '[--check]'].join(' ');
  const { values, operands: given } = commandLine(usage, {
    options: { check: { type: 'boolean', default: false } },
    count: [operands.length, operands.length],
  });
  try {
    await generate(values.check, ...given);
  } catch (error) {
    if (!(error instanceof Stale || error instanceof Undecided)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/**
 * Like runGenerator, for a generator of one JSON file.
 * @param {string} script its name
 * @param {string} file relative to the project's folder
 * @param {() => object} make returns the contents
 */
export const runJsonGenerator = (script, file, make) =>
  runGenerator(script, [], check =>
    generated(file, `${JSON.stringify(make(), undefined, 2)}\n`, check, `node scripts/${script}.mjs`),
  );
