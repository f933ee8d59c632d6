// Errors in profiles: codes, places, and remedies.
import assert from 'node:assert/strict';
import { formatDiagnostic } from '#lib/util/errors.js';
import { MAX_FINDINGS } from '#lib/profile/findings.js';
import { parseProfile } from '#lib/profile/parse.js';
import { brief, codes, failure, marked, withCondition, withRule } from './helpers.js';

/** A text with an arrow at the finding, its code, its pointer, and a pattern for its message and remedy. */
type Case = readonly [text: string, code: string, pointer: string, says: RegExp];

const ALLOW = '"action": "SCMP_ACT_ALLOW"';
const ERRNO = '"action": "SCMP_ACT_ERRNO"';
const READ = '"names": ["read"]';

const errors: readonly Case[] = [
  // The document
  ['→null', 'not-a-profile', '', /disables seccomp/],
  ['→[]', 'not-a-profile', '', /not an array/],
  // A Profile from another copy of the package, or a modified one.
  ['→{"defaultAction": 327681, "rules": []}', 'not-a-profile', '', /of a Profile.*npm ls seccomp/],
  ['→{}', 'missing-default-action', '', /"defaultAction".*SCMP_ACT_ERRNO/],
  ['→{"defaultAction": null}', 'missing-default-action', '', /needs/],
  ['{"defaultAction": →5}', 'wrong-type', '/defaultAction', /"defaultAction" must be a string, not a number/],
  [
    '{"defaultAction": →"SCMP_ACT_ALOW"}',
    'unknown-action',
    '/defaultAction',
    /Did you mean "SCMP_ACT_ALLOW"\?/,
  ],
  ['{"defaultAction": →"ERRNO"}', 'unknown-action', '/defaultAction', /Did you mean "SCMP_ACT_ERRNO"\?/],
  ['{"defaultAction": →"scmp_act_log"}', 'unknown-action', '/defaultAction', /Did you mean "SCMP_ACT_LOG"\?/],
  ['{"defaultAction": →""}', 'unknown-action', '/defaultAction', /Write one of SCMP_ACT_KILL,/],
  ['{"defaultAction": →"SCMP_ACT_NOTIFY"}', 'notify-default', '/defaultAction', /in rules/],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": →4096}',
    'out-of-range',
    '/defaultErrnoRet',
    /4096.*4095/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": →"EPREM"}',
    'unknown-errno',
    '/defaultErrno',
    /Did you mean "EPERM"\?/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": →{}}',
    'wrong-type',
    '/syscalls',
    /an array, not an object/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [→null]}',
    'wrong-type',
    '/syscalls/0',
    /an object, not null/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "flags": [→"TSYNC"]}',
    'unknown-flag',
    '/flags/0',
    /"SECCOMP_FILTER_FLAG_TSYNC"/,
  ],
  ['{"defaultAction": "SCMP_ACT_ERRNO", "flags": [→1]}', 'wrong-type', '/flags/0', /a string, not a number/],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "listenerPath": →false}',
    'wrong-type',
    '/listenerPath',
    /a string, not a boolean/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", →"DefaultAction": "SCMP_ACT_LOG"}',
    'duplicate-key',
    '/DefaultAction',
    /line 1, column 2/,
  ],
  ['{"defaultAction": "SCMP_ACT_ERRNO", "_a": {"b": 1, →"b": 2}}', 'duplicate-key', '/_a/b', /is here and/],

  // Architectures
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": [→"X86_64"]}',
    'unknown-architecture',
    '/architectures/0',
    /Did you mean "SCMP_ARCH_X86_64"\?/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": [→"SCMP_ARCH_NATIVE"]}',
    'unknown-architecture',
    '/architectures/0',
    /no architecture.*native architecture is always covered/s,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": [→"amd64"]}',
    'unknown-architecture',
    '/architectures/0',
    /Did you mean "SCMP_ARCH_X86_64"\?/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": [→"SCMP_ARCH_ARM64"]}',
    'unknown-architecture',
    '/architectures/0',
    /Did you mean "SCMP_ARCH_AARCH64"\?/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_ARM"], "archMap": →[{"architecture": "SCMP_ARCH_X86_64"}]}',
    'architectures-and-archmap',
    '/archMap',
    /cannot be combined/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [→{}]}',
    'missing-architecture',
    '/archMap/0',
    /needs an "architecture"/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [{"architecture": →"SCMP_ARCH_AARCH46"}]}',
    'unknown-architecture',
    '/archMap/0/architecture',
    /"SCMP_ARCH_AARCH64"/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": [→"x86"]}]}',
    'unknown-architecture',
    '/archMap/0/subArchitectures/0',
    /"SCMP_ARCH_X86"/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [→7]}',
    'wrong-type',
    '/archMap/0',
    /an object, not a number/,
  ],

  // Rules
  [withRule(`${ALLOW}`).replace('    {', '    →{'), 'empty-names', '/syscalls/0', /needs the names/],
  [withRule(`"names": →[], ${ALLOW}`), 'empty-names', '/syscalls/0/names', /List them/],
  [withRule(`"names": ["read", →""], ${ALLOW}`), 'empty-names', '/syscalls/0/names/1', /empty name/],
  [withRule(`"names": →"read", ${ALLOW}`), 'wrong-type', '/syscalls/0/names', /an array, not a string/],
  [
    withRule(`"names": [→true], ${ALLOW}`),
    'wrong-type',
    '/syscalls/0/names/0',
    /a string, or the number of a call, not a boolean/,
  ],
  [withRule(`"names": [→-1], ${ALLOW}`), 'out-of-range', '/syscalls/0/names/0', /0 to 1073741823/],
  [withRule(`"names": [→4.5], ${ALLOW}`), 'not-an-integer', '/syscalls/0/names/0', /4\.5/],
  [withRule(`"names": [→1073741824], ${ALLOW}`), 'out-of-range', '/syscalls/0/names/0', /0 to 1073741823/],
  [withRule(`"name": →["read"], ${ALLOW}`), 'wrong-type', '/syscalls/0/name', /a string, not an array/],
  [withRule(`${READ}, "name": →"write", ${ALLOW}`), 'name-and-names', '/syscalls/0/name', /into "names"/],
  [withRule(`${READ}`).replace('    {', '    →{'), 'missing-action', '/syscalls/0', /needs an "action"/],
  [
    withRule(`${READ}, "action": →"SCMP_ACT_ERNO"`),
    'unknown-action',
    '/syscalls/0/action',
    /"SCMP_ACT_ERRNO"/,
  ],
  [
    withRule(`"names": ["mkdir", →"opeenat"], "action": "SCMP_ACT_KILL"`),
    'unknown-syscall',
    '/syscalls/0/names/1',
    /has no effect.*Did you mean "openat"\?/s,
  ],
  [
    withRule(`"names": [→"io_uring_*"], "action": "SCMP_ACT_KILL"`),
    'unknown-syscall',
    '/syscalls/0/names/0',
    /has no effect.*no patterns/s,
  ],
  [
    withRule(`"names": [→"xyzzy_quux"], "action": "SCMP_ACT_TRACE"`),
    'unknown-syscall',
    '/syscalls/0/names/0',
    /Remove it/,
  ],
  [
    withRule(`"names": ["mount", →"write"], "action": "SCMP_ACT_NOTIFY"`),
    'notify-write',
    '/syscalls/0/names/1',
    /listener/,
  ],
  [withRule(`"name": →"write", "action": "SCMP_ACT_NOTIFY"`), 'notify-write', '/syscalls/0/name', /listener/],
  [withRule(`${READ}, ${ERRNO}, "errnoRet": →12345`), 'out-of-range', '/syscalls/0/errnoRet', /12345.*4095/],
  [withRule(`${READ}, ${ERRNO}, "errnoRet": →-1`), 'out-of-range', '/syscalls/0/errnoRet', /-1/],
  [withRule(`${READ}, ${ERRNO}, "errnoRet": →1.0`), 'not-an-integer', '/syscalls/0/errnoRet', /digits only/],
  [
    withRule(`${READ}, ${ERRNO}, "errnoRet": →"1"`),
    'wrong-type',
    '/syscalls/0/errnoRet',
    /a number, not a string/,
  ],
  [
    withRule(`${READ}, "action": "SCMP_ACT_TRACE", "errnoRet": →65536`),
    'out-of-range',
    '/syscalls/0/errnoRet',
    /65535/,
  ],
  [withRule(`${READ}, ${ERRNO}, "errno": →"4096"`), 'out-of-range', '/syscalls/0/errno', /4095/],
  [withRule(`${READ}, ${ERRNO}, "errno": →"ENOSY"`), 'unknown-errno', '/syscalls/0/errno', /"ENOSYS"/],
  [withRule(`${READ}, ${ERRNO}, "errno": →1`), 'wrong-type', '/syscalls/0/errno', /a string, not a number/],

  // Conditions
  [withRule(`${READ}, ${ALLOW}, "args": →{}`), 'wrong-type', '/syscalls/0/args', /an array/],
  [withRule(`${READ}, ${ALLOW}, "args": [→null]`), 'wrong-type', '/syscalls/0/args/0', /an object, not null/],
  [
    withCondition(`"index": →6, "value": 0, "op": "SCMP_CMP_EQ"`),
    'out-of-range',
    '/syscalls/0/args/0/index',
    /0 to 5/,
  ],
  [
    withCondition(`"index": →-1, "value": 0, "op": "SCMP_CMP_EQ"`),
    'out-of-range',
    '/syscalls/0/args/0/index',
    /-1/,
  ],
  [
    withCondition(`"index": 0, "value": →18446744073709551616, "op": "SCMP_CMP_EQ"`),
    'out-of-range',
    '/syscalls/0/args/0/value',
    /64-bit/,
  ],
  [
    withCondition(`"index": 0, "value": →1e3, "op": "SCMP_CMP_EQ"`),
    'not-an-integer',
    '/syscalls/0/args/0/value',
    /1e3/,
  ],
  [
    withCondition(`"index": 0, "value": →0.5, "op": "SCMP_CMP_EQ"`),
    'not-an-integer',
    '/syscalls/0/args/0/value',
    /0\.5/,
  ],
  [
    withCondition(`"index": 0, "value": 0, "valueTwo": →-5, "op": "SCMP_CMP_MASKED_EQ"`),
    'out-of-range',
    '/syscalls/0/args/0/valueTwo',
    /unsigned/,
  ],
  [
    withCondition(`"index": 0, "value": →"0", "op": "SCMP_CMP_EQ"`),
    'wrong-type',
    '/syscalls/0/args/0/value',
    /a number, or names of constants, not a string/,
  ],
  [
    withCondition(`"index": 0, "value": 0, "op": →"SCMP_CMP_EQUAL"`),
    'unknown-operator',
    '/syscalls/0/args/0/op',
    /"SCMP_CMP_EQ"/,
  ],
  [
    withCondition(`"index": 0, "value": 0, "op": →"=="`),
    'unknown-operator',
    '/syscalls/0/args/0/op',
    /Write one of SCMP_CMP_NE,/,
  ],
  [
    withCondition(`"index": 0, "value": 0`).replace('[{ "index', '[→{ "index'),
    'missing-operator',
    '/syscalls/0/args/0',
    /SCMP_CMP_EQ/,
  ],

  // Restrictions
  [
    withRule(`${READ}, ${ALLOW}, "includes": →[]`),
    'wrong-type',
    '/syscalls/0/includes',
    /an object, not an array/,
  ],
  [
    withRule(`${READ}, ${ALLOW}, "includes": {"caps": →"CAP_BPF"}`),
    'wrong-type',
    '/syscalls/0/includes/caps',
    /an array, not a string/,
  ],
  [
    withRule(`${READ}, ${ALLOW}, "excludes": {"minKernel": →4.8}`),
    'wrong-type',
    '/syscalls/0/excludes/minKernel',
    /a string, not a number/,
  ],
  [
    withRule(`${READ}, ${ALLOW}, "excludes": {"minKernel": →"4.8.1"}`),
    'bad-min-kernel',
    '/syscalls/0/excludes/minKernel',
    /major\.minor/,
  ],
  [
    withRule(`${READ}, ${ALLOW}, "includes": {"minKernel": →"5"}`),
    'bad-min-kernel',
    '/syscalls/0/includes/minKernel',
    /"4\.8"/,
  ],
];

describe('errors in profiles', () => {
  for (const [source, code, pointer, says] of errors) {
    const { text, line, column } = marked(source);
    it(`${code}: ${source.replaceAll(/\s+/g, ' ').slice(0, 150)}`, () => {
      const error = failure(() => parseProfile(Buffer.from(text), { file: 'p.json' }));
      assert.deepEqual(codes(error.problems), [code]);
      const [problem] = error.problems;
      assert.deepEqual(problem?.at, { file: 'p.json', line, column, pointer });
      assert.equal(problem?.severity, 'error');
      assert.match(formatDiagnostic(problem), says);
    });
  }

  it('are all reported at once, in the order of the text, without the warnings', () => {
    const error = failure(() =>
      parseProfile(`{
        "syscalls": [
          {"names": [""], "action": "SCMP_ACT_ALOW", "includes": {"caps": ["x"]}},
          {"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 9, "op": "NE", "value": 1.5}]}
        ],
        "flags": ["A"],
        "defaultAction": 1
      }`),
    );
    assert.deepEqual(error.problems.map(brief), [
      '3:22 empty-names',
      '3:37 unknown-action',
      '4:78 out-of-range',
      '4:87 unknown-operator',
      '4:102 not-an-integer',
      '6:19 unknown-flag',
      '7:26 wrong-type',
    ]);
    assert.equal(error.code, 'empty-names');
    assert.deepEqual(error.at, error.problems[0]?.at);
    assert.equal(error.message.split('\n').length, 7);
  });

  it('in one rule do not hide those in another', () => {
    const rules = Array.from({ length: 50 }, () => null);
    assert.equal(
      failure(() => parseProfile({ defaultAction: 'SCMP_ACT_LOG', syscalls: rules })).problems.length,
      50,
    );
  });

  it(`are kept up to ${MAX_FINDINGS}, and the message reports that there are more`, () => {
    const syscalls = Array.from({ length: 3 * MAX_FINDINGS }, () => null);
    const { problems } = failure(() => parseProfile({ defaultAction: 'SCMP_ACT_LOG', syscalls }));
    assert.equal(problems.length, MAX_FINDINGS + 1);
    assert.equal(problems.at(-1)?.code, 'too-many-findings');
  });

  it('are printed on one line each, with file, line, column and pointer', () => {
    const error = failure(() => parseProfile('{"defaultAction": "SCMP_ACT_ALOW"}', { file: 'p.json' }));
    assert.equal(
      error.message,
      'p.json:1:19: error: there is no action "SCMP_ACT_ALOW" at /defaultAction [unknown-action]. Did you mean "SCMP_ACT_ALLOW"?',
    );
  });

  it('escape and truncate hostile text, so that it stays on one line', () => {
    const error = failure(() => parseProfile({ defaultAction: `\u001b[31m\n${'x'.repeat(10_000)}` }));
    assert.ok(error.message.length < 500);
    assert.doesNotMatch(error.message, /[\u001b\n]/);
  });
});
