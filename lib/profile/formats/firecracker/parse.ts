// Parses a file of Firecracker's seccompiler, and reports all mistakes.
import { Findings } from '../../findings.js';
import { locate } from '../../json.js';
import { readJson } from '../../read-json.js';
import type { ParseOptions } from '../../parse.js';
import { readSource } from '../../read-source.js';
import { readObject } from '../../schema/values.js';
import { hasActions } from './detect.js';
import type { FirecrackerFile, FirecrackerFilter } from './filters.js';
import { readFilter } from './schema.js';
import { oneOf, pickOptions } from '../../../util/options.js';

/**
 * Reads and checks a file in the format of Firecracker's seccompiler. `source` can be anything that parseProfile
 * accepts.
 *
 * Throws ProfileError with all problems in the order of the text. An unknown key is an error, because a misspelt `args`
 * would allow a call with any arguments. Sources: docs/seccompiler.md of Firecracker; the seccompiler of rust-vmm.
 */
export function parseFirecracker(source: unknown, options: ParseOptions = {}): FirecrackerFile {
  const { text, file: found } = readSource(source);
  const { file = found, strict = false } = pickOptions(options, ['file', 'strict']);
  oneOf('strict', strict, [true, false]);
  const findings = new Findings();
  const root = readObject(readJson(text, file, findings), 'a file of filters', findings);
  if (root !== undefined && (root.members.size === 0 || hasActions(root))) {
    findings.error(
      'no-filters',
      locate(root),
      root.members.size === 0 ? 'the file has no filters' : 'this is one filter without a category',
      'Write one for each category of threads: { "vmm": { "default_action": …, … } }',
    );
    findings.conclude(false);
  }
  const filters = new Map<string, FirecrackerFilter>();
  for (const [category, { value }] of root?.members ?? []) {
    const filter = readFilter(value, findings);
    if (filter !== undefined) filters.set(category, filter);
  }
  return Object.freeze({ file, filters, warnings: findings.conclude(strict) });
}
