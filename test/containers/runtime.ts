// Runs containers by runc or crun, with a program that waits, so that the filters in force can be inspected.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exactJson } from './oci.js';

export type RuntimeName = 'runc' | 'crun';

/** One of this folder's programs. */
export type ProgramName = 'idle' | 'asks';

/** A container runtime of this machine. */
export interface Runtime {
  /** Starts a container with or without a `linux.seccomp` section. Returns its process, or the runtime's message. */
  start(
    seccomp: object | undefined,
    program?: ProgramName,
    /** The directory of a cgroup of version 2 for the container. */
    cgroup?: string,
  ): { readonly pid: number } | { readonly refusal: string };
  /** The id of the container. */
  readonly id: string;
  /** The directory with the state of the container. */
  readonly state: string;
  /** Ends the container. */
  stop(): void;
  /** Removes every file. */
  remove(): void;
}

const HYBRID = '/sys/fs/cgroup/unified';
const CGROUP2_MAGIC = 0x63677270;

/** Hides version 2 of cgroups, because older crun refuses to run if it is mounted next to version 1. */
const WITHOUT_CGROUP2 = ['unshare', '--mount', 'sh', '-c', `umount ${HYBRID}; exec "$@"`, 'sh'];

/** The path of a command in root's PATH. */
const which = (command: string): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
    .map(directory => join(directory, command))
    .find(existsSync);

const source = (name: string): string =>
  fileURLToPath(new URL(`../../../test/containers/${name}`, import.meta.url));

/** The runtime, or why it is unavailable. */
export function findRuntime(name: RuntimeName): Runtime | { readonly missing: string } {
  if (process.getuid?.() !== 0) return { missing: 'containers are started as root' };
  const command = which(name);
  if (command === undefined) return { missing: `${name} is not installed` };
  const directory = mkdtempSync(join(tmpdir(), `seccomp-${name}-`));
  const runtime = runtimeAt(directory, name, command);
  const first = runtime.start(undefined);
  runtime.stop();
  if ('pid' in first) return runtime;
  runtime.remove();
  return { missing: `${name} starts no container here: ${first.refusal}` };
}

function runtimeAt(directory: string, name: RuntimeName, command: string): Runtime {
  const bundle = join(directory, 'bundle');
  const pidFile = join(directory, 'pid');
  const messages = join(directory, 'messages');
  const id = `seccomp-test-${process.pid}`;
  for (const mountPoint of ['proc', 'dev'])
    mkdirSync(join(bundle, 'rootfs', mountPoint), { recursive: true });
  for (const program of ['idle', 'asks'] satisfies ProgramName[]) {
    const file = join(bundle, 'rootfs', program);
    execFileSync('cc', ['-O1', '-nostdlib', '-static', '-o', file, source(`${program}.c`)]);
  }

  const hybrid = existsSync(HYBRID) && statfsSync(HYBRID).type === CGROUP2_MAGIC;
  const prefix = name === 'crun' && hybrid ? WITHOUT_CGROUP2 : [];
  const options = [
    '--root',
    join(directory, 'state'),
    ...(name === 'crun' ? ['--cgroup-manager=disabled'] : []),
  ];
  /** Runs the runtime without pipes: a detached container keeps its streams, so a pipe would never end. */
  const callIn = (cgroup: string | undefined, ...args: readonly string[]): number | null => {
    const output = openSync(messages, 'w');
    const into =
      cgroup === undefined || name === 'runc'
        ? []
        : ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', cgroup];
    const [first = command, ...rest] = [...into, ...prefix, command, ...options, ...args];
    const { status } = spawnSync(first, rest, { stdio: ['ignore', 'ignore', output], timeout: 30_000 });
    closeSync(output);
    return status;
  };
  const refusal = (): string => readFileSync(messages, 'utf8').trim();

  return {
    id,
    state: join(directory, 'state'),
    start(seccomp, program = 'idle', cgroup) {
      writeFileSync(
        join(bundle, 'config.json'),
        exactJson(configWith(seccomp, program, cgroup && join('/', basename(cgroup), id))),
      );
      if (callIn(cgroup, 'run', '--detach', '--pid-file', pidFile, '--bundle', bundle, id) !== 0)
        return { refusal: refusal() };
      const pid = Number(readFileSync(pidFile, 'utf8'));
      return becomes(program, pid) ? { pid } : { refusal: `the container ended: ${refusal()}` };
    },
    stop: () => {
      callIn(undefined, 'delete', '--force', id);
    },
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Waits until the runtime has become the container's program; false if it has ended. */
function becomes(program: ProgramName, pid: number): boolean {
  for (;;) {
    try {
      if (readFileSync(`/proc/${pid}/comm`, 'utf8') === `${program}\n`) return true;
      if (readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) return false;
    } catch {
      return false;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

const configWith = (seccomp: object | undefined, program: ProgramName, cgroupsPath?: string): object => ({
  ociVersion: '1.0.2',
  process: {
    user: { uid: 0, gid: 0 },
    args: [`/${program}`],
    cwd: '/',
    env: [],
    capabilities: {},
    noNewPrivileges: true,
  },
  root: { path: 'rootfs', readonly: true },
  mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
  linux: {
    namespaces: ['pid', 'mount', 'ipc', 'uts'].map(type => ({ type })),
    ...(seccomp !== undefined && { seccomp }),
    ...(cgroupsPath !== undefined && { cgroupsPath }),
  },
});
