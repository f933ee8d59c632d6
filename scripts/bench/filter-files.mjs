// The compared filters as files for the C programs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './build.mjs';
import { nativeFilters } from './input.mjs';

/** Paths of the filters, by generator. */
export function filterFiles() {
  mkdirSync(scratch, { recursive: true });
  return Object.fromEntries(
    Object.entries(nativeFilters()).map(([name, { bpf }], index) => {
      const path = join(scratch, `filter-${index}.bpf`);
      writeFileSync(path, bpf);
      return [name, path];
    }),
  );
}
