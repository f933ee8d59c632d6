// Converts the perf recorder's data to a recording.
import { release } from 'node:os';
import { abiOf, callText } from '../../../kernel/abi.js';
import { nativeArchitecture } from '../../../kernel/architectures.js';
import { native } from '../../../native.js';
import { RecordingBuilder } from '../../../recording/build.js';
import { RUNTIME_PHASE, type Recording } from '../../../recording/recording.js';
import type { PerfTable } from './table.js';

/** Facts about the recording that are not in the data. */
interface PerfRun {
  /** A description of the recorded processes. */
  readonly command: string;
  /** The phase of the run for these calls. */
  readonly phase: string;
  /** Whether to put the calls of container runtimes into a separate phase. */
  readonly partRuntimes: boolean;
  /** Whether a command was started, by a call before the recording. */
  readonly started: boolean;
}

/**
 * Programs that start containers, and are in the containers' cgroups until they execute the program of the container.
 * Some run a copy of themselves in memory, or, with the path `/`, on a detached mount.
 */
const RUNTIMES =
  /\/(?:runc|crun|youki|conmon|containerd-shim(?:-\w+)*)(?: \(deleted\))?$|^\/memfd:(?:runc|crun)[_:]|^\/$/;

/** Whether the program at a path is a container runtime. */
export const isRuntime = (program: string): boolean => RUNTIMES.test(program);

export function summarize(table: PerfTable, { command, phase, partRuntimes, started }: PerfRun): Recording {
  const builder = new RecordingBuilder();
  let foreign = table.foreign;
  // The kernel starts recording at the first instruction of the command, after its execve.
  if (started) builder.add({ abi: nativeArchitecture(), syscall: 'execve', phase });
  for (const { arch, number, count, program, args } of table.calls) {
    const abi = abiOf(arch, number)?.name;
    if (abi === undefined || number < 0) {
      foreign += count;
      continue;
    }
    const call = {
      abi,
      syscall: callText(abi, number),
      phase: partRuntimes && program !== undefined && isRuntime(program) ? RUNTIME_PHASE : phase,
      program,
      count,
    };
    if (!builder.addValues(call, args)) foreign += count;
  }
  return builder.finish({
    how: 'perf',
    arch: nativeArchitecture(),
    kernel: release(),
    libc: started ? native().cLibrary() : '',
    command,
    lost: table.lost + table.unseen + foreign,
  });
}
