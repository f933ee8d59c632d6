// The cgroups that perf events support, and those of containers.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { RecordingError } from '../../../util/errors.js';
import { own } from '../../../util/own.js';
import { textOf } from '../../inspect/proc.js';

/** A hierarchy of cgroups that the kernel counts perf events by. */
interface Hierarchy {
  readonly mountPoint: string;
  /** Which part of the hierarchy is mounted there. */
  readonly root: string;
  /** Whether a line of /proc/PID/cgroup is of it. */
  readonly matches: (controllers: string) => boolean;
}

/** In version 1, the one of the controller perf_event, unless version 2 has that controller. */
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

/** Mount points have octal numbers for blanks. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));

/**
 * The directory of a cgroup: an absolute path of one, or a path below the root of the hierarchy as in /proc/PID/cgroup.
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

/** Directories of runtimes and engines that keep a directory for each container, with its state. */
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
 * The directory of the cgroup of a container of runc, crun, Docker, containerd, Podman or CRI-O, by its id or the beginning of it.
 * `roots` are further directories with states, as of `runc --root`. Throws RecordingError (`container-not-found`,
 * `cgroup-not-found`).
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

/** The first process of a container, by the state that its runtime keeps. */
function containerProcess(id: string, roots: readonly string[]): number | undefined {
  // An id is a name: no path leads out of the directory.
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

/** runc has `init_process_pid` in state.json, crun `pid` in status. */
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

/** The names of a container's cgroup, by engine: ID, docker-ID.scope, cri-containerd-ID.scope, libpod-ID.scope. */
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
