// `seccomp record` for running processes: records until the time is over, all have ended, or Ctrl-C.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { record } from '../../process/trace/record.js';
import type { RecordRunningOptions } from '../../process/trace/perf/record-running.js';
import type { Recording } from '../../recording/recording.js';
import { secondsOf } from '../options.js';
import { say } from '../output.js';
import { givenOptions, optionError } from '../../util/options.js';
import { counted } from '../../util/show.js';

/** Options that select running processes, as commander parses them. */
export type RunningFlags = Omit<RecordRunningOptions, 'phase'>;

const RECORDED = ['pid', 'container', 'root', 'cgroup', 'all', 'seconds', 'phase'];

/** Adds these options. */
export const withRunningOptions = (command: Command): Command =>
  command
    .addOption(new Option('--pid <pid>', 'a process and its descendants').argParser(whole))
    .option('--container <id>', 'a container of runc, crun, Docker, containerd, Podman or CRI-O')
    .option('--root <directory>', 'the state directory of the container runtime, as in runc --root')
    .option(
      '--cgroup <path>',
      'a cgroup and those below it: its directory, or its path as in /proc/PID/cgroup',
    )
    .option('--all', 'all processes of the machine')
    .addOption(
      new Option('--seconds <seconds>', 'how long to record; default: until Ctrl-C').argParser(secondsOf),
    );

/** Whether a command is recorded rather than running processes. Throws UsageError (`bad-option`). */
export function isOfCommand(words: readonly string[], flags: RunningFlags): boolean {
  const { pid, container, root, cgroup, all, seconds } = flags;
  const running = [pid, container, cgroup, all].some(each => each !== undefined);
  if (running && words.length > 0)
    throw optionError(
      'a command and running processes cannot be recorded together',
      'Give either a command, or one of --pid, --container, --cgroup and --all',
    );
  if (!running && words.length === 0)
    throw optionError(
      'no target is given',
      'Give a command after --, or one of --pid, --container, --cgroup and --all',
    );
  if (!running && (seconds !== undefined || root !== undefined))
    throw optionError(
      `${seconds === undefined ? '--root' : '--seconds'} is for running processes`,
      'Give it with --container, or record the command without',
    );
  return !running;
}

/** Records running processes. Throws as `record` does. */
export async function recordWhatRuns(flags: RunningFlags, phase: string | undefined): Promise<Recording> {
  const { seconds } = flags;
  const { recording, stop } = record(givenOptions<RecordRunningOptions>({ ...flags, phase }, RECORDED));
  for (const signal of SIGNALS) process.on(signal, stop);
  for (const signal of IGNORED) process.on(signal, ignore);
  say(`recording${seconds === undefined ? ', until Ctrl-C' : ` for ${seconds} s`}`);
  try {
    const recorded = await recording;
    const calls = recorded.calls.reduce((sum, { count }) => sum + count, 0);
    say(`${counted(calls, 'call')}, ${recorded.calls.length} different ones`);
    return recorded;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
    for (const signal of IGNORED) process.off(signal, ignore);
  }
}

/** Signals that end the recording, which is then written. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Ignored signals: SIGUSR1 would open Node's debugger, and SIGUSR2 would end the process without a recording. */
const IGNORED = ['SIGUSR1', 'SIGUSR2'] as const;
const ignore = (): void => undefined;

function whole(value: string): number {
  if (/^[1-9]\d{0,9}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('Give a whole number from 1 on.');
}
