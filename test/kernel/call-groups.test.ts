// The groups of calls by purpose: they are complete, have no unknown names, and cover the groups of other projects.
import assert from 'node:assert/strict';
import { isKnownSyscall, knownSyscalls } from '#lib/kernel/abi.js';
import { callGroups, callsNamed, groupsOf, purposes } from '#lib/kernel/calls/call-groups.js';

describe('groups of calls', () => {
  it('have every call of every architecture', () => {
    assert.deepEqual(
      knownSyscalls().filter(name => groupsOf(name).length === 0),
      [],
    );
  });

  it('have every call in exactly one purpose', () => {
    const names = new Set<string>(purposes());
    for (const call of knownSyscalls())
      assert.deepEqual(
        groupsOf(call)
          .filter(({ name }) => names.has(name))
          .slice(1),
        [],
        call,
      );
  });

  it('have no unknown names, and no empty groups', () => {
    for (const { name, calls } of callGroups()) {
      assert.notEqual(calls.length, 0, name);
      assert.deepEqual(
        calls.filter(call => !isKnownSyscall(call)),
        [],
        name,
      );
    }
  });

  it('have names that need no quotes in a shell, and a description', () => {
    for (const { name, description } of callGroups()) {
      assert.match(name, /^@[a-z][a-z_-]+$/);
      assert.match(description, /^[A-Z].*\.$/, name);
    }
  });

  const table: readonly (readonly [group: string, has: readonly string[], lacks: readonly string[]])[] = [
    ['@network', ['socket', 'connect', 'accept4', 'sendmmsg', 'socketcall', 'recv'], ['read', 'pipe']],
    ['@exec', ['execve', 'execveat'], ['clone', 'uselib']],
    [
      '@file-changes',
      ['openat', 'write', 'unlinkat', 'chmod', 'utimensat', 'ftruncate64'],
      ['read', 'statx'],
    ],
    ['@chmod', ['chmod', 'fchmod', 'fchmodat', 'fchmodat2'], ['chown']],
    ['@io_uring', ['io_uring_setup', 'io_uring_enter', 'io_uring_register'], ['io_setup']],
    ['@privileged', ['bpf', 'reboot', 'mount', 'init_module', 'settimeofday', 'iopl'], ['openat']],
    ['@tracing', ['ptrace', 'process_vm_readv', 'perf_event_open', 'pidfd_getfd'], ['kill']],
    ['@sysv-ipc', ['shmget', 'semop', 'msgsnd', 'ipc'], ['mq_open']],
  ];
  for (const [group, has, lacks] of table) {
    it(`${group} has ${has.join(', ')} and lacks ${lacks.join(', ')}`, () => {
      const calls = callsNamed(group);
      assert.deepEqual(
        has.filter(call => !calls.includes(call)),
        [],
      );
      assert.deepEqual(
        lacks.filter(call => calls.includes(call)),
        [],
      );
    });
  }

  it('refuse an unknown name, and suggest the one that was meant', () => {
    assert.throws(() => callsNamed('@netwrok'), {
      code: 'unknown-group',
      message: 'there is no group of calls "@netwrok". Did you mean "@network"?',
    });
  });

  it('leave the name of a call unchanged', () => assert.deepEqual(callsNamed('read'), ['read']));
});
