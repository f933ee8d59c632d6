// Published policies of other projects, in their own formats: calls get the documented actions. The files are not part of the
// package.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { actionName } from '#lib/kernel/action.js';
import type { Architecture } from '#lib/kernel/architectures.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { parseEvent } from '#lib/policy/parse-event.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { ProfileError } from '#lib/util/errors.js';
import { skip } from '../../support/skip.js';

const FOLDER = fileURLToPath(new URL('../../../../../shared/formats/', import.meta.url));

const VERDICTS: readonly (readonly [
  file: string,
  arch: Architecture,
  verdicts: Readonly<Record<string, string>>,
])[] = [
  [
    'elastic-sandbox.yml',
    'x86_64',
    {
      connect: 'ERRNO(EPERM)',
      'clone 0': 'ERRNO(EPERM)',
      'clone CLONE_NEWUSER': 'ALLOW',
      read: 'ALLOW',
    },
  ],
  [
    'kafel_composition.policy',
    'x86_64',
    { 'read 0': 'ALLOW', 'read 1': 'KILL_THREAD', 'write 2': 'ALLOW', 'write 0': 'KILL_THREAD' },
  ],
  [
    'kafel_or-flags.policy',
    'x86_64',
    { 'open 0 O_RDWR|O_CREAT': 'ALLOW', 'open 0 O_WRONLY|O_CREAT': 'ALLOW', 'open 0 O_RDWR': 'KILL_THREAD' },
  ],
  [
    'nsjail_seccomp.cfg',
    'x86_64',
    {
      geteuid: 'ERRNO(1337)',
      ptrace: 'ERRNO(EPERM)',
      sched_setaffinity: 'ERRNO(EPERM)',
      syslog: 'KILL_PROCESS',
      read: 'ALLOW',
    },
  ],
  [
    'minijail_cat.policy',
    'x86_64',
    {
      openat: 'ALLOW',
      socket: 'KILL_PROCESS',
      'mmap 0 0 PROT_READ|PROT_EXEC': 'ALLOW',
      'mmap 0 0 PROT_WRITE|PROT_EXEC': 'KILL_PROCESS',
    },
  ],
  ['minijail_cros-default.policy', 'x86_64', { bpf: 'ERRNO(EPERM)', read: 'ALLOW' }],
  ['crosvm_aarch64_common_device.policy', 'aarch64', { read: 'ALLOW', execve: 'KILL_PROCESS' }],
];

const REFUSED = [
  ['spo_example.yaml', 'several-profiles'],
  ['spo_allowed-validation.yaml', 'several-profiles'],
  ['crosvm_x86_64_block_device.policy', 'include-refused'],
  ['openwrt-seccomp-oci.json', 'json-syntax'],
] as const;

describe('published policies of other projects', () => {
  before(function () {
    if (existsSync(FOLDER)) return;
    skip(this, 'there is no ../shared/formats');
  });

  for (const [file, arch, verdicts] of VERDICTS) {
    it(`${file} has the meaning that its authors document`, () => {
      const policy = resolveProfile(`${FOLDER}${file}`, { arch });
      for (const [call, expected] of Object.entries(verdicts))
        assert.equal(actionName(evaluate(policy, parseEvent(call, arch))), expected, call);
    });
  }

  for (const [file, code] of REFUSED) {
    it(`${file} is refused by ${code}`, () => {
      assert.throws(
        () => resolveProfile(`${FOLDER}${file}`, { arch: 'x86_64' }),
        (error: unknown) => error instanceof ProfileError && error.code === code,
      );
    });
  }
});
