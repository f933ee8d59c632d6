// Values from a caller are read once, and only by their own properties, so the values that were checked are those used.
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

/** An object whose property has one value on the first read and another one later. */
function changing(name: string, ...values: readonly unknown[]): object {
  let reads = 0;
  return Object.defineProperty({}, name, {
    enumerable: true,
    get: () => values[Math.min(reads++, values.length - 1)],
  });
}

const read = (options: Sample): unknown => ownOptions(options, ['first', 'second']);

describe('ownOptions', () => {
  it('lists each option once, even if it must be a boolean', () => {
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

  it('reads each property of a proxy once', () => {
    const asked: PropertyKey[] = [];
    const proxy = new Proxy<Sample>(
      { first: 1, second: 2 },
      { get: (target, name) => (asked.push(name), Reflect.get(target, name) as unknown) },
    );
    read(proxy);
    assert.deepEqual(asked, ['first', 'second']);
  });

  it('throws the error of a getter', () => {
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

  it('includes properties that are not enumerable, and excludes symbols', () => {
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
    it(`refuses an option that is inherited from ${what}, which would have no effect`, () => {
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

describe('lists from a caller', () => {
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

  it('have a maximum length', () => {
    const endless: unknown[] = [];
    endless.length = 2 ** 32 - 1;
    assert.throws(() => ownElements(endless), { code: 'bad-argument' });
  });

  it('contain no capabilities in holes', () => {
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
  it('compile a profile as it was first read', () => {
    const profile = Object.assign(changing('defaultAction', 'SCMP_ACT_ERRNO', 'SCMP_ACT_ALLOW'), {
      syscalls: [],
    });
    assert.equal(
      resolveProfile(written(profile)).defaultAction,
      compile({ defaultAction: 'SCMP_ACT_ERRNO' }).policy.defaultAction,
    );
  });

  it('treat __proto__ in JSON and in objects as an unknown key', () => {
    for (const source of [
      '{ "__proto__": { "defaultAction": "SCMP_ACT_ALLOW" } }',
      JSON.parse('{ "__proto__": { "defaultAction": "SCMP_ACT_ALLOW" } }') as object,
    ])
      assert.throws(() => parseProfile(source), { name: 'ProfileError' });
  });

  it('check and compile a hand-made policy as it was first read', () => {
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

  it('validate and run an instruction as it was first read', () => {
    const instruction = Object.assign(changing('k', 0x7fff0000, 0), { code: 6, jt: 0, jf: 0 }) as {
      code: number;
      jt: number;
      jf: number;
      k: number;
    };
    assert.equal(simulate([instruction], { arch: 0xc000003e, syscall: 0 }).action, 0x7fff0000);
    assert.match(disassemble([{ code: 6, jt: 0, jf: 0, k: 0x7fff0000 }]), /ALLOW/);
  });

  it('use only own properties of an event', () => {
    const filter = compile({ defaultAction: 'SCMP_ACT_ALLOW' });
    const inherited = Object.create({ arch: 0xc000003e, syscall: 0 }) as { arch: number; syscall: number };
    assert.throws(() => simulate(filter, inherited), { code: 'bad-event' });
  });
});

describe('the environment of a child', () => {
  it('has only the own properties of the object', () => {
    const env = ownEnvironment({ A: '1' });
    assert.deepEqual([Object.getPrototypeOf(env), { ...env }], [null, { A: '1' }]);
    assert.throws(() => ownEnvironment(Object.create({ A: '1' }) as Record<string, string>), {
      code: 'bad-option',
    });
  });

  it('is that of this process by default', () => {
    assert.deepEqual({ ...ownEnvironment(undefined) }, { ...process.env });
  });
});

it('own and owned only read the object itself', () => {
  const heir = Object.create({ first: 1 }) as Sample;
  assert.equal(heir.first, 1);
  assert.deepEqual([own(heir, 'first'), owned(heir).first], [undefined, undefined]);
});

it('a getter of options cannot disable a load after the check', () => {
  const { filters, dryRun } = told<{ filters: number; dryRun: boolean }>(
    inChild(`
      let reads = 0;
      const { dryRun } = s.load(harmless, { get dryRun() { return reads++ > 0; } });
      tell({ filters: s.status().filters, dryRun });`),
  );
  assert.deepEqual([filters, dryRun], [1, false]);
});
