// Policies in words: their meaning, and errors.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '#lib/filter/compile-profile.js';
import { explain } from '#lib/filter/inspect/explain.js';
import { formatExplanation } from '#lib/filter/inspect/format.js';
import { isSubset } from '#lib/filter/inspect/compare.js';
import { ProfileError } from '#lib/util/errors.js';
import { parseProfile } from '#lib/profile/parse.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';

/** The explanation of a call under a policy, without the names before it. */
function answer(policy: string, syscall: string, arch: 'x86_64' | 'aarch64' = 'x86_64'): string {
  const filter = compile(Buffer.from(policy), { arch });
  const [line = ''] = formatExplanation(explain(filter, syscall))
    .split('\n')
    .filter(text => text.startsWith(`${syscall}`) || /^[A-Z]/.test(text));
  return line.replace(/^[\w, ()]+: /, '');
}

const failure = (action: () => unknown): ProfileError => {
  try {
    action();
  } catch (error) {
    if (error instanceof ProfileError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'it was accepted' });
};

describe('policies in words: the action for a call', () => {
  const D = 'default: ERRNO(EPERM)\n';
  for (const [what, policy, syscall, expected] of [
    ['an action', 'read: allowed', 'read', 'ALLOW'],
    ['the default where it is not named', 'read: allowed', 'write', 'ERRNO(EPERM)'],
    ['what a section says', 'ALLOW\n  read, write,\n  close\n  open', 'open', 'ALLOW'],
    [
      'lines that end as on old Macs, after a comment too',
      '# one\rread: allowed\rwrite: LOG',
      'write',
      'LOG',
    ],
    ['lines that end as on Windows', '# one\r\nread: allowed\r\nwrite: LOG', 'write', 'LOG'],
    ['what is said of a call that has the name of a key in YAML', 'seccomp: LOG', 'seccomp', 'LOG'],
    [
      'of equally strong actions the first, also where it is the one that the rest gets',
      'socket: ERRNO(EPERM) if domain is not 2; ERRNO(ENOENT) if type is 2; otherwise ERRNO(EPERM)',
      'socket',
      'ERRNO(ENOENT) if domain is AF_INET and type is SOCK_DGRAM; otherwise ERRNO(EPERM)',
    ],
    ['what a group says', '@io_uring: LOG', 'io_uring_setup', 'LOG'],
    [
      'what its name says, not its group',
      'io_uring_setup: allowed\n@io_uring: LOG',
      'io_uring_setup',
      'ALLOW',
    ],
    ['an answer by its number', '9: allowed', 'mmap', 'ALLOW'],
    [
      'an exception',
      'socket: allowed unless domain is AF_ALG or AF_VSOCK; then ERRNO(EPERM)',
      'socket',
      'allowed unless domain is AF_ALG or AF_VSOCK; then ERRNO(EPERM)',
    ],
    [
      'the most restrictive answer of several',
      'socket: allowed if domain >= 1; KILL_PROCESS if domain is 2..3; otherwise LOG',
      'socket',
      'LOG if domain is AF_UNSPEC; KILL_PROCESS if domain is AF_INET or AF_AX25; otherwise allowed',
    ],
    [
      'alternatives and parentheses',
      'socket: allowed if (domain is 1 or type is 2) and not protocol is 3; otherwise TRAP',
      'socket',
      'allowed unless domain is not AF_UNIX and type is not SOCK_DGRAM, or protocol is 3; then TRAP',
    ],
    [
      'the default elsewhere',
      'socket: allowed if domain is AF_UNIX',
      'socket',
      'allowed if domain is AF_UNIX; otherwise ERRNO(EPERM)',
    ],
    [
      'a list with a comma before the last',
      'socket: allowed if domain is AF_UNIX, AF_INET, or AF_INET6',
      'socket',
      'allowed if domain is AF_UNIX, AF_INET or AF_INET6; otherwise ERRNO(EPERM)',
    ],
    [
      'masks',
      'clone: allowed if (flags & (CLONE_NEWUSER|CLONE_NEWNS)) == 0',
      'clone',
      'allowed if (flags & (CLONE_NEWNS|CLONE_NEWUSER)) == 0; otherwise ERRNO(EPERM)',
    ],
    [
      'masks that are not met',
      'clone: ERRNO(ENOSYS) if (flags & CLONE_NEWUSER) != 0; otherwise allowed',
      'clone',
      'allowed if (flags & CLONE_NEWUSER) == 0; otherwise ERRNO(ENOSYS)',
    ],
    [
      'ranges',
      'lseek: allowed if fd is outside of 3..7',
      'lseek',
      'allowed unless fd is in 3..7; then ERRNO(EPERM)',
    ],
    [
      'the low half',
      'read: allowed if the low half of count is 7',
      'read',
      'allowed if the low half of count is 7; otherwise ERRNO(EPERM)',
    ],
    [
      'a value that no register has',
      'read: allowed if fd is -1 and count == 0x1ffffffff',
      'read',
      'allowed if fd is 0xffffffff and count is 0x1ffffffff; otherwise ERRNO(EPERM)',
    ],
    [
      'an argument named like a position',
      'prctl: allowed if arg2 is 1 and register5 is 2',
      'prctl',
      'allowed if arg2 is 1 and register5 is 2; otherwise ERRNO(EPERM)',
    ],
    ['nothing else, with comments', '# one\nread: allowed # two\n', 'read', 'ALLOW'],
  ] as const) {
    it(what, () => {
      assert.equal(answer(D + policy, syscall), expected);
    });
  }

  it('constants have the values of each architecture', () => {
    const policy = `on x86_64, aarch64\n${D}openat: allowed if (flags & O_DIRECTORY) != 0`;
    for (const arch of ['x86_64', 'aarch64'] as const)
      assert.equal(
        answer(policy, 'openat', arch),
        'allowed if (flags & O_DIRECTORY) == O_DIRECTORY; otherwise ERRNO(EPERM)',
      );
    const value = resolveProfile(Buffer.from(policy), { arch: 'aarch64' }).abis[0].syscalls.get(56)?.rules[0]
      ?.conditions[0];
    assert.ok(value?.op === 'SCMP_CMP_MASKED_EQ');
    assert.equal(value.mask, 0x4000n);
  });

  it('blocks apply to their ABIs', () => {
    const policy = `${D}on x86_64\nread: allowed\non aarch64\nread: LOG\n`;
    assert.equal(answer(policy, 'read'), 'ALLOW');
    assert.equal(answer(policy, 'read', 'aarch64'), 'LOG');
  });

  it('the action for foreign architectures', () => {
    const policy = resolveProfile(Buffer.from(`${D}read: allowed\nall other architectures: KILL_PROCESS`), {
      arch: 'x86_64',
    });
    assert.equal(policy.badArch, 0x80000000);
  });

  it('values that are compared as the kernel reads them, on request', () => {
    const text = Buffer.from(`${D}socket: allowed if domain is AF_UNIX`);
    assert.match(
      formatExplanation(explain(compile(text, { arch: 'x86_64', argWidth: 'declared' }), 'socket')),
      /the low half of domain/,
    );
  });
});

describe('policies in words: extends', () => {
  it('a shipped profile, except for its own statements', () => {
    const base = compile('docker-default', { arch: 'x86_64' });
    const derived = compile('extends docker-default\n@io_uring: allowed\n', { arch: 'x86_64' });
    assert.ok(isSubset(base, derived) && !isSubset(derived, base));
    assert.equal(
      answer('extends docker-default\nread: ERRNO(EIO) if fd is 3\n', 'read'),
      'allowed unless fd is 3; then ERRNO(EIO)',
    );
    assert.equal(
      answer('extends docker-default\nsocket: allowed if domain is AF_ALG\n', 'socket'),
      'allowed unless domain is AF_VSOCK; then ERRNO(EPERM)',
    );
  });

  it('keeps the action for newer calls', () => {
    const { abis } = resolveProfile('extends docker-default\nread: LOG\n', { arch: 'x86_64' });
    assert.equal(
      abis[0].enosysAbove,
      resolveProfile('docker-default', { arch: 'x86_64' }).abis[0].enosysAbove,
    );
  });
});

describe('policies in words: files', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'words-'));
    const write = (name: string, text: string): void => {
      writeFileSync(join(folder, name), text);
    };
    mkdirSync(join(folder, 'in'));
    write('outside.seccomp', 'default: allowed\n');
    write(
      'in/base.json',
      '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}',
    );
    write('in/top.seccomp', 'extends base.json\nwrite: allowed\n');
    write('in/circle.seccomp', 'extends ./circle2.seccomp\n');
    write('in/circle2.seccomp', 'extends ./circle.seccomp\n');
    write('in/up.seccomp', 'extends ../outside.seccomp\n');
    write('in/absolute.seccomp', `extends ${join(folder, 'outside.seccomp')}\n`);
    write('in/linked.seccomp', 'extends ./link.seccomp\n');
    symlinkSync('../outside.seccomp', join(folder, 'in/link.seccomp'));
    write('in/gone.seccomp', 'extends ./nothing.seccomp\n');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('extend files of their folder, in any format', () => {
    const { abis } = resolveProfile(join(folder, 'in/top.seccomp'), { arch: 'x86_64' });
    assert.deepEqual([...abis[0].syscalls.keys()].sort(), [0, 1]);
  });

  for (const [file, code] of [
    ['circle', 'include-cycle'],
    ['up', 'include-refused'],
    ['absolute', 'include-refused'],
    ['linked', 'include-refused'],
    ['gone', 'profile-not-found'],
  ] as const) {
    it(`are refused by ${code} in ${file}.seccomp`, () => {
      assert.equal(failure(() => parseProfile(join(folder, `in/${file}.seccomp`))).code, code);
    });
  }

  it('are not read for a text without a file', () => {
    const { code, at } = failure(() => parseProfile('extends ./base.json\nread: allowed'));
    assert.deepEqual([code, at?.line, at?.column], ['include-refused', 1, 9]);
  });
});

describe('policies in words: mistakes', () => {
  const D = 'default: KILL_PROCESS\n';
  // The arrow marks the error.
  for (const [text, code, says] of [
    [`${D}read: →alowed`, 'unknown-action', /Did you mean "allowed"/],
    [`${D}→raed: allowed`, 'unknown-syscall', /Did you mean "read"/],
    [`${D}→@netwrok: allowed`, 'unknown-group', /Did you mean "@network"/],
    [`${D}socket: allowed if →domian is AF_UNIX`, 'unknown-argument', /Did you mean "domain"/],
    [`${D}socket: allowed if domain is →AF_UNXI`, 'unknown-constant', /Did you mean "AF_UNIX"/],
    [`${D}socket: ERRNO(→EPREM)`, 'unknown-errno', /Did you mean "EPERM"/],
    [`${D}socket: TRACE(→70000)`, 'out-of-range', /65535/],
    [`${D}KILL_THREAD→`, 'policy-syntax', /for all other calls, write default: ACTION/],
    [`${D}socket: ERRNO→`, 'policy-syntax', /ERRNO\(EPERM\)/],
    [`${D}socket: allowed if domain →AF_UNIX`, 'policy-syntax', /"is AF_UNIX"/],
    [`${D}socket: allowed if (domain is 1→`, 'policy-syntax', /expected "\)"/],
    [`${D}socket: allowed unless domain is 1→`, 'policy-syntax', /"then"/],
    [`${D}socket: allowed →write: allowed`, 'policy-syntax', /new line/],
    [`${D}socket →allowed`, 'policy-syntax', /expected ":"/],
    [`${D}read: allowed\n→read: LOG`, 'duplicate-statement', /line 2, column 1/],
    [`on →x86_46\nread: allowed`, 'unknown-abi', /Did you mean "x86_64"/],
    [`${D}→default: allowed`, 'duplicate-statement', /given twice/],
    [`${D}read: allowed if →the instruction pointer is 3`, 'not-expressible', /policies cannot express/],
    [
      `${D}read: allowed if →one of more conditions holds than can be listed`,
      'not-expressible',
      /left out conditions/,
    ],
    [`→read: allowed`, 'missing-default-action', /"write" of x86_64/],
    [`→on aarch64\nread: allowed`, 'abi-not-covered', /not for x86_64/],
    [`${D}read: allowed if →(fd & 3) < 2`, 'not-expressible', /some bits/],
    [`${D}read: allowed →§`, 'policy-syntax', /is unexpected here/],
  ] as const) {
    it(`${code}: ${text.slice(text.lastIndexOf('\n') + 1)}`, () => {
      const [before = ''] = text.split('→');
      const error = failure(() => resolveProfile(Buffer.from(text.replace('→', '')), { arch: 'x86_64' }));
      const lines = before.split('\n');
      assert.equal(error.code, code, error.message);
      assert.match(error.message, says);
      assert.deepEqual(
        [error.at?.line, error.at?.column],
        [lines.length, (lines.at(-1)?.length ?? 0) + 1],
        error.message,
      );
    });
  }

  it('are reported with the detected format', () => {
    assert.match(
      failure(() => parseProfile(Buffer.from('read allowed'))).message,
      /looks like a policy in words/,
    );
  });

  it('are bounded in time for any text', () => {
    const deep = `default: allowed\nread: TRAP if ${'('.repeat(100_000)}`;
    assert.equal(failure(() => parseProfile(deep)).code, 'too-deep');
    const values = `default: allowed\nread: TRAP if fd is ${'~'.repeat(100_000)}1`;
    assert.equal(failure(() => parseProfile(values)).code, 'too-deep');
    const product = Array.from(
      { length: 30 },
      (_, index) => `(fd is ${index} or count is ${index} or buf is ${index})`,
    );
    const wide = `default: allowed\nread: TRAP if ${product.join(' and ')}\n`;
    assert.equal(failure(() => resolveProfile(wide, { arch: 'x86_64' })).code, 'too-many-rules');
    assert.equal(
      failure(() => parseProfile(`default: allowed\n${'read '.repeat(600_000)}`)).code,
      'too-many-values',
    );
  });
});

describe('names of constants as values in a profile', () => {
  const profile = (value: string): object => ({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }] },
    ],
  });
  const value = (text: string): bigint | undefined =>
    parseProfile(profile(text)).rules[0]?.conditions[0]?.value;

  it('have the numbers of the constants', () => {
    assert.equal(value('AF_ALG'), 38n);
    assert.equal(value('CLONE_NEWUSER|CLONE_NEWNS'), 0x10020000n);
  });

  for (const [text, code] of [
    ['AF_LAG', 'unknown-constant'],
    ['O_DIRECTORY', 'ambiguous-number'],
    ['AT_FDCWD', 'ambiguous-number'],
    ['1 +', 'wrong-type'],
    ['38', 'wrong-type'],
  ] as const) {
    it(`are refused by ${code}: ${text}`, () => {
      const error = failure(() => value(text));
      assert.equal(error.code, code);
      assert.equal(error.at?.pointer, '/syscalls/0/args/0/value');
    });
  }
});
