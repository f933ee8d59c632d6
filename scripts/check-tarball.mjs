// What the scripts have in common that use what would be published: which tarball, which names, and a folder to do it in.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from './pack.mjs';

/**
 * Has `use` try the tarball of `--tarball`, or one that is packed, for the names given, or all that are `known`. Whatever is
 * given is a name where nothing is said to be known. `use` gets the names, the tarball and a folder that is removed at the end; an
 * error of its is printed and makes the exit code 1, a usage that makes no sense 2.
 */
export function checkTarball(script, known, use) {
  const given = process.argv.slice(2);
  const option = given.indexOf('--tarball');
  const [, own] = option === -1 ? [] : given.splice(option, 2);
  const unknown = known === undefined ? [] : given.filter(name => !known.includes(name));
  if (unknown.length > 0 || (own !== undefined && !existsSync(own))) {
    const names = known?.map(name => JSON.stringify(name)).join('|') ?? 'NAME';
    console.error(`usage: node scripts/${script}.mjs [--tarball FILE] [${names}]...`);
    process.exit(2);
  }
  const scratch = mkdtempSync(join(tmpdir(), `seccomp-${script}-`));
  try {
    use(given.length > 0 ? given : (known ?? []), own ?? pack(scratch), scratch);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
