// Shared by the scripts that use the package as it would be published: the tarball, the names, and a scratch folder.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from './command-line.mjs';
import { withScratch } from './files.mjs';
import { pack } from './pack.mjs';

/**
 * Calls `use` with names, a tarball and a folder that is removed afterwards. The names are those on the command line, or all
 * that are `known`; without `known`, any name is accepted. The tarball is that of `--tarball`, or newly packed. If `use`
 * throws, prints the error and sets the exit code to 1.
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
