// `seccomp/inspect` in other JavaScript runtimes, if they are installed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAll, digests, expected } from './corpus.js';
import { skip } from '../support/skip.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const RUNTIMES = {
  deno: ['run', '--allow-read', '--allow-env', '--node-modules-dir=manual', '--no-lock', '--cached-only'],
  bun: ['run'],
} as const;

for (const [runtime, args] of Object.entries(RUNTIMES))
  describe(`seccomp/inspect in ${runtime}`, function () {
    this.timeout(120_000);

    it('compiles every profile to the same bytes as in Node', function () {
      if (spawnSync(runtime, ['--version']).status !== 0) return skip(this, `there is no ${runtime}`);
      const folder = mkdtempSync(join(tmpdir(), 'seccomp-runtime-'));
      try {
        mkdirSync(join(folder, 'node_modules'));
        symlinkSync(root, join(folder, 'node_modules/seccomp'));
        writeFileSync(join(folder, 'package.json'), '{ "dependencies": { "seccomp": "*" } }');
        writeFileSync(
          join(folder, 'program.mjs'),
          `import * as seccomp from 'seccomp/inspect'; console.log(JSON.stringify(${compileAll}));`,
        );
        const { stdout, stderr } = spawnSync(runtime, [...args, 'program.mjs'], {
          cwd: folder,
          encoding: 'utf8',
          maxBuffer: 1 << 28,
        });
        assert.ok(stdout !== '', stderr);
        assert.deepEqual(digests(JSON.parse(stdout) as Record<string, string>), expected);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
