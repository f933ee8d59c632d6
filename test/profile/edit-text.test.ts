// Edits of the text of a profile: the rules change as requested, and the rest of the text does not.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';
import { editText } from '#lib/profile/derive/edit-text.js';
import { parseProfile } from '#lib/profile/parse.js';
import type { SyscallName } from 'seccomp';
import { property } from '../support/property.js';

const CALLS: readonly SyscallName[] = ['read', 'write', 'close', 'openat', 'mmap'];

const profile = (rules: string, key = 'syscalls'): string =>
  `{"defaultAction": "SCMP_ACT_ERRNO", "${key}": ${rules}}`;
const rule = (names: string): string => `{"names": ${names}, "action": "SCMP_ACT_ALLOW"}`;

/** The text without the names at these places: `rule/name`. */
function without(text: string, places: readonly string[]): string {
  const removed = parseProfile(Buffer.from(text)).rules.flatMap((each, outer) =>
    each.names.filter((_, inner) => places.includes(`${outer}/${inner}`)),
  );
  return editText(text, { removed: new Set(removed), added: [] });
}

describe('editText', () => {
  for (const [what, names, places, expected] of [
    ['the first name', '["read", "write", "close"]', ['0/0'], '["write", "close"]'],
    ['a name in the middle', '["read",   "write", "close"]', ['0/1'], '["read", "close"]'],
    ['the last name', '["read", "write", "close"]', ['0/2'], '["read", "write"]'],
    [
      'names on lines of their own',
      '[\n  "read",\n  "write",\n  "close"\n]',
      ['0/0', '0/2'],
      '[\n  "write"\n]',
    ],
    ['nothing', '["read" ,"write"]', [], '["read" ,"write"]'],
  ] as const)
    it(`removes ${what}`, () => {
      assert.equal(without(profile(`[${rule(names)}]`), places), profile(`[${rule(expected)}]`));
    });

  it('removes a rule whose names were all removed', () => {
    const [first, second] = [rule('["read", "write"]'), rule('["close"]')];
    assert.equal(without(profile(`[${first}, ${second}]`), ['0/0', '0/1']), profile(`[${second}]`));
    assert.equal(without(profile(`[ ${second} ]`), ['0/0']), profile('[]'));
  });

  for (const [what, before, after] of [
    ['on the line', (one: string) => `[${one}]`, (one: string, more: string) => `[${one}, ${more}]`],
    [
      'on a line of its own',
      (one: string) => `[\n  ${one}\n]`,
      (one: string) => `[\n  ${one},\n  {\n    "names": ["close"],\n    "action": "SCMP_ACT_ALLOW"\n  }\n]`,
    ],
  ] as const)
    it(`adds a rule ${what}`, () => {
      const added = [{ comment: undefined, names: ['close'], action: SCMP_ACT_ALLOW }];
      const one = rule('["read"]');
      assert.equal(
        editText(profile(before(one)), { removed: new Set(), added }),
        profile(after(one, '{ "names": ["close"], "action": "SCMP_ACT_ALLOW" }')),
      );
    });

  it('takes linear time', function () {
    this.timeout(20_000);
    const names = JSON.stringify(Array.from({ length: 50_000 }, () => 'read'));
    const places = Array.from({ length: 25_000 }, (_, index) => `0/${2 * index}`);
    const removed = parseProfile(Buffer.from(profile(`[${rule(names)}]`))).rules.flatMap(each =>
      each.names.filter((_, index) => index % 2 === 0),
    );
    const text = editText(profile(`[${rule(names)}]`), { removed: new Set(removed), added: [] });
    assert.equal(
      (JSON.parse(text) as { syscalls: { names: string[] }[] }).syscalls[0]?.names.length,
      places.length,
    );
  });

  property(
    'gives the rules without what is removed, whatever the layout',
    fc.tuple(
      fc.array(fc.subarray([...CALLS], { minLength: 1 }), { maxLength: 5 }),
      fc.constantFrom(undefined, 1, '\t', '\r\n '),
      fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 12 }),
    ),
    300,
    ([lists, space, chosen]) => {
      const places = chosen.map(([outer, inner]) => `${outer}/${inner}`);
      const syscalls = lists.map(names => ({ names, action: 'SCMP_ACT_ALLOW' }));
      const text = JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }, undefined, space);
      const expected = syscalls
        .map((each, outer) => ({
          ...each,
          names: each.names.filter((_, inner) => !places.includes(`${outer}/${inner}`)),
        }))
        .filter(({ names }) => names.length > 0);
      assert.deepEqual(JSON.parse(without(text, places)), {
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: expected,
      });
    },
  );
});
