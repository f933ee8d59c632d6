// The error if the add-on is missing, broken or not permitted: the paths that were tried, and a remedy.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inChild, told } from '../support/child.js';
import { copyPackage } from '../support/package-copy.js';
import { skip } from '../support/skip.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Answer {
  readonly code?: string;
  readonly message: string;
  readonly remedy: string;
}

describe('The add-on', () => {
  let folder: string;

  /** The package without any add-on. */
  beforeEach(() => {
    folder = copyPackage(['bundle', 'profiles', 'package.json'], ['node_modules']);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function load(...args: readonly string[]): Answer {
    const program = `
      import { features } from ${JSON.stringify(join(folder, 'bundle/index.js'))};
      try { features(); console.log('{}'); }
      catch ({ code, message, remedy }) { console.log(JSON.stringify({ code, message, remedy })); }`;
    const { stdout, stderr } = spawnSync(process.execPath, [...args, '--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    assert.notEqual(stdout, '', stderr);
    return JSON.parse(stdout) as Answer;
  }

  function put(path: string, content?: string): void {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    if (content === undefined) cpSync(join(root, 'build/Release/seccomp.node'), file);
    else writeFileSync(file, content);
  }

  it('is reported as missing, with every path that was tried', () => {
    const { code, message, remedy } = load();
    assert.equal(code, 'addon-not-found');
    assert.ok(message.includes(join(folder, 'build/Release/seccomp.node')), message);
    assert.match(message, /prebuilds\/linux-(x64|arm64)\/seccomp\.(glibc|musl)\.node/);
    assert.ok(message.includes(folder), message);
    assert.match(remedy, /scripts\/build-native\.mjs/);
  });

  it('is the one that the user built, if there is one', () => {
    put('build/Release/seccomp.node');
    for (const libc of ['glibc', 'musl'])
      put(`prebuilds/linux-${process.arch}/seccomp.${libc}.node`, 'broken');
    assert.deepEqual(load(), {});
  });

  it('is the prebuilt one if none was built', () => {
    for (const libc of ['glibc', 'musl']) put(`prebuilds/linux-${process.arch}/seccomp.${libc}.node`);
    assert.deepEqual(load(), {});
  });

  it("is named with the dynamic loader's error if it is broken", () => {
    put('build/Release/seccomp.node', 'broken');
    const { code, message, remedy } = load();
    assert.equal(code, 'addon-not-loadable');
    assert.match(
      message,
      /build\/Release\/seccomp\.node cannot be loaded: .*(file too short|invalid ELF header)/,
    );
    assert.match(remedy, /scripts\/build-native\.mjs/);
  });

  it('is not loaded if the permission model forbids it, and the error names the option', () => {
    put('build/Release/seccomp.node');
    const { code, remedy } = load(
      ...(Number(process.versions.node.split('.')[0]) < 22
        ? ['--experimental-permission']
        : ['--permission']),
      '--allow-fs-read=*',
    );
    assert.equal(code, 'addon-not-loadable');
    assert.equal(remedy, 'Start Node with --allow-addons');
  });

  it('is found if the Node binary is executable but not readable', function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can become an ordinary user');
    const node = join(folder, 'node');
    cpSync(process.execPath, node);
    chmodSync(node, 0o711);
    chmodSync(folder, 0o755);
    assert.equal(told(inChild('tell(s.features().libseccomp !== "");', { node, user: 65534 })), true);
  });

  it('is found without /proc, and functions that need /proc report that', function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can unmount /proc');
    const body = `
      const { spawn, spawnSync, record, applyProfile } = require('seccomp');
      const profile = { defaultAction: 'SCMP_ACT_ALLOW' };
      const codeOf = action => { try { action(); return 'done'; } catch ({ code }) { return code; } };
      const codes = [() => spawn('true', { profile }), () => spawnSync('true', { profile }), () => record('true'), () => applyProfile(profile)].map(codeOf);
      // An event that nobody listens to would end the process.
      setTimeout(() => console.log(codes.join(' ')), 50);`;
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', 'umount -l /proc && exec "$@"', 'sh', process.execPath, '-e', body],
      { cwd: root, encoding: 'utf8' },
    );
    if (/unshare|umount/.test(stderr)) skip(this, `/proc cannot be unmounted here: ${stderr}`);
    assert.equal(stdout, 'no-proc no-proc no-tracer rings-unreadable\n', stderr);
  });
});
