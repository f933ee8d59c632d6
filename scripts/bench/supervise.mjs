// The cost of a supervised call: with a handler in this package, and with the same handler in C.
import { execFile } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { compile, supervise } from '../../dist/entries/index.js';
import { buildProgram } from './build.mjs';
import { blocks, comparison } from './format.mjs';
import { compareWith, interleave } from './statistics.mjs';

export const title = 'Supervised calls';

const run = promisify(execFile);
const ANSWER = 42;
const C = 'C: epoll, one receive, one response';

export async function measure({ quick }) {
  const program = buildProgram('supervised-call');
  const count = quick ? '5000' : '20000';
  const profile = compile({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['getsid'], action: 'SCMP_ACT_NOTIFY' }],
  });
  const supervised = async getsid => {
    const { child, finished } = supervise(program, [count], {
      profile,
      stdio: ['ignore', 'pipe', 'inherit'],
      handlers: { getsid },
    });
    const nanoseconds = await text(/** @type {import('node:stream').Readable} */ (child.stdout));
    await finished;
    return Number(nanoseconds) / 1000;
  };
  const subjects = {
    [C]: async () => Number((await run(program, [count, 'serve'])).stdout) / 1000,
    '`supervise`, a handler that returns a response': () => supervised(() => ({ value: ANSWER })),
    '`supervise`, a handler that returns a promise': () => supervised(async () => ({ value: ANSWER })),
  };
  return compareWith(
    C,
    await interleave(subjects, quick ? { rounds: 5, warmUp: 1 } : { rounds: 40, warmUp: 3 }),
  );
}

export const render = data =>
  blocks(
    `The time of a call with the action NOTIFY, measured in the caller.`,
    comparison(['Supervisor', 'One call, µs, median (quartiles)', 'Ratio to C'], data),
  );
