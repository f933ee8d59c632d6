// Fixes: they remove a finding, and do not change the rest of the text.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { isEquivalent } from '#lib/filter/inspect/compare.js';
import { applyFix, fixFor, type Fixable } from '#lib/lint/fix.js';
import { lint } from '#lib/lint/lint.js';
import { ProfileError } from '#lib/util/errors.js';

const profile = (rules: string): string =>
  `{\n  "defaultAction": "SCMP_ACT_ERRNO",\n  "syscalls": [\n    ${rules}\n  ]\n}\n`;
const allow = (rest: string): string => `{ "action": "SCMP_ACT_ALLOW", ${rest} }`;
const READ = allow('"names": ["read"]');

/** The findings of lint and the parser for a text. */
function found(text: string): readonly Fixable[] {
  try {
    return lint(text, { arch: 'x86_64' });
  } catch (error) {
    if (error instanceof ProfileError) return error.problems;
    throw error;
  }
}

function fixed(text: string, code: string): { readonly title: string; readonly text: string } | undefined {
  const finding = found(text).find(one => one.code === code);
  assert.ok(
    finding,
    `there is no ${code} among ${found(text)
      .map(one => one.code)
      .join(', ')}`,
  );
  const fix = fixFor(finding, text);
  return fix && { title: fix.title, text: applyFix(text, fix) };
}

describe('fixes for findings', () => {
  for (const [code, before, title, after] of [
    ['unknown-syscall', profile(allow('"names": ["raed"]')), 'Write "read"', profile(READ)],
    [
      'unknown-syscall',
      profile(allow('"names": ["read", "xyzzy_nothing"]')),
      'Remove the name',
      profile(READ),
    ],
    ['json-syntax', profile(`${READ},`), 'Remove the comma', profile(READ)],
    ['repeated-name', profile(allow('"names": ["read", "read"]')), 'Remove the name', profile(READ)],
    [
      'rule-equals-default',
      profile(`${READ},\n    { "names": ["write"], "action": "SCMP_ACT_ERRNO" }`),
      'Remove the rule',
      profile(READ),
    ],
    [
      'value-two-ignored',
      profile(
        allow('"names": ["read"], "args": [{ "index": 0, "value": 1, "valueTwo": 2, "op": "SCMP_CMP_EQ" }]'),
      ),
      'Remove valueTwo',
      profile(allow('"names": ["read"], "args": [{ "index": 0, "value": 1, "op": "SCMP_CMP_EQ" }]')),
    ],
  ] as const)
    it(`${title}: ${code}`, () => {
      assert.deepEqual(fixed(before, code), { title, text: after });
      assert.ok(!found(after).some(one => one.code === code));
    });

  for (const [code, args] of [
    ['missing-index', '{ "value": 1, "op": "SCMP_CMP_EQ" }'],
    ['missing-value', '{ "index": 0, "op": "SCMP_CMP_EQ" }'],
    ['condition-always-true', '{ "index": 0, "value": 0, "op": "SCMP_CMP_GE" }'],
    ['impossible-condition', '{ "index": 0, "value": 0, "op": "SCMP_CMP_LT" }'],
  ] as const)
    it(`keeps the action for every call: ${code}`, () => {
      const before = profile(
        `${allow('"names": ["close"]')}, ${allow(`"names": ["read"], "args": [${args}]`)}`,
      );
      const after = fixed(before, code);
      assert.ok(after && !found(after.text).some(one => one.code === code));
      assert.ok(isEquivalent(compile(before, { arch: 'x86_64' }), compile(after.text, { arch: 'x86_64' })));
    });

  it('offers no fix that would be a guess', () => {
    assert.equal(fixed(profile(allow('"names": ["ptrace"]')), 'ptrace-open'), undefined);
  });

  it('offers no fix for groups, which have more calls than the finding', () => {
    for (const [action, code] of [
      ['ALLOW', 'repeated-name'],
      ['LOG', 'duplicate-rule'],
    ] as const)
      assert.equal(
        fixed(profile(`${READ}, { "names": ["@files"], "action": "SCMP_ACT_${action}" }`), code),
        undefined,
      );
  });
});
