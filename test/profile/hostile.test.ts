// Hostile profiles: whatever the input, the answer is a profile or an error, soon and within the memory of a process.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ProfileError } from '#lib/errors.js';
import { parseProfile } from '#lib/profile/parse.js';
import { resolveProfile } from '#lib/profile/resolve.js';
import { failure } from './helpers.js';

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
    resolveProfile(source, { arch: 'x86_64', capabilities: ['CAP_BPF'] });
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
  it('the sample is a profile', () => {
    parseProfile(SAMPLE);
  });

  it('cut at every place are an error or a profile', () => {
    for (let length = 1; length < SAMPLE.length; length++) {
      assert.equal(failure(() => parseProfile(Buffer.from(SAMPLE.slice(0, length)))).code, 'json-syntax');
    }
  });

  it('with any one character left out are an error or a profile', () => {
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

  it('keep their numbers at the limits', () => {
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
    it(`${what}: an answer, in time`, () => {
      const source = text();
      const start = process.cpuUsage();
      survives(source);
      const { user, system } = process.cpuUsage(start);
      assert.ok(user + system < 20_000_000, `took ${(user + system) / 1e6} s of CPU`);
    });
  }

  it('that would fill memory with rules are refused', () => {
    const [text] = large.filter(([what]) => what.includes('300 names')).map(([, write]) => write());
    assert.equal(failure(() => resolveProfile(text ?? '', { arch: 'x86_64' })).code, 'too-many-rules');
  });
});

describe('the shipped default', () => {
  it('is parsed and resolved for three interfaces in a few milliseconds', () => {
    const text = readFileSync(parseProfile('docker-default').file);
    const run = (): unknown => resolveProfile(text, { arch: 'x86_64' });
    for (let warm = 0; warm < 50; warm++) run();
    const start = process.cpuUsage();
    for (let round = 0; round < 20; round++) run();
    const { user, system } = process.cpuUsage(start);
    assert.ok((user + system) / 20 < 20_000, `took ${(user + system) / 20} µs`);
  });
});
