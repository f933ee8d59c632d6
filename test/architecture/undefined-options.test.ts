// Options may be undefined: this compiles even with `exactOptionalPropertyTypes`, and has the effect of an absent option.
import assert from 'node:assert/strict';
import * as inspect from 'seccomp/inspect';
import * as seccomp from 'seccomp';

/** Every option of a function, undefined. */
type Undefined<Options> = { readonly [Name in keyof Options]-?: undefined };

const target: Undefined<inspect.TargetOptions> = {
  arch: undefined,
  kernel: undefined,
  capabilities: undefined,
};
const compileOptions: Undefined<seccomp.CompileOptions> = {
  ...target,
  unknownSyscalls: undefined,
  badArch: undefined,
  argWidth: undefined,
  strict: undefined,
  codegen: undefined,
  weights: undefined,
  optimize: undefined,
};
const profile = seccomp.parseProfile('docker-default');
const filter = seccomp.compile(profile);
const log = 'openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3\n';
const { recording } = seccomp.readLog(log);

const uses: readonly (readonly [name: string, without: () => unknown, undefined_: () => unknown])[] = [
  ['compile', () => filter.bpf, () => seccomp.compile(profile, compileOptions).bpf],
  [
    'parseProfile',
    () => profile.rules,
    () => seccomp.parseProfile('docker-default', { strict: undefined, file: undefined }).rules,
  ],
  ['readLog', () => recording, () => seccomp.readLog(log, { arch: undefined, phase: undefined }).recording],
  [
    'decompile',
    () => inspect.decompile(filter.bpf),
    () => inspect.decompile(filter.bpf, { arch: undefined }),
  ],
  [
    'convert',
    () => inspect.convert(filter.policy, 'words'),
    () => inspect.convert(filter.policy, 'words', { name: undefined, category: undefined }),
  ],
  [
    'checkProfile',
    () => seccomp.checkProfile(profile, [recording]),
    () => seccomp.checkProfile(profile, [recording], { kernel: undefined, capabilities: undefined }),
  ],
  [
    'applyProfile',
    () => seccomp.applyProfile(profile, { dryRun: true }).flags,
    () =>
      seccomp.applyProfile(profile, { dryRun: true, scope: undefined, log: undefined, cache: undefined })
        .flags,
  ],
  [
    'spawnSync',
    () => seccomp.spawnSync('true', [], { profile }).status,
    () =>
      seccomp.spawnSync('true', [], { profile, isolation: undefined, log: undefined, ringFilter: undefined })
        .status,
  ],
];

describe('Options that are undefined', () => {
  for (const [name, without, undefined_] of uses)
    it(`of ${name} have the effect of absent options`, () => {
      assert.deepEqual(undefined_(), without());
    });
});
