// Reports the results of attacks to the host of a virtual machine, for the table in docs/children.md.
import { features } from '#lib/process/machine/features.js';
import type { IsolationPart } from '#lib/process/isolation/isolation.js';

/** Whether the results are used: the machine's reporter is active, or the table was requested here. */
export const canRecord = (): boolean =>
  process.env['ISOLATION_FINDINGS'] !== undefined ||
  process.argv.some(word => word.includes('job-')) ||
  process.argv.some(word => word.endsWith('reporter.cjs'));

type Results = ReadonlyMap<string, number>;

/** The state of attacks: `closed`, `open`, `partly`, or `-` if none works even without isolation. */
function verdict(ways: readonly string[], open: Results, closed: Results): string {
  const working = ways.filter(name => open.get(name) === 0);
  const left = working.filter(name => closed.get(name) === 0);
  if (working.length === 0) return '-';
  return left.length === 0 ? 'closed' : left.length === working.length ? 'open' : 'partly';
}

/** Prints a line that scripts/machine/boot.mjs reads. */
export function recordFindings(
  user: number,
  parts: readonly (readonly [IsolationPart, readonly string[]])[],
  reading: readonly string[],
  open: Results,
  closed: Results,
): void {
  const { release, landlock, isolation } = features();
  const found = {
    linux: /^\d+\.\d+/.exec(release)?.[0] ?? release,
    landlock,
    user: user === 0 ? 'root' : 'ordinary',
    parts: Object.fromEntries(parts.map(([part, ways]) => [part, verdict(ways, open, closed)])),
    environment: verdict(reading, open, closed),
    mounts: isolation.refusesMounts ? 'refused' : 'as before',
  };
  console.log(`@isolation ${JSON.stringify(found)}`);
}
