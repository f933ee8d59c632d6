// Uses of findings: suppressions, baselines, and output for code scanning.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv-draft-04';
import { UsageError } from '#lib/util/errors.js';
import { applyBaseline, makeBaseline } from '#lib/lint/baseline.js';
import type { Finding } from '#lib/lint/finding.js';
import { toSarif } from '#lib/lint/sarif.js';
import type { Suppression } from '#lib/lint/suppress.js';
import { lint } from '#lib/lint/lint.js';

/** The calls that programs need to start, as whole classes, so that there are no findings. */
const starts = `{ "names": ${JSON.stringify(
  'execve arch_prctl mmap mprotect read readv pread64 preadv preadv2 open openat openat2 creat newfstatat close'.split(
    ' ',
  ),
)}, "action": "SCMP_ACT_ALLOW" }`;
const profile = (rules: readonly string[], head = ''): string =>
  `{${head}\n  "defaultAction": "SCMP_ACT_ERRNO",\n  "architectures": ["SCMP_ARCH_X86_64"],\n  "syscalls": [\n    ${[...rules, starts].join(',\n    ')}\n  ]\n}`;
const trace = '{ "names": ["ptrace"], "action": "SCMP_ACT_ALLOW" }';
const socket =
  '{ "names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "op": "SCMP_CMP_GT", "value": 40 }] }';
const text = profile([trace, socket]);

const status = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ code, suppressed, known }) =>
    [code, ...(suppressed === undefined ? [] : [suppressed]), ...(known === true ? ['known'] : [])].join(' '),
  );

describe('suppressions', () => {
  const reason = 'because';
  const cases: readonly (readonly [what: string, Suppression, readonly string[]])[] = [
    ['by rule', { code: 'ptrace-open', reason }, ['ptrace-open because', 'wide-comparison']],
    [
      'by place, or what contains it',
      { code: 'wide-comparison', pointer: '/syscalls/1', reason },
      ['ptrace-open', 'wide-comparison because'],
    ],
    [
      'by text',
      { code: 'wide-comparison', text: 'socket', reason },
      ['ptrace-open', 'wide-comparison because'],
    ],
    [
      'by the calls that they are about',
      { code: 'wide-comparison', calls: 'socket', reason },
      ['ptrace-open', 'wide-comparison because'],
    ],
    [
      'by a group that has all calls that they are about',
      { code: 'ptrace-open', calls: '@tracing', reason },
      ['ptrace-open because', 'wide-comparison'],
    ],
    [
      'but not by a group that has not all of them',
      { code: 'ptrace-open', calls: '@network', reason },
      ['ptrace-open', 'wide-comparison', 'unused-suppression'],
    ],
    [
      'but not at another place, which makes one too many',
      { code: 'wide-comparison', pointer: '/syscalls/11', reason },
      ['ptrace-open', 'wide-comparison', 'unused-suppression'],
    ],
    [
      'but not in another file, of which nothing need be said',
      { code: 'wide-comparison', file: 'other.json', reason },
      ['ptrace-open', 'wide-comparison'],
    ],
  ];
  for (const [what, suppression, expected] of cases) {
    it(`mark findings ${what}`, () => {
      assert.deepEqual(status(lint(text, { suppress: [suppression] })), expected);
    });
  }

  for (const [what, value] of [
    ['no list', {}],
    ['no object', ['ptrace-open']],
    ['no reason', [{ code: 'ptrace-open' }]],
    ['an empty reason', [{ code: 'ptrace-open', reason: '' }]],
    ['no such rule', [{ code: 'ptrace', reason }]],
    ['a key too many', [{ code: 'ptrace-open', reason, line: '3' }]],
  ] as const) {
    it(`are refused if there is ${what}`, () => {
      assert.throws(
        () => lint(text, { suppress: value as unknown as readonly Suppression[] }),
        (error: unknown) => error instanceof UsageError && error.code === 'bad-suppression',
      );
    });
  }
});

describe('baselines', () => {
  const baseline = makeBaseline(lint(text));

  it('recognise known findings on other lines', () => {
    const moved = lint(profile([socket, trace], '\n\n\n'));
    assert.deepEqual(status(applyBaseline(moved, baseline)).toSorted(), [
      'ptrace-open known',
      'wide-comparison known',
    ]);
  });

  it('count findings: one more of the same is new', () => {
    const twice = lint(profile([trace, socket, socket.replace('40', '41')]));
    const known = applyBaseline(twice, baseline).filter(({ code }) => code === 'wide-comparison');
    assert.deepEqual(status(known), ['wide-comparison known', 'wide-comparison']);
  });

  it('omit suppressed findings', () => {
    const suppressed = lint(text, { suppress: [{ code: 'ptrace-open', reason: 'because' }] });
    assert.equal(Object.keys(makeBaseline(suppressed).findings).length, 1);
    assert.deepEqual(status(applyBaseline(suppressed, baseline)), [
      'ptrace-open because',
      'wide-comparison known',
    ]);
  });

  for (const value of [null, [], {}, { version: 2, findings: {} }, { version: 1, findings: { a: 'b' } }]) {
    it(`must not be ${JSON.stringify(value)}`, () => {
      assert.throws(
        () => applyBaseline([], value),
        (error: unknown) => error instanceof UsageError && error.code === 'bad-baseline',
      );
    });
  }
});

describe('SARIF', () => {
  const schema = JSON.parse(
    readFileSync(
      createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'),
      'utf8',
    ),
  ) as object;
  const validate = new Ajv.default({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(
    schema,
  );

  interface Result {
    readonly ruleId: string;
    readonly ruleIndex: number;
    readonly level: string;
    readonly locations: readonly {
      readonly physicalLocation: { readonly artifactLocation: { uri: string } };
    }[];
    readonly suppressions?: unknown;
    readonly baselineState?: string;
  }
  interface Run {
    readonly results: readonly Result[];
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
  }

  /** The only run of a valid log. */
  function run(findings: readonly Finding[]): Run {
    const log = toSarif(findings, { version: '1.2.3', root: '/project' });
    assert.ok(validate(log), JSON.stringify(validate.errors?.slice(0, 3)));
    return (JSON.parse(JSON.stringify(log)) as { runs: [Run] }).runs[0];
  }

  it('is valid according to the OASIS schema, for many findings and for none', () => {
    run([]);
    run(lint('docker-default'));
    run(
      applyBaseline(
        lint(text, { suppress: [{ code: 'ptrace-open', reason: 'because' }] }),
        makeBaseline(lint(text)),
      ),
    );
  });

  it('is invalid with a wrong version', () => {
    assert.equal(validate({ ...toSarif([]), version: '2.0' }), false);
  });

  it('has the rule, the level and the place', () => {
    const { results, tool } = run(lint(text));
    const result = results.find(({ ruleId }) => ruleId === 'wide-comparison');
    assert.equal(result?.level, 'warning');
    assert.equal(tool.driver.rules[result?.ruleIndex ?? -1]?.id, 'wide-comparison');
    assert.deepEqual(result?.locations, [
      {
        physicalLocation: {
          artifactLocation: { uri: '%3Cstring%3E' },
          region: { startLine: 6, startColumn: 5 + socket.indexOf('{ "index"') },
        },
        logicalLocations: [{ fullyQualifiedName: '/syscalls/1/args/0' }],
      },
    ]);
  });

  it('names files below the root by relative references, others by URL', () => {
    const uri = (file: string): string | undefined => {
      const placed = lint(text).map(found => ({ ...found, at: { file, line: 1, column: 1, pointer: '' } }));
      return run(placed).results[0]?.locations[0]?.physicalLocation.artifactLocation.uri;
    };
    assert.equal(uri('/project/profiles/my profile.json'), 'profiles/my%20profile.json');
    assert.equal(uri('/elsewhere/a.json'), 'file:///elsewhere/a.json');
    assert.equal(uri('a.json'), 'a.json');
  });

  it('marks suppressed findings, with the reason, and known ones', () => {
    const findings = lint(text, { suppress: [{ code: 'ptrace-open', reason: 'because' }] });
    const { results } = run(applyBaseline(findings, makeBaseline(lint(text))));
    assert.deepEqual(results[0]?.suppressions, [{ kind: 'external', justification: 'because' }]);
    assert.equal(results[1]?.baselineState, 'unchanged');
  });
});
