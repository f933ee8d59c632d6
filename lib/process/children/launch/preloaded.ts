// Starts a Node that loads its filter itself, after its start-up and before any line of the program.
import type { Code } from '../../../util/codes.js';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import { LoadError } from '../../../util/errors.js';
import { isFilter } from '../../../filter/filter.js';
import type { Codegen, Filter } from '../../../filter/filter.js';
import { packageFile } from '../../../package-files.js';
import type { Policy } from '../../../policy/policy.js';
import { loadRequest } from '../../load.js';
import { net, v8 } from '../../../util/builtins.js';
import type { ChildLoadOptions } from '../sandbox.js';
import type { TracerProcess } from './launch.js';
import type { StdioList } from './stdio.js';
import { own } from '../../../util/own.js';

/** What the child loads: it may have open io_uring rings, for which only a policy can be adapted. */
export type PreloadOrders = {
  /** The process with which the child ends, if it is to. */
  readonly parent: number | undefined;
} & (
  | {
      readonly kind: 'policy';
      readonly policy: Policy;
      readonly codegen: Codegen;
      readonly load: ChildLoadOptions;
    }
  | {
      readonly kind: 'trace';
      /** What traces the child instead, and through which descriptor. */
      readonly tracer: number;
      readonly socket: number;
    }
  | { readonly kind: 'program'; readonly bytes: Uint8Array; readonly load: ChildLoadOptions }
);

/** Why the child has not loaded it; empty if it has. */
export interface PreloadFailure {
  readonly code: Code;
  readonly reason: string;
  readonly remedy: string;
  readonly errno: number | undefined;
}

const PRELOAD = 'bundle/preload.mjs';

/**
 * Runs `begin` with arguments for Node that import the preload, and with one more pipe behind the stdio of the child,
 * over which it gets its orders and says what failed: an `error` event with a LoadError. With a tracer, it loads nothing.
 * Throws as `load` does for what can be known before.
 */
export function forkPreloaded(
  filter: Filter | Uint8Array,
  load: ChildLoadOptions,
  stdio: StdioList,
  begin: (nodeArgs: readonly string[], stdio: StdioList) => ChildProcess,
  endWithParent: boolean,
  tracer?: TracerProcess,
): ChildProcess {
  const { bytes } = loadRequest(filter, { ...load, scope: 'process' });
  const parent = endWithParent ? process.pid : undefined;
  const orders: PreloadOrders =
    tracer !== undefined
      ? { parent, kind: 'trace', tracer: tracer.pid, socket: stdio.length }
      : isFilter(filter)
        ? { parent, kind: 'policy', policy: filter.policy, codegen: filter.codegen, load }
        : { parent, kind: 'program', bytes, load };
  const all: StdioList = tracer === undefined ? stdio : [...stdio, tracer.socket];
  const child = begin(
    ['--import', `${pathToFileURL(packageFile(PRELOAD)).href}?fd=${all.length}`],
    [...all, 'pipe'],
  );
  const channel: unknown = (child.stdio as unknown[]).pop();
  (child.stdio as unknown[]).splice(stdio.length);
  // Without a process there is an error event of Node's to come.
  if (own(child, 'pid') !== undefined && channel instanceof net().Socket) direct(child, channel, orders);
  return child;
}

function direct(child: ChildProcess, channel: Socket, orders: PreloadOrders): void {
  const said: Buffer[] = [];
  // A child that has ended early reports this by its exit event.
  channel.on('error', () => undefined);
  channel.on('data', (chunk: Buffer) => said.push(chunk));
  channel.on('end', () => {
    if (said.length === 0) return;
    const { code, reason, remedy, errno } = v8().deserialize(Buffer.concat(said)) as PreloadFailure;
    child.emit('error', new LoadError(code, reason, remedy, errno === undefined ? {} : { errno }));
  });
  channel.end(v8().serialize(orders));
}
