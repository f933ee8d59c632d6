// Any input as a profile results in a policy, or an error that shows the place in the text.
import assert from 'node:assert/strict';
import fc, { type Arbitrary } from 'fast-check';
import { AssemblyError, ProfileError, SeccompError, UsageError } from '#lib/util/errors.js';
import { assemble } from '#lib/bpf/assemble/assemble.js';
import { parseEvent } from '#lib/policy/parse-event.js';
import { parseValue } from '#lib/kernel/arguments/named-values.js';
import { parseFirecracker } from '#lib/profile/formats/firecracker/parse.js';
import { resolveFirecracker } from '#lib/profile/formats/firecracker/resolve.js';
import { lint } from '#lib/lint/lint.js';
import { parseProfile } from '#lib/profile/parse.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { profile } from '../support/arbitrary.js';
import { property } from '../support/property.js';
import { written } from '../support/written.js';

/** Parses and resolves. Anything but a policy or a ProfileError that shows a place in the text fails. */
function resolvesOrSaysWhere(text: string): void {
  const bytes = Buffer.from(text);
  try {
    resolveProfile(bytes, { arch: 'x86_64' });
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    const lines = bytes
      .toString()
      .replace(/^\uFEFF/, '')
      .split(/\r\n|\r|\n/);
    for (const { at, message } of error.problems) {
      assert.ok(at !== undefined, message);
      assert.ok(at.line >= 1 && at.line <= lines.length, `line ${at.line} of ${lines.length}: ${message}`);
      const length = lines[at.line - 1]?.length ?? 0;
      assert.ok(at.column >= 1 && at.column <= length + 1, `column ${at.column} of ${length}: ${message}`);
    }
  }
}

const KEYS = [
  ...['defaultAction', 'defaultErrnoRet', 'architectures', 'archMap', 'syscalls', 'flags', 'listenerPath'],
  ...['name', 'names', 'action', 'errnoRet', 'errno', 'args', 'comment', 'includes', 'excludes', 'caps'],
  ...['arches', 'minKernel', 'index', 'value', 'valueTwo', 'op', 'architecture', 'subArchitectures', 'linux'],
  ...['seccomp', 'NAMES', '__proto__', 'constructor', 'toString', '', '\u0000', '\ud800'],
];
const WORDS = [
  ...[
    'SCMP_ACT_ALLOW',
    'SCMP_ACT_ERRNO',
    'SCMP_ACT_TRACE',
    'SCMP_ARCH_X86_64',
    'SCMP_ARCH_X86',
    'SCMP_CMP_EQ',
  ],
  ...[
    'SCMP_CMP_MASKED_EQ',
    'read',
    'socket',
    'CAP_SYS_ADMIN',
    'amd64',
    '4.8',
    '4.8.1',
    'EPERM',
    '1',
    ...KEYS,
  ],
];
const NUMBERS = [0, -0, -1, 1, 1.5, 5, 6, 4095, 4096, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, 5e-324];

/** JSON that is nearly a profile: keys and values of profiles, in any place. */
const nearly: Arbitrary<unknown> = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false),
    fc.constantFrom(...NUMBERS),
    fc.constantFrom(...WORDS),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 6 }),
  ),
})).value;

const nearlyProfile = fc.tuple(profile, nearly, fc.constantFrom(...KEYS)).map(([base, value, key]) => ({
  ...base,
  // Sets the key like JSON.parse, even __proto__.
  ...Object.fromEntries([[key, value]]),
}));

const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `#${each}#` : each)).replace(
    /"#(\d+)#"/g,
    '$1',
  );

describe('properties of reading', () => {
  property('any text is a policy or an error with a place', fc.string({ unit: 'binary' }), 500, text => {
    resolvesOrSaysWhere(`{${text}`);
    resolvesOrSaysWhere(text);
  });

  property('any JSON is', fc.json(), 500, resolvesOrSaysWhere);

  property('what is nearly a profile is', fc.oneof(nearly, nearlyProfile), 1500, value => {
    resolvesOrSaysWhere(jsonOf(value));
  });

  property(
    'a profile with a part of its text replaced is',
    fc.tuple(
      profile.map(jsonOf),
      fc.nat(),
      fc.nat(4),
      fc.oneof(fc.constantFrom(...'{ } [ ] " , : \\ \n \r \t \0 é'.split(' ')), fc.string()),
    ),
    1500,
    ([text, place, length, replacement]) => {
      const at = place % text.length;
      resolvesOrSaysWhere(text.slice(0, at) + replacement + text.slice(at + length));
    },
  );

  property('an object says what its text says', fc.oneof(nearlyProfile, profile), 500, value => {
    const outcome = (source: string | object): unknown => {
      try {
        return resolveProfile(written(source), { arch: 'x86_64' }).abis;
      } catch (error) {
        if (!(error instanceof ProfileError)) throw error;
        return error.code;
      }
    };
    const ofObject = outcome(value);
    // Numbers that an object cannot represent exactly are refused only in objects.
    if (ofObject === 'unsafe-number' || ofObject === 'not-json') return;
    const places = (what: unknown): unknown =>
      JSON.parse(jsonOf(what), (key, each: unknown) => (key === 'at' ? 0 : each));
    const plain = (what: unknown): unknown =>
      Array.isArray(what)
        ? what.map((part: { syscalls: ReadonlyMap<number, unknown> }) => places([...part.syscalls]))
        : what;
    assert.deepEqual(plain(outcome(Buffer.from(jsonOf(value)))), plain(ofObject));
  });

  property(
    'any value is an error or a profile',
    fc.anything({
      withBigInt: true,
      withNullPrototype: true,
      withMap: true,
      withDate: true,
      withTypedArray: true,
      withSparseArray: true,
    }),
    500,
    value => {
      try {
        parseProfile(value);
      } catch (error) {
        assert.ok(error instanceof SeccompError, String(error));
      }
    },
  );

  property('what resolves can be linted', profile, 150, value => {
    try {
      lint(written(value), { arch: 'x86_64' });
    } catch (error) {
      assert.ok(error instanceof ProfileError, String(error));
    }
  });

  const filters = fc.dictionary(
    fc.string(),
    fc.record(
      {
        default_action: fc.oneof(fc.constantFrom('allow', 'trap', 'log', 'kill_thread'), nearly),
        filter_action: fc.oneof(fc.constantFrom('allow', 'trap'), fc.constant({ errno: 1 }), nearly),
        filter: fc.oneof(
          fc.array(
            fc.record({ syscall: fc.constantFrom('read', 'socket', ''), args: nearly }, { requiredKeys: [] }),
          ),
          nearly,
        ),
      },
      { requiredKeys: [] },
    ),
  );
  property('Firecracker filters are read or refused', fc.oneof(filters, nearly), 500, value => {
    try {
      const file = parseFirecracker(Buffer.from(jsonOf(value)));
      for (const category of file.filters.keys()) resolveFirecracker(file, { category, arch: 'x86_64' });
    } catch (error) {
      assert.ok(error instanceof SeccompError, String(error));
    }
  });

  const statement = fc.oneof(
    fc.constantFrom(
      'A = sys_number',
      'A = arch',
      'return ALLOW',
      'if (A == read) goto 1',
      'l:',
      'A += X',
      '0x06 0x00',
    ),
    fc.string({ unit: fc.nat(94).map(code => (code === 94 ? '\n' : String.fromCharCode(0x20 + code))) }),
  );
  property(
    'any listing is assembled or refused at a place',
    fc.array(statement).map(lines => lines.join('\n')),
    1000,
    text => {
      try {
        assemble(text);
      } catch (error) {
        assert.ok(error instanceof AssemblyError, String(error));
        assert.ok(error.at.line >= 1 && error.at.line <= text.split(/\r\n|\r|\n/).length);
      }
    },
  );

  property(
    'a call or a value in words is read or refused',
    fc.oneof(fc.string(), fc.constantFrom('__proto__', 'read __proto__', 'x86:read -0', 'constructor:x')),
    500,
    text => {
      for (const read of [
        () => parseEvent(text, 'x86_64'),
        () => parseEvent(`read ${text}`, 'x86'),
        () => parseValue(text, undefined, 'x86_64'),
      ]) {
        try {
          read();
        } catch (error) {
          assert.ok(error instanceof UsageError, String(error));
        }
      }
    },
  );
});
