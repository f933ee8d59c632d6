// Loads the filter that the parent process ordered into this process, or ends it.
import { closeSync, readFileSync, writeSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { SeccompError } from '../../util/errors.js';
import { native } from '../../native.js';
import { ABIS } from '../../kernel/abi.js';
import type { AbiPolicy, Policy } from '../../policy/policy.js';
import { applyProfile } from '../apply/apply-profile.js';
import { load } from '../load.js';
import { takeMe } from '../trace/take-me.js';
import type { PreloadFailure, PreloadOrders } from './launch/preloaded.js';
import { own } from '../../util/own.js';
import { reasonOf } from '../../util/failures.js';

/**
 * Reads orders from a pipe to its end and follows them. On failure, writes the error to the same pipe and ends the
 * process.
 */
export function confineSelf(descriptor: number): void {
  try {
    // Written by forkPreloaded of the same package.
    follow(deserialize(readFileSync(descriptor)) as PreloadOrders, descriptor);
  } catch (error) {
    writeSync(descriptor, serialize(describe(error)));
    process.exit(1);
  }
  closeSync(descriptor);
}

function follow(orders: PreloadOrders, channel: number): void {
  // Done before the filter is loaded, which may refuse it. If the parent has ended, nobody can read an error.
  if (orders.parent !== undefined && !native().endWithParent(orders.parent, channel)) process.exit(1);
  if (orders.kind === 'trace') {
    takeMe(orders.socket, orders.tracer);
    closeSync(orders.socket);
  } else if (orders.kind === 'program') load(orders.bytes, orders.load);
  else applyProfile(withOwnAbis(orders.policy), { codegen: orders.codegen, ...orders.load });
}

/** Replaces the ABIs of a deserialized policy by this process's objects, because ABIs are compared by identity. */
function withOwnAbis(policy: Policy): Policy {
  const [first, ...others] = policy.abis;
  const own = (part: AbiPolicy): AbiPolicy => ({ ...part, abi: ABIS[part.abi.name] });
  return { ...policy, abis: [own(first), ...others.map(own)] };
}

function describe(error: unknown): PreloadFailure {
  if (!(error instanceof SeccompError)) {
    const reason = `the child could not load its filter: ${String(error)}`;
    return { code: 'preload-failed', reason, remedy: 'Check its options', errno: undefined };
  }
  const { code, remedy = '' } = error;
  return { code, reason: reasonOf(error), remedy, errno: errnoOf(error) };
}

function errnoOf(error: SeccompError): number | undefined {
  const errno = own(error as SeccompError & { readonly errno?: unknown }, 'errno');
  return typeof errno === 'number' ? errno : undefined;
}
