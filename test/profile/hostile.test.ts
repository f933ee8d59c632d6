// Hostile profiles: any input results in a profile or an error, in bounded time and memory.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProfileError } from '#lib/util/errors.js';
import { parseProfile } from '#lib/profile/parse.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { failure } from './helpers.js';
import { written } from '../support/written.js';
import { skip } from '../support/skip.js';

const SAMPLE = `{
  "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
  "archMap": [{ "architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] }],
  "flags": ["SECCOMP_FILTER_FLAG_LOG"],
  "syscalls": [
    { "names": ["read", "wri\\u0074e"], "action": "SCMP_ACT_ALLOW", "includes": { "caps": ["CAP_BPF"], "minKernel": "4.8" } },
    { "names": ["socket"], "action": "SCMP_ACT_TRAP", "args": [
      { "index": 0, "value": 18446744073709551615, "valueTwo": 0, "op": "SCMP_CMP_NE" },
      { "index": 0, "value": 3, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ" }
    ] }
  ]
}`;

/** Parses and resolves; anything but a policy or a ProfileError fails the test. */
function survives(source: string | Uint8Array | object): void {
  try {
    resolveProfile(written(source), { arch: 'x86_64', capabilities: ['CAP_BPF'] });
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    assert.ok(error.problems.length > 0);
  }
}

const many = (count: number, write: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => write(index)).join();
const profile = (rules: string): string =>
  `{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": [${rules}]}`;

describe('hostile profiles', () => {
  it('include a valid sample', () => {
    parseProfile(SAMPLE);
  });

  it('truncated at any place are an error or a profile', () => {
    for (let length = 1; length < SAMPLE.length; length++) {
      assert.equal(failure(() => parseProfile(Buffer.from(SAMPLE.slice(0, length)))).code, 'json-syntax');
    }
  });

  it('without any one character are an error or a profile', () => {
    for (let index = 0; index < SAMPLE.length; index++)
      survives(Buffer.from(SAMPLE.slice(0, index) + SAMPLE.slice(index + 1)));
  });

  it('with any one value replaced by another are an error or a profile', () => {
    const values = [
      'null',
      '0',
      '-1',
      '""',
      '[]',
      '{}',
      'true',
      '1e9',
      '[null]',
      '[[]]',
      '[""]',
      '[0]',
      '{"a":1}',
      '"\\u0000"',
      '9'.repeat(400),
    ];
    const tokens = [...SAMPLE.matchAll(/"[^"]*"|\d+|\[[^[\]]*\]|\{[^{}]*\}/g)];
    for (const { 0: token, index } of tokens) {
      for (const value of values)
        survives(SAMPLE.slice(0, index) + value + SAMPLE.slice(index + token.length));
    }
  });

  it('with any one byte changed are an error or a profile', () => {
    const bytes = Buffer.from(SAMPLE);
    for (let index = 0; index < bytes.length; index++) {
      for (const byte of [0x00, 0x22, 0x2c, 0x7b, 0x5d, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[index] = byte;
        survives(changed);
      }
    }
  });

  it('cannot reach prototypes', () => {
    survives('{"__proto__": {"defaultAction": "SCMP_ACT_ALLOW"}}');
    survives(
      '{"defaultAction": "__proto__", "syscalls": [{"names": ["constructor", "__proto__"], "action": "toString", "errno": "valueOf"}]}',
    );
    assert.equal(
      failure(() => parseProfile('{"__proto__": {"defaultAction": "SCMP_ACT_ALLOW"}}')).code,
      'missing-default-action',
    );
    assert.equal(
      failure(() => parseProfile(JSON.parse('{"__proto__": {"defaultAction": "SCMP_ACT_ALLOW"}}') as object))
        .code,
      'missing-default-action',
    );
    for (const name of ['__proto__', 'constructor', 'toString']) {
      assert.equal(failure(() => parseProfile({ defaultAction: name })).code, 'unknown-action');
      assert.equal(
        failure(() => parseProfile({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrno: name })).code,
        'unknown-errno',
      );
    }
  });

  it('have exact numbers at the limits', () => {
    const value = (text: string): bigint | undefined =>
      parseProfile(
        profile(
          `{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 5, "op": "SCMP_CMP_EQ", "value": ${text}}]}`,
        ),
      ).rules[0]?.conditions[0]?.value;
    for (const text of ['0', '4294967295', '4294967296', '9007199254740993', '18446744073709551615'])
      assert.equal(value(text), BigInt(text));
    for (const text of ['18446744073709551616', '-1', '-0', '9'.repeat(1_000_000)])
      assert.equal(failure(() => value(text)).code, 'out-of-range');
  });

  const large: readonly (readonly [what: string, text: () => string])[] = [
    ['10 MB of white space', () => `{"defaultAction": "SCMP_ACT_ERRNO"${' '.repeat(10_000_000)}}`],
    ['10 MB of lines', () => `{"defaultAction": "SCMP_ACT_ERRNO"${'\n'.repeat(10_000_000)}}`],
    ['a name of 10 MB', () => profile(`{"names": ["${'a'.repeat(10_000_000)}"], "action": "SCMP_ACT_KILL"}`)],
    ['a string of escapes', () => `{"defaultAction": "${'\\u0041'.repeat(1_500_000)}"}`],
    [
      'a number of 10 MB',
      () => `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": ${'1'.repeat(10_000_000)}}`,
    ],
    [
      '100,000 unknown keys',
      () => `{"defaultAction": "SCMP_ACT_ERRNO", ${many(100_000, index => `"key${index}": 0`)}}`,
    ],
    [
      '100,000 keys that are one',
      () => `{"defaultAction": "SCMP_ACT_ERRNO", ${many(100_000, () => '"a": 0')}}`,
    ],
    [
      'a list of 100,000 names',
      () => profile(`{"names": [${many(100_000, () => '"read"')}], "action": "SCMP_ACT_ALLOW"}`),
    ],
    [
      'a list of 100,000 unknown names',
      () => profile(`{"names": [${many(100_000, index => `"openat${index}"`)}], "action": "SCMP_ACT_KILL"}`),
    ],
    [
      'a list of 100,000 capabilities',
      () =>
        profile(
          `{"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": [${many(100_000, index => `"CAP_${index}"`)}]}}`,
        ),
    ],
    [
      '100,000 rules of one call',
      () =>
        profile(
          many(
            100_000,
            index =>
              `{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": ${index}}]}`,
          ),
        ),
    ],
    [
      '100,000 rules in conflict',
      () =>
        profile(
          many(
            100_000,
            index =>
              `{"names": ["socket"], "action": "SCMP_ACT_${index % 2 ? 'LOG' : 'ALLOW'}", "args": [{"index": 1, "op": "SCMP_CMP_GE", "value": ${index}}]}`,
          ),
        ),
    ],
    [
      '50,000 actions of one call',
      () =>
        profile(
          many(
            50_000,
            index =>
              `{"names": ["read"], "action": "SCMP_ACT_TRACE", "errnoRet": ${index}, "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": ${index}}]}`,
          ),
        ),
    ],
    [
      '100,000 rules and one that voids them',
      () =>
        profile(
          `${many(100_000, index => `{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": ${index}}]}`)}, {"names": ["read"], "action": "SCMP_ACT_KILL"}`,
        ),
    ],
    [
      '50,000 conditions on 300 names',
      () =>
        profile(
          `{"names": [${many(300, () => '"read"')}], "action": "SCMP_ACT_ALLOW", "args": [${many(50_000, index => `{"index": 0, "op": "SCMP_CMP_EQ", "value": ${index}}`)}]}`,
        ),
    ],
  ];
  for (const [what, text] of large) {
    it(`${what}: a result in time`, () => {
      const source = text();
      const start = process.cpuUsage();
      survives(source);
      const { user, system } = process.cpuUsage(start);
      assert.ok(user + system < 20_000_000, `took ${(user + system) / 1e6} s of CPU`);
    });
  }

  it('with rules that would fill memory are refused', () => {
    const [text] = large.filter(([what]) => what.includes('300 names')).map(([, write]) => write());
    assert.equal(failure(() => resolveProfile(text ?? '', { arch: 'x86_64' })).code, 'too-many-rules');
  });
});

describe('hostile lists of groups', () => {
  const groups = (count: number): string => many(count, () => '"@files"');
  for (const [what, text] of [
    ['one rule', () => profile(`{"names": [${groups(100_000)}], "action": "SCMP_ACT_ALLOW"}`)],
    ['many rules', () => profile(many(10_000, () => `{"name": "@files", "action": "SCMP_ACT_ALLOW"}`))],
    [
      'a profile that extends another',
      () =>
        `{"extends": "docker-default", "syscalls": [{"names": [${groups(10_000)}], "action": "SCMP_ACT_ALLOW"}]}`,
    ],
  ] as const)
    it(`are refused before they fill memory: in ${what}`, () => {
      const { problems } = failure(() => parseProfile(text()));
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['too-many-values'],
      );
    });
});

describe('hostile sources', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-hostile-'));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  const at = (name: string, content: string): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };
  const text = '{"defaultAction": "SCMP_ACT_ERRNO"}';

  const cases: readonly (readonly [
    what: string,
    source: () => string | Uint8Array | object,
    code: string,
  ])[] = [
    ['a text of 100 MB', () => `{${' '.repeat(100_000_000)}`, 'profile-too-large'],
    ['bytes of 100 MB', () => Buffer.alloc(100_000_000, '['), 'profile-too-large'],
    ['a file of 100 MB', () => at('large.json', `{${' '.repeat(100_000_000)}}`), 'profile-too-large'],
    ['a file that claims to be empty and has no end', () => '/proc/self/pagemap', 'profile-too-large'],
    ['a file that cannot be read at its start', () => '/proc/self/mem', 'profile-unreadable'],
    ['/dev/full', () => '/dev/full', 'not-a-file'],
    ['a path through what is not a directory', () => '/proc/self/fd/0/nothing', 'profile-not-found'],
    [
      'a link to a file that has vanished',
      () => {
        const target = at('vanished.json', text);
        const link = join(directory, 'to-nothing.json');
        symlinkSync(target, link);
        rmSync(target);
        return link;
      },
      'profile-not-found',
    ],
    [
      'a link to a directory',
      () => {
        const link = join(directory, 'to-directory.json');
        symlinkSync(directory, link);
        return link;
      },
      'not-a-file',
    ],
    ['a million open lists', () => '['.repeat(1_000_000), 'too-deep'],
    ['a million open objects', () => '{"a":'.repeat(1_000_000), 'too-deep'],
    ['an object in itself', () => inItself(), 'too-deep'],
    ['half of a surrogate pair as an action', () => `{"defaultAction": "\\ud800"}`, 'unknown-action'],
    ['half of a surrogate pair in an object', () => ({ defaultAction: '\ud800' }), 'unknown-action'],
    ['a NUL in a text', () => '{"defaultAction":\0"SCMP_ACT_ERRNO"}', 'json-syntax'],
    ['a NUL in an action', () => ({ defaultAction: 'SCMP_ACT_ERRNO\0' }), 'unknown-action'],
    ['a getter that throws', () => throwing(), 'unreadable-object'],
  ];
  for (const [what, source, code] of cases) {
    it(`${what} is an error: ${code}`, function () {
      const given = source();
      if (typeof given === 'string' && given.startsWith('/') && process.platform !== 'linux')
        skip(this, 'this is not Linux');
      assert.equal(failure(() => parseProfile(given)).code, code);
    });
  }

  it("Docker's default, truncated at any place, is an error with a place in it", () => {
    const whole = readFileSync(parseProfile('docker-default').file, 'utf8').trimEnd();
    for (let length = 1; length < whole.length; length += 97) {
      const { at: place } = failure(() => parseProfile(Buffer.from(whole.slice(0, length))));
      assert.ok(place !== undefined && place.line <= whole.slice(0, length).split('\n').length);
    }
  });

  it('a file that changes meanwhile is read up to some size', async function () {
    if (process.platform !== 'linux') skip(this, 'this is not Linux');
    const path = at('growing.json', text);
    // Another process replaces, truncates and rewrites the file as fast as it can.
    const writer = spawn(
      'sh',
      [
        '-c',
        `echo; while :; do : > "$0"; echo '{"defaultAction":' >> "$0"; echo '"SCMP_ACT_LOG"}' >> "$0"; done`,
        path,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      await once(writer.stdout, 'data');
      for (let round = 0; round < 500; round++) survives(path);
    } finally {
      writer.kill('SIGKILL');
      await once(writer, 'exit');
    }
  });
});

/** An object that contains itself. */
function inItself(): object {
  const own: Record<string, unknown> = { defaultAction: 'SCMP_ACT_ERRNO' };
  own['linux'] = own;
  return own;
}

const throwing = (): object => ({
  get defaultAction(): string {
    throw new Error('not today');
  },
});

describe('the shipped default', () => {
  it('is parsed and resolved for three ABIs in a few milliseconds', () => {
    const text = readFileSync(parseProfile('docker-default').file);
    const run = (): unknown => resolveProfile(text, { arch: 'x86_64' });
    for (let warm = 0; warm < 50; warm++) run();
    const start = process.cpuUsage();
    for (let round = 0; round < 20; round++) run();
    const { user, system } = process.cpuUsage(start);
    assert.ok((user + system) / 20 < 20_000, `took ${(user + system) / 20} µs`);
  });
});
