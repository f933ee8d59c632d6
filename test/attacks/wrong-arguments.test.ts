// Functions for policies, filters, programs, recordings and calls with wrong arguments: they throw an error with a remedy, not
// an internal TypeError.
import assert from 'node:assert/strict';
import * as inspect from 'seccomp/inspect';
import * as seccomp from 'seccomp';

const profile = seccomp.parseProfile('docker-default');
const filter = seccomp.compile(profile);
const { policy, program } = filter;
const call = { arch: 0xc000003e, syscall: 0, args: [0n] };
const { recording } = seccomp.readLog('openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3\n');
const findings = seccomp.lint(profile);
const record =
  'type=SECCOMP msg=audit(1.1:1): pid=1 comm="x" sig=0 arch=c000003e syscall=0 compat=0 ip=0x0 code=0x7ffc0000';

/** Wrong values, created anew for each function, because some functions write to their arguments. */
const wrong = (): Readonly<Record<string, unknown>> => ({
  null: null,
  undefined: undefined,
  'a number': 7,
  'a string': 'x y',
  'a bigint': 7n,
  'a symbol': Symbol('x'),
  'an empty list': [],
  'a list of null': [null],
  'a list of objects': [{}],
  'an object': {},
  'a function': () => undefined,
  'a Map': new Map(),
  bytes: Buffer.alloc(8, 0xff),
  'a promise': Promise.resolve(policy),
  'a profile': profile,
  'a policy': policy,
  'a filter': filter,
  'a program': program,
  'a recording': recording,
  'a call': call,
});

type Any = (...args: readonly unknown[]) => unknown;

/** Functions with valid arguments, each of which is replaced in turn. */
const uses: Readonly<Record<string, readonly unknown[]>> = {
  annotate: [filter],
  applyBaseline: [findings, inspect.makeBaseline(findings)],
  applyProfile: [profile],
  assemble: ['return ALLOW'],
  checkProfile: [profile, [recording]],
  compile: [profile],
  composeLayers: [[seccomp.SCMP_ACT_ALLOW]],
  convert: [policy, 'docker'],
  decode: [filter.bpf],
  decompile: [filter],
  derive: [profile, {}],
  describeRemedy: [inspect.remedyFor({ ...call, syscall: 135 }, policy)],
  diff: [filter, filter],
  difference: [policy, policy],
  disassemble: [filter],
  encode: [program],
  evaluate: [policy, call],
  exec: [filter, '/nowhere', []],
  explain: [filter],
  explainAuditLine: [record, profile],
  findDifference: [program, policy],
  findDisagreement: [filter, filter],
  findExcess: [filter, filter],
  formatAudit: [seccomp.explainAuditLine(record)],
  formatDiff: [seccomp.diff(filter, filter)],
  formatExplanation: [seccomp.explain(filter)],
  formatProfile: [profile],
  formatRecording: [recording],
  formatReport: [{ thread: {}, args: [] }],
  formatViolation: [{ thread: { name: '' }, args: [] }],
  generateProfile: [[recording]],
  htmlReport: [filter],
  interpret: [program, inspect.seccompData(call)],
  intersection: [policy, policy],
  isEquivalent: [filter, filter],
  isSubset: [filter, filter],
  lint: [profile],
  lintProgram: [filter.bpf],
  load: [filter],
  makeBaseline: [findings],
  mergeRecordings: [recording, recording],
  parametersOf: ['x86_64', 'read'],
  parseEvent: ['read', 'x86_64'],
  parseFirecracker: ['{}'],
  parseProfile: [profile],
  parseRecording: [seccomp.formatRecording(recording)],
  readLog: ['read(0, "", 0) = 0\n'],
  readProgramText: [''],
  reasonFor: [policy, call],
  remedyFor: [call, policy],
  resolveFirecracker: [{ filters: new Map() }],
  resolveProfile: [profile],
  seccompData: [call],
  simulate: [filter, call],
  simulator: [filter],
  superviseListener: [7, {}],
  syscallName: ['x86_64', 0],
  syscallNumber: ['x86_64', 'read'],
  tightenProfile: [JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW' }), [recording]],
  toC: [filter],
  toSarif: [findings],
  union: [policy, policy],
  validate: [program],
  verify: [program, policy],
  withNotifications: [policy],
  withTraps: [policy],
};

/** Options that keep functions from loading a filter. */
const DRY: Readonly<Record<string, readonly unknown[]>> = {
  applyProfile: [{ dryRun: true }],
  load: [{ dryRun: true }],
};

describe('wrong arguments', () => {
  const functions = { ...seccomp, ...inspect } as unknown as Record<string, Any>;
  for (const [name, right] of Object.entries(uses)) {
    it(name, () => {
      const use = functions[name];
      assert.ok(use !== undefined);
      right.forEach((_, index) => {
        for (const [what, value] of Object.entries(wrong())) {
          try {
            use(...right.with(index, value), ...(DRY[name] ?? []));
          } catch (error) {
            if (error instanceof seccomp.SeccompError) continue;
            throw new Error(`${name} with ${what} as argument ${index + 1}`, { cause: error });
          }
        }
      });
    });
  }

  const names = (use: () => unknown, code: string, message: RegExp): void => {
    assert.throws(use, { name: 'UsageError', code, message });
  };

  it('are reported with the given value and the expected one', () => {
    const any = functions as Record<'evaluate' | 'verify' | 'formatAudit' | 'syscallName' | 'interpret', Any>;
    names(
      () => any.evaluate(profile, call),
      'bad-policy',
      /^a policy cannot be \{.*Pass the result of resolveProfile/s,
    );
    names(
      () => any.evaluate(policy, {}),
      'bad-event',
      /arch must be an AUDIT_ARCH_\* number, not undefined\. Pass \{ arch/,
    );
    names(
      () => any.verify(filter, policy),
      'bad-filter',
      /^a list of instructions cannot be .*program of a/s,
    );
    names(
      () => any.verify([{}], policy),
      'bad-filter',
      /^instruction 0 cannot be \{ code: undefined.*Pass the program/,
    );
    names(
      () => any.formatAudit(undefined),
      'bad-argument',
      /^a record cannot be undefined\. Pass the result of/,
    );
    names(
      () => any.syscallName('sparc', 1),
      'bad-argument',
      /^an ABI cannot be "sparc"\. Choose one of: x86_64/,
    );
    names(() => any.interpret(program, []), 'bad-argument', /^the words of a call cannot be \[\]/);
    assert.throws(() => any.interpret([], new Uint32Array(16)), { code: 'bad-program' });
  });

  for (const [what, use, code, message] of [
    [
      'a name for the number of an errno',
      () => seccomp.SCMP_ACT_ERRNO(JSON.parse('"EPERM"') as number),
      'bad-argument',
      /^errno cannot be "EPERM"\. Pass its number/,
    ],
    [
      'a Filter for a profile',
      () => (seccomp.compile as Any)(filter),
      'not-json',
      /a Filter is already compiled, for load, explain/,
    ],
    [
      'a program for a profile',
      () => seccomp.compile(filter.bpf),
      'invalid-utf8',
      /^error: the buffer is a program, and not a profile .* Pass it to load/,
    ],
    [
      'a path from another directory',
      () => seccomp.compile('no/such.json'),
      'profile-not-found',
      /Correct the path, which starts at the working directory "\//,
    ],
    [
      'the file name of a profile that ships',
      () => seccomp.compile('no-exec.json'),
      'profile-not-found',
      /The profile that ships is "no-exec"/,
    ],
    [
      'a directory',
      () => seccomp.compile('./lib'),
      'not-a-file',
      /"\.\/lib" is a directory .* Name a file in it/,
    ],
    [
      'no changes',
      () => (seccomp.derive as Any)('no-exec'),
      'bad-argument',
      /^changes cannot be undefined\. Pass an object with allow, deny or only/,
    ],
    [
      'the bytes of a log',
      () => (seccomp.readLog as Any)(Buffer.from('getpid() = 1\n')),
      'bad-argument',
      /^a log cannot be Buffer.*Pass its text/,
    ],
    [
      'a number for a register that may have been rounded',
      () => functions['simulate']?.(filter, { ...call, args: [1, 2 ** 53] }),
      'bad-event',
      /args\[1\] must be a bigint or a safe integer, not 9007199254740992/,
    ],
    [
      'an option of the other generator',
      () => functions['compile']?.('docker-default', { optimize: 1 }),
      'bad-option',
      /^optimize has no effect without codegen 'libseccomp'.*Leave it out/,
    ],
    [
      'no options for a worker',
      (): unknown => Reflect.construct(seccomp.SandboxedWorker, ['./x.mjs']),
      'bad-option',
      /^the option profile is missing/,
    ],
  ] as const)
    it(`names the place and the remedy for ${what}`, () => {
      assert.throws(use, { code, message });
    });
});
