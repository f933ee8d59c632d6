// Recordings as values: merging, their text, and invalid texts.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  formatRecording,
  generateProfile,
  mergeRecordings,
  parseRecording,
  readLog,
  RecordingError,
  type Recording,
} from 'seccomp';
import { property } from '../support/property.js';
import { copied, run } from './arbitrary-recording.js';

const strace = (...lines: string[]): Recording => readLog(lines, { arch: 'x86_64' }).recording;

const runs = fc.array(run, { maxLength: 5 });

describe('The text of a hostile recording', () => {
  const text = (call: string, rest = ''): string =>
    `{"kind":"seccomp recording","version":1,"runs":1,"sources":[],"calls":[{"abi":"x86_64",${call},"count":1,"runs":1}]${rest}}`;
  for (const [what, hostile] of [
    ['a key that is there twice', text('"call":"read"', ',"runs":2')],
    ['__proto__', text('"call":"read"', ',"__proto__":{"runs":2}')],
    ['a call of the name of a prototype', text('"call":"constructor"')],
    ['values with bits that the argument does not have', text('"call":"socket","args":{"0":[4294967298]}')],
    ['bits that the argument does not have', text('"call":"socket","args":{"0":{"bits":4294967298}}')],
    ['values beyond 64 bits', text('"call":"ioctl","args":{"1":[18446744073709551616]}')],
    ['lists in lists', `${'['.repeat(100_000)}`],
    ['objects in objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['a number with an exponent', text('"call":"read"').replace('"count":1', '"count":1e3')],
    ['a count beyond 2^53', text('"call":"read"').replace('"count":1', '"count":9007199254740993')],
    ['UTF-16', Buffer.from(text('"call":"read"'), 'utf16le').toString('latin1')],
  ] as const)
    it(`is an error with ${what}`, () => {
      assert.throws(() => parseRecording(hostile), { code: 'bad-recording' });
    });

  it('may begin with a byte order mark, and hold any program', () => {
    const program = '\\ud800\\u0000\\u001b[2J';
    const recording = parseRecording(`\ufeff${text(`"call":"read","programs":["${program}"]`)}`);
    assert.deepEqual(parseRecording(formatRecording(recording)), recording);
    assert.ok(JSON.stringify(generateProfile([recording]).profile).length > 0);
  });
});

describe('A recording', () => {
  property('means the same however runs are grouped', fc.tuple(runs, runs, runs), 100, ([a, b, c]) => {
    const [x, y, z] = [a, b, c].map(part => mergeRecordings(...part)) as [Recording, Recording, Recording];
    const all = mergeRecordings(...a, ...b, ...c);
    assert.deepEqual(mergeRecordings(mergeRecordings(x, y), z), all);
    assert.deepEqual(mergeRecordings(x, mergeRecordings(y, z)), all);
  });

  property('means the same in whatever order runs are merged', fc.tuple(run, run, run), 100, ([a, b, c]) => {
    const text = formatRecording(mergeRecordings(a, b, c));
    for (const order of [
      [c, b, a],
      [b, a, c],
    ])
      assert.equal(formatRecording(mergeRecordings(...order)), text);
  });

  property('is the same after it was written and read', fc.array(run), 100, parts => {
    const recording = mergeRecordings(...parts);
    assert.deepEqual(copied(recording), recording);
  });

  it('is neutral without runs', () => {
    const one = strace('read(3, "", 1) = 0');
    assert.deepEqual(mergeRecordings(one, mergeRecordings()), one);
  });

  it('has the number of runs in which a call was seen', () => {
    const both = mergeRecordings(strace('read(3, "", 1) = 0'), strace('read(3, "", 1) = 0', 'getpid() = 1'));
    assert.equal(both.runs, 2);
    assert.deepEqual(
      both.calls.map(({ syscall, count, runs: seen }) => [syscall, count, seen]),
      [
        ['getpid', 1, 1],
        ['read', 2, 2],
      ],
    );
  });

  it('remembers that not all values of an argument are known', () => {
    const known = strace('socket(AF_UNIX, SOCK_STREAM, 0) = 3');
    const unknown = strace(' 50.00    0.000030          30         1           socket');
    const [socket] = mergeRecordings(known, unknown).calls;
    assert.deepEqual(
      socket?.args.map(({ values, unknown: open }) => [values, open]),
      [
        [[1n], true],
        [[1n], true],
        [[0n], true],
      ],
    );
  });

  it('keeps at most 64 values of an argument, and beyond that their bits', () => {
    const lines = Array.from(
      { length: 65 },
      (_, index) => `ioctl(1, 0x${(index * 3).toString(16)}, 0x1) = 0`,
    );
    const [ioctl] = strace(...lines).calls;
    assert.deepEqual(ioctl?.args[0]?.values, []);
    assert.equal(ioctl.args[0].more, true);
    assert.equal(ioctl.args[0].bits, 255n);
  });

  it('keeps the same subset of many programs in any order', () => {
    const names = Array.from({ length: 40 }, (_, index) => `/bin/p${index}`);
    const made = names.map(name => strace(`1 execve("${name}", [], 0x1) = 0`, '1 getpid() = 1'));
    const forth = mergeRecordings(...made);
    assert.equal(formatRecording(mergeRecordings(...made.toReversed())), formatRecording(forth));
    const getpid = forth.calls.find(({ syscall }) => syscall === 'getpid');
    assert.equal(getpid?.programs.length, 16);
    assert.equal(getpid.morePrograms, true);
  });

  it('cannot be changed, and no other value is accepted as one', () => {
    const one = strace('read(3, "", 1) = 0');
    assert.ok(Object.isFrozen(one) && Object.isFrozen(one.calls[0]) && Object.isFrozen(one.calls[0]?.args));
    assert.throws(() => mergeRecordings({ ...one }), { code: 'not-a-recording' });
    assert.throws(() => formatRecording(Object.create(one) as Recording), { code: 'not-a-recording' });
  });
});

describe('The text of a recording', () => {
  const good = `{
  "kind": "seccomp recording",
  "version": 1,
  "runs": 2,
  "sources": [],
  "calls": [
    {"abi":"x86_64","call":"socket","count":3,"runs":2,"programs":["/bin/a"],"args":{"0":[1,2]}}
  ]
}
`;
  it('is one line for each call, and small', () => {
    assert.equal(formatRecording(parseRecording(good)), good);
  });

  for (const [what, text, message] of [
    ['no JSON', '{', /<recording>:1:2: expected/],
    ['something else', '{}', /<recording>:1:1: .*"kind"/],
    ['another version', good.replace('"version": 1', '"version": 2'), /version 2/],
    ['an unknown key', good.replace('"runs": 2', '"runs": 2, "x": 1'), /:4:.*no key "x"/],
    ['a key twice', good.replace('"runs": 2', '"runs": 2, "runs": 3'), /"runs"/],
    ['__proto__ as a key', good.replace('"count":3', '"count":3,"__proto__":{}'), /no key "__proto__"/],
    ['an unknown ABI', good.replace('x86_64', 'vax'), /:7:5: "vax" is not an ABI/],
    ['a name of Object.prototype as ABI', good.replace('x86_64', 'constructor'), /not an ABI/],
    ['an unknown call', good.replace('"socket"', '"toString"'), /no system call "toString"/],
    [
      'a call twice',
      good.replace('    {', '    {"abi":"x86_64","call":"socket","count":1,"runs":1},\n    {'),
      /twice/,
    ],
    ['more runs than there are', good.replace('"runs":2', '"runs":3'), /3 runs of 2/],
    ['a negative count', good.replace('"count":3', '"count":-3'), /"count"/],
    ['a count beyond the safe integers', good.replace('"count":3', '"count":9007199254740993'), /"count"/],
    ['a value of 65 bits', good.replace('[1,2]', '[18446744073709551616]'), /64 bits/],
    ['no values', good.replace('[1,2]', '[]'), /1 to 64 values/],
    [
      'too many values',
      good.replace(
        '[1,2]',
        `[${Array.from({ length: 65 })
          .map((_, index) => index)
          .join(',')}]`,
      ),
      /1 to 64/,
    ],
    ['an argument that no call has', good.replace('"0":', '"6":'), /no key "6"/],
    ['a long text', good.replace('/bin/a', 'a'.repeat(513)), /longer than 512/],
  ] as const) {
    it(`is an error with its place for ${what}`, () => {
      assert.throws(
        () => parseRecording(text),
        error =>
          error instanceof RecordingError && error.code === 'bad-recording' && message.test(error.message),
      );
    });
  }

  it('is an error for too many calls', () => {
    const calls = Array.from(
      { length: 16_385 },
      (_, index) => `{"abi":"x86_64","call":"${index}","count":1,"runs":1}`,
    );
    assert.throws(() => parseRecording(good.replace(/"calls": \[[^]*\]/, `"calls": [${calls.join(',')}]`)), {
      code: 'recording-too-large',
    });
  });

  it('is never written with more values than are accepted', function () {
    this.timeout(60_000);
    const numbers = (from: number): readonly number[] =>
      Array.from({ length: 30 }, (_, index) => from + index);
    const [a, b] = [0, 100].map(from =>
      parseRecording(
        JSON.stringify({
          ...(JSON.parse(good) as object),
          calls: Array.from({ length: 8000 }, (_, phase) => ({
            abi: 'x86_64',
            call: 'socket',
            phase: `${phase}`,
            count: 1,
            runs: 1,
            args: { 0: numbers(from) },
          })),
        }),
      ),
    ) as [Recording, Recording];
    const merged = mergeRecordings(a, b);
    assert.throws(() => formatRecording(merged), { name: 'RecordingError', code: 'recording-too-large' });
  });

  it('is an error for values that are not strings', () => {
    assert.throws(() => parseRecording(undefined as unknown as string), { code: 'bad-argument' });
  });

  property(
    'ends in a recording or an error whatever is changed in it',
    fc.record({ at: fc.nat(good.length), cut: fc.nat(20), text: fc.string({ maxLength: 8 }) }),
    300,
    ({ at, cut, text }) => {
      const changed = good.slice(0, at) + text + good.slice(at + cut);
      try {
        formatRecording(parseRecording(changed));
      } catch (error) {
        assert.ok(error instanceof RecordingError, String(error));
      }
    },
  );
});
