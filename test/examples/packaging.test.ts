// Programs that contain the package, as in docs/packaging.md: they find the add-on and the profiles next to their folder.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Format } from 'esbuild';
import { copyPackage } from '../support/package-copy.js';
import { skip } from '../support/skip.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const PROGRAM = `
  import { mkdirSync } from 'node:fs';
  import { applyProfile } from 'seccomp';
  applyProfile('docker-default', { dryRun: true });
  applyProfile({ defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' }] });
  try { mkdirSync('refused'); } catch ({ code }) { console.log(code); }
`;

describe('A program that contains the package', function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = copyPackage(['bundle', 'data', 'profiles']);
    const addons = join(folder, `prebuilds/linux-${process.arch}`);
    mkdirSync(addons, { recursive: true });
    for (const libc of ['glibc', 'musl'])
      cpSync(join(root, 'build/Release/seccomp.node'), join(addons, `seccomp.${libc}.node`));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function bundled(name: string, format: Format, contents = PROGRAM): Promise<string> {
    const outfile = join(folder, 'bin', name);
    const stdin = { contents, resolveDir: root };
    // CommonJS has no import.meta, so esbuild would print a warning.
    await build({ stdin, outfile, format, bundle: true, minify: true, platform: 'node', logLevel: 'error' });
    return outfile;
  }

  it('as a module applies a profile', async () => {
    const program = await bundled('program.mjs', 'esm');
    assert.equal(execFileSync(process.execPath, [program], { encoding: 'utf8' }), 'EACCES\n');
  });

  it('as CommonJS applies a profile', async () => {
    const program = await bundled('program.cjs', 'cjs');
    assert.equal(execFileSync(process.execPath, [program], { encoding: 'utf8' }), 'EACCES\n');
  });

  it('forks a child under a profile', async () => {
    const child = join(folder, 'child.mjs');
    writeFileSync(
      child,
      "import { readFileSync } from 'node:fs'; console.log(/Seccomp:\\t(\\d)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);",
    );
    const contents = `import { fork } from 'seccomp'; fork(${JSON.stringify(child)}, [], { profile: 'docker-default' });`;
    const program = await bundled('program.cjs', 'cjs', contents);
    assert.equal(execFileSync(process.execPath, [program], { encoding: 'utf8' }), '2\n');
  });

  it('as a single executable applies a profile', async function () {
    // Older versions need a tool to write the program into the executable.
    if (Number(process.versions.node.split('.')[0]) < 26)
      skip(this, `Node ${process.version} needs a tool to write the program into the executable`);
    const output = join(folder, 'bin/program');
    const config = join(folder, 'sea.json');
    const main = await bundled('program.cjs', 'cjs');
    writeFileSync(config, JSON.stringify({ main, output, disableExperimentalSEAWarning: true }));
    execFileSync(process.execPath, ['--build-sea', config], { stdio: 'pipe' });
    assert.equal(execFileSync(output, { encoding: 'utf8' }), 'EACCES\n');
  });
});
