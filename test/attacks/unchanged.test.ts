// Isolation separates a command from its parent and from nothing else: tools still work as without isolation.
import assert from 'node:assert/strict';
import { spawnSync as plainSpawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from '#lib/process/children/spawn-sync.js';
import { features } from '#lib/process/machine/features.js';
import { CHILD_LIMIT } from '../support/child.js';
import { skip } from '../support/skip.js';
import { NOBODY } from '../support/victim.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';

interface Work {
  /** The programs that it needs. */
  readonly needs: readonly string[];
  /** A script for sh, which runs in an empty directory. */
  readonly script: string;
  /** Whether it mounts in a new user namespace. */
  readonly mounts?: boolean;
}

const WORK: Readonly<Record<string, Work>> = {
  git: {
    needs: ['git'],
    script: `git init -q . && git config user.name a && git config user.email a@b
      for file in 1 2 3; do echo $file > $file; git add $file; git commit -q -m $file; done
      git gc -q && git clone -q . copy && git -C copy log --format=%s && git mv 1 one && git stash -q && git status --short`,
  },
  'npm install of a local package': {
    needs: ['npm'],
    script: `mkdir -p package use && echo '{"name":"local","version":"1.0.0","main":"main.js"}' > package/package.json
      echo 'module.exports = 42' > package/main.js && (cd package && npm pack --silent) && cd use
      echo '{"name":"use","version":"1.0.0"}' > package.json
      npm install --offline --silent --no-audit --no-fund ../package/local-1.0.0.tgz && node -p "require('local')"`,
  },
  'make -j2 and gcc': {
    needs: ['make', 'gcc'],
    script: `for unit in a b c; do echo "int $unit(void) { return 1; }" > $unit.c; done
      echo 'int a(void); int b(void); int c(void); int main(void) { return a() + b() + c() - 3; }' > main.c
      printf 'all: a.o b.o c.o main.o\\n\\t$(CC) -o all $^ && ./all && echo made\\n' > Makefile && make -s -j2`,
  },
  'files across directories': {
    needs: ['sh'],
    script: `mkdir from to && echo text > from/file && mv from/file to/file && ln to/file from/link && node -e "
      const fs = require('fs'); fs.renameSync('to/file', 'from/again'); fs.linkSync('from/again', 'to/more'); console.log(fs.readdirSync('from'), fs.readdirSync('to'))"`,
  },
  'signals to its own children': {
    needs: ['timeout'],
    script: `timeout 0.1 sleep 60 || echo $?; node -e "
      const { spawn } = require('child_process'); const child = spawn('sleep', ['60']); child.on('exit', (...how) => console.log(how)); child.kill('SIGKILL')"`,
  },
  'a debugger of its own children': {
    needs: ['strace'],
    script: `strace -f -o trace true && grep -c execve trace`,
  },
  'an abstract socket of its own': {
    needs: ['python3'],
    script: `python3 -c "
import socket
server = socket.socket(socket.AF_UNIX); server.bind(chr(0) + 'seccomp-own-' + str(__import__('os').getpid())); server.listen()
client = socket.socket(socket.AF_UNIX); client.connect(server.getsockname()); print('connected')"`,
  },
  bubblewrap: {
    needs: ['bwrap'],
    mounts: true,
    script: `bwrap --ro-bind / / --tmpfs /tmp --proc /proc --dev /dev --unshare-pid --unshare-net sh -c 'echo inside; touch /tmp/file && ls /tmp; kill -0 1 && echo signal'`,
  },
  'headless Chromium with its own sandbox': {
    needs: ['chromium'],
    mounts: true,
    script: `HOME=$PWD chromium --headless --disable-gpu --disable-dev-shm-usage --user-data-dir=$PWD/data --dump-dom 'data:text/html,<p>rendered</p>' 2>/dev/null | grep -o rendered`,
  },
};

const isThere = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some(directory => existsSync(join(directory, name)));

describe('in an isolated child', () => {
  // Programs with their own sandbox run as an unprivileged user.
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

  for (const [name, { needs, script, mounts = false }] of Object.entries(WORK)) {
    it(`${name} works as without isolation`, function () {
      this.timeout(0);
      const missing = needs.find(program => !isThere(program));
      if (missing !== undefined) skip(this, `there is no ${missing}`);
      const run = (start: typeof plainSpawnSync): string => {
        const directory = mkdtempSync(join(tmpdir(), 'seccomp-work-'));
        // git requires that the user owns the directory.
        if (isRoot) chownSync(directory, NOBODY, NOBODY);
        try {
          const env = {
            PATH: process.env['PATH'],
            HOME: directory,
            npm_config_cache: join(directory, 'cache'),
          };
          const { status, stdout, stderr } = start('sh', ['-ec', script], {
            ...{ cwd: directory, env, encoding: 'utf8' as const, timeout: CHILD_LIMIT * 2 },
            ...user,
          });
          return `${String(status)}\n${stdout}${stderr}`;
        } finally {
          rmSync(directory, { recursive: true, force: true });
        }
      };
      const plain = run(plainSpawnSync);
      if (!plain.startsWith('0\n')) skip(this, `it does not work on this machine: ${plain}`);
      if (mounts && features().isolation.refusesMounts)
        skip(this, 'mounts fail in a Landlock domain before Linux 6.12');
      const profile: SeccompProfile = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ name: 'reboot', action: 'SCMP_ACT_ERRNO' }],
      };
      const isolated = run(((file: string, args: readonly string[], options: object) =>
        spawnSync(file, args, { ...options, profile })) as typeof plainSpawnSync);
      assert.equal(isolated, plain);
    });
  }
});
