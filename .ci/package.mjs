// Checks of the package that npm would publish.
import { cpSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, readJson } from '../scripts/files.mjs';
import { libseccompSource } from '../scripts/libseccomp.mjs';
import { pack } from '../scripts/pack.mjs';
import { brokenLinks } from '../scripts/package-links.mjs';
import { run } from '../scripts/run.mjs';
import { copyTree } from './builds.mjs';
import { ADDON_SUITE, MOCHA, suite } from './suite.mjs';

/** Checks that the package contains the files to which package.json points. */
export function checkContents() {
  const manifest = readJson(inRoot('package.json'));
  const [{ files }] = JSON.parse(run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']));
  const packed = new Set(files.map(({ path }) => path));
  const entries = [
    manifest.main,
    manifest.types,
    ...Object.values(manifest.bin),
    ...manifest.man,
    ...Object.values(manifest.exports['.']),
  ];
  const needed = [
    ...entries.map(path => path.replace('./', '')),
    ...[
      'call-classes.txt',
      'call-groups.txt',
      'first-versions.txt',
      'named-values.txt',
      'signatures.txt',
      'systemd-groups.txt',
    ].map(name => `data/${name}`),
    ...[
      'data/report/page.css',
      'bundle/report-page.js',
      'bundle/playground-page.js',
      'bundle/playground-worker.js',
      'bundle/yaml.js',
      'bundle/programs/docker-default.x86_64.json',
    ],
    'prebuilds/linux-x64/seccomp.glibc.node',
    `deps/libseccomp-${libseccompSource().version}.tar.gz`,
    'prebuilds/binding.gyp',
    'prebuilds/licenses/libseccomp.txt',
    'profile.schema.json',
    'recording.schema.json',
    'output.schema.json',
    'profiles/profile.d.cts',
    'profiles/extending.d.cts',
    'profiles/no-network.json',
    ...[
      'module/apply.js',
      'bundle/preload.mjs',
      'bundle/package-files.js',
      'bundle/code-cache.js',
      'scripts/code-cache.mjs',
      'types/package.json',
    ],
    'profiles/docker-default.json',
    ...['SECURITY.md', 'CONTRIBUTING.md', 'docs/README.md', 'examples/worker.mjs'],
    'THIRD-PARTY.md',
  ];
  const missing = needed.filter(path => !packed.has(path));
  if (missing.length > 0) throw new Error(`not in the package: ${missing.join(', ')}`);
  const odd = [...packed].filter(
    path =>
      /^(test|out|bundle\/code-cache|deps|build|\.ci|lib)\/|^binding\.gyp$|\.js\.map$|\.tsbuildinfo$/.test(
        path,
      ) && !needed.includes(path),
  );
  if (odd.length > 0) throw new Error(`in the package: ${odd.join(', ')}`);
}

/** Checks that the package works when it is installed alone, and that tools interpret its package.json as intended. */
export function checkPacked({ scratch }) {
  const tarball = pack(scratch);
  run(inRoot('node_modules/.bin/publint'), ['--strict', tarball]);
  run(inRoot('node_modules/.bin/attw'), ['--profile', 'node16', tarball]);
  const unpacked = mkdtempSync(join(scratch, 'packed-'));
  run('tar', ['-xzf', tarball, '-C', unpacked]);
  const broken = brokenLinks(join(unpacked, 'package'));
  if (broken.length > 0) throw new Error(`links that lead nowhere in the package:\n${broken.join('\n')}`);
  const versions = ['20', '22', '24', '26'];
  process.stdout.write(
    run(process.execPath, ['scripts/check-package.mjs', '--tarball', tarball, ...versions]),
  );
}

/** Tests the prebuilt add-on for this machine. prepack makes and checks all four. */
export function checkPrebuilt(context) {
  run(process.execPath, ['scripts/prebuild.mjs', 'x64-glibc']);
  run(process.execPath, ['scripts/check-prebuilds.mjs', 'x64-glibc']);
  const cwd = copyTree(join(context.scratch, 'prebuilt'));
  cpSync(inRoot('prebuilds/linux-x64/seccomp.glibc.node'), join(cwd, 'build/Release/seccomp.node'));
  suite(context, process.execPath, [MOCHA, ...ADDON_SUITE], { cwd });
}
