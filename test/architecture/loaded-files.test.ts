// Programs do not load the files with code that few programs need.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BUNDLE_FILES } from '../support/bundle-files.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The files of the package that a statement loads, except those that many parts share. */
function loadedBy(statement: string): readonly string[] {
  const program = `const { compile, parseProfile, applyProfile } = require('seccomp');
    ${statement};
    const names = ${BUNDLE_FILES}.map(path => require('node:path').basename(path, '.js'));
    console.log(JSON.stringify(names.filter(name => !/^chunk-|^index$|^package-files$/.test(name))));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8' });
  assert.equal(stderr, '');
  return JSON.parse(stdout) as readonly string[];
}

const JSON_PROFILE = JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW' });

describe('The files that are loaded', () => {
  for (const [what, statement, files] of [
    ['nothing but the package itself is used', '', []],
    ['a profile in JSON is compiled', `compile('${JSON_PROFILE}')`, []],
    ['such a profile is applied', `applyProfile('${JSON_PROFILE}', { dryRun: true })`, []],
    [
      'a profile is tried',
      `applyProfile('${JSON_PROFILE}', { reportOnly: true, onViolation() {} })`,
      ['try-profile'],
    ],
    [
      'a string has an escape',
      `compile(${JSON.stringify('{ "defaultAction": "SCMP_ACT_\\u0041LLOW" }')})`,
      ['read-json-exactly'],
    ],
    [
      'a policy is in another format',
      `parseProfile(${JSON.stringify('extends docker-default\n\n@io_uring: allowed\n')})`,
      ['text-formats'],
    ],
    ['a profile extends another one', `parseProfile('{ "extends": "docker-default" }')`, ['derive-profile']],
    [
      'the generator of libseccomp is used',
      `compile('${JSON_PROFILE}', { codegen: 'libseccomp' })`,
      ['generate-with-libseccomp'],
    ],
  ] as const)
    it(`are ${files.length === 0 ? 'only the usual ones' : files.join(' and ')} if ${what}`, () => {
      assert.deepEqual(loadedBy(statement), files);
    });
});
