// Typical uses of the installed package, and the expected output of each.

/** Applies the default profile of containers, and on top of it a layer that refuses a call which the default allows. */
const APPLY = `
  import { mkdirSync } from 'node:fs';
  import { applyProfile, status } from 'seccomp';
  const { threads } = applyProfile('docker-default');
  applyProfile({ defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' }] });
  try { mkdirSync('refused'); console.log('mkdir was not refused'); }
  catch ({ code }) { console.log(code, status().mode, threads.length > 1); }
`;

/** Starts a child that may not create folders. */
const SPAWN = `
  import { spawnSync } from 'seccomp';
  const profile = { defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' }] };
  const script = "try { fs.mkdirSync('refused') } catch ({ code }) { console.log(code) }";
  console.log(String(spawnSync(process.execPath, ['-e', script], { profile }).stdout).trim());
`;

/** Makes the code cache of the installed package, and uses it. */
const CODE_CACHE = `
  const script = require.resolve('seccomp/package.json').replace(/package\\.json$/, 'scripts/code-cache.mjs');
  require('node:child_process').execFileSync(process.execPath, [script]);
  console.log(require('seccomp').features().available);
`;

const asModule = program => ['node', '--input-type=module', '-e', program];
const tool = (...args) => ['seccomp', ...args];
const AVAILABLE = 'console.log(seccomp.features().available)';

/**
 * Each runs in the folder in which the package is installed. The package manager runs `seccomp`, the command line.
 * @type {Record<string, [command: string[], expected: RegExp]>}
 */
export const USES = {
  import: [asModule(`import * as seccomp from 'seccomp'; ${AVAILABLE}`), /^true\n$/],
  require: [['node', '-e', `const seccomp = require('seccomp'); ${AVAILABLE}`], /^true\n$/],
  'seccomp/load': [asModule("import { load } from 'seccomp/load'; console.log(typeof load)"), /^function\n$/],
  'seccomp/apply': [
    asModule("import { applyProfile } from 'seccomp/apply'; console.log(typeof applyProfile)"),
    /^function\n$/,
  ],
  applyProfile: [asModule(APPLY), /^EACCES filter true\n$/],
  spawnSync: [asModule(SPAWN), /^EACCES\n$/],
  'code cache': [['node', '-e', CODE_CACHE], /^true\n$/],
  'seccomp doctor': [tool('doctor'), /^ok +add-on: loaded/m],
  'seccomp compile': [tool('compile', 'docker-default', '--format', 'asm'), /^.*\bALLOW\b/m],
  'seccomp run': [tool('run', 'docker-default', '--', 'node', '-p', '6 * 7'), /^42\n$/],
};
