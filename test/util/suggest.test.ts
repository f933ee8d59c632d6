// Suggestions: which names are close enough.
import assert from 'node:assert/strict';
import { knownSyscalls } from '#lib/kernel/abi.js';
import { closest, quote } from '#lib/util/suggest.js';

describe('suggestions', () => {
  const syscalls: readonly (readonly [word: string, meant: string | undefined])[] = [
    ['opneat', 'openat'],
    ['opeenat', 'openat'],
    ['raed', 'read'],
    ['READ', 'read'],
    ['epoll_wait2', 'epoll_pwait2'],
    ['gettimeofday_', 'gettimeofday'],
    ['completely_different', undefined],
    ['', undefined],
    ['x'.repeat(1_000_000), undefined],
  ];
  for (const [word, meant] of syscalls) {
    it(`suggests ${meant ?? 'nothing'} for ${quote(word)}`, () => {
      assert.equal(closest(word, knownSyscalls()), meant);
    });
  }

  it('suggests the full name for a name without its prefix', () => {
    assert.equal(closest('sys_admin', ['CAP_CHOWN', 'CAP_SYS_ADMIN']), 'CAP_SYS_ADMIN');
  });

  it('suggests the first of equally close candidates', () => {
    assert.equal(closest('dup9', ['dup2', 'dup3']), 'dup2');
  });
});
