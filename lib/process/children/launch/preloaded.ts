// Starts a Node that loads its filter itself, after its start-up but before the first line of the program.
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

/** The child's orders. It may have open io_uring rings, and only a policy, not a program, can be adapted to these. */
export type PreloadOrders = {
  /** The process with which the child must end, if any. */
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
      /** The process that traces the child instead, and a socket to it. */
      readonly tracer: number;
      readonly socket: number;
    }
  | { readonly kind: 'program'; readonly bytes: Uint8Array; readonly load: ChildLoadOptions }
);

/** Why the child did not load the filter; not sent on success. */
export interface PreloadFailure {
  readonly code: Code;
  readonly reason: string;
  readonly remedy: string;
  readonly errno: number | undefined;
}

const PRELOAD = 'bundle/preload.mjs';

/**
 * Calls `begin` with arguments that make Node import the preload, and with an additional pipe after the child's stdio.
 * The child reads its orders from this pipe and writes failures to it, which become an `error` event with a LoadError.
 * With a tracer, it loads nothing. Throws as `load` does for failures that can be detected in advance.
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
  // If there is no process, Node emits an error event.
  if (own(child, 'pid') !== undefined && channel instanceof net().Socket) direct(child, channel, orders);
  return child;
}

function direct(child: ChildProcess, channel: Socket, orders: PreloadOrders): void {
  const said: Buffer[] = [];
  // If the child ended early, its exit event reports this.
  channel.on('error', () => undefined);
  channel.on('data', (chunk: Buffer) => said.push(chunk));
  channel.on('end', () => {
    if (said.length === 0) return;
    const { code, reason, remedy, errno } = v8().deserialize(Buffer.concat(said)) as PreloadFailure;
    child.emit('error', new LoadError(code, reason, remedy, errno === undefined ? {} : { errno }));
  });
  channel.end(v8().serialize(orders));
}
