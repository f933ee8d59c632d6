// The script of the playground's workers, which handles one request after another.
import { SeccompError } from '../../util/errors.js';
import { analyse, checkRecording, exportAs, fixes, open, read, shipped, simulation } from './requests.js';

/** The part of a worker's global scope that is used. */
interface WorkerScope {
  onmessage: (event: { readonly data: Request }) => void;
  readonly postMessage: (message: unknown) => void;
}

interface Request {
  readonly id: number;
  readonly kind: string;
  readonly question: never;
}

const REQUESTS: ReadonlyMap<string, (question: never) => unknown> = new Map<
  string,
  (question: never) => unknown
>([
  ['read', read],
  ['analyse', analyse],
  ['fixes', fixes],
  ['simulation', simulation],
  ['check', checkRecording],
  ['export', exportAs],
  ['open', open],
  ['shipped', shipped],
]);

const scope = globalThis as unknown as WorkerScope;
scope.onmessage = ({ data: { id, kind, question } }) => {
  try {
    scope.postMessage({ id, result: REQUESTS.get(kind)?.(question) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    scope.postMessage({ id, error: error instanceof SeccompError ? message : `unexpected: ${message}` });
  }
};
