// Lint rules about arguments and conditions.
import assert from 'node:assert/strict';
import { lint } from '#lib/lint/lint.js';
import { rule, when } from '../../profile/helpers.js';
import { type Case, type Source, allow, allows, codesOf, deny, describeRules } from '../helpers.js';

const CASES: readonly Case[] = [
  ...(['NE', 'GT', 'GE'] as const).map(op => ({
    what: `an int is allowed by ${op} on the whole register`,
    code: 'wide-comparison' as const,
    has: deny(rule('socket', 'ALLOW', when(0, op, 40))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'EQ', 40))),
  })),
  {
    what: 'an int is denied by EQ on the whole register',
    code: 'wide-comparison',
    has: allow(rule('personality', 'ERRNO', when(0, 'EQ', 4))),
    lacks: allow(rule('personality', 'ERRNO', when(0, 'MASKED_EQ', 0xffffffff, 4))),
  },
  {
    what: 'a long is compared as one',
    code: 'wide-comparison',
    has: deny(rule('prctl', 'ALLOW', when(0, 'NE', 4))),
    lacks: deny(rule('prctl', 'ALLOW', when(1, 'NE', 4))),
  },
  {
    what: 'conditions compare declared widths',
    code: 'wide-comparison',
    has: deny(rule('fcntl', 'ALLOW', when(1, 'GT', 4))),
    lacks: deny(rule('read', 'ALLOW', when(2, 'GT', 4))),
  },
  {
    what: 'a path is compared',
    code: 'pointer-compared',
    has: deny(rule('openat', 'ALLOW', when(1, 'EQ', 4096))),
    lacks: deny(rule('openat', 'ALLOW', when(2, 'EQ', 4096))),
  },
  {
    what: 'a pointer is compared with NULL',
    code: 'pointer-compared',
    has: deny(rule('mq_open', 'ALLOW', when(3, 'LT', 5))),
    lacks: deny(rule('mq_open', 'ALLOW', when(3, 'EQ', 0))),
  },
  {
    what: 'an argument too many is compared',
    code: 'no-such-argument',
    has: deny(rule('socket', 'ALLOW', when(3, 'EQ', 0))),
    lacks: deny(rule('socket', 'ALLOW', when(2, 'EQ', 0))),
  },
  {
    what: 'no value is below 0',
    code: 'impossible-condition',
    has: deny(rule('socket', 'ALLOW', when(0, 'LT', 0))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'LT', 1))),
  },
  {
    what: 'every value is at least 0',
    code: 'condition-always-true',
    has: deny(rule('socket', 'ALLOW', when(0, 'GE', 0))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'LE', 1))),
  },
  {
    what: 'a mask of 0 tests nothing',
    code: 'condition-always-true',
    has: deny(rule('clone', 'ALLOW', when(0, 'MASKED_EQ', 0, 0))),
    lacks: deny(rule('clone', 'ALLOW', when(0, 'MASKED_EQ', 1, 0))),
  },
  {
    what: 'an index is repeated',
    code: 'repeated-argument',
    has: deny(rule('socket', 'ALLOW', when(0, 'LT', 38), when(0, 'EQ', 39))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'LT', 38), when(1, 'EQ', 39))),
  },
];

describe('lint rules of arguments and conditions', () => {
  describeRules(CASES);

  it('does not report wide comparisons if declared widths are compared', () => {
    const profile = deny(rule('socket', 'ALLOW', when(0, 'GT', 40))) as Source;
    assert.ok(!codesOf(lint(profile, { argWidth: 'declared' })).includes('wide-comparison'));
  });

  it('stops checking conditions of a hostile profile, and reports that', () => {
    const names = Array.from({ length: 1000 }, () => 'read');
    const args = Array.from({ length: 240 }, () => when(2, 'EQ', 1));
    assert.ok(codesOf(lint(deny({ ...allows(...names), args }))).includes('conditions-unchecked'));
  });
});
