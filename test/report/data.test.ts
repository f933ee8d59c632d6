// The data of a report about a profile or a program, before it becomes a page.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { UsageError } from '#lib/util/errors.js';
import { parseProfile } from '#lib/profile/parse.js';
import { collect, type ReportOptions } from '#lib/report/report.js';
import type { CallData } from '#lib/report/calls.js';
import type { ReportData } from '#lib/report/data.js';
import { written } from '../support/written.js';

const PROFILE = `{
  "defaultAction": "SCMP_ACT_ERRNO",
  "archMap": [{ "architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"] }],
  "syscalls": [
    { "names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "comment": "streams" },
    { "names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 1, "op": "SCMP_CMP_EQ" }] },
    { "names": ["mount", "write"], "action": "SCMP_ACT_LOG", "includes": { "caps": ["CAP_SYS_ADMIN"] } },
    { "names": ["reboot"], "action": "SCMP_ACT_KILL_PROCESS" }
  ]
}`;

const report = (options: ReportOptions = {}): ReportData => collect(PROFILE, { arch: 'x86_64', ...options });

function call(data: ReportData, name: string, abi = 'x86_64'): CallData {
  const found = data.abis.find(one => one.abi === abi)?.calls.find(one => one.name === name);
  assert.ok(found, `${name} is not on ${abi}`);
  return found;
}

describe('the data of a report', () => {
  it('has the ABIs that the profile covers, the native one first', () => {
    assert.deepEqual(
      report().abis.map(({ abi }) => abi),
      ['x86_64', 'x86'],
    );
  });

  it('lists ABIs with one action separately', () => {
    const places = new Map(report().elsewhere.map(({ place, words }) => [place, words]));
    assert.equal(places.get('aarch64'), 'KILL_THREAD');
    assert.equal(places.get('all other architectures'), 'KILL_THREAD');
  });

  it('has the kind of action of each call', () => {
    const data = report();
    const tones = ['read', 'socket', 'mount', 'reboot'].map(name => call(data, name).tone);
    assert.deepEqual(tones, ['allow', 'conditional', 'errno', 'kill']);
  });

  it('formats conditions with the names of arguments and values', () => {
    const { cases, otherwise, action } = call(report(), 'socket');
    assert.deepEqual(cases, [{ condition: 'domain is AF_UNIX', action: 'ALLOW' }]);
    assert.equal(otherwise, 'ERRNO(EPERM)');
    assert.equal(action, undefined);
  });

  it('has the parameters of a call', () => {
    assert.deepEqual(call(report(), 'socket').parameters, [
      'int domain, 32 bits',
      'int type, 32 bits',
      'int protocol, 32 bits',
    ]);
  });

  it('has the place of every rule that names a call, even of those that are not in force', () => {
    const data = report();
    assert.deepEqual(call(data, 'write').rules, [
      { rule: 0, at: { line: 5, column: 25 } },
      { rule: 2, at: { line: 7, column: 26 } },
    ]);
    assert.deepEqual(
      data.rules.map(({ action, inForce, restriction }) => [action, inForce, restriction]),
      [
        ['ALLOW', true, undefined],
        ['ALLOW', true, undefined],
        ['LOG', false, 'only with CAP_SYS_ADMIN'],
        ['KILL_PROCESS', true, undefined],
      ],
    );
    assert.equal(data.rules[1]?.conditions, 'domain is AF_UNIX');
  });

  it('reports why a call that no rule names is refused', () => {
    const data = report();
    assert.match(call(data, 'close').why ?? '', /default action/);
    assert.match(call(data, 'openat2').why ?? '', /newer than the profile/);
    assert.equal(call(data, 'read').why, undefined);
  });

  it('formats every operator with its meaning in the profile', () => {
    const words = [
      ['SCMP_CMP_EQ', 'arg1 is 7'],
      ['SCMP_CMP_NE', 'arg1 is not 7'],
      ['SCMP_CMP_LT', 'arg1 < 7'],
      ['SCMP_CMP_LE', 'arg1 <= 7'],
      ['SCMP_CMP_GE', 'arg1 >= 7'],
      ['SCMP_CMP_GT', 'arg1 > 7'],
      ['SCMP_CMP_MASKED_EQ', '(arg1 & 7) == 1'],
    ].map(([op = '', expected]) => {
      const rule = {
        names: ['dup2', 'dup3'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 1, value: 7, op, ...(op === 'SCMP_CMP_MASKED_EQ' && { valueTwo: 9 }) }],
      };
      const { rules } = collect(written({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [rule] }), {
        arch: 'x86_64',
      });
      return [rules[0]?.conditions, expected];
    });
    for (const [said, expected] of words) assert.equal(said, expected);
  });

  it('has the findings of lint at their places', () => {
    const text = PROFILE.replace('"reboot"', '"reboot", "read"').replace('"mount"', '"moutn"');
    const { findings, source } = collect(text, { arch: 'x86_64' });
    const typo = findings.find(({ code }) => code === 'unknown-syscall');
    assert.deepEqual(typo?.at, { line: 7, column: 17 });
    assert.ok(source[6]?.slice(16).startsWith('"moutn"'));
  });

  it('has the findings for the target', () => {
    const text = PROFILE.replace('"reboot"', '"reboot", "vm86"');
    const codes = (capabilities: readonly string[]): readonly string[] =>
      collect(text, { arch: 'x86_64', capabilities }).findings.map(({ code }) => code);
    assert.ok(!codes([]).includes('duplicate-rule'));
    assert.ok(codes(['CAP_SYS_ADMIN']).includes('duplicate-rule'));
  });

  it('accepts a parsed profile, without its text', () => {
    const data = collect(parseProfile(PROFILE), { arch: 'x86_64' });
    assert.deepEqual(data.source, []);
    assert.equal(call(data, 'read').rules.length, 1);
  });

  it('accepts filters and programs of any origin', () => {
    const filter = compile(PROFILE, { arch: 'x86_64' });
    const [compiled, raw] = [collect(filter, {}), collect(filter.program, { name: 'found.bpf' })];
    assert.equal(compiled.summary.policy?.defaultAction, 'ERRNO(EPERM)');
    assert.equal(raw.summary.policy, undefined);
    assert.equal(raw.name, 'found.bpf');
    for (const data of [compiled, raw]) {
      assert.equal(call(data, 'socket').words, 'allowed if domain is AF_UNIX; otherwise ERRNO(EPERM)');
      assert.deepEqual(data.rules, []);
    }
  });

  it('supports a program with one action for every call', () => {
    const data = collect([{ code: 6, jt: 0, jf: 0, k: 0x7fff0000 }], {});
    assert.deepEqual(data.abis, []);
    assert.ok(data.elsewhere.every(({ words }) => words === 'ALLOW'));
    assert.equal(data.flow.nodes.length, 1);
  });

  describe('compared with another one', () => {
    const differences = (against: NonNullable<ReportOptions['against']>): unknown =>
      report({ against, againstName: 'other' }).comparison?.differences.map(
        ({ calls, from, to, when, witness }) => [calls, from.action, to.action, when, witness],
      );
    const other = (from: string, to: string): string => PROFILE.replace(from, to);

    it('has no differences from itself', () => {
      assert.deepEqual(differences(PROFILE), []);
    });

    it('reports what changes, for which arguments, with a call that shows it', () => {
      assert.deepEqual(differences(other('"value": 1', '"value": 2')), [
        [['socket'], 'ALLOW', 'ERRNO(EPERM)', 'domain is AF_UNIX', 'socket(1)'],
        [['socket'], 'ERRNO(EPERM)', 'ALLOW', 'domain is AF_INET', 'socket(2)'],
      ]);
    });

    it('has one row for calls that change in the same way', () => {
      assert.deepEqual(differences(other('"read", "write"', '"close", "fsync"')), [
        [['read', 'write'], 'ALLOW', 'ERRNO(EPERM)', undefined, 'read()'],
        [['close', 'fsync'], 'ERRNO(EPERM)', 'ALLOW', undefined, 'close()'],
      ]);
    });

    it('accepts layers', () => {
      const [first, second] = ['"read", ', '"write"'].map(
        name => compile(other(name, name === '"write"' ? '"read"' : ''), { arch: 'x86_64' }).program,
      );
      assert.ok(first && second);
      assert.deepEqual(differences([first, second]), [
        [['read', 'write'], 'ALLOW', 'ERRNO(EPERM)', undefined, 'read()'],
      ]);
    });
  });

  for (const [name, options] of Object.entries({
    'a name that is not a text': { name: 7 },
    'an unknown option': { agianst: 'docker-default' },
  })) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => collect(PROFILE, options as ReportOptions),
        (error: unknown) => error instanceof UsageError && error.code === 'bad-option',
      );
    });
  }
});
