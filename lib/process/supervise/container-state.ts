// The state that a container runtime sends to an agent for a container whose calls it will handle.
import { SupervisionError } from '../../util/errors.js';
import { bare, owned } from '../../util/own.js';

/**
 * A process of a container that has loaded its filter.
 * Source: OCI runtime-spec, config-linux.md, "The Container Process State".
 */
export interface ContainerProcess {
  /** Version of the runtime specification that the state follows. */
  readonly ociVersion: string;
  /** The id of the process, as the runtime sees it. */
  readonly pid: number;
  /** `listenerMetadata` of the profile. */
  readonly metadata: string | undefined;
  /** `state` of the runtime specification. */
  readonly container: {
    /** The id of the container. */
    readonly id: string;
    /** `creating`, `created`, or `running` for an exec into a running container, which has its own listener. */
    readonly status: string;
    /** The id of the container's first process, if it has one. */
    readonly pid: number | undefined;
    /** The path of the bundle. */
    readonly bundle: string;
    /** The annotations in its configuration. */
    readonly annotations: Readonly<Record<string, string>>;
  };
}

/** The keys of a state that are read. */
type Key = 'state' | 'fds' | 'pid' | 'annotations' | 'ociVersion' | 'metadata' | 'id' | 'status' | 'bundle';

const LISTENER_NAME = 'seccompFd';

/** A received state, with the index of the listener among the descriptors. */
interface ReceivedState {
  readonly process: ContainerProcess;
  readonly listenerIndex: number;
}

/** Reads a state. Throws SupervisionError (`bad-container-state`). */
export function parseContainerState(text: string): ReceivedState {
  const root = owned(object(parse(text), 'the state'));
  const state = owned(object(root.state, '"state"'));
  const { fds } = root;
  const listenerIndex = Array.isArray(fds) ? fds.indexOf(LISTENER_NAME) : -1;
  if (listenerIndex === -1) throw badState(`"fds" does not name ${LISTENER_NAME}`);
  const { pid } = root;
  if (typeof pid !== 'number' || !Number.isInteger(pid)) throw badState('"pid" is not a number');
  const { annotations } = state;
  return {
    listenerIndex,
    process: {
      ociVersion: string(root.ociVersion) ?? '',
      pid,
      metadata: string(root.metadata),
      container: {
        id: string(state.id) ?? '',
        status: string(state.status) ?? '',
        pid: typeof state.pid === 'number' ? state.pid : undefined,
        bundle: string(state.bundle) ?? '',
        annotations: Object.fromEntries(
          Object.entries(
            annotations === undefined || annotations === null ? {} : object(annotations, '"annotations"'),
          ).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
        ),
      },
    },
  };
}

/** Formats a state as a runtime would send it. */
export const containerState = ({ ociVersion, pid, metadata, container }: ContainerProcess): string =>
  JSON.stringify({
    ociVersion,
    fds: [LISTENER_NAME],
    pid,
    metadata: metadata ?? '',
    state: { ociVersion, ...container },
  });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badState('it is not JSON');
  }
}

/** Copies an object without a prototype, so that absent properties are undefined. */
function object(value: unknown, what: string): Readonly<Partial<Record<Key, unknown>>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return bare(value);
  throw badState(`${what} is not an object`);
}

const string = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The error for a connection without a valid state. */
export const badState = (reason: string): SupervisionError =>
  new SupervisionError(
    'bad-container-state',
    `the agent did not receive the state of a container process: ${reason}`,
    'Only container runtimes should be able to connect to the socket',
  );
