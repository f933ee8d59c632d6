// Helpers of test/stress: run many operations at once, and check that nothing is left behind.
import { inChild, told } from './child.js';

/** The share of the full size, which takes minutes; by default a small part. */
const SHARE = Number(process.env['STRESS'] ?? 0.05);

/** Scales a count from the full size. */
export const many = (whole: number): number => Math.max(2, Math.ceil(whole * SHARE));

/** The bytes by which the heap may grow after a first, smaller round. */
const HEAP_ROOM = 4 << 20;
const RESIDENT_ROOM = 48 << 20;

/**
 * Runs `prepare`, a small round, and then `round(size)`, an async function, in a separate process. Returns the result of the
 * last round. Fails if it leaves descriptors, threads, children or memory behind. It waits for the end of the first three,
 * because the kernel lists a thread slightly longer than it runs.
 */
export function leavesNothing<Result>(prepare: string, size: number): Result {
  const { kept, result } = told<{ kept: Readonly<Record<string, number>>; result: Result }>(
    inChild(
      `
      const fs = m('fs');
      ${prepare}
      const listed = path => fs.readdirSync(path).length;
      const children = () => fs.readdirSync('/proc/self/task').flatMap(id => {
        try { return fs.readFileSync('/proc/self/task/' + id + '/children', 'utf8').split(' ').filter(pid => pid !== ''); } catch { return []; }
      }).length;
      const things = () => ({ descriptors: listed('/proc/self/fd'), threads: listed('/proc/self/task'), children: children() });
      const memory = async () => {
        for (let time = 0; time < 5; time++) { gc(); await new Promise(resolve => setImmediate(resolve)); }
        const { heapUsed, external, rss } = process.memoryUsage();
        return { heap: heapUsed + external, resident: rss };
      };
      await round(${Math.ceil(size / 10)});
      const before = things();
      const used = await memory();
      const result = await round(${size});
      await until(() => Object.entries(things()).every(([what, count]) => count <= before[what]));
      const now = await memory();
      tell({ result, kept: {
        heap: Math.max(0, now.heap - used.heap - ${HEAP_ROOM}),
        resident: Math.max(0, now.resident - used.resident - ${RESIDENT_ROOM}),
      } });
      process.exit();`,
      { args: ['--expose-gc'] },
    ),
  );
  if (Object.values(kept).some(bytes => bytes > 0))
    throw new Error(`bytes beyond the room that is given: ${JSON.stringify(kept)}`);
  return result;
}
