// Much of the same at once, and that nothing of it is left: what the tests of test/stress have in common.
import { inChild, told } from './child.js';

/** How much of the full size is run, which takes minutes; a part that takes a moment unless said. */
const SHARE = Number(process.env['STRESS'] ?? 0.05);

/** A number of things, given at full size. */
export const many = (whole: number): number => Math.max(2, Math.ceil(whole * SHARE));

/** Room that V8 and malloc may keep, in bytes: what is measured comes after a first round of the same. */
const HEAP_ROOM = 4 << 20;
const RESIDENT_ROOM = 48 << 20;

/**
 * What is left of a round that has been made before, in a process of its own: `prepare` is run once, `round(size)` is to be
 * an async function. Gives what the last round gave. Fails where descriptors, threads, children or memory remain; the first
 * three are waited for, as the kernel lists a thread for a moment longer than it runs.
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
