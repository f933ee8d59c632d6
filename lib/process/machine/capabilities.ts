// The capability bounding set of this process, by name.
import { CAPABILITIES } from '../../kernel/capabilities.js';
import { readText } from '../../util/host/read-text.js';

/** `CAP_*` names in the bounding set of the calling process. Source: CapBnd, proc_pid_status(5). */
export function boundingSet(): readonly string[] {
  const mask = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readText('/proc/self/status'))?.[1] ?? '0';
  const bits = BigInt(`0x${mask}`);
  return CAPABILITIES.filter((_, index) => ((bits >> BigInt(index)) & 1n) === 1n);
}
