// A child makes its parent believe that it has ended, and continues.
import assert from 'node:assert/strict';
import * as plain from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawn, spawnSync } from '#lib/entries/index.js';
import { readStatusFile } from '#lib/process/inspect/status-file.js';
import { built } from '../support/built.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';

const traced = (): string =>
  built({ name: 'traced', compiler: 'gcc', sources: ['test/attacks/traced.c'], flags: ['-pthread'] });

const profile: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ name: 'reboot', action: 'SCMP_ACT_ERRNO' }],
};

type Files = readonly [go: string, done: string];

/** The end that was reported to the starter, with the id of the child. */
interface End {
  readonly pid: number;
  readonly code: number | null;
}

const asynchronous = async (child: plain.ChildProcess): Promise<End> => {
  const [code] = (await once(child, 'exit')) as [number | null];
  return { pid: child.pid ?? 0, code };
};

const STARTERS: readonly (readonly [
  string,
  (files: Files) => Promise<End>,
  (files: Files) => Promise<End>,
])[] = [
  [
    'spawn',
    files => asynchronous(plain.spawn(traced(), files)),
    files => asynchronous(spawn(traced(), [...files], { profile })),
  ],
  [
    'spawnSync',
    async files => {
      const { pid, status } = plain.spawnSync(traced(), files);
      return Promise.resolve({ pid, code: status });
    },
    async files => {
      const { pid, status } = spawnSync(traced(), [...files], { profile });
      return Promise.resolve({ pid, code: status });
    },
  ],
];

const hasEnded = (pid: number): boolean => {
  const state = readStatusFile(`/proc/${pid}/status`)?.state;
  return state === undefined || state === 'Z';
};

describe('a child that makes its parent trace it and stops', function () {
  this.timeout(0);
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'seccomp-traced-'))));
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Whether the child does something after its reported end. */
  async function goesOn(start: (files: Files) => Promise<End>): Promise<boolean> {
    const files: Files = [`${folder}/go`, `${folder}/done`];
    const { pid, code } = await start(files);
    assert.equal(code, 0);
    writeFileSync(files[0], '');
    while (!existsSync(files[1]) && !hasEnded(pid)) await delay(1);
    const didGoOn = existsSync(files[1]);
    rmSync(files[0]);
    rmSync(files[1], { force: true });
    return didGoOn;
  }

  for (const [name, startPlain, start] of STARTERS) {
    it(`has ended when ${name} says so, while with Node alone it continues`, async () => {
      assert.equal(await goesOn(startPlain), true);
      assert.equal(await goesOn(start), false);
    });
  }
});
