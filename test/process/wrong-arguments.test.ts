// The functions that start a child, called wrongly: each error names the argument or the option, and nothing starts. Node's
// function of the same name has an error for the same call, or accepts it because it needs no profile.
import assert from 'node:assert/strict';
import * as node from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as seccomp from 'seccomp';

type Start = (...args: readonly unknown[]) => unknown;
const STARTERS = ['spawn', 'spawnSync', 'execFile', 'execFileSync', 'fork'] as const;
type Starter = (typeof STARTERS)[number];

const profile = 'docker-default';
const options = { profile, stdio: 'pipe' };
const callback = (): void => undefined;

const MISSING = /^the option profile is missing\. Pass it in the options, after the arguments/;
const LIST = /^args cannot be .*\. Pass a list before the options/;
const OBJECT = /^options cannot be .*\. Pass an object with a profile/;
const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';

interface Mistake {
  readonly what: string;
  /** What follows the command. */
  readonly rest: readonly unknown[];
  readonly code: seccomp.Code;
  readonly message: RegExp;
  /** Node's code, by function; undefined for those that accept it. */
  readonly inNode?: Partial<Record<Starter, string>>;
  readonly starters?: readonly Starter[];
}

const everywhere = (code: string): Record<Starter, string> => ({
  spawn: code,
  spawnSync: code,
  execFile: code,
  execFileSync: code,
  fork: code,
});

const MISTAKES: readonly Mistake[] = [
  { what: 'no options', rest: [], code: 'bad-option', message: MISSING },
  { what: 'no options after a list', rest: [[]], code: 'bad-option', message: MISSING },
  { what: 'no profile', rest: [[], {}], code: 'bad-option', message: MISSING },
  { what: 'no profile and no list', rest: [{}], code: 'bad-option', message: MISSING },
  { what: 'an undefined profile', rest: [[], { profile: undefined }], code: 'bad-option', message: MISSING },
  {
    what: 'options that are null',
    rest: [[], null],
    code: 'bad-option',
    message: MISSING,
    inNode: { spawn: TYPE, spawnSync: TYPE },
  },
  {
    what: 'options that are a string',
    rest: [[], 'utf8'],
    code: 'bad-option',
    message: OBJECT,
    inNode: everywhere(TYPE),
  },
  {
    what: 'options that are a list',
    rest: [[], []],
    code: 'bad-option',
    message: OBJECT,
    inNode: everywhere(TYPE),
  },
  {
    what: 'arguments that are a string',
    rest: ['-u', options],
    code: 'bad-argument',
    message: LIST,
    inNode: everywhere(TYPE),
  },
  {
    what: 'arguments that are a number',
    rest: [5, options],
    code: 'bad-argument',
    message: LIST,
    inNode: everywhere(TYPE),
  },
  {
    what: 'arguments that are a Set',
    rest: [new Set(['-u']), options],
    code: 'bad-argument',
    message: LIST,
    inNode: { execFile: TYPE, execFileSync: TYPE },
  },
  {
    what: 'options before the list',
    rest: [options, ['-u']],
    code: 'bad-argument',
    message: LIST,
    inNode: { execFile: TYPE, execFileSync: TYPE },
  },
  {
    what: 'an argument with NUL',
    rest: [['a', 'b\0c'], options],
    code: 'bad-argument',
    message: /^argument 1 of the command cannot be "b\\u0000c"\. Pass a string without NUL$/,
    inNode: everywhere(VALUE),
  },
  {
    what: 'a callback in place of the options',
    rest: [[], callback, options],
    code: 'bad-option',
    message: /^options cannot be \[Function: callback\]\. Pass (the options before the callback|an object)/,
    inNode: { spawn: TYPE, spawnSync: TYPE, execFileSync: TYPE, fork: TYPE },
  },
  {
    what: 'a callback in place of the list',
    rest: [callback, options],
    code: 'bad-argument',
    message: LIST,
    inNode: { spawn: TYPE, spawnSync: TYPE, fork: TYPE },
  },
  {
    what: 'a callback alone',
    rest: [callback],
    code: 'bad-option',
    message: OBJECT,
    inNode: { spawn: TYPE, spawnSync: TYPE, fork: TYPE },
  },
  {
    what: 'a callback that is a string',
    rest: [[], options, 'done'],
    code: 'bad-option',
    message: /^callback cannot be "done"\. Pass a function$/,
    inNode: { execFile: TYPE },
    starters: ['execFile'],
  },
  {
    what: 'a timeout below 0',
    rest: [[], { ...options, timeout: -1 }],
    code: 'bad-option',
    message: /^timeout cannot be -1\. Pass milliseconds/,
    inNode: { execFile: 'ERR_OUT_OF_RANGE' },
    starters: ['execFile'],
  },
];

describe('a child that is started wrongly', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-arguments-'));
    writeFileSync(join(directory, 'command'), '#!/bin/sh\ntouch "$0.started"\n', { mode: 0o755 });
    writeFileSync(join(directory, 'module.cjs'), "require('fs').writeFileSync(__filename + '.started', '')");
    writeFileSync(join(directory, 'empty.cjs'), '');
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  /** What a call throws. */
  const thrownBy = (start: Start, args: readonly unknown[]): unknown => {
    try {
      const started = start(...args);
      if (started instanceof node.ChildProcess) started.on('error', () => undefined);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  const withoutProfile = (rest: readonly unknown[]): readonly unknown[] =>
    rest.map(one => (one === options ? { stdio: 'ignore' } : one));

  for (const { what, rest, code, message, inNode = {}, starters = STARTERS } of MISTAKES)
    for (const starter of starters)
      it(`by ${starter} with ${what} fails with ${code}, as with ${inNode[starter] ?? 'nothing'} in Node`, () => {
        const command = join(directory, starter === 'fork' ? 'module.cjs' : 'command');
        const error = thrownBy(seccomp[starter] as Start, [command, ...rest]);
        assert.ok(error instanceof seccomp.UsageError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        const harmless = starter === 'fork' ? join(directory, 'empty.cjs') : 'true';
        const thrown = thrownBy(node[starter] as Start, [harmless, ...withoutProfile(rest)]);
        assert.equal((thrown as NodeJS.ErrnoException | undefined)?.code, inNode[starter]);
      });

  it('is not started by fork without a path, and the error names the argument', () => {
    for (const module of [undefined, 5, Buffer.from('x')])
      assert.throws(() => (seccomp.fork as Start)(module, [], options), {
        code: 'bad-argument',
        message: /^modulePath cannot be /,
      });
  });

  it('has no callback if it is null, as in Node', async () => {
    const children = [
      seccomp.execFile('true', [], { profile }, null),
      seccomp.execFile('true', { profile }, null),
      node.execFile('true', [], {}, null),
      node.execFile('true', {}, null),
    ];
    const codes = await Promise.all(
      children.map(child => new Promise<unknown>(resolve => child.on('close', resolve))),
    );
    assert.deepEqual(codes, [0, 0, 0, 0]);
  });

  it('has never run', () => {
    assert.deepEqual(
      readdirSync(directory).filter(name => name.endsWith('.started')),
      [],
    );
  });
});
