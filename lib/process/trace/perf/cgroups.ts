// Finds the cgroups that perf events support, and those of containers.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { RecordingError } from '../../../util/errors.js';
import { own } from '../../../util/own.js';
import { textOf } from '../../inspect/proc.js';

/** The cgroup hierarchy in which the kernel counts perf events. */
interface Hierarchy {
  readonly mountPoint: string;
  /** The part of the hierarchy that is mounted there. */
  readonly root: string;
  /** Whether a line of /proc/PID/cgroup belongs to it. */
  readonly matches: (controllers: string) => boolean;
}

/** Finds the hierarchy. In version 1 it is that of the controller perf_event, unless version 2 has that controller. */
function perfHierarchy(): Hierarchy {
  const mounts = (textOf('/proc/self/mountinfo') ?? '').split('\n').flatMap(line => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '/', mountPoint = ''] = before.split(' ').map(unescape);
    const [type = '', , options = ''] = after.split(' ');
    return [{ type, options: options.split(','), root, mountPoint }];
  });
  const old = mounts.find(({ type, options }) => type === 'cgroup' && options.includes('perf_event'));
  if (old !== undefined)
    return { ...old, matches: controllers => controllers.split(',').includes('perf_event') };
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  if (unified !== undefined) return { ...unified, matches: controllers => controllers === '' };
  throw new RecordingError(
    'cgroup-not-found',
    'cgroups are not mounted here',
    'Mount cgroup2, or record a process with --pid',
  );
}

/** Decodes octal escapes of blanks in mount points. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));

/**
 * The directory of a cgroup, given its absolute path, or a path below the root of the hierarchy as in /proc/PID/cgroup.
 * Throws RecordingError (`cgroup-not-found`).
 */
export function cgroupDirectory(path: string): string {
  const candidates = [path, ...(existsSync('/proc/self/mountinfo') ? [inHierarchy(path)] : [])];
  const found = candidates.find(each => isAbsolute(each) && existsSync(join(each, 'cgroup.procs')));
  if (found !== undefined) return found;
  throw new RecordingError(
    'cgroup-not-found',
    `there is no cgroup ${path}`,
    'Pass its directory, such as /sys/fs/cgroup/system.slice/nginx.service, or a path as in /proc/PID/cgroup',
  );
}

function inHierarchy(path: string): string {
  const { mountPoint, root } = perfHierarchy();
  const below = root !== '/' && path.startsWith(root) ? path.slice(root.length) : path;
  return join(mountPoint, below);
}

/** Directories in which runtimes and engines keep the state of each container. */
const STATE_DIRECTORIES = [
  '/run/runc',
  '/run/crun',
  '/run/docker/runtime-runc/moby',
  '/run/docker/runtime-crun/moby',
  '/run/containerd/runc/default',
  '/run/containerd/runc/moby',
  '/run/containerd/runc/k8s.io',
] as const;

/**
 * The cgroup directory of a container of runc, crun, Docker, containerd, Podman or CRI-O, by its id or a prefix of it. `roots`
 * are additional directories with states, as of `runc --root`. Throws RecordingError (`container-not-found`, `cgroup-not-found`).
 */
export function containerCgroup(id: string, roots: readonly string[] = []): string {
  const process = containerProcess(id, roots);
  if (process !== undefined) return cgroupOfProcess(id, process);
  const { mountPoint } = perfHierarchy();
  const found = [...cgroupsBelow(mountPoint)].filter(path => isCgroupOf(basename(path), id));
  // Engines create further cgroups below that of a container.
  const outermost = found.filter(path => !found.some(other => path.startsWith(`${other}/`)));
  const [first, second] = outermost;
  if (first === undefined)
    throw new RecordingError(
      'container-not-found',
      `there is no container ${id}`,
      'Pass its id, as in runc list, docker ps or podman ps; for a name, docker inspect --format {{.Id}} NAME prints it. If the runtime was started with --root, pass the same directory with --root',
    );
  if (second !== undefined)
    throw new RecordingError(
      'container-not-found',
      `${outermost.length} containers begin with ${id}`,
      'Pass more of the id',
    );
  return first;
}

/** The first process of a container, from the state that its runtime keeps. */
function containerProcess(id: string, roots: readonly string[]): number | undefined {
  // An id is a file name, so that no path can leave the directory.
  if (id.includes('/') || id === '' || id === '.' || id === '..') return undefined;
  for (const root of [...roots, ...STATE_DIRECTORIES]) {
    const names = namesIn(root).filter(name => name === id || (isLongId(name) && name.startsWith(id)));
    const exact = names.includes(id) ? [id] : names;
    const [name] = exact;
    if (name === undefined || exact.length > 1) continue;
    const pid = pidIn(textOf(join(root, name, 'state.json')) ?? textOf(join(root, name, 'status')));
    if (pid !== undefined && existsSync(`/proc/${pid}`)) return pid;
  }
  return undefined;
}

const isLongId = (name: string): boolean => /^[0-9a-f]{32,64}$/.test(name);

const namesIn = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
};

/** Reads the process id: `init_process_pid` in runc's state.json, `pid` in crun's status. */
function pidIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    const state: unknown = JSON.parse(text);
    if (typeof state !== 'object' || state === null) return undefined;
    const pid =
      own(state as Record<string, unknown>, 'init_process_pid') ??
      own(state as Record<string, unknown>, 'pid');
    return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function cgroupOfProcess(id: string, process: number): string {
  const hierarchy = perfHierarchy();
  const path = (textOf(`/proc/${process}/cgroup`) ?? '')
    .split('\n')
    .map(line => /^\d+:([^:]*):(.*)$/.exec(line))
    .find(match => match !== null && hierarchy.matches(match[1] ?? ''))?.[2];
  if (path !== undefined && path !== '/') {
    const directory = inHierarchy(path);
    if (existsSync(join(directory, 'cgroup.procs'))) return directory;
  }
  throw new RecordingError(
    'cgroup-not-found',
    `container ${id} has no cgroup that perf events support`,
    `Record its first process and its descendants: --pid ${process}`,
  );
}

/**
 * Whether a cgroup has an engine's name for a container: ID, docker-ID.scope, cri-containerd-ID.scope, libpod-ID.scope.
 */
function isCgroupOf(name: string, id: string): boolean {
  const bare = name
    .replace(/\.(?:scope|slice)$/, '')
    .replace(/^(?:docker|cri-containerd|crio|libpod|nerdctl|runc|crun)-/, '');
  return bare === id || (id.length >= 4 && isLongId(bare) && bare.startsWith(id));
}

function* cgroupsBelow(directory: string): Generator<string> {
  for (const name of namesIn(directory)) {
    const path = join(directory, name);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    yield path;
    yield* cgroupsBelow(path);
  }
}
