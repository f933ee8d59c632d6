// `seccomp record`: runs a command and records its calls.
import { Option } from 'commander';
import { accessSync, constants as files, statSync } from 'node:fs';
import { findProgram } from '../../../process/exec.js';
import type { SyscallName } from '../../../kernel/calls/call-names.js';
import { PHASES } from '../../../process/trace/record-command.js';
import { recordStarted, type RecordedCommand } from '../../../process/trace/record.js';
import { formatRecording } from '../../../recording/json.js';
import type { Recording } from '../../../recording/recording.js';
import { say, write, type Register } from '../../output.js';
import { showProgress } from '../../recording/record-progress.js';
import {
  isOfCommand,
  recordWhatRuns,
  withRunningOptions,
  type RunningFlags,
} from '../../recording/record-running.js';
import { addToRecordingFile, checkRecordingFile } from '../../recording/recording-file.js';
import { optionError } from '../../../util/options.js';
import { ending, exitCodeOf, passSignals } from '../../running/accompany.js';
import { counted } from '../../../util/show.js';

interface Flags extends RunningFlags {
  readonly output: string;
  readonly by?: 'ptrace' | 'perf';
  readonly merge?: boolean;
  readonly phase?: string;
  readonly phaseAt?: readonly string[];
  readonly progress: boolean;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const recordCommand: Register = (program, run) =>
  withRunningOptions(program.command('record'))
    .description(
      'run a command and record the system calls of all that it starts; or, as root, record running processes',
    )
    .argument('[command...]', 'the command and its arguments, after --')
    .addOption(
      new Option(
        '--by <means>',
        'how to record a command; perf does not stop it, but may lose calls, and needs CAP_PERFMON',
      )
        .choices(['ptrace', 'perf'])
        .default('ptrace'),
    )
    .requiredOption('-o, --output <file>', 'where to write the recording')
    .option('--merge', 'add this run to the existing recording')
    .option('--phase <name>', 'the phase of the run that the calls belong to')
    .option(
      '--phase-at <calls>',
      'split the run into two phases: start, and work from the first of these calls on, e.g. listen,accept4',
      commaSeparated,
    )
    .option('--no-progress', 'do not print progress on a terminal')
    .option('--json', 'write errors as JSON')
    .passThroughOptions()
    .action((words: string[], flags: Flags) => {
      return run(async () => {
        const [command = '', ...args] = words[0] === '--' ? words.slice(1) : words;
        const { output, merge, phase, phaseAt, by } = flags;
        if (output === '-')
          throw optionError('--output cannot be -, which is the output of the command', 'Name a file');
        // Checked before the run, not after hours of it.
        requireWritable(output);
        if (merge === true) checkRecordingFile(output);
        if (!isOfCommand(words, flags)) {
          finish(flags, await recordWhatRuns(flags, phase));
          return 0;
        }
        findProgram(command, process.env['PATH']);
        const signals = passSignals();
        let started: RecordedCommand;
        try {
          const options = {
            stdio: 'inherit' as const,
            ...(phase !== undefined && { phase }),
            ...(by !== undefined && { by }),
            // record checks the names.
            ...(phaseAt !== undefined && { phaseAt: phaseAt as readonly SyscallName[] }),
          };
          started = recordStarted(command, args, options, true);
        } catch (error) {
          return await signals.notStarted(error);
        }
        const { child, recording, stop, progress } = started;
        signals.to(child);
        const endProgress = flags.progress ? showProgress(progress) : () => undefined;
        // Processes that the command left running continue unrecorded. A killed tracer is detected shortly after the
        // command ends.
        child.on('exit', () => setTimeout(stop, PATIENCE).unref());
        const [[code, signal], recorded] = await Promise.all([ending(child), recording]).finally(() => {
          endProgress();
          signals.stop();
        });
        finish(flags, recorded);
        if (phaseAt !== undefined && !recorded.calls.some(({ phase: name }) => name === PHASES.second))
          say(`no call of --phase-at was made: everything is in the phase ${PHASES.first}`);
        return code ?? (signal === null ? 128 : exitCodeOf(signal));
      }, flags.json === true);
    });

/** Throws if a file cannot be written or created. */
function requireWritable(path: string): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (path === '' || status?.isDirectory() === true)
    throw optionError(`--output cannot be ${JSON.stringify(path)}`, 'Name a file');
  // dirname would ignore a slash at the end.
  accessSync(status === undefined ? path.slice(0, path.lastIndexOf('/') + 1) || '.' : path, files.W_OK);
}

const commaSeparated = (text: string): readonly string[] => text.split(',').map(name => name.trim());

/** Writes the recording, and reports lost calls. */
function finish({ output, merge }: Flags, recorded: Recording): void {
  if (merge === true) addToRecordingFile(output, recorded);
  else write(output, formatRecording(recorded));
  const lost = recorded.sources.reduce((sum, source) => sum + source.lost, 0);
  if (lost === 0) return;
  const isPerf = recorded.sources.some(({ how }) => how === 'perf');
  say(
    isPerf
      ? `${counted(lost, 'call')} ${lost === 1 ? 'is' : 'are'} missing, because the machine was too busy or programs gained privileges; --by ptrace records a command in full`
      : `${counted(lost, 'call')} did not fit into the recording`,
  );
}

/** How long to wait for other processes after the command has ended, in milliseconds. */
const PATIENCE = 1000;
