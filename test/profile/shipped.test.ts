// The shipped profiles: each is small, without warnings, and proven to allow nothing that Docker's default refuses.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { compile } from '#lib/filter/compile-profile.js';
import { findExcess } from '#lib/filter/inspect/compare.js';
import { actionName } from '#lib/kernel/action.js';
import { ARCHITECTURES } from '#lib/kernel/architectures.js';
import { CAPABILITIES } from '#lib/kernel/capabilities.js';
import { packageFile } from '#lib/package-files.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { parseEvent } from '#lib/policy/parse-event.js';
import { parseProfile } from '#lib/profile/parse.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';

const names = readdirSync(packageFile('profiles/'))
  .filter(name => name.endsWith('.json') && name !== 'docker-default.json')
  .map(name => name.slice(0, -'.json'.length));

describe('the shipped profiles', () => {
  const calls: Readonly<Record<string, readonly (readonly [call: string, answer: string])[]>> = {
    'no-network': [
      ['socket AF_INET', 'ERRNO(EPERM)'],
      ['connect', 'ERRNO(EPERM)'],
      ['socketpair', 'ALLOW'],
      ['execve', 'ALLOW'],
      ['x86:socketcall 1', 'ERRNO(EPERM)'],
    ],
    'no-exec': [
      ['execve', 'ERRNO(EPERM)'],
      ['execveat', 'ERRNO(EPERM)'],
      ['clone', 'ALLOW'],
      ['socket AF_INET', 'ALLOW'],
    ],
    'read-only': [
      ['openat 0 0 O_RDONLY', 'ALLOW'],
      ['openat 0 0 O_WRONLY', 'ERRNO(EPERM)'],
      ['openat 0 0 O_CREAT', 'ERRNO(EPERM)'],
      ['openat 0 0 O_TMPFILE', 'ERRNO(EPERM)'],
      ['openat2', 'ERRNO(ENOSYS)'],
      ['creat', 'ERRNO(EPERM)'],
      ['unlink', 'ERRNO(EPERM)'],
      ['write', 'ALLOW'],
    ],
    compute: [
      ['read', 'ALLOW'],
      ['openat', 'ERRNO(EPERM)'],
      ['socket AF_UNIX', 'ERRNO(EPERM)'],
      ['clone', 'ERRNO(EPERM)'],
      ['execve', 'ERRNO(EPERM)'],
    ],
    'node-server': [
      ['accept4', 'ALLOW'],
      ['connect', 'ALLOW'],
      ['listen', 'ERRNO(EPERM)'],
      ['bind', 'ERRNO(EPERM)'],
      ['execve', 'ERRNO(EPERM)'],
      ['openat 0 0 O_CREAT', 'ERRNO(EPERM)'],
    ],
    'node-worker': [
      ['openat', 'ALLOW'],
      ['socket AF_INET', 'ERRNO(EPERM)'],
      ['execve', 'ERRNO(EPERM)'],
      ['openat 0 0 O_WRONLY', 'ERRNO(EPERM)'],
    ],
    'untrusted-build': [
      ['execve', 'ALLOW'],
      ['openat 0 0 O_CREAT', 'ALLOW'],
      ['socket AF_INET', 'ERRNO(EPERM)'],
      ['ptrace', 'ERRNO(EPERM)'],
      ['mount', 'ERRNO(EPERM)'],
    ],
  };

  it('have expected actions for each', () => assert.deepEqual(Object.keys(calls).sort(), [...names].sort()));

  for (const name of names) {
    it(`${name} allows nothing that docker-default refuses`, () => {
      for (const arch of ARCHITECTURES)
        for (const capabilities of [[], CAPABILITIES])
          assert.equal(
            findExcess(
              compile(name, { arch, capabilities }),
              compile('docker-default', { arch, capabilities }),
            ),
            undefined,
          );
    });

    it(`${name} is a derived profile of a few lines with a comment about its purpose, without warnings`, () => {
      const text = readFileSync(packageFile(`profiles/${name}.json`), 'utf8');
      assert.ok(text.split('\n').length < 50);
      assert.match(text, /^ {2}"comment": "[A-Z].*\."/m);
      assert.deepEqual(parseProfile(name, { strict: true }).warnings, []);
    });

    for (const [call, answer] of calls[name] ?? []) {
      it(`${name}: ${call} gets ${answer}, even with all capabilities`, () => {
        for (const capabilities of [[], CAPABILITIES]) {
          const policy = resolveProfile(name, { arch: 'x86_64', capabilities });
          assert.equal(actionName(evaluate(policy, parseEvent(call, 'x86_64'))), answer);
        }
      });
    }
  }
});
