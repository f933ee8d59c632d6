// Shared by the scripts that use what would be published: the tarball, the names, and a folder for each.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from './command-line.mjs';
import { withScratch } from './files.mjs';
import { pack } from './pack.mjs';

/**
 * Has `use` try the tarball of `--tarball`, or one that is packed, for the names given, or all that are `known`. Whatever is
 * given is a name where nothing is said to be known. `use` gets the names, the tarball and a folder that is removed at the end; an
 * error of its is printed and makes the exit code 1.
 * @param {string} script
 * @param {readonly string[] | undefined} known
 * @param {(names: readonly string[], tarball: string, scratch: string) => void} use
 */
export function checkTarball(script, known, use) {
  const names = known?.map(name => JSON.stringify(name)).join('|') ?? 'NAME';
  const { values, operands } = commandLine(`node scripts/${script}.mjs [--tarball FILE] [${names}]...`, {
    options: { tarball: { type: 'string' } },
    count: [0, Infinity],
    known,
  });
  const { tarball } = values;
  try {
    if (tarball !== undefined && !existsSync(tarball)) throw new Error(`--tarball ${tarball}: no such file`);
    withScratch(join(tmpdir(), `seccomp-${script}-`), scratch =>
      use(operands.length > 0 ? operands : (known ?? []), tarball ?? pack(scratch), scratch),
    );
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
