// Traces the running process: a tracer attaches to all of its threads, and evaluates a filter for every call in place of the
// kernel.
import { kernelAtLeast, parseKernelVersion } from '../../kernel/kernel-version.js';
import type { Filter } from '../../filter/filter.js';
import { isFailure, native } from '../../native.js';
import { LoadError } from '../../util/errors.js';
import { features } from '../machine/features.js';
import { MUTED, setPhase, writeProgram } from './table.js';
import { refuseTraced, takeMe } from './take-me.js';
import { startTracer, type Tracer } from './tracer.js';

/** The kernel version that introduced PTRACE_GET_SYSCALL_INFO. */
const FIRST_KERNEL = { major: 5, minor: 3 };

/** A tracer of a running process. When it ends, the process continues unchanged. */
interface AttachedTracer extends Tracer {
  /** The memory that the tracer writes. */
  readonly memory: Buffer;
  /** Ends the tracer, after it has written everything. */
  readonly end: () => void;
}

/**
 * Starts a tracer that waits to be attached to a process, and will evaluate a filter of `withStops` for every call.
 * Throws LoadError (`no-tracer`).
 */
export function startAttachable(
  filter: Filter,
  user: Parameters<typeof startTracer>[0] = SAME_USER,
): AttachedTracer {
  const { release } = features();
  if (!kernelAtLeast(parseKernelVersion(release), FIRST_KERNEL))
    throw new LoadError(
      'no-tracer',
      `a running process cannot be traced on Linux ${release}`,
      'It needs Linux 5.3. Start the program with spawn or record instead',
    );
  const tracer = startTracer(user, table => {
    writeProgram(table, filter.bpf);
  });
  try {
    const memory = tracer.map();
    return {
      ...tracer,
      memory,
      end: () => {
        setPhase(memory, MUTED);
        endTracer(tracer);
      },
    };
  } catch (error) {
    tracer.release();
    tracer.close();
    native().closeDescriptor(tracer.woken);
    throw error;
  }
}

/** Attaches a tracer to this process. Throws LoadError (`no-tracer`, `tracer-refused`); then nothing has changed. */
export function attachTracer(filter: Filter): AttachedTracer {
  refuseTraced();
  const tracer = startAttachable(filter);
  setPhase(tracer.memory, MUTED);
  try {
    takeMe(tracer.socket, tracer.pid);
  } catch (error) {
    native().closeDescriptor(tracer.woken);
    tracer.close();
    throw error;
  } finally {
    tracer.release();
  }
  setPhase(tracer.memory, 0);
  return tracer;
}

const SAME_USER = { uid: undefined, gid: undefined };

/** Ends a tracer and waits for its end. The kernel resumes every traced thread. */
function endTracer(tracer: Tracer): void {
  const { woken } = tracer;
  tracer.close();
  // The tracer's end of the pipe closes when it ends.
  while (!tracer.drain()) {
    if (isFailure(native().waitForEither(woken, woken))) return;
  }
}
