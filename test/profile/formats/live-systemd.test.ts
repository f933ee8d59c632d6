// The filters of services under a running systemd, in separate namespaces, equal the policies parsed from their settings.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { compilePolicy } from '#lib/filter/compile.js';
import { convert } from '#lib/filter/convert.js';
import { diff, type Difference } from '#lib/filter/inspect/diff.js';
import { formatDiff } from '#lib/filter/inspect/format.js';
import { dump } from '#lib/process/inspect/dump.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { skip } from '../../support/skip.js';

/** Starts systemd with the units of a folder, in namespaces that isolate everything that it writes. */
const START = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
mount -t tmpfs tmpfs /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /etc/systemd/system
cp "$1"/* /etc/systemd/system/
exec env container=test /lib/systemd/systemd --system --unit=all.target --log-target=console --show-status=no`;
/** Enters a control group that is removed afterwards, so that systemd creates its groups below it. */
const ENTER = `echo $$ > "$2"/cgroup.procs
exec unshare --fork --pid --kill-child --mount --cgroup --ipc --uts --net --mount-proc sh -c "$3" sh "$1"`;

const removeGroups = (group: string): void => {
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroups(join(group, entry.name));
  rmdirSync(group);
};

/** A call that systemd has in @default, but for which libseccomp of the same Debian has no number, so systemd skips it. */
const UNKNOWN = 'SystemCallFilter=~uretprobe';

const UNITS: readonly (readonly [what: string, settings: readonly string[]])[] = [
  [
    'a list of what is denied',
    [
      'SystemCallFilter=~@mount reboot:EIO swapon:kill',
      'SystemCallErrorNumber=EACCES',
      'SystemCallArchitectures=native x86',
    ],
  ],
  [
    'a list of what is allowed, on every ABI',
    ['SystemCallFilter=@system-service', UNKNOWN, 'SystemCallErrorNumber=EPERM'],
  ],
  [
    'a list from which some is taken away',
    [
      'SystemCallFilter=@system-service',
      'SystemCallFilter=~@privileged ptrace:ENOSYS uretprobe',
      'SystemCallArchitectures=native',
    ],
  ],
  [
    'a list that begins anew, with all ABIs named',
    [
      'SystemCallArchitectures=native x86 x32',
      'SystemCallFilter=@system-service',
      'SystemCallFilter=',
      'SystemCallFilter=~ptrace',
    ],
  ],
  ['ABIs alone', ['SystemCallArchitectures=native x32']],
];

const version = /^systemd (\d+)/.exec(
  spawnSync('/lib/systemd/systemd', ['--version'], { encoding: 'utf8' }).stdout || '',
)?.[1];

describe('services of a running systemd', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'units-'));
  let manager: ChildProcess | undefined;
  let group: string | undefined;
  const marker = (index: number): string => `3600.${process.pid}${index}`;
  const written: string[] = [];

  before(async function () {
    if (process.getuid?.() !== 0 || process.arch !== 'x64')
      skip(this, 'starting systemd needs root, and x86_64');
    if (version !== '252')
      skip(this, `there is no systemd 252, whose groups are known: ${version ?? 'none'}`);
    const mounted = / (\S+) cgroup2 /.exec(readFileSync('/proc/self/mounts', 'utf8'))?.[1];
    if (mounted === undefined) skip(this, 'no control groups of version 2 are mounted');
    group = join(mounted ?? '', `seccomp-test-${process.pid}`);
    try {
      mkdirSync(group);
    } catch {
      group = undefined;
      skip(this, 'control groups cannot be made here');
    }
    const second = resolveProfile(UNITS[1]?.[1].join('\n') ?? '', { arch: 'x86_64' });
    written.push(
      ...UNITS.map(([, settings]) => ['[Service]', ...settings, ''].join('\n')),
      convert(second, 'systemd'),
    );
    written.forEach((settings, index) => {
      const unit = `[Unit]\nDefaultDependencies=no\n${settings}ExecStart=/bin/sleep ${marker(index)}\n`;
      writeFileSync(join(folder, `unit${index}.service`), unit);
    });
    const wants = written.map((_, index) => `unit${index}.service`).join(' ');
    writeFileSync(join(folder, 'all.target'), `[Unit]\nDefaultDependencies=no\nWants=${wants}\n`);
    manager = spawn('sh', ['-c', ENTER, 'sh', folder, group ?? '', START], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [manager.stdout, manager.stderr])
      stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    for (let tries = 0; pids().length < written.length; tries++) {
      if (manager.exitCode !== null || manager.signalCode !== null || tries > 300)
        skip(this, `systemd does not start its services in namespaces here: ${said.slice(0, 500)}`);
      await setTimeout(100);
    }
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    if (manager?.exitCode === null && manager.signalCode === null) {
      const ended = once(manager, 'exit');
      manager.kill('SIGKILL');
      await ended;
    }
    if (group === undefined) return;
    // The processes of the namespace end shortly after the process that started it.
    while (readFileSync(join(group, 'cgroup.events'), 'utf8').includes('populated 1')) await setTimeout(20);
    removeGroups(group);
  });

  /** The running processes of the units, in order. */
  const pids = (): readonly number[] => {
    const found = new Map<string, number>();
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const [command, argument = ''] = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        if (command === '/bin/sleep') found.set(argument, Number(name));
      } catch {
        // The process has ended meanwhile.
      }
    }
    return written.map((_, index) => found.get(marker(index))).filter(pid => pid !== undefined);
  };

  const differences = (index: number): readonly Difference[] => {
    const layers = dump(pids()[index] ?? 0).layers.map(({ program }) => program);
    return diff(layers, compilePolicy(resolveProfile(written[index] ?? '', { arch: 'x86_64' })).program);
  };

  for (const [index, [what]] of UNITS.entries()) {
    it(`have the filter that is parsed from their settings: ${what}`, () => {
      assert.equal(formatDiff(differences(index)), '');
    });
  }

  it('have the filter whose settings were converted', () => {
    assert.equal(formatDiff(differences(UNITS.length)), '');
  });
});
