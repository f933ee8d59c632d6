// The table of call classes: it has every call, and its results depend on the calls of the target.
import assert from 'node:assert/strict';
import { ABIS, isKnownSyscall, knownSyscalls } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { callAliases, callClasses, callsAlone, substitutesOf } from '#lib/kernel/calls/call-classes.js';

const inClasses = new Set(callClasses().flatMap(({ calls }) => calls));

describe('classes of calls', () => {
  it('contain every call of every architecture, in a class or alone, and none in both', () => {
    const all = knownSyscalls();
    assert.ok(all.length > 600);
    assert.deepEqual(
      all.filter(name => !inClasses.has(name) && !callsAlone().has(name)),
      [],
    );
    assert.deepEqual(
      [...callsAlone()].filter(name => inClasses.has(name)),
      [],
    );
  });

  it('name only calls that exist', () => {
    assert.deepEqual(
      [...inClasses, ...callsAlone(), ...[...callAliases().values()].flat()].filter(
        name => !isKnownSyscall(name),
      ),
      [],
    );
  });

  it('have aliases that are not calls themselves', () => {
    assert.deepEqual(
      [...callAliases().keys()].filter(name => isKnownSyscall(name)),
      [],
    );
  });

  const table: readonly (readonly [AbiName, string, readonly string[]])[] = [
    ['x86_64', 'umount', ['umount2']],
    ['x86_64', 'send', ['sendto', 'sendmsg', 'sendmmsg']],
    ['x86_64', 'recv', ['recvfrom', 'recvmsg', 'recvmmsg']],
    ['x86_64', 'stime', ['settimeofday', 'clock_settime']],
    ['x86_64', 'waitpid', ['wait4', 'waitid']],
    ['x86_64', 'mmap2', ['mmap']],
    [
      'x86_64',
      'osf_mount',
      ['mount', 'fsmount', 'move_mount', 'open_tree', 'open_tree_attr', 'mount_setattr'],
    ],
    ['aarch64', 'mkdir', ['mkdirat']],
    ['aarch64', 'rename', ['renameat', 'renameat2']],
    ['aarch64', 'unlink', ['unlinkat']],
    ['aarch64', 'rmdir', ['unlinkat']],
    ['aarch64', 'fork', ['clone', 'clone3']],
    ['arm', 'fadvise64_64', ['arm_fadvise64_64']],
    [
      'x86',
      'newfstatat',
      [
        'fstatat64',
        'statx',
        'stat',
        'stat64',
        'lstat',
        'lstat64',
        'oldstat',
        'oldlstat',
        'fstat',
        'fstat64',
        'oldfstat',
      ],
    ],
    ['x86_64', 'vm86', []],
    ['x86_64', 'create_module', []],
    ['x86_64', 'spu_run', []],
    ['aarch64', 'ustat', []],
    ['aarch64', 'iopl', []],
  ];
  for (const [abi, name, expected] of table) {
    it(`${abi}: ${expected.join(', ') || 'nothing'} for ${name}`, () =>
      assert.deepEqual([...substitutesOf(abi, name).calls].sort(), [...expected].sort()));
  }

  it('put the best substitute first', () => {
    assert.equal(substitutesOf('x86_64', 'send').calls[0], 'sendto');
    assert.equal(substitutesOf('x86_64', 'waitpid').calls[0], 'wait4');
  });

  it('distinguish twins from calls that do the same in another way', () => {
    assert.deepEqual(substitutesOf('x86_64', 'chown32').twins, ['chown']);
    assert.deepEqual(substitutesOf('aarch64', 'rename').twins, []);
  });

  it('treat a call as a substitute of a multiplexer, but not the other way round', () => {
    assert.ok(substitutesOf('x86_64', 'socketcall').calls.includes('connect'));
    assert.ok(!substitutesOf('x86', 'connect').calls.includes('socketcall'));
  });

  it('contain no substitutes on an ABI that lacks them', () => {
    for (const abi of Object.keys(ABIS) as AbiName[])
      for (const name of inClasses)
        for (const call of substitutesOf(abi, name).calls) assert.notEqual(call, name);
  });
});
