// What a caller gives is read once and by own properties only: what was checked is what is used.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { UsageError } from '#lib/util/errors.js';
import { disassemble } from '#lib/bpf/listing/disassemble.js';
import { simulate } from '#lib/filter/inspect/simulate.js';
import { verify } from '#lib/filter/prove/verify.js';
import { own, owned } from '#lib/util/own.js';
import { ownElements } from '#lib/util/own-elements.js';
import { ownOptions } from '#lib/util/options.js';
import { makeTarget } from '#lib/policy/target.js';
import { ownEnvironment } from '#lib/process/children/launch/environment.js';
import { parseProfile } from '#lib/profile/parse.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { inChild, told } from '../support/child.js';
import { written } from '../support/written.js';

interface Sample {
  readonly first?: unknown;
  readonly second?: unknown;
}

/** An object whose property says one thing when it is read first and another afterwards. */
function changing(name: string, ...values: readonly unknown[]): object {
  let reads = 0;
  return Object.defineProperty({}, name, {
    enumerable: true,
    get: () => values[Math.min(reads++, values.length - 1)],
  });
}

const read = (options: Sample): unknown => ownOptions(options, ['first', 'second']);

describe('ownOptions', () => {
  it('lists each option once, also one that must be a boolean', () => {
    assert.throws(() => ownOptions({ frist: 1 }, ['first', 'second'], ['second']), {
      code: 'bad-option',
      message: 'there is no option "frist". The options are: first, second',
    });
  });

  it('has every name, no prototype, and cannot be changed', () => {
    const options = read({ first: 1 }) as Sample;
    assert.deepEqual({ ...options }, { first: 1, second: undefined });
    assert.equal(Object.getPrototypeOf(options), null);
    assert.ok(Object.isFrozen(options));
  });

  it('reads a getter once', () => {
    const options = read(changing('first', 'checked', 'used')) as Sample;
    assert.deepEqual([options.first, options.first], ['checked', 'checked']);
  });

  it('asks a proxy for each property once', () => {
    const asked: PropertyKey[] = [];
    const proxy = new Proxy<Sample>(
      { first: 1, second: 2 },
      { get: (target, name) => (asked.push(name), Reflect.get(target, name) as unknown) },
    );
    read(proxy);
    assert.deepEqual(asked, ['first', 'second']);
  });

  it('throws what a getter throws', () => {
    const error = new Error('from the getter');
    const thrower = {
      get first() {
        throw error;
      },
    };
    assert.throws(
      () => read(thrower),
      thrown => thrown === error,
    );
  });

  it('counts properties that are not enumerable, and no symbols', () => {
    const hidden = Object.defineProperty({ [Symbol('first')]: 2 }, 'first', { value: 1 });
    assert.equal((read(hidden) as Sample).first, 1);
  });

  for (const [what, options] of [
    ['another object', Object.create({ first: 1 }) as Sample],
    [
      'a class',
      new (class {
        get first(): number {
          return Number('1');
        }
      })(),
    ],
    [
      'an object without a prototype',
      Object.create(Object.assign(Object.create(null) as object, { first: 1 })) as Sample,
    ],
  ] as const) {
    it(`refuses an option that is inherited from ${what}, since it would not count`, () => {
      assert.throws(() => read(options), {
        name: 'UsageError',
        code: 'bad-option',
        message: /first is inherited/,
      });
    });
  }

  for (const value of [null, undefined, 'text', 7, () => undefined]) {
    it(`refuses ${String(value)}`, () => {
      assert.throws(() => ownOptions(value as unknown as Sample, []), UsageError);
    });
  }
});

describe('lists of a caller', () => {
  it('have only own elements: holes, iterators and lengths have no effect', () => {
    const sparse: unknown[] = ['a'];
    sparse.length = 3;
    const prototype = Array.prototype as unknown[];
    prototype[1] = 'evil';
    try {
      assert.equal(sparse[1], 'evil', 'a plain read finds it');
      assert.deepEqual(ownElements(sparse), ['a', undefined, undefined]);
    } finally {
      Reflect.deleteProperty(prototype, 1);
    }
    const iterating = Object.assign(['a'], { [Symbol.iterator]: () => ['evil'].values() });
    assert.deepEqual([...iterating], ['evil'], 'a spread asks the iterator');
    assert.deepEqual(ownElements(iterating), ['a']);
    let lengths = 0;
    const growing = new Proxy(['a', 'b'], {
      get: (target, name): unknown => (name === 'length' ? ++lengths : Reflect.get(target, name)),
    });
    assert.deepEqual(ownElements(growing), ['a']);
  });

  it('have an end', () => {
    const endless: unknown[] = [];
    endless.length = 2 ** 32 - 1;
    assert.throws(() => ownElements(endless), { code: 'bad-argument' });
  });

  it('name capabilities once, by elements and not by holes', () => {
    const prototype = Array.prototype as unknown[];
    prototype[0] = 'CAP_SYS_ADMIN';
    try {
      assert.throws(() => makeTarget({ capabilities: Array<string>(1) }), { code: 'bad-option' });
    } finally {
      Reflect.deleteProperty(prototype, 0);
    }
  });
});

describe('profiles, policies, programs and events that change while they are read', () => {
  it('a profile is compiled from what was read first', () => {
    const profile = Object.assign(changing('defaultAction', 'SCMP_ACT_ERRNO', 'SCMP_ACT_ALLOW'), {
      syscalls: [],
    });
    assert.equal(
      resolveProfile(written(profile)).defaultAction,
      compile({ defaultAction: 'SCMP_ACT_ERRNO' }).policy.defaultAction,
    );
  });

  it('a key __proto__ of JSON and of objects is a key, and unknown', () => {
    for (const source of [
      '{ "__proto__": { "defaultAction": "SCMP_ACT_ALLOW" } }',
      JSON.parse('{ "__proto__": { "defaultAction": "SCMP_ACT_ALLOW" } }') as object,
    ])
      assert.throws(() => parseProfile(source), { name: 'ProfileError' });
  });

  it('a policy made by hand is checked and compiled as it was read once', () => {
    const policy = resolveProfile({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }],
    });
    const [native, ...others] = policy.abis;
    const changingPart = changing('syscalls', native.syscalls, new Map());
    const part = Object.defineProperties(changingPart, {
      abi: { value: native.abi, enumerable: true },
      enosysAbove: { value: native.enosysAbove, enumerable: true },
    }) as typeof native;
    const filter = compile({ ...policy, abis: [part, ...others] });
    verify(filter.program, policy);
    assert.equal(filter.policy.abis[0].syscalls.size, native.syscalls.size);
  });

  it('an instruction is validated and run as it was read once', () => {
    const instruction = Object.assign(changing('k', 0x7fff0000, 0), { code: 6, jt: 0, jf: 0 }) as {
      code: number;
      jt: number;
      jf: number;
      k: number;
    };
    assert.equal(simulate([instruction], { arch: 0xc000003e, syscall: 0 }).action, 0x7fff0000);
    assert.match(disassemble([{ code: 6, jt: 0, jf: 0, k: 0x7fff0000 }]), /ALLOW/);
  });

  it('an event has only own properties', () => {
    const filter = compile({ defaultAction: 'SCMP_ACT_ALLOW' });
    const inherited = Object.create({ arch: 0xc000003e, syscall: 0 }) as { arch: number; syscall: number };
    assert.throws(() => simulate(filter, inherited), { code: 'bad-event' });
  });
});

describe('the environment of a child', () => {
  it('is that of the object itself, and inherits nothing', () => {
    const env = ownEnvironment({ A: '1' });
    assert.deepEqual([Object.getPrototypeOf(env), { ...env }], [null, { A: '1' }]);
    assert.throws(() => ownEnvironment(Object.create({ A: '1' }) as Record<string, string>), {
      code: 'bad-option',
    });
  });

  it('is that of this process unless given', () => {
    assert.deepEqual({ ...ownEnvironment(undefined) }, { ...process.env });
  });
});

it('own and owned only read the object itself', () => {
  const heir = Object.create({ first: 1 }) as Sample;
  assert.equal(heir.first, 1);
  assert.deepEqual([own(heir, 'first'), owned(heir).first], [undefined, undefined]);
});

it('a getter of options cannot turn a load off after it was checked', () => {
  const { filters, dryRun } = told<{ filters: number; dryRun: boolean }>(
    inChild(`
      let reads = 0;
      const { dryRun } = s.load(harmless, { get dryRun() { return reads++ > 0; } });
      tell({ filters: s.status().filters, dryRun });`),
  );
  assert.deepEqual([filters, dryRun], [1, false]);
});
