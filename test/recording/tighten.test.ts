// Smaller profiles: what is removed, what remains although no run used it, and what never changes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  checkProfile,
  compile,
  parseProfile,
  readLog,
  RecordingError,
  simulate,
  tightenProfile,
  UsageError,
  type Recording,
} from 'seccomp';
import { ABIS, isSubset, syscallNumber } from 'seccomp/inspect';
import { property } from '../support/property.js';
import { run } from './arbitrary-recording.js';

const strace = (...lines: string[]): Recording => readLog(lines, { arch: 'x86_64' }).recording;
const DOCKER = readFileSync(new URL('../../../profiles/docker-default.json', import.meta.url), 'utf8');
const profile = (...rules: string[]): string =>
  `{\n  "defaultAction": "SCMP_ACT_ERRNO",\n  "syscalls": [\n    ${rules.join(',\n    ')}\n  ]\n}\n`;
const allow = (names: string, rest = ''): string =>
  `{ "names": [${names}], "action": "SCMP_ACT_ALLOW"${rest} }`;
const onFamily = (family: number): string =>
  allow('"socket"', `, "args": [{ "index": 0, "value": ${family}, "op": "SCMP_CMP_EQ" }]`);
const names = (text: string): readonly string[] =>
  parseProfile(text).rules.flatMap(rule => rule.names.map(({ name }) => name));

const event = (name: string): { arch: number; syscall: number } => ({
  arch: ABIS.x86_64.audit,
  syscall: syscallNumber('x86_64', name) ?? -1,
});

describe('tightenProfile', () => {
  it('keeps the calls that one phase needs', () => {
    const text = profile(allow('"read", "bind"'), allow('"mount"'));
    const recordings = ['read(0, "", 1) = 0', 'bind(3, 0x1, 16) = 0', 'mount(0x1, 0x2, 0x3, 0, 0) = 0'].map(
      (line, index) =>
        readLog(line, { arch: 'x86_64', phase: ['serving', 'start', 'runtime'][index] }).recording,
    );
    const kept = (phase?: string): readonly string[] =>
      names(tightenProfile(text, recordings, { phase }).text);
    assert.deepEqual(kept(), ['read', 'bind']);
    assert.deepEqual(kept('serving'), ['read']);
    assert.deepEqual(kept('runtime'), ['mount']);
  });

  it('removes calls that no run made, and leaves the rest unchanged', () => {
    const text = profile(
      '{ "comment": "Files.", "names": ["read",   "mount", "write"], "action": "SCMP_ACT_ALLOW" }',
      allow('"bpf"'),
      '{ "action": "SCMP_ACT_ALLOW", "names": [\n      "write"\n    ] }',
    );
    const { text: result, removed } = tightenProfile(text, [
      strace('read(0, "", 1) = 0', 'write(1, "", 1) = 1'),
    ]);
    assert.equal(
      result,
      profile(
        '{ "comment": "Files.", "names": ["read", "write"], "action": "SCMP_ACT_ALLOW" }',
        '{ "action": "SCMP_ACT_ALLOW", "names": [\n      "write"\n    ] }',
      ),
    );
    assert.deepEqual(
      removed.map(({ syscall, at, why }) => [syscall, at.line, why]),
      [
        ['mount', 4, 'no run made it'],
        ['bpf', 5, 'no run made it'],
      ],
    );
  });

  it('keeps calls that programs need although they were not seen, and reports why', () => {
    const { text, unseen } = tightenProfile(profile(allow('"exit_group", "rt_sigreturn", "mount"')), [
      strace('getpid() = 1'),
    ]);
    assert.deepEqual(names(text), ['exit_group', 'rt_sigreturn']);
    assert.deepEqual(
      unseen.map(({ syscall, why }) => [syscall, why]),
      [
        ['exit_group', 'programs and threads need it to end'],
        ['rt_sigreturn', 'the return from a signal handler, and the rest of an interrupted sleep'],
      ],
    );
  });

  it('keeps equivalent calls of other architectures', () => {
    const { text } = tightenProfile(profile(allow('"open", "openat", "mount"')), [
      strace('open("/", O_RDONLY) = 3'),
    ]);
    assert.deepEqual(names(text), ['open', 'openat']);
  });

  it('keeps the calls of its launcher', () => {
    const text = profile(allow('"capset", "mount"'));
    const recordings = [strace('getpid() = 1')];
    assert.deepEqual(names(tightenProfile(text, recordings).text), []);
    assert.deepEqual(names(tightenProfile(text, recordings, { for: 'runc' }).text), ['capset']);
  });

  it('refuses newer calls with ENOSYS, so that libraries make the older one', () => {
    const { text } = tightenProfile(profile(allow('"clone3", "clone"')), [
      strace('clone(child_stack=NULL, flags=SIGCHLD) = 3'),
    ]);
    const filter = compile(text, { arch: 'x86_64' });
    assert.equal(simulate(filter, event('clone3')).action, 0x00050026);
    assert.equal(simulate(filter, event('clone')).action, 0x7fff0000);
  });

  it('removes rules whose conditions no recorded call met', () => {
    const text = profile(onFamily(1), onFamily(2), onFamily(16));
    const { text: result, removed } = tightenProfile(text, [strace('socket(AF_INET, SOCK_STREAM, 0) = 3')]);
    assert.equal(result, profile(onFamily(2)));
    assert.deepEqual(
      removed.map(({ why }) => why),
      ['no run made it under these conditions', 'no run made it under these conditions'],
    );
  });

  for (const [what, line] of [
    ['whose arguments are not known', ' 50.00    0.000030          30         1           socket'],
    ['one of whose values is not known', 'socket(AF_FUTURE, SOCK_STREAM, 0) = 3'],
  ] as const)
    it(`keeps rules for calls ${what}`, () => {
      const text = profile(onFamily(1), onFamily(16));
      assert.equal(tightenProfile(text, [strace(line)]).text, text);
    });

  it('keeps rules for values that C libraries sign-extend', () => {
    const text = profile(
      allow('"kill"', ', "args": [{ "index": 1, "value": 18446744073709551615, "op": "SCMP_CMP_EQ" }]'),
    );
    assert.equal(tightenProfile(text, [strace('kill(1, -1) = 0')]).text, text);
  });

  it('treats numbers of calls like names', () => {
    const { text } = tightenProfile(profile(allow('435, 39, 425')), [strace('getpid() = 1')]);
    assert.deepEqual(names(text), ['39']);
  });

  it('does not change rules that refuse, and profiles that allow by default', () => {
    for (const text of [
      profile('{ "names": ["mount"], "action": "SCMP_ACT_KILL" }'),
      '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": ["mount"], "action": "SCMP_ACT_ERRNO" }] }',
    ])
      assert.deepEqual(tightenProfile(text, [strace('getpid() = 1')]).text, text);
  });

  it('does not allow more if it removes a rule that overrode another one', () => {
    const text = profile(
      allow('"mount"'),
      '{ "names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [{ "index": 0, "value": 1, "op": "SCMP_CMP_EQ" }] }',
    );
    const result = tightenProfile(text, [strace('getpid() = 1')]).text;
    assert.ok(isSubset(compile(result, { arch: 'x86_64' }), compile(text, { arch: 'x86_64' })));
  });

  it('writes a profile that extends another in full', () => {
    const { text, removed } = tightenProfile('{ "extends": "docker-default", "deny": ["@network"] }', [
      strace('read(0, "", 1) = 0'),
    ]);
    assert.ok(removed.some(({ syscall }) => syscall === 'chmod'));
    const left = names(text);
    assert.ok(left.includes('read') && !left.includes('chmod') && !left.includes('connect'));
  });

  it('refuses a text that is not JSON', () => {
    assert.throws(
      () => tightenProfile('default: ERRNO(EPERM)\nread: allowed', [strace('read(0, "", 1) = 0')]),
      { code: 'not-expressible' },
    );
  });

  it("edits the profile in a container's config.json", () => {
    const config = `{ "ociVersion": "1.0.2", "linux": { "seccomp": ${profile(allow('"read", "mount"'))} } }`;
    const { text } = tightenProfile(config, [strace('read(0, "", 1) = 0')]);
    assert.deepEqual(names(text), ['read']);
    assert.match(text, /"ociVersion": "1\.0\.2"/);
  });

  it('requires the text of a profile, and recorded calls', () => {
    assert.throws(() => tightenProfile(parseProfile(DOCKER) as never, [strace('getpid() = 1')]), UsageError);
    assert.throws(() => tightenProfile(DOCKER, []), RecordingError);
  });

  property(
    'gives a subset that refuses nothing more of the recordings, of which a second pass takes nothing',
    fc.array(run, { minLength: 1, maxLength: 3 }),
    4,
    recordings => {
      const { text } = tightenProfile(DOCKER, recordings);
      assert.ok(text.length < DOCKER.length);
      for (const arch of ['x86_64', 'aarch64'] as const)
        assert.ok(isSubset(compile(text, { arch }), compile(DOCKER, { arch })));
      const [before, after] = [DOCKER, text].map(each => checkProfile(each, recordings));
      const brief = (check = before): readonly string[] =>
        [...(check?.refused ?? []), ...(check?.uncertain ?? [])].map(
          call => `${call.syscall} ${call.arguments.join()}`,
        );
      assert.deepEqual(brief(after), brief(before));
      assert.deepEqual(tightenProfile(text, recordings).text, text);
    },
  );
});
