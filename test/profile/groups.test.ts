// Groups of calls in the rules of a JSON profile: their calls, and their edits in the text.
import assert from 'node:assert/strict';
import { derive, formatProfile } from '#lib/filter/algebra/derive.js';
import { isEquivalent } from '#lib/filter/inspect/compare.js';
import { compile } from '#lib/filter/compile-profile.js';
import { callsNamed } from '#lib/kernel/calls/call-groups.js';
import { lint } from '#lib/lint/lint.js';
import { parseProfile } from '#lib/profile/parse.js';
import { failure } from './helpers.js';

const withRules = (...rules: readonly string[]): string =>
  `{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [${rules.join(', ')}] }`;
const refuses = (names: string, more = ''): string =>
  `{ "names": [${names}], "action": "SCMP_ACT_ERRNO"${more} }`;
const listed = (name: string): string =>
  callsNamed(name)
    .map(call => JSON.stringify(call))
    .join(', ');

const namesIn = (text: string): readonly (readonly string[])[] =>
  (JSON.parse(text) as { syscalls: { names: string[] }[] }).syscalls.map(({ names }) => names);

describe('groups of calls in a JSON profile', () => {
  const forms = [
    [
      'beside calls',
      refuses('"chmod", "@keyring", "read"'),
      refuses(`"chmod", ${listed('@keyring')}, "read"`),
    ],
    ['several', refuses('"@bpf", "@modules"'), refuses(`${listed('@bpf')}, ${listed('@modules')}`)],
    [
      'with conditions',
      refuses('"@keyring"', ', "args": [{ "index": 0, "value": 1, "op": "SCMP_CMP_EQ" }]'),
      refuses(listed('@keyring'), ', "args": [{ "index": 0, "value": 1, "op": "SCMP_CMP_EQ" }]'),
    ],
    ['in the old format', '{ "name": "@bpf", "action": "SCMP_ACT_ERRNO" }', refuses(listed('@bpf'))],
  ] as const;
  for (const [what, short, long] of forms) {
    it(`stand for all of their calls: ${what}`, () => {
      assert.ok(isEquivalent(compile(withRules(short)), compile(withRules(long))));
    });

    it(`are expanded in the text: ${what}`, () => {
      assert.deepEqual(
        JSON.parse(formatProfile(parseProfile(withRules(short)))),
        JSON.parse(withRules(long)),
      );
    });
  }

  for (const beside of ['[]', 'null'])
    it(`are expanded in the text: in the old format beside "names": ${beside}`, () => {
      const text = withRules(`{ "name": "@bpf", "names": ${beside}, "action": "SCMP_ACT_ERRNO" }`);
      assert.ok(
        isEquivalent(compile(formatProfile(parseProfile(text))), compile(withRules(refuses('"bpf"')))),
      );
    });

  it('can lose single calls', () => {
    const derived = formatProfile(derive(withRules(refuses('"@keyring", "chmod"')), { allow: ['keyctl'] }));
    assert.deepEqual(namesIn(derived), [['add_key', 'request_key', 'chmod']]);
  });

  it('can be used in a profile that extends another', () => {
    const extended = compile(
      '{ "extends": "docker-default", "syscalls": [{ "names": ["@io_uring"], "action": "SCMP_ACT_ALLOW" }] }',
    );
    assert.ok(isEquivalent(extended, compile(derive('docker-default', { allow: ['@io_uring'] }))));
  });

  it('must have known names', () => {
    const [error] = failure(() => parseProfile(withRules(refuses('"@netwrk"')))).problems;
    assert.equal(error?.code, 'unknown-group');
    assert.equal(error.remedy, 'Did you mean "@network"?');
    assert.equal(error.at?.pointer, '/syscalls/0/names/0');
  });

  it('obey the rules for names: write cannot have NOTIFY', () => {
    const [error] = failure(() =>
      parseProfile(withRules('{ "names": ["@files"], "action": "SCMP_ACT_NOTIFY" }')),
    ).problems;
    assert.equal(error?.code, 'notify-write');
    assert.equal(error.remedy, 'Name the other calls of @files instead');
  });

  it('are reported by lint once for each place, since container runtimes ignore them', () => {
    const found = lint(withRules(refuses('"@keyring", "@bpf"')), {}).filter(
      ({ code }) => code === 'group-in-names',
    );
    assert.deepEqual(
      found.map(({ message, at }) => [message, at?.pointer]),
      [
        ['container runtimes ignore @keyring as an unknown call', '/syscalls/0/names/0'],
        ['container runtimes ignore @bpf as an unknown call', '/syscalls/0/names/1'],
      ],
    );
  });

  it('are reported in profiles of the operator too, which passes them on unchanged', () => {
    const found = lint(
      `apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
spec:
  defaultAction: SCMP_ACT_ERRNO
  syscalls:
  - names: ["@keyring"]
    action: SCMP_ACT_ALLOW
`,
      {},
    );
    assert.ok(found.some(({ code }) => code === 'group-in-names'));
  });
});
