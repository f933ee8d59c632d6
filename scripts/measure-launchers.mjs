// Measures which calls container runtimes make under the filter that they load, until they execute the container's program.
// Writes lib/recording/generate/launcher-calls.ts. As root, with strace, runc, crun and a C compiler:
//   node scripts/measure-launchers.mjs
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot, withScratch } from './files.mjs';

const RUNTIMES = ['runc', 'crun'];
/** Runs of each runtime under each configuration, because garbage collection and signals differ from run to run. */
const RUNS = 5;
const HYBRID = '/sys/fs/cgroup/unified';
const WITHOUT_CGROUP2 = ['unshare', '--mount', 'sh', '-c', `umount ${HYBRID}; exec "$@"`, 'sh'];

/** Settings that determine when a runtime loads the filter and what it does afterwards. */
const CONFIGURATIONS = [true, false].flatMap(noNewPrivileges =>
  [true, false].map(user => ({ noNewPrivileges, user })),
);

const configOf = ({ noNewPrivileges, user }) => ({
  ociVersion: '1.0.2',
  process: {
    user: user ? { uid: 65534, gid: 65534, additionalGids: [10] } : { uid: 0, gid: 0 },
    args: ['/end'],
    cwd: '/',
    env: [],
    capabilities: user ? { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] } : {},
    ...(user && { rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }] }),
    noNewPrivileges,
  },
  root: { path: 'rootfs', readonly: true },
  mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
  linux: {
    namespaces: ['pid', 'mount', 'ipc', 'uts'].map(type => ({ type })),
    // The runtimes do not call swapon, so this refuses none of their calls.
    seccomp: {
      defaultAction: 'SCMP_ACT_LOG',
      syscalls: [{ names: ['swapon'], action: 'SCMP_ACT_ERRNO' }],
    },
  },
});

/** The calls, after the filter is loaded, of the process that becomes the program, and of its threads. */
function callsUnderFilter(log) {
  const lines = log.split('\n').map(line => /^(\d+) +(.*)$/.exec(line)?.slice(1) ?? ['', '']);
  const last = lines.findLastIndex(([, text]) => text.startsWith('execve("/end"'));
  const [process = ''] = lines[last] ?? [];
  const threads = new Set([process]);
  const calls = new Set();
  let loaded = false;
  lines.slice(0, last + 1).forEach(([thread, text], index) => {
    if (!threads.has(thread)) return;
    const [, name = ''] = /^(?:<\.\.\. )?(\w+)[ (]/.exec(text) ?? [];
    if (/^clone3?\b/.test(name) || text.startsWith('<... clone')) {
      const child = / = (\d+)$/.exec(text)?.[1];
      const begun = lines
        .slice(0, index + 1)
        .findLast(([of, line]) => of === thread && /^clone3?\(/.test(line))?.[1];
      if (child !== undefined && begun?.includes('CLONE_THREAD')) threads.add(child);
    }
    if (loaded && /^\w+\(/.test(text)) calls.add(name);
    if (
      /^seccomp\(SECCOMP_SET_MODE_FILTER, [^,]*, \{len=|^prctl\(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, \{len=/.test(
        text,
      )
    )
      loaded = true;
  });
  if (!loaded || process === '') throw new Error('no filter was loaded, or no program started');
  return calls;
}

/** Makes a container with a minimal program, which ends at once. */
function makeBundle(directory) {
  mkdirSync(join(directory, 'rootfs/proc'), { recursive: true });
  mkdirSync(join(directory, 'rootfs/dev'));
  const source = join(directory, 'end.c');
  writeFileSync(
    source,
    process.arch === 'arm64'
      ? 'void _start(void){register long n __asm__("x8")=94;register long c __asm__("x0")=0;__asm__ volatile("svc 0"::"r"(n),"r"(c));}'
      : 'void _start(void){__asm__ volatile("syscall"::"a"(231),"D"(0));}',
  );
  execFileSync('cc', ['-O1', '-nostdlib', '-static', '-o', join(directory, 'rootfs/end'), source]);
}

/** The calls and the version of each runtime. */
function measure(directory) {
  const found = {};
  const versions = [];
  for (const runtime of RUNTIMES) {
    const calls = new Set();
    const options = [
      '--root',
      join(directory, 'state'),
      ...(runtime === 'crun' ? ['--cgroup-manager=disabled'] : []),
    ];
    const prefix = runtime === 'crun' && existsSync(HYBRID) ? WITHOUT_CGROUP2 : [];
    for (const configuration of CONFIGURATIONS) {
      writeFileSync(join(directory, 'config.json'), JSON.stringify(configOf(configuration)));
      for (let run = 0; run < RUNS; run++) {
        const log = join(directory, 'log');
        const [command, ...args] = [
          ...prefix,
          'strace',
          ...['-f', '-o', log, runtime, ...options, 'run', '--bundle', directory, `measured-${process.pid}`],
        ];
        const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
        if (status !== 0) throw new Error(`${runtime} ended with ${status}: ${stderr}`);
        for (const call of callsUnderFilter(readFileSync(log, 'utf8'))) calls.add(call);
      }
    }
    found[runtime] = [...calls].sort();
    versions.push(spawnSync(runtime, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0].trim());
  }
  return { found, versions };
}

const list = names => names.map(name => `    '${name}',\n`).join('');

if (import.meta.filename === process.argv[1]) {
  const { found, versions } = withScratch(join(tmpdir(), 'seccomp-launchers-'), directory => {
    makeBundle(directory);
    return measure(directory);
  });
  writeFileSync(
    inRoot('lib/recording/generate/launcher-calls.ts'),
    `// Generated by scripts/measure-launchers.mjs with ${versions.join(' and ')}: do not edit.

/** What container runtimes call under the filter that they have loaded, until they are the program of the container. */
export const LAUNCHER_CALLS = {
${RUNTIMES.map(runtime => `  ${runtime}: [\n${list(found[runtime])}  ],\n`).join('')}} as const;
`,
  );
}
