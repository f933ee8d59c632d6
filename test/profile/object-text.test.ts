// Profiles given as objects: read exactly and with lines, without trusting getters and proxies.
import assert from 'node:assert/strict';
import { objectText } from '#lib/profile/object-text.js';
import { parseProfile } from '#lib/profile/parse.js';
import { failure } from './helpers.js';

const PROFILE = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', args: [] }],
};

describe('profiles given as objects', () => {
  it('are formatted like JSON.stringify with two spaces', () => {
    for (const value of [PROFILE, {}, [], [{}], { a: [[], 1.5, -0, 'é\n\ud800', null, true] }, null]) {
      assert.equal(objectText(value), JSON.stringify(value, null, 2));
    }
  });

  it('have the meaning of their JSON text', () => {
    const { file: _, ...fromObject } = parseProfile(PROFILE);
    assert.equal(fromObject.rules[0]?.names[0]?.name, 'read');
    assert.deepEqual(fromObject.rules[0]?.at, {
      file: '<object>',
      line: 4,
      column: 5,
      pointer: '/syscalls/0',
    });
  });

  it('preserve bigints exactly', () => {
    const args = [{ index: 0, op: 'SCMP_CMP_EQ', value: 0xffff_ffff_ffff_ffffn }];
    const profile = parseProfile({
      ...PROFILE,
      syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', args }],
    });
    assert.equal(profile.rules[0]?.conditions[0]?.value, 0xffff_ffff_ffff_ffffn);
  });

  it('may have no prototype', () => {
    const bare = Object.assign(Object.create(null) as object, { defaultAction: 'SCMP_ACT_LOG' });
    assert.equal(
      parseProfile(bare).defaultAction,
      parseProfile({ defaultAction: 'SCMP_ACT_LOG' }).defaultAction,
    );
  });

  it('may not have inherited keys, because rules would be lost', () => {
    class Settings {
      defaultAction = 'SCMP_ACT_ALLOW';
      get syscalls(): readonly object[] {
        return [{ names: ['read'], action: 'SCMP_ACT_ERRNO' }];
      }
    }
    const heir = Object.create(
      { syscalls: [] },
      { defaultAction: { value: 'SCMP_ACT_ALLOW', enumerable: true } },
    ) as object;
    for (const profile of [new Settings(), heir])
      assert.throws(() => parseProfile(profile), { code: 'not-json' });
  });

  it('may not have undefined values, because conditions would be lost', () => {
    const rule = { names: ['read'], action: 'SCMP_ACT_ALLOW', args: undefined };
    assert.throws(() => parseProfile({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [rule] }), {
      code: 'not-json',
    });
  });

  const cycle: Record<string, unknown> = {};
  cycle['first'] = cycle;
  cycle['second'] = cycle;
  let doubling: unknown = {};
  for (let level = 0; level < 60; level++) doubling = { a: doubling, b: doubling };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  const wrong: readonly (readonly [what: string, value: object, code: string, message: RegExp])[] = [
    ['a cycle', cycle, 'too-deep', /contains itself/],
    ['shared objects that double at every level', doubling as object, 'profile-too-large', /larger/],
    ['an array of four billion holes', new Array(4e9), 'profile-too-large', /larger/],
    ['an integer beyond 2^53', { a: { b: 2 ** 53 } }, 'unsafe-number', /9007199254740992 .*at \/a\/b/],
    ['NaN', [NaN], 'not-json', /NaN .* at \/0/],
    ['a function', { a: () => 0 }, 'not-json', /a function .* at \/a/],
    ['a symbol', { a: Symbol('s') }, 'not-json', /a symbol/],
    ['a Map', { syscalls: new Map() }, 'not-json', /Map .* at \/syscalls/],
    ['a Date', { a: new Date(0) }, 'not-json', /Date/],
    ['a boxed string', { a: Object('text') as object }, 'not-json', /String/],
    [
      'a getter that throws',
      Object.defineProperty({}, 'a', { enumerable: true, get: () => assert.fail() }),
      'unreadable-object',
      /getter/,
    ],
    ['a proxy that throws', new Proxy({}, { ownKeys: () => assert.fail() }), 'unreadable-object', /proxy/],
    ['a revoked proxy', revoked.proxy, 'unreadable-object', /proxy/],
    ['a proxy in a field', { a: revoked.proxy }, 'unreadable-object', /proxy/],
  ];
  for (const [what, value, code, message] of wrong) {
    it(`${what} is an error: ${code}`, () => {
      const error = failure(() => parseProfile(value));
      assert.equal(error.code, code);
      assert.match(error.message, message);
    });
  }

  it('are read once even if the prototype of an array is a proxy', () => {
    let reads = 0;
    const names = new Proxy(['read'], {
      get: (target, key, receiver) => (reads++, Reflect.get(target, key, receiver) as unknown),
    });
    const profile = parseProfile({ ...PROFILE, syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] });
    const after = reads;
    assert.equal(profile.rules[0]?.names[0]?.name, 'read');
    assert.equal(reads, after);
  });
});
