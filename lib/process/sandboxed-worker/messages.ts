// What the two processes of a SandboxedWorker say to each other.
import type { WorkerOptions } from 'node:worker_threads';
import type { Packed } from './clone.js';
import { owned } from '../../own.js';

/** The descriptor over which they do, behind those of the standard streams and the channel of `fork`. */
export const CHANNEL = 4;

/** Options that the thread in the other process gets. */
export type ThreadOptions = Pick<
  WorkerOptions,
  'argv' | 'eval' | 'execArgv' | 'name' | 'resourceLimits' | 'stdin'
>;

/** To the worker's process. */
export type Order =
  | {
      readonly kind: 'start';
      readonly module: string;
      readonly isUrl: boolean;
      readonly workerData: Packed;
      readonly options: ThreadOptions;
    }
  | { readonly kind: 'message'; readonly value: Packed };

/** What was thrown: an error in parts, or a value of another kind. */
export interface Thrown {
  readonly isError: boolean;
  readonly value: Packed;
}

/** From the worker's process. */
export type Report =
  | { readonly kind: 'online' }
  | { readonly kind: 'message'; readonly value: Packed }
  | { readonly kind: 'messageerror'; readonly thrown: Thrown }
  | { readonly kind: 'error'; readonly thrown: Thrown }
  | { readonly kind: 'exit'; readonly code: number };

/** Throws for what is no report: code in the sandbox can write to the channel what it likes. */
export function readReport(message: unknown): Report {
  const { kind, value, thrown, code } = owned(Object(message) as Readonly<Record<string, unknown>>);
  if (kind === 'online') return { kind };
  if (kind === 'message' && value instanceof Uint8Array) return { kind, value };
  if ((kind === 'error' || kind === 'messageerror') && isThrown(thrown)) return { kind, thrown };
  if (kind === 'exit' && typeof code === 'number' && Number.isInteger(code)) return { kind, code };
  throw new TypeError('the worker sent what is no message');
}

function isThrown(value: unknown): value is Thrown {
  if (typeof value !== 'object' || value === null) return false;
  const thrown = owned(value as Partial<Record<keyof Thrown, unknown>>);
  return thrown.value instanceof Uint8Array && typeof thrown.isError === 'boolean';
}
