// Derived profiles: the effect of changes, which equals that of changing the policy on every target, and the edited text.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '#lib/filter/compile-profile.js';
import { derive, formatProfile } from '#lib/filter/algebra/derive.js';
import { diff } from '#lib/filter/inspect/diff.js';
import { isSubset } from '#lib/filter/inspect/compare.js';
import { Bdd } from '#lib/filter/meaning/bdd.js';
import { policyMeaning } from '#lib/filter/meaning/policy-meaning.js';
import { actionKind, actionName } from '#lib/kernel/action.js';
import { ARCHITECTURES } from '#lib/kernel/architectures.js';
import { callGroups } from '#lib/kernel/calls/call-groups.js';
import { CAPABILITIES } from '#lib/kernel/capabilities.js';
import type { CallOrGroup, Changes } from '#lib/policy/derive/changes.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { parseEvent } from '#lib/policy/parse-event.js';
import type { Policy } from '#lib/policy/policy.js';
import { setOf } from '#lib/filter/meaning/sections.js';
import { ABIS } from '#lib/kernel/abi.js';
import { WORD } from '#lib/bpf/program.js';
import { runTable } from '#lib/policy/runs.js';
import { parseProfile } from '#lib/profile/parse.js';
import { isProfile, type Profile } from '#lib/profile/profile.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { packageFile } from '#lib/package-files.js';
import { Random, seed } from '../support/random.js';
import { readFileSync } from 'node:fs';

const DEFAULT = readFileSync(packageFile('profiles/docker-default.json'), 'utf8');

const answer = (profile: Profile | string, words: string): string =>
  actionName(evaluate(resolveProfile(profile, { arch: 'x86_64' }), parseEvent(words, 'x86_64')));

/** The lines that two texts do not share, as `diff` counts them. */
function changedLines(
  before: string,
  after: string,
): { removed: readonly string[]; added: readonly string[] } {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const without = (lines: readonly string[], others: readonly string[]): readonly string[] => {
    const left = [...others];
    return lines.filter(line => {
      const at = left.indexOf(line);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  return { removed: without(old, now), added: without(now, old) };
}

/** Calls of i386's socketcall and ipc, whose rules follow from those of the multiplexed calls. */
const multiplexed = (bdd: Bdd): number =>
  bdd.and(
    setOf(bdd, WORD.arch, [[ABIS.x86.audit, ABIS.x86.audit]]),
    setOf(bdd, WORD.nr, [
      [102, 102],
      [117, 117],
    ]),
  );

describe('derive', () => {
  const small = JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['read', 'chmod', 'fchmod', 'connect', 'exit_group'], action: 'SCMP_ACT_ALLOW' },
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
      { names: ['ptrace'], action: 'SCMP_ACT_KILL_PROCESS' },
      { names: ['mount'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
    ],
  });
  const table: readonly (readonly [Changes, ...(readonly [string, string])[]])[] = [
    [{ allow: ['mkdir'] }, ['mkdir', 'ALLOW'], ['rmdir', 'ERRNO(EPERM)'], ['read', 'ALLOW']],
    [{ allow: ['socket'] }, ['socket 2', 'ALLOW']],
    [{ allow: ['clone3', 'ptrace'] }, ['clone3', 'ALLOW'], ['ptrace', 'ALLOW']],
    [{ deny: ['@chmod'] }, ['chmod', 'ERRNO(EPERM)'], ['fchmod', 'ERRNO(EPERM)'], ['read', 'ALLOW']],
    [{ deny: ['socket'] }, ['socket 1', 'ERRNO(EPERM)']],
    // Existing refusals remain: libraries need ENOSYS, and a kill is stronger.
    [{ deny: ['clone3', 'ptrace'] }, ['clone3', 'ERRNO(ENOSYS)'], ['ptrace', 'KILL_PROCESS']],
    [
      { only: ['read', '@network'] },
      ['read', 'ALLOW'],
      ['chmod', 'ERRNO(EPERM)'],
      ['socket 1', 'ALLOW'],
      ['socket 2', 'ERRNO(EPERM)'],
      ['listen', 'ERRNO(EPERM)'],
    ],
    [{ only: ['read'], allow: ['mkdir'] }, ['mkdir', 'ALLOW'], ['connect', 'ERRNO(EPERM)']],
    [{ deny: ['@network'], allow: ['connect'] }, ['connect', 'ALLOW'], ['socket 1', 'ERRNO(EPERM)']],
    [{ allow: ['@network'], deny: ['connect'] }, ['connect', 'ERRNO(EPERM)'], ['listen', 'ALLOW']],
    [{ allow: ['@network'], deny: ['@network-client'] }, ['connect', 'ERRNO(EPERM)'], ['listen', 'ALLOW']],
    [{ allow: ['read'], deny: ['read'] }, ['read', 'ERRNO(EPERM)']],
  ];
  for (const [changes, ...answers] of table) {
    it(`${JSON.stringify(changes)} results in ${answers.map(([call, action]) => `${call} ${action}`).join(', ')}`, () => {
      for (const [call, action] of answers) assert.equal(answer(derive(small, changes), call), action, call);
    });
  }

  it('refuses with EPERM if the default action allows', () => {
    const derived = derive({ defaultAction: 'SCMP_ACT_ALLOW' }, { deny: ['@exec'] });
    assert.equal(answer(derived, 'execve'), 'ERRNO(EPERM)');
    assert.equal(answer(derived, 'read'), 'ALLOW');
    assert.throws(() => derive({ defaultAction: 'SCMP_ACT_ALLOW' }, { only: ['read'] }), {
      code: 'bad-option',
    });
  });

  it('removes calls that a profile names by number', () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: [41, 999], action: 'SCMP_ACT_ALLOW' }],
    } as const;
    assert.equal(answer(parseProfile(profile), 'socket'), 'ALLOW');
    const derived = derive(profile, { deny: ['@network'] });
    assert.equal(answer(derived, 'socket'), 'ERRNO(EPERM)');
    assert.deepEqual(
      derived.rules.map(({ names }) => names.map(({ name }) => name)),
      [['999']],
    );
  });

  const mistakes: readonly (readonly [string, Changes, string])[] = [
    ['a call that nobody has', { deny: ['chmodd' as 'chmod'] }, 'unknown-syscall'],
    ['a group that is not there', { allow: ['@netwrok'] }, 'unknown-group'],
    ['a list that is none', { allow: '@network' as unknown as [] }, 'bad-option'],
    ['another key', { allowed: [] } as Changes, 'bad-option'],
    ['lists that a prototype has', Object.create({ deny: ['read'] }) as Changes, 'bad-option'],
  ];
  for (const [what, changes, code] of mistakes) {
    it(`refuses ${what}`, () => {
      assert.throws(() => derive('docker-default', changes), { code });
      assert.throws(() => derive(resolveProfile('docker-default'), changes), { code });
    });
  }

  it('changes a profile in the same way as its policy, on every target', function () {
    this.timeout(0);
    const count = Number(process.env['DERIVE_RUNS'] ?? 6);
    const start = seed();
    const random = new Random(start);
    const groups = callGroups();
    const names = (): CallOrGroup[] =>
      Array.from({ length: random.below(4) }, () => {
        const group = random.pick(groups);
        return random.chance(0.5) ? group.name : (random.pick(group.calls) as CallOrGroup);
      });
    for (let run = 0; run < count; run++) {
      const changes: Changes = {
        ...(random.chance(0.7) && { allow: names() }),
        ...(random.chance(0.7) && { deny: names() }),
        ...(random.chance(0.3) && { only: names() }),
      };
      const derived = derive('docker-default', changes);
      const written = parseProfile(Buffer.from(formatProfile(derived)));
      for (const arch of ARCHITECTURES) {
        for (const capabilities of [[], CAPABILITIES]) {
          const target = { arch, capabilities };
          const bdd = new Bdd();
          // A name has one rule for all ABIs, so the errno of calls newer than the profile may differ on some.
          const meaning = (policy: Policy): number =>
            bdd.replace(bdd.ite(multiplexed(bdd), 0, policyMeaning(bdd, policy, runTable(policy))), rest =>
              bdd.constant(actionKind(bdd.valueOf(rest) ?? 0)),
            );
          const expected = meaning(derive(resolveProfile('docker-default', target), changes));
          const where = `${JSON.stringify(changes)} on ${arch}, SEED=${start}`;
          assert.equal(meaning(resolveProfile(derived, target)), expected, where);
          assert.equal(meaning(resolveProfile(written, target)), expected, `as text: ${where}`);
        }
      }
    }
  });

  it("adds one rule for the most copied edit of Docker's default, and the diff reports what it adds", () => {
    const derived = derive('docker-default', { allow: ['@io_uring'] });
    const { removed, added } = changedLines(DEFAULT, formatProfile(derived));
    assert.deepEqual(removed, []);
    assert.deepEqual(
      added.map(line => line.trim()).filter(line => line.startsWith('"names"')),
      ['"names": ["io_uring_enter", "io_uring_register", "io_uring_setup"],'],
    );
    const said = diff(
      compile('docker-default', { arch: 'x86_64' }),
      compile(derived, { arch: 'x86_64' }),
    ).map(({ place, from, to }) => [
      place.kind === 'syscall' ? `${place.abi} ${place.syscall}` : '',
      actionName(from),
      actionName(to),
    ]);
    const calls = ['io_uring_setup', 'io_uring_enter', 'io_uring_register'];
    assert.deepEqual(
      said,
      ['x86_64', 'x86', 'x32'].flatMap(abi => calls.map(call => [`${abi} ${call}`, 'ERRNO(EPERM)', 'ALLOW'])),
    );
  });

  it('removes names from a text and leaves the rest unchanged', () => {
    const { removed, added } = changedLines(
      DEFAULT,
      formatProfile(derive('docker-default', { deny: ['@chmod'] })),
    );
    assert.equal(removed.length, 1);
    assert.deepEqual(added, [
      removed[0]?.replace('"chmod", ', '').replace('"fchmod", "fchmodat", "fchmodat2", ', ''),
    ]);
  });

  const texts: readonly (readonly [what: string, text: string, changes: Changes, expected: string])[] = [
    [
      'a rule of the old format with its comma',
      '{\n "defaultAction": "SCMP_ACT_ERRNO",\n "syscalls": [\n  { "name": "exit_group", "action": "SCMP_ACT_ALLOW" },\n  { "name": "chmod", "action": "SCMP_ACT_ALLOW" }\n ]\n}\n',
      { deny: ['chmod'] },
      '{\n "defaultAction": "SCMP_ACT_ERRNO",\n "syscalls": [\n  { "name": "exit_group", "action": "SCMP_ACT_ALLOW" }\n ]\n}\n',
    ],
    [
      'a line of its own',
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":[\n  "chmod",\n  "exit_group",\n  "fchmod"\n],"action":"SCMP_ACT_ALLOW"}]}',
      { deny: ['@chmod'] },
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":[\n  "exit_group"\n],"action":"SCMP_ACT_ALLOW"}]}',
    ],
    [
      'everything, with a rule on one line in its place',
      '{"defaultAction":"SCMP_ACT_ERRNO","SYSCALLS":[{"names":["read"],"action":"SCMP_ACT_LOG"}, {"names":["exit_group","mkdir"],"action":"SCMP_ACT_ALLOW"}]}',
      { deny: ['mkdir'], allow: ['read'] },
      '{"defaultAction":"SCMP_ACT_ERRNO","SYSCALLS":[{"names":["exit_group"],"action":"SCMP_ACT_ALLOW"}, { "names": ["read"], "action": "SCMP_ACT_ALLOW" }]}',
    ],
  ];
  for (const [what, text, changes, expected] of texts) {
    it(`removes ${what}`, () =>
      assert.equal(formatProfile(derive(Buffer.from(text), changes)).replace(/ {2,}\n/g, '\n'), expected));
  }

  it("refuses a call through i386's multiplexer too, and no other call", () => {
    const answers = (profile: Profile): readonly string[] =>
      ['x86:socketcall 4', 'x86:socketcall 11', 'x86:listen', 'x86:sendto'].map(words =>
        answer(profile, words),
      );
    assert.deepEqual(answers(parseProfile('docker-default')), ['ALLOW', 'ALLOW', 'ALLOW', 'ALLOW']);
    assert.deepEqual(answers(derive('docker-default', { deny: ['listen'] })), [
      'ERRNO(EPERM)',
      'ALLOW',
      'ERRNO(EPERM)',
      'ALLOW',
    ]);
  });

  it('does not change which calls are newer than the profile', () => {
    const derived = derive('docker-default', { allow: ['rseq_slice_yield'] });
    for (const arch of ARCHITECTURES)
      assert.deepEqual(
        diff(compile('docker-default', { arch }), compile(derived, { arch }))
          .filter(({ place }) => place.kind === 'syscall' && place.abi === arch)
          .map(({ place, to }) => [place.kind === 'syscall' && place.syscall, actionName(to)]),
        [['rseq_slice_yield', 'ALLOW']],
      );
    const less = derive('docker-default', {
      deny: ['@sandbox', '@file-attributes', '@file-metadata', '@mounts', '@memory'],
    });
    for (const arch of ARCHITECTURES)
      assert.equal(
        actionName(evaluate(resolveProfile(less, { arch }), parseEvent('fsconfig', arch))),
        'ERRNO(EPERM)',
      );
  });

  it('accepts its own result, and a policy', () => {
    const once = derive('docker-default', { deny: ['@network'] });
    const twice = derive(once, { allow: ['socket'] });
    assert.ok(isProfile(twice));
    assert.equal(answer(twice, 'socket'), 'ALLOW');
    assert.equal(answer(parseProfile(Buffer.from(formatProfile(twice))), 'connect'), 'ERRNO(EPERM)');
  });

  it('edits the seccomp section of a config.json', () => {
    const config = `{ "linux": { "seccomp": { "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [] } } }`;
    const text = formatProfile(derive(Buffer.from(config), { allow: ['read'] }));
    assert.equal(answer(parseProfile(Buffer.from(text)), 'read'), 'ALLOW');
  });
});

describe('a profile that extends another', () => {
  const folder = mkdtempSync(join(tmpdir(), 'extends-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: unknown): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };

  it('has the same effect as derive', () => {
    const extended = parseProfile({
      $schema: 'x',
      extends: 'docker-default',
      comment: 'ours',
      allow: ['@io_uring'],
    });
    assert.equal(formatProfile(extended), formatProfile(derive('docker-default', { allow: ['@io_uring'] })));
    assert.deepEqual(extended.warnings, []);
  });

  it('resolves its base relative to its own folder, and so does the base', () => {
    file('base.json', { extends: 'docker-default', deny: ['@network'] });
    const path = file('top.json', { extends: './base.json', deny: ['@exec'] });
    const profile = parseProfile(path);
    for (const call of ['socket', 'execve']) assert.equal(answer(profile, call), 'ERRNO(EPERM)');
    assert.equal(answer(profile, 'read'), 'ALLOW');
    assert.ok(isSubset(compile(profile), compile('docker-default')));
  });

  it('detects changes of its base', () => {
    const path = file('outer.json', { extends: './inner.json' });
    file('inner.json', {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
    });
    assert.equal(answer(parseProfile(path), 'read'), 'ALLOW');
    file('inner.json', { defaultAction: 'SCMP_ACT_ERRNO' });
    assert.equal(answer(parseProfile(path), 'read'), 'ERRNO(EPERM)');
  });

  const mistakes: readonly (readonly [what: string, source: unknown, code: string, pointer: string])[] = [
    [
      'architectures of its own',
      { extends: 'docker-default', architectures: [] },
      'bad-extends',
      '/architectures',
    ],
    [
      'a default action',
      { extends: 'docker-default', defaultAction: 'SCMP_ACT_ALLOW' },
      'bad-extends',
      '/defaultAction',
    ],
    ['a path without a file', { extends: './docker-default.json' }, 'include-refused', '/extends'],
    ['a base that is no name', { extends: 7 }, 'wrong-type', '/extends'],
    ['a base without a name', { extends: '' }, 'bad-extends', '/extends'],
    ['JSON for a base', { extends: '{ "defaultAction": "SCMP_ACT_ALLOW" }' }, 'bad-extends', '/extends'],
    [
      'a call that is not there',
      { extends: 'docker-default', deny: ['read', 'chmodd'] },
      'unknown-syscall',
      '/deny/1',
    ],
    [
      'a group that is not there',
      { extends: 'docker-default', deny: ['@files', '@chmodd'] },
      'unknown-group',
      '/deny/1',
    ],
    ['a misspelt list', { extends: 'docker-default', deni: ['read'] }, 'unknown-key', '/deni'],
    ['a list that is none', { extends: 'docker-default', deny: '@network' }, 'wrong-type', '/deny'],
  ];
  for (const [what, source, code, pointer] of mistakes) {
    it(`refuses ${what}, and reports where`, () => {
      assert.throws(
        () => parseProfile(source),
        (error: { code?: string; at?: { pointer: string } }) =>
          error.code === code && error.at?.pointer === pointer,
      );
    });
  }

  it('refuses the name of a base that does not ship, and a cycle', () => {
    assert.throws(() => parseProfile({ extends: 'docker-defualt' }), { code: 'unknown-profile' });
    const path = file('circle.json', { extends: './circle.json' });
    assert.throws(() => parseProfile(path), { code: 'include-cycle' });
  });

  it('refuses a base outside its folder, or one that is not JSON', () => {
    for (const base of ['../base.json', '/etc/hostname'])
      assert.throws(() => parseProfile(file('out.json', { extends: base })), { code: 'include-refused' });
    writeFileSync(join(folder, 'words.seccomp'), 'default: ERRNO(EPERM)\nread: allowed\n');
    assert.throws(() => parseProfile(file('of-words.json', { extends: './words.seccomp' })), {
      code: 'bad-extends',
    });
  });

  it('is strict about its base as well', () => {
    const path = file('odd.json', { defaultAction: 'SCMP_ACT_ERRNO', odd: 1 });
    const outer = file('strict.json', { extends: './odd.json' });
    assert.equal(parseProfile(outer).warnings[0]?.at?.file, path);
    assert.throws(() => parseProfile(outer, { strict: true }), { code: 'unknown-key' });
  });
});
