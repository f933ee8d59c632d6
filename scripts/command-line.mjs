// Parses the arguments of a script. If they are invalid, prints the usage and exits with 2. For `--help`, prints it and
// exits with 0.
import { parseArgs } from 'node:util';

/**
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} O
 * @param {string} usage the command line, e.g. `node scripts/pack.mjs [--check] FOLDER`
 * @param {object} expected
 * @param {O} [expected.options] the options of `parseArgs`
 * @param {readonly [least: number, most: number]} [expected.count] the number of operands; none by default
 * @param {readonly string[]} [expected.known] the valid operands
 */
export function commandLine(usage, { options, count = [0, 0], known }) {
  const fail = (/** @type {string} */ problem) => {
    console.error(`${problem}\nusage: ${usage}`);
    process.exit(2);
  };
  if (process.argv.includes('--help')) {
    console.log(`usage: ${usage}`);
    process.exit();
  }
  const parse = () => parseArgs({ allowPositionals: true, options: /** @type {O} */ (options ?? {}) });
  /** @type {ReturnType<typeof parse>} */
  let parsed;
  try {
    parsed = parse();
  } catch (error) {
    return fail(error.message);
  }
  const { values, positionals: operands } = parsed;
  const unknown = known === undefined ? [] : operands.filter(operand => !known.includes(operand));
  if (unknown.length > 0) fail(`unknown: ${unknown.join(', ')}`);
  if (operands.length < count[0]) fail('an operand is missing');
  if (operands.length > count[1]) fail(`unexpected operand ${operands[count[1]]}`);
  return { values, operands };
}
