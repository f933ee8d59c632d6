// What is made of recordings against a check of them: recordings of any calls, on any ABIs, with values that no log has.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  checkProfile,
  generateProfile,
  mergeRecordings,
  parseRecording,
  tightenProfile,
  type GenerateOptions,
  type Recording,
  type SeccompProfile,
} from 'seccomp';
import { ABIS, callGroups, parametersOf, syscallNumber } from 'seccomp/inspect';
import { property } from '../support/property.js';

/** Calls whose arguments become conditions, or that are replaced by others. */
const SPECIAL =
  'clone clone3 fork vfork mmap mmap2 mprotect pkey_mprotect pkey_alloc prlimit64 socket socketpair openat open openat2 creat unshare setns bpf keyctl ptrace personality reboot ioctl prctl arch_prctl fcntl fcntl64 getpgid stat newfstatat epoll_wait epoll_pwait execve mount statx kill getrandom seccomp'.split(
    ' ',
  );
const ALL = [...new Set(callGroups().flatMap(({ calls }) => calls))];
/** Their work is in an argument, so that a profile without them may allow a part of it. */
const MULTIPLEXERS = ['socketcall', 'ipc'];
const PHASES = ['', '', 'start', 'work', 'work/pool', 'runtime'];
const VALUES = [
  0n,
  1n,
  2n,
  3n,
  5n,
  6n,
  7n,
  16n,
  17n,
  40n,
  0x10000000n,
  0x7e020000n,
  0x80000000n,
  0xffffffffn,
  0xfffffffffffffff0n,
];

const argument = (width: number): fc.Arbitrary<string | undefined> =>
  fc
    .record({
      values: fc.uniqueArray(
        fc.constantFrom(...VALUES).map(value => BigInt.asUintN(width, value)),
        { minLength: 1, maxLength: 4 },
      ),
      kind: fc.constantFrom('values', 'values', 'values', 'unknown', 'bits', 'none'),
    })
    .map(({ values, kind }) => {
      const list = values.join(',');
      if (kind === 'none') return undefined;
      if (kind === 'bits') return `{"bits":${values.reduce((all, value) => all | value)}}`;
      return kind === 'unknown' ? `{"values":[${list}],"unknown":true}` : `[${list}]`;
    });

interface Call {
  readonly key: string;
  readonly text: string;
}

const call = (runs: number): fc.Arbitrary<Call | undefined> =>
  fc
    .record({
      abi: fc.constantFrom(...Object.values(ABIS).map(({ name }) => name)),
      name: fc.oneof(fc.constantFrom(...SPECIAL), fc.constantFrom(...ALL)),
      phase: fc.constantFrom(...PHASES),
      count: fc.integer({ min: 1, max: 3 }),
      seen: fc.integer({ min: 1, max: runs }),
      failed: fc.constantFrom(0, 0, 0, 1, 3),
    })
    .chain(({ abi, name, phase, count, seen, failed }) => {
      if (syscallNumber(abi, name) === undefined) return fc.constant(undefined);
      const integers = (parametersOf(abi, name) ?? []).flatMap(({ kind, width }, index) =>
        kind === 'integer' ? [{ width, index }] : [],
      );
      return fc.tuple(...integers.map(({ width }) => argument(width))).map(args => ({
        key: `${abi} ${name} ${phase}`,
        text: JSON.stringify({
          abi,
          call: name,
          phase,
          count,
          runs: seen,
          unavailable: Math.min(failed, count),
        }).replace(
          /\}$/,
          `,"args":{${args.flatMap((text, at) => (text === undefined ? [] : [`"${integers[at]?.index ?? 0}":${text}`])).join(',')}}}`,
        ),
      }));
    });

const recording: fc.Arbitrary<Recording> = fc
  .integer({ min: 1, max: 3 })
  .chain(runs =>
    fc.array(call(runs), { minLength: 1, maxLength: 8 }).map(calls => {
      const unique = new Map(calls.flatMap(each => (each === undefined ? [] : [[each.key, each.text]])));
      return `{"kind":"seccomp recording","version":1,"runs":${runs},"sources":[],"calls":[${[...unique.values()].join(',')}]}`;
    }),
  )
  .map(text => parseRecording(text));

const input = fc.record({
  recordings: fc.array(recording, { minLength: 1, maxLength: 2 }),
  options: fc.record({
    arguments: fc.constantFrom('none', 'safe', 'all'),
    for: fc.constantFrom('none', 'node', 'runc', 'crun', 'docker', 'kubernetes'),
    phase: fc.constantFrom(undefined, undefined, ...new Set(PHASES)),
  }),
  kernel: fc.constantFrom(undefined, '4.4', '6.18'),
  capabilities: fc.constantFrom([], ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE']),
});

/** Undefined where there is nothing to make a profile of. */
function made(recordings: readonly Recording[], options: GenerateOptions): SeccompProfile | undefined {
  try {
    return generateProfile(recordings, options).profile;
  } catch (error) {
    assert.equal((error as { readonly code?: string }).code, 'nothing-recorded');
    return undefined;
  }
}

const namesOf = ({ syscalls }: SeccompProfile, action: string): readonly string[] =>
  (syscalls ?? []).filter(rule => rule.action === action).flatMap(({ names }) => (names ?? []).map(String));

const without = (profile: SeccompProfile, name: string): SeccompProfile => ({
  ...profile,
  syscalls: (profile.syscalls ?? []).flatMap(rule => {
    const names = (rule.names ?? []).filter(each => each !== name);
    return names.length === 0 ? [] : [{ ...rule, names } as typeof rule];
  }),
});

describe('A profile that was generated', () => {
  property(
    'passes the check of its recordings, with the same phase',
    input,
    150,
    ({ recordings, options, kernel, capabilities }) => {
      const profile = made(recordings, options);
      if (profile === undefined) return;
      const checking = { phase: options.phase, kernel, capabilities };
      assert.deepEqual(checkProfile(profile, recordings, checking).refused, []);
    },
  );

  property('fails the check without any one of the recorded calls', input, 100, ({ recordings, options }) => {
    const profile = made(recordings, options);
    if (profile === undefined) return;
    const { phase } = options;
    const allowed = namesOf(profile, 'SCMP_ACT_ALLOW');
    const names = mergeRecordings(...recordings).calls.flatMap(each => {
      const isIn =
        phase === undefined
          ? each.phase !== 'runtime'
          : each.phase === phase || each.phase.startsWith(`${phase}/`);
      return isIn && allowed.includes(each.syscall) && !MULTIPLEXERS.includes(each.syscall)
        ? [each.syscall]
        : [];
    });
    for (const name of new Set(names)) {
      const { refused, fallbacks } = checkProfile(without(profile, name), recordings, { phase });
      // A call that is newer than all others in the profile fails with ENOSYS, for which there may be a fallback.
      assert.ok(
        [...refused, ...fallbacks].some(({ syscall }) => syscall === name),
        name,
      );
    }
  });

  property('is still complete after it was tightened', input, 15, ({ recordings, options }) => {
    const profile = made(recordings, options);
    if (profile === undefined) return;
    const { phase, for: launcher } = options;
    const { text } = tightenProfile(profile, recordings, { phase, for: launcher });
    assert.deepEqual(checkProfile(text, recordings, { phase }).refused, []);
  });
});
