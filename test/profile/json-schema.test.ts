// profile.schema.json: it is up to date, agrees with the parser, and completes profiles in an editor.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc, { type Arbitrary } from 'fast-check';
import languageService from 'vscode-json-languageservice';
import { ProfileError } from '#lib/util/errors.js';
import { knownSyscalls } from '#lib/kernel/abi.js';
import { ACTIONS } from '#lib/kernel/action.js';
import { OPERATORS } from '#lib/policy/policy.js';
import { parseProfile } from '#lib/profile/parse.js';
import { schemaText, schemaValidator } from '../support/json-schema.js';
import { property } from '../support/property.js';
import { skip } from '../support/skip.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDER = fileURLToPath(new URL('../../../../shared/profiles/', import.meta.url));
const jsonFiles = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .map(name => `${folder}${name}`);

/** Codes of problems that a schema cannot detect: docs/profiles.md lists them. */
const UNSEEN: ReadonlySet<string> = new Set([
  'ambiguous-number',
  'architecture-not-compiled',
  'bits-outside-mask',
  'errno-conflict',
  'repeated-argument',
  'unknown-constant',
]);

const schemaProblems = schemaValidator();

/** The codes of all errors and warnings of the parser for a text. */
function readerProblems(text: string): readonly string[] {
  try {
    return parseProfile(text).warnings.map(({ code }) => code);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return error.problems.map(({ code }) => code);
  }
}

/** Fails if the schema rejects a text that the parser accepts without a warning, or vice versa. */
function agree(text: string): void {
  const schema = schemaProblems(JSON.parse(text));
  const reader = readerProblems(text);
  if (schema.length > 0)
    assert.ok(reader.length > 0, `the schema alone refuses ${text}: ${schema.join('; ')}`);
  else
    assert.deepEqual(
      reader.filter(code => !UNSEEN.has(code)),
      [],
      `the schema takes ${text}`,
    );
}

const ACTION_NAMES = Object.keys(ACTIONS);

/** Values that are valid in one place and invalid in most others. */
const oddValue: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', 0, 1, -1, 5, 6, 472, 4095, 4096, 65535, 65536, 1.5, 2 ** 31, 1e21),
  fc.constantFrom<unknown>(
    [],
    {},
    [null],
    [''],
    ['read'],
    ['write'],
    ['raed'],
    [472],
    ['472'],
    ['EPERM'],
    ['@netwrk'],
  ),
  fc.constantFrom(
    'read',
    'write',
    'raed',
    '472',
    '0',
    '0038',
    '4096',
    '65536',
    '1234567890',
    'EPERM',
    'EPREM',
  ),
  fc.constantFrom(
    'amd64',
    'x86_64',
    'CAP_SYS_ADMIN',
    'cap_sys_admin',
    '4.8',
    '4.8.1',
    '04.08',
    'SCMP_ARCH_S390X',
  ),
  fc.constantFrom<string>(...ACTION_NAMES, ...OPERATORS, 'SCMP_ARCH_X86_64', 'SECCOMP_FILTER_FLAG_LOG'),
);

const KEYS = [
  ...['defaultAction', 'defaultErrnoRet', 'defaultErrno', 'architectures', 'archMap', 'syscalls', 'flags'],
  ...['listenerPath', 'listenerMetadata', 'names', 'name', 'action', 'errnoRet', 'errno', 'args', 'comment'],
  ...[
    'includes',
    'excludes',
    'index',
    'value',
    'valueTwo',
    'op',
    'caps',
    'arches',
    'minKernel',
    'architecture',
  ],
  ...[
    'subArchitectures',
    '$schema',
    '_remark',
    '//',
    '#',
    'comments',
    'description',
    'Description',
    'Comment',
  ],
  ...['kind', 'spec', 'constructor', 'toString', ''],
];

/** An action under these keys, with its optional data. */
const actionWith = (
  actions: readonly string[],
  [action, number, name]: readonly [string, string, string],
): Arbitrary<Record<string, unknown>> => {
  const nothing = fc.constantFrom({}, { [number]: null }, { [name]: '' });
  const forErrno = fc.constantFrom(
    {},
    { [number]: 1 },
    { [number]: 4095 },
    { [name]: 'ENOSYS' },
    { [name]: '0038' },
    { [number]: 38, [name]: 'ENOSYS' },
  );
  const forTrace = fc.constantFrom({}, { [number]: 0 }, { [number]: 65535 }, { [name]: '65535' });
  return fc.constantFrom(...actions).chain(chosen => {
    const data: Arbitrary<object> =
      chosen === 'SCMP_ACT_ERRNO' ? forErrno : chosen === 'SCMP_ACT_TRACE' ? forTrace : nothing;
    return data.map(more => ({ [action]: chosen, ...more }));
  });
};

const condition = fc
  .record({ index: fc.nat(5), value: fc.constantFrom(0, 1, 2, 2 ** 40) })
  .chain(({ index, value }) =>
    fc.constantFrom(
      ...OPERATORS.map(op => ({ index, op, value })),
      { index, op: 'SCMP_CMP_EQ', value, valueTwo: 0 },
      { index, op: 'SCMP_CMP_MASKED_EQ', value, valueTwo: value },
    ),
  );
const restriction = fc.record(
  {
    caps: fc.constantFrom(null, [], ['CAP_SYS_ADMIN'], ['CAP_BPF', 'CAP_PERFMON']),
    arches: fc.constantFrom(null, [], ['amd64', 's390x']),
    minKernel: fc.constantFrom(null, '4.8', '6.1'),
  },
  { requiredKeys: [] },
);
const joined = (...parts: readonly Arbitrary<object>[]): Arbitrary<Record<string, unknown>> =>
  fc.tuple(...parts).map(objects => Object.assign({}, ...objects) as Record<string, unknown>);
const optional = <T>(parts: Record<string, Arbitrary<T>>): Arbitrary<object> =>
  fc.record<Record<string, T>>(parts, { requiredKeys: [] });

const rule = joined(
  fc.record({
    names: fc.subarray<unknown>(['read', 'osf_wait4', 472, '@files', '@network'], { minLength: 1 }),
  }),
  actionWith(ACTION_NAMES, ['action', 'errnoRet', 'errno']),
  optional<unknown>({
    args: fc.array(condition, { maxLength: 2 }),
    comment: fc.constantFrom('', 'why', null),
  }),
);
const dockerRule = fc.oneof(
  joined(rule, optional({ includes: restriction, excludes: restriction })),
  fc
    .tuple(rule, fc.constantFrom('read', '@keyring'))
    .map(([{ names: _, ...rest }, name]) => ({ ...rest, name })),
);

const profileOf = (rules: Arbitrary<object>): Arbitrary<Record<string, unknown>> =>
  joined(
    actionWith(
      ACTION_NAMES.filter(name => name !== 'SCMP_ACT_NOTIFY'),
      ['defaultAction', 'defaultErrnoRet', 'defaultErrno'],
    ),
    optional<unknown>({
      syscalls: fc.array(rules, { maxLength: 2 }),
      flags: fc.constantFrom(null, [], ['SECCOMP_FILTER_FLAG_TSYNC']),
      $schema: fc.constant('./profile.schema.json'),
    }),
    fc.constantFrom({}, { listenerPath: '/run/x' }, { listenerPath: '/run/x', listenerMetadata: 'm' }),
    fc.constantFrom({}, { architectures: [] }, { architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] }),
  );
const docker = joined(
  profileOf(dockerRule),
  fc.constantFrom(
    {},
    { archMap: [] },
    {
      architectures: null,
      archMap: [{ architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] }],
    },
  ),
);

interface Mistake {
  /** The index of an object or array of the profile, and of one of its members. */
  readonly container: number;
  readonly member: number;
  readonly kind: 'drop' | 'rename' | 'case' | 'replace' | 'add';
  readonly key: string;
  readonly value: unknown;
}
const mistake: Arbitrary<Mistake> = fc.record({
  container: fc.nat(40),
  member: fc.nat(10),
  kind: fc.constantFrom('drop', 'rename', 'case', 'replace', 'add'),
  key: fc.constantFrom(...KEYS),
  value: oddValue,
});

type Container = Record<string, unknown> | unknown[];
const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

function containersOf(value: unknown): readonly Container[] {
  return isContainer(value) ? [value, ...Object.values(value).flatMap(containersOf)] : [];
}

/** Makes one change somewhere in a value. */
function err(value: unknown, { container, member, kind, key, value: given }: Mistake): void {
  const odd: unknown = structuredClone(given);
  const all = containersOf(value);
  const place = all[container % all.length];
  if (place === undefined) return;
  if (Array.isArray(place)) {
    if (kind === 'drop') place.splice(member % (place.length + 1), 1);
    else if (kind === 'add') place.push(odd);
    else if (place.length > 0) place[member % place.length] = odd;
    return;
  }
  const keys = Object.keys(place);
  const old = keys[member % keys.length];
  if (kind === 'add' || old === undefined) place[key] = odd;
  else if (kind === 'replace') place[old] = odd;
  else {
    const before = place[old];
    Reflect.deleteProperty(place, old);
    if (kind === 'rename') place[key] = before;
    if (kind === 'case')
      place[member % 2 === 0 ? old.toUpperCase() : `${old.slice(0, 1).toUpperCase()}${old.slice(1)}`] =
        before;
  }
}

/** The given values with up to two mistakes. */
const mistaken = (right: Arbitrary<object>): Arbitrary<unknown> =>
  fc.tuple(right, fc.array(mistake, { maxLength: 2 })).map(([profile, mistakes]) => {
    const copy: unknown = structuredClone(profile);
    for (const each of mistakes) err(copy, each);
    return copy;
  });

describe('The JSON Schema of profiles', () => {
  it('is up to date', () => {
    execFileSync(process.execPath, [`${root}scripts/generate-profile-schema.mjs`, '--check'], {
      stdio: 'pipe',
    });
  });

  it('names every call, action and operator, and no others', () => {
    const { definitions } = JSON.parse(schemaText()) as {
      definitions: Record<string, { enum: string[]; properties: Record<string, { enum: string[] }> }>;
    };
    assert.deepEqual(definitions['syscall']?.enum, knownSyscalls());
    assert.deepEqual(definitions['rule']?.properties['action']?.enum, Object.keys(ACTIONS));
    assert.deepEqual(definitions['condition']?.properties['op']?.enum, OPERATORS);
  });

  describe('accepts', () => {
    for (const path of jsonFiles(`${root}profiles/`)) {
      it(`the shipped ${path.slice(root.length)}`, () => {
        assert.deepEqual(schemaProblems(JSON.parse(readFileSync(path, 'utf8'))), []);
      });
    }
    const TAKEN: readonly (readonly [what: string, text: string])[] = [
      [
        '$schema and remarks',
        '{ "$schema": "./x.json", "_why": 1, "//": 2, "#": 3, "description": 4, "defaultAction": "SCMP_ACT_LOG" }',
      ],
      [
        'null for what is absent',
        '{ "defaultAction": "SCMP_ACT_LOG", "syscalls": [{ "names": ["read"], "action": "SCMP_ACT_ALLOW", "args": null, "includes": null }] }',
      ],
      [
        'numbers of calls',
        '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": [472, 1073741823], "action": "SCMP_ACT_ERRNO", "errno": "38" }] }',
      ],
      [
        'values of 64 bits',
        '{ "defaultAction": "SCMP_ACT_LOG", "syscalls": [{ "names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 5, "op": "SCMP_CMP_NE", "value": 18446744073709551615 }] }] }',
      ],
      [
        'the old format',
        '{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{ "name": "read", "action": "SCMP_ACT_ALLOW" }] }',
      ],
      [
        'a config.json',
        '{ "ociVersion": "1.0.2", "process": {}, "linux": { "namespaces": [], "seccomp": { "defaultAction": "SCMP_ACT_ERRNO" } } }',
      ],
    ];
    for (const [what, text] of TAKEN) {
      it(what, () => {
        assert.deepEqual(schemaProblems(JSON.parse(text)), []);
        assert.deepEqual(readerProblems(text), []);
      });
    }
  });

  describe('rejects, like the parser,', () => {
    const rule = (fields: string): string =>
      `{ "defaultAction": "SCMP_ACT_LOG", "syscalls": [{ ${fields} }] }`;
    const READ = '"names": ["read"], "action"';
    const REFUSED: readonly (readonly [what: string, text: string])[] = [
      ['no default action', '{ "syscalls": [] }'],
      ['an unknown action', '{ "defaultAction": "SCMP_ACT_ALOW" }'],
      ['NOTIFY as the default action', '{ "defaultAction": "SCMP_ACT_NOTIFY" }'],
      ['an unknown key', '{ "defaultAction": "SCMP_ACT_LOG", "syscals": [] }'],
      ['a key in another case', '{ "defaultAction": "SCMP_ACT_LOG", "Syscalls": [] }'],
      ['an unknown architecture', '{ "defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_X64"] }'],
      ['an unknown flag', '{ "defaultAction": "SCMP_ACT_LOG", "flags": ["LOG"] }'],
      [
        'architectures beside archMap',
        '{ "defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_X86_64"], "archMap": [{ "architecture": "SCMP_ARCH_X86_64" }] }',
      ],
      ['metadata of no listener', '{ "defaultAction": "SCMP_ACT_LOG", "listenerMetadata": "x" }'],
      ['a rule without names', rule('"names": [], "action": "SCMP_ACT_ALLOW"')],
      ['a rule without an action', rule('"names": ["read"]')],
      ['a misspelt call', rule('"names": ["raed"], "action": "SCMP_ACT_ALLOW"')],
      ['a number in quotes', rule('"names": ["472"], "action": "SCMP_ACT_ALLOW"')],
      ['a number that no call has', rule('"names": [1073741824], "action": "SCMP_ACT_ALLOW"')],
      ['name beside names', rule('"names": ["read"], "name": "write", "action": "SCMP_ACT_ALLOW"')],
      ['NOTIFY of write', rule('"names": ["write"], "action": "SCMP_ACT_NOTIFY"')],
      ['an errno that is too large', rule(`${READ}: "SCMP_ACT_ERRNO", "errnoRet": 4096`)],
      ['an errno of 0', rule(`${READ}: "SCMP_ACT_ERRNO", "errnoRet": 0`)],
      ['an unknown errno', rule(`${READ}: "SCMP_ACT_ERRNO", "errno": "EPREM"`)],
      ['an errno of ALLOW', rule(`${READ}: "SCMP_ACT_ALLOW", "errnoRet": 1`)],
      [
        'an unknown operator',
        rule(`${READ}: "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 1, "op": "=" }]`),
      ],
      [
        'a seventh argument',
        rule(`${READ}: "SCMP_ACT_ALLOW", "args": [{ "index": 6, "value": 1, "op": "SCMP_CMP_EQ" }]`),
      ],
      [
        'a second value without use',
        rule(
          `${READ}: "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 1, "valueTwo": 1, "op": "SCMP_CMP_EQ" }]`,
        ),
      ],
      ['an unknown capability', rule(`${READ}: "SCMP_ACT_ALLOW", "includes": { "caps": ["SYS_ADMIN"] }`)],
      [
        'an architecture that Docker does not know',
        rule(`${READ}: "SCMP_ACT_ALLOW", "excludes": { "arches": ["x86_64"] }`),
      ],
      ['a kernel of three numbers', rule(`${READ}: "SCMP_ACT_ALLOW", "includes": { "minKernel": "4.8.1" }`)],
      [
        "Docker's keys in a config.json",
        '{ "linux": { "seccomp": { "defaultAction": "SCMP_ACT_LOG", "syscalls": [{ "names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {} }] } } }',
      ],
      ['a config.json without a filter', '{ "linux": {} }'],
      [
        'a Firecracker filter',
        '{ "vmm": { "default_action": "trap", "filter_action": "allow", "filter": [] } }',
      ],
      [
        'a resource of Kubernetes',
        '{ "kind": "SeccompProfile", "spec": { "defaultAction": "SCMP_ACT_LOG" } }',
      ],
      ['what is not an object', '[]'],
    ];
    for (const [what, text] of REFUSED) {
      it(what, () => {
        assert.notDeepEqual(schemaProblems(JSON.parse(text)), [], 'the schema takes it');
        assert.notDeepEqual(readerProblems(text), [], 'the reader takes it');
      });
    }
  });

  describe('agrees with the parser about', () => {
    if (!existsSync(FOLDER)) {
      it('real profiles, if ../shared/profiles has any', function () {
        skip(this, 'there is no ../shared/profiles');
      });
    } else {
      for (const path of jsonFiles(FOLDER)) {
        it(path.slice(FOLDER.length), () => {
          agree(readFileSync(path, 'utf8'));
        });
      }
    }
    property('profiles with mistakes', mistaken(docker), 2000, profile => {
      agree(JSON.stringify(profile));
    });
    property('the linux.seccomp of a config.json with mistakes', mistaken(profileOf(rule)), 1000, seccomp => {
      agree(JSON.stringify({ ociVersion: '1.0.2', linux: { seccomp } }));
    });
  });

  describe('in an editor', () => {
    const service = languageService.getLanguageService({});
    service.configure({
      schemas: [
        { uri: 'file:///profile.schema.json', fileMatch: ['*'], schema: JSON.parse(schemaText()) as object },
      ],
    });

    /** The completions at the arrow. */
    async function offered(marked: string): Promise<ReadonlyMap<string, string>> {
      const text = marked.replace('→', '');
      const document = languageService.TextDocument.create('file:///profile.json', 'json', 1, text);
      const position = document.positionAt(marked.indexOf('→'));
      const list = await service.doComplete(document, position, service.parseJSONDocument(document));
      return new Map(
        list?.items.map(({ label, documentation }) => [
          label.replaceAll('"', ''),
          typeof documentation === 'string' ? documentation : (documentation?.value ?? ''),
        ]),
      );
    }

    const KEYS: readonly (readonly [where: string, marked: string, keys: readonly string[]])[] = [
      ['of a profile', '{ → }', ['defaultAction', 'archMap', 'syscalls', 'flags', '$schema']],
      [
        'of a rule',
        '{ "syscalls": [{ → }] }',
        ['names', 'action', 'errnoRet', 'errno', 'args', 'includes', 'excludes'],
      ],
      ['of a condition', '{ "syscalls": [{ "args": [{ → }] }] }', ['index', 'op', 'value', 'valueTwo']],
      ['of a restriction', '{ "syscalls": [{ "includes": { → } }] }', ['caps', 'arches', 'minKernel']],
      [
        'of a config.json',
        '{ "linux": { "seccomp": { → } } }',
        ['defaultAction', 'architectures', 'syscalls'],
      ],
    ];
    for (const [where, marked, keys] of KEYS) {
      it(`completes the keys ${where}, with their meaning`, async () => {
        const items = await offered(marked);
        for (const key of keys) {
          assert.ok(items.has(key), `${key} is not among ${[...items.keys()].join(', ')}`);
          assert.notEqual(items.get(key), '', `nothing says what ${key} means`);
        }
      });
    }

    const VALUES: readonly (readonly [what: string, marked: string, values: readonly string[]])[] = [
      ['actions', '{ "defaultAction": → }', ['SCMP_ACT_ERRNO', 'SCMP_ACT_ALLOW']],
      ['actions of a rule', '{ "syscalls": [{ "action": "→" }] }', ['SCMP_ACT_NOTIFY']],
      [
        'names of calls',
        '{ "syscalls": [{ "names": ["read", →] }] }',
        ['openat2', 'listns', 'riscv_hwprobe'],
      ],
      ['operators', '{ "syscalls": [{ "args": [{ "op": "→" }] }] }', OPERATORS],
      ['architectures', '{ "architectures": ["→"] }', ['SCMP_ARCH_X86_64', 'SCMP_ARCH_S390X']],
      ['flags', '{ "flags": ["→"] }', ['SECCOMP_FILTER_FLAG_LOG']],
      ['capabilities', '{ "syscalls": [{ "includes": { "caps": ["→"] } }] }', ['CAP_SYS_ADMIN']],
      ['errnos', '{ "syscalls": [{ "action": "SCMP_ACT_ERRNO", "errno": "→" }] }', ['EPERM', 'ENOSYS']],
    ];
    for (const [what, marked, values] of VALUES) {
      it(`completes ${what}`, async () => {
        const items = await offered(marked);
        for (const value of values)
          assert.ok(items.has(value), `${value} is not among ${[...items.keys()].join(', ')}`);
      });
    }

    it('shows the effect of an action', async () => {
      assert.equal(
        (await offered('{ "defaultAction": → }')).get('SCMP_ACT_ERRNO'),
        'The call fails with an errno.',
      );
    });

    it('marks a misspelt call at its position', async () => {
      const text =
        '{\n "defaultAction": "SCMP_ACT_LOG",\n "syscalls": [{ "names": ["raed"], "action": "SCMP_ACT_ALLOW" }] }';
      const document = languageService.TextDocument.create('file:///profile.json', 'json', 1, text);
      const problems = await service.doValidation(document, service.parseJSONDocument(document));
      const start = document.positionAt(text.indexOf('"raed"'));
      assert.ok(
        problems.some(
          ({ range }) => range.start.line === start.line && range.start.character === start.character,
        ),
      );
    });
  });
});
