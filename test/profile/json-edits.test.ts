// Edits of lists in JSON text: the value is as asked for, and the rest of the text as it was.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { editJson } from '#lib/profile/json-edits.js';
import { property } from '../support/property.js';

describe('editJson', () => {
  for (const [what, text, remove, expected] of [
    ['the first item', '[1, 2, 3]', ['/0'], '[2, 3]'],
    ['an item in the middle', '[1, 2, 3]', ['/1'], '[1, 3]'],
    ['the last item', '[1, 2, 3]', ['/2'], '[1, 2]'],
    ['items on lines of their own', '[\n  1,\n  2,\n  3\n]', ['/0', '/2'], '[\n  2\n]'],
    ['all items', '{"a": [ 1, 2 ]}', ['/a/0', '/a/1'], '{"a": [  ]}'],
    ['an item with those in it', '[[1, 2], [3]]', ['/0', '/0/1'], '[[3]]'],
    ['an item under a key with a slash', '{"a/b~": [1, 2]}', ['/a~1b~0/0'], '{"a/b~": [2]}'],
    ['nothing', ' [1 ,2]\r\n', [], ' [1 ,2]\r\n'],
    ['what is not there', '[1]', ['/7', '/x/0'], '[1]'],
  ] as const)
    it(`removes ${what}`, () => {
      assert.equal(editJson(text, { remove: new Set<string>(remove) }), expected);
    });

  for (const [what, text, expected] of [
    ['on the line', '{"a": [1, 2]}', '{"a": [2,9]}'],
    ['on a line of its own', '{"a": [\n  1,\n  2\n]}', '{"a": [\n  2,\n  9\n]}'],
    ['where nothing is left', '{"a": [1]}', '{"a": [9]}'],
  ] as const)
    it(`appends an item ${what}`, () => {
      assert.equal(
        editJson(text, { remove: new Set(['/a/0']), append: { list: '/a', text: '9' } }),
        expected,
      );
    });

  property(
    'gives the value without what is removed, whatever the layout',
    fc.tuple(
      fc.array(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 5 }), { maxLength: 5 }),
      fc.constantFrom(undefined, 1, '\t', '\r\n '),
      fc.array(fc.tuple(fc.nat(5), fc.option(fc.nat(5))), { maxLength: 6 }),
    ),
    300,
    ([lists, space, chosen]) => {
      const remove = new Set(chosen.map(([list, item]) => `/x/${list}${item === null ? '' : `/${item}`}`));
      const text = JSON.stringify({ x: lists }, undefined, space);
      const expected = (JSON.parse(text) as { x: unknown[][] }).x.flatMap((list, outer) =>
        remove.has(`/x/${outer}`) ? [] : [list.filter((_, inner) => !remove.has(`/x/${outer}/${inner}`))],
      );
      assert.deepEqual(JSON.parse(editJson(text, { remove })), { x: expected });
    },
  );
});
