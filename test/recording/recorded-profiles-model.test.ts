// Profiles of other recorders against a second reading of them: a recording has the calls that all readers allow in every case.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  parseProfile,
  ProfileError,
  readLog,
  RecordingError,
  resolveProfile,
  type Architecture,
  type Policy,
  type Profile,
} from 'seccomp';
import { ABIS, actionName, evaluate, syscallNumber } from 'seccomp/inspect';
import { stringify } from 'yaml';
import { property } from '../support/property.js';

type Member = readonly [key: string, value: unknown];

/** An object with members in an order, where keys may stand twice or be special. */
interface Members {
  readonly members: readonly Member[];
}
const members = (...list: readonly (Member | undefined)[]): Members => ({
  members: list.filter(member => member !== undefined),
});
const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && 'members' in value;

/** Calls of both architectures, and a call of one. */
const NAMES = 'read write mount clone getrusage open'.split(' ');
/** Names of no call, and keys of prototypes: to refuse them is an error. */
const UNKNOWN = 'frobnicate __proto__ constructor toString'.split(' ');
/** The call of this number on each: profiles may refuse it by name or by number. */
const NUMBER = 165;
const NUMBERED: Readonly<Record<string, string>> = { x86_64: 'mount', aarch64: 'getrusage' };
const ALLOWING = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'];
const ACTIONS = [
  ...Array<string>(16).fill('SCMP_ACT_ALLOW'),
  'SCMP_ACT_LOG',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_KILL',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_TRACE',
];
/** What a line of a log would say, in places where no reader looks. */
const LINE = 'mount(0x1, 0x2, 0x3, 0, 0) = 0';

/** A key as it is, or for Go also in another case. */
const cased = (key: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(key) },
    { weight: 1, arbitrary: fc.constantFrom(key.toUpperCase(), key.charAt(0).toUpperCase() + key.slice(1)) },
  );
const member = (key: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<Member> =>
  fc.tuple(cased(key), value);
const sometimes = (
  key: string,
  value: fc.Arbitrary<unknown>,
  weight = 25,
): fc.Arbitrary<Member | undefined> =>
  fc.oneof({ weight: 100, arbitrary: fc.constant(undefined) }, { weight, arbitrary: member(key, value) });

const restriction = fc.constantFrom<unknown[]>(
  null,
  members(),
  members(['caps', []]),
  members(['caps', ['CAP_SYS_ADMIN']]),
  members(['arches', ['amd64']]),
  members(['minKernel', '4.8']),
  members(['CAPS', ['CAP_BPF']]),
);
const condition = members(['index', 0], ['op', 'SCMP_CMP_EQ'], ['value', 1], ['valueTwo', 0]);
const namesWith = (others: readonly string[]): fc.Arbitrary<readonly (string | number)[]> =>
  fc.array(
    fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom<(string | number)[]>(...NAMES, ...others) },
      { weight: 2, arbitrary: fc.constant(NUMBER) },
    ),
    { minLength: 1, maxLength: 4 },
  );

/** Only in Docker's format, rules are for some machines. */
const ruleOf = (isResource: boolean): fc.Arbitrary<Members> =>
  fc
    .constantFrom(...ACTIONS)
    .chain(action =>
      fc.tuple(
        member('names', namesWith(ALLOWING.includes(action) ? UNKNOWN : [])),
        member('action', fc.constant(action)),
        sometimes('args', fc.constantFrom<unknown[]>(null, [], [condition], [condition, condition])),
        sometimes('includes', restriction, isResource ? 1 : 25),
        sometimes('excludes', restriction, isResource ? 1 : 25),
        sometimes('comment', fc.constant(LINE)),
        // Twice, for readers of which one takes the first and another one the last.
        sometimes('action', fc.constant('SCMP_ACT_ALLOW'), 2),
        sometimes('args', fc.constant([]), 2),
        // Members of other formats, or of none.
        sometimes('__proto__', fc.constant(members(['args', []], ['names', ['mount']])), 5),
        sometimes('<<', fc.constant(members(['args', [condition]])), 1),
      ),
    )
    .map(list => members(...list));

const bodyOf = (at: Architecture, isResource: boolean): fc.Arbitrary<readonly (Member | undefined)[]> =>
  fc.tuple(
    member('defaultAction', fc.constantFrom('SCMP_ACT_ERRNO', 'SCMP_ACT_KILL', 'SCMP_ACT_ALLOW')),
    fc.constant<Member>(['architectures', [ABIS[at].scmpName]]),
    member('syscalls', fc.array(ruleOf(isResource), { minLength: 1, maxLength: 5 })),
  );

/** A whole profile in another place, which is none of this one. */
const OTHER = members(
  ['defaultAction', 'SCMP_ACT_ERRNO'],
  ['syscalls', [members(['names', ['mount', 'open', 'clone']], ['action', 'SCMP_ACT_ALLOW'])]],
);
const decoys: fc.Arbitrary<readonly (Member | undefined)[]> = fc.tuple(
  sometimes('status', fc.constant(OTHER)),
  sometimes('items', fc.constant([OTHER])),
  sometimes('message', fc.constant(LINE)),
  sometimes('__proto__', fc.constant(OTHER)),
  sometimes('syscallName', fc.constant('mount')),
);

interface Written {
  readonly value: Members;
  readonly arch: Architecture;
  readonly isResource: boolean;
}
const written: fc.Arbitrary<Written> = fc
  .record({
    arch: fc.constantFrom<Architecture[]>('x86_64', 'aarch64'),
    isResource: fc.boolean(),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    base: sometimes('baseProfileName', fc.constantFrom('a', 'b', 'c'), 10),
  })
  .chain(({ arch, isResource, name, base }) =>
    fc.tuple(bodyOf(arch, isResource), decoys).map(([body, others]): Written => ({
      arch,
      isResource,
      value: isResource
        ? members(
            ['apiVersion', 'security-profiles-operator.x-k8s.io/v1'],
            ['kind', 'SeccompProfile'],
            ['metadata', members(['name', name])],
            ['spec', members(base?.[0] === 'baseProfileName' ? base : undefined, ...body)],
            ...others,
          )
        : members(...body, ['spec', OTHER], ...others),
    })),
  );

/** What a reader sees that compares keys as Go does; undefined where keys stand twice. */
function read(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(read);
  if (!isMembers(value)) return value;
  return new Map(value.members.map(([key, item]) => [key.toLowerCase(), read(item)]));
}
const at = (value: unknown, key: string): unknown => (value instanceof Map ? value.get(key) : undefined);
const listAt = (value: unknown, key: string): readonly unknown[] => {
  const list: unknown = at(value, key);
  return Array.isArray(list) ? list : [];
};

/** The rules of a profile, and of the ones it is based on. */
function rulesOf({ value, isResource }: Written, all: readonly Written[], depth = 0): readonly unknown[] {
  const root = read(value);
  if (!isResource) return listAt(root, 'syscalls');
  const spec = at(root, 'spec');
  const base = all.find(
    other =>
      other.isResource && at(at(read(other.value), 'metadata'), 'name') === at(spec, 'baseprofilename'),
  );
  const inherited = base === undefined || depth > 4 ? [] : rulesOf(base, all, depth + 1);
  return [
    ...listAt(spec, 'syscalls'),
    ...inherited.filter(each => !ALLOWING.includes(String(at(each, 'action')))),
  ];
}

/** The calls that rules allow whatever the arguments and the machine are. */
function allowed(rules: readonly unknown[], arch: Architecture): readonly string[] {
  const isAllowing = (each: unknown): boolean => ALLOWING.includes(String(at(each, 'action')));
  const isPlain = (each: unknown): boolean =>
    listAt(each, 'args').length === 0 &&
    ['includes', 'excludes'].every(key =>
      ['caps', 'arches', 'minkernel'].every(what => {
        const asked: unknown = at(at(each, key), what);
        return asked === undefined || (Array.isArray(asked) && asked.length === 0);
      }),
    );
  const refused = rules
    .filter(each => !isAllowing(each))
    .flatMap(each => listAt(each, 'names'))
    .map(name => (name === NUMBER ? NUMBERED[arch] : name));
  return rules
    .filter(each => isAllowing(each) && isPlain(each))
    .flatMap(each => listAt(each, 'names'))
    .filter((name): name is string => typeof name === 'string')
    .filter(name => !refused.includes(name) && syscallNumber(arch, name) !== undefined);
}

/** JSON with the members in their order. */
function json(value: unknown, indent: string): string {
  const space = indent === '' ? '' : '\n';
  const write = (each: unknown, before: string): string => {
    const inner = before + indent;
    const within = (open: string, items: readonly string[], close: string): string =>
      items.length === 0
        ? open + close
        : `${open}${space}${items.map(item => inner + item).join(`,${space}`)}${space}${before}${close}`;
    if (Array.isArray(each))
      return within(
        '[',
        each.map(item => write(item, inner)),
        ']',
      );
    if (isMembers(each))
      return within(
        '{',
        each.members.map(([key, item]) => `${JSON.stringify(key)}:${write(item, inner)}`),
        '}',
      );
    return JSON.stringify(each);
  };
  return write(value, '');
}

/** For the library, which keeps the order of a map. A key that stands twice is written in JSON, which is YAML too. */
function yaml(value: unknown, style: 'block' | 'flow'): string {
  let isTwice = false;
  const plain = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(plain);
    if (!isMembers(each)) return each;
    const map = new Map(each.members.map(([key, item]) => [key, plain(item)]));
    isTwice ||= map.size < each.members.length;
    return map;
  };
  const map = plain(value);
  return isTwice
    ? `${json(value, '')}\n`
    : stringify(map, { collectionStyle: style, lineWidth: 0, aliasDuplicateObjects: false });
}

const text = fc
  .record({
    profiles: fc.array(written, { minLength: 1, maxLength: 3 }),
    style: fc.constantFrom('compact', 'laid out', 'list', 'block', 'flow'),
    cut: fc.option(fc.double({ min: 0.1, max: 1, maxExcluded: true, noNaN: true }), { freq: 8 }),
    before: fc.constantFrom('', '', '', '\ufeff', '\n'),
  })
  .map(({ profiles, style, cut, before }) => {
    const isYaml = style === 'block' || style === 'flow';
    // Docker's format has no list, and in YAML only resources are recognised.
    const all = style === 'list' || isYaml ? profiles : profiles.slice(0, 1);
    const values = all.map(({ value }) => value);
    const whole = isYaml
      ? values.map(value => `---\n${yaml(value, style)}`).join('')
      : style === 'list'
        ? json(members(['kind', 'List'], ['items', values]), ' ')
        : json(values[0], style === 'compact' ? '' : '  ');
    // Where YAML ends nobody can tell.
    const isCut = cut !== null && !isYaml;
    return {
      all,
      text: before + (isCut ? whole.slice(0, Math.floor(cut * whole.length)) : whole),
      isCut,
    };
  });

/** Undefined where the rules contradict each other, which no kernel is asked about. */
function resolved(profile: Profile, options: Parameters<typeof resolveProfile>[1]): Policy | undefined {
  try {
    return resolveProfile(profile, options);
  } catch (error) {
    if (error instanceof ProfileError) return undefined;
    throw error;
  }
}

describe('Recorded profiles, read a second time', () => {
  const counts = { read: 0, rejected: 0 };

  property('never add a call to a recording, and lose none', text, 400, ({ all, text: source, isCut }) => {
    const expected = new Set(
      all.flatMap(profile =>
        allowed(rulesOf(profile, all), profile.arch).map(name => `${profile.arch} ${name}`),
      ),
    );
    try {
      const { recording } = readLog(source, { arch: 'x86_64' });
      const calls = recording.calls.map(({ abi, syscall }) => `${abi} ${syscall}`);
      assert.ok(!isCut, 'a part of a document was read');
      assert.deepEqual(new Set(calls), expected);
      assert.ok(recording.calls.every(({ args, runs }) => args.length === 0 && runs <= recording.runs));
      counts.read++;
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error;
      assert.equal(error.code, 'empty-log');
      counts.rejected++;
    }
  });

  it('are mostly read', () => {
    assert.ok(counts.read * 4 > counts.rejected, JSON.stringify(counts));
  });

  property(
    'have only calls that the profile allows on any machine, with any arguments',
    fc.record({ profile: written, value: fc.bigInt({ min: 0n, max: 3n }) }),
    100,
    ({ profile, value }) => {
      const source = json(profile.value, '  ');
      let calls: readonly string[];
      try {
        calls = readLog(source, { arch: 'x86_64' }).recording.calls.map(({ syscall }) => syscall);
      } catch (error) {
        if (error instanceof RecordingError) return;
        throw error;
      }
      if (profile.isResource && source.includes('baseProfileName')) return;
      const parsed = parseProfile(Buffer.from(source));
      for (const capabilities of [[], ['CAP_SYS_ADMIN', 'CAP_BPF']])
        for (const kernel of ['3.5', '6.18']) {
          const policy = resolved(parsed, { arch: profile.arch, capabilities, kernel });
          if (policy === undefined) return;
          for (const syscall of calls) {
            const action = evaluate(policy, {
              arch: ABIS[profile.arch].audit,
              syscall: syscallNumber(profile.arch, syscall) ?? -1,
              args: [value, value, value, value, value, value],
            });
            assert.match(
              actionName(action),
              /^(?:ALLOW|LOG)$/,
              `${syscall}, ${capabilities.join()} on ${kernel}`,
            );
          }
        }
    },
  );
});
