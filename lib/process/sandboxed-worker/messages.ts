// The frames that the two processes of a SandboxedWorker exchange.
import type { WorkerOptions } from 'node:worker_threads';
import { WorkerError } from '../../util/errors.js';
import { show } from '../../util/show.js';
import type { Packed } from './clone.js';
import type { Frame } from './frames.js';

/** The descriptor of the channel, after those of the standard streams and the channel of `fork`. */
export const CHANNEL = 4;

/** Options for the thread in the other process. */
export type ThreadOptions = Pick<
  WorkerOptions,
  'argv' | 'eval' | 'execArgv' | 'name' | 'resourceLimits' | 'stdin'
>;

/** The data that starts a worker. */
export interface Start {
  readonly module: string;
  readonly isUrl: boolean;
  readonly workerData: unknown;
  readonly options: ThreadOptions;
}

/** Frames to the worker's process: a packed `Start`, then packed values. */
export type OrderKind = 'start' | 'message';

/** Frames from the worker's process. Values and errors are packed; an exit code is one byte. */
type ReportKind = 'online' | 'message' | 'messageerror' | 'error' | 'exit';

/** The bytes of the kinds. 0 is invalid, so that zeros are not frames. */
const KINDS = { start: 1, message: 2, online: 3, messageerror: 4, error: 5, exit: 6 } as const;

const REPORTS: readonly ReportKind[] = ['online', 'message', 'messageerror', 'error', 'exit'];

export const frameOf = (kind: OrderKind | ReportKind, payload: Packed = new Uint8Array(0)): Frame => ({
  kind: KINDS[kind],
  payload,
});

/** Whether a frame is the order to start a worker. */
export const isStart = ({ kind }: Frame): boolean => kind === KINDS.start;

/**
 * Checks the sequence of frames from a worker's process, because code in the sandbox can write anything to the channel.
 * `online` and `error` come at most once, and nothing follows `exit`.
 */
export class ReportReader {
  readonly #seen = new Set<ReportKind>();

  /** The kind of a frame. Throws WorkerError (`worker-protocol`) for a frame that is invalid at this point. */
  kindOf({ kind, payload }: Frame): ReportKind {
    const report = REPORTS.find(name => KINDS[name] === kind);
    if (report === undefined) throw protocolError(`a frame of kind ${show(kind)}`);
    if (this.#seen.has('exit')) throw protocolError(`a frame (${report}) after its exit code`);
    if (this.#seen.has(report) && (report === 'online' || report === 'error')) {
      throw protocolError(`a second ${report}`);
    }
    const length = report === 'exit' ? 1 : report === 'online' ? 0 : payload.length;
    if (payload.length !== length) throw protocolError(`${payload.length} bytes with ${report}`);
    this.#seen.add(report);
    return report;
  }
}

const protocolError = (what: string): WorkerError =>
  new WorkerError(
    'worker-protocol',
    `the process of the worker sent ${what}`,
    'Code in the worker wrote to descriptor 4, which is reserved: treat the worker as hostile',
    null,
  );
