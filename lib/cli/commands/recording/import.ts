// `seccomp import`: converts logs of other tools to a recording.
import { Option } from 'commander';
import { formatRecording } from '../../../recording/json.js';
import { LogReader, type ReadLog, type ReadLogOptions } from '../../../recording/logs/read-log.js';
import { mergeAll } from '../../../recording/merge.js';
import { singleLine } from '../../../util/printable.js';
import { architecture } from '../../options.js';
import { printError, printJson, say, write, type Register } from '../../output.js';
import { linesOf } from '../../reading/read-lines.js';
import { inputName } from '../../reading/standard-input.js';

interface Flags extends Omit<ReadLogOptions, 'file'> {
  readonly output?: string;
  readonly oneRun?: boolean;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const importCommand: Register = (program, run) =>
  program
    .command('import')
    .description(
      'make a recording from logs of strace, perf trace, the audit system, seccomp run --json, or the Security Profiles Operator',
    )
    .argument('<file...>', 'logs, or - for standard input; each is one run unless --one-run is given')
    .option('-o, --output <file>', 'where to write the recording; - is standard output (default)')
    .option('--one-run', 'treat all files as one run, as for strace -ff')
    .addOption(
      new Option(
        '--arch <arch>',
        'the architecture of the machine that wrote the logs; default: this one',
      ).argParser(architecture),
    )
    .option('--kernel <release>', 'the kernel release to write to the recording')
    .option('--libc <name>', 'the C library to write to the recording')
    .option('--command <text>', 'the command line to write to the recording')
    .option('--phase <name>', 'the phase of the run that the calls belong to')
    .option('--json', 'write JSON: counts of lines, the recording unless --output is given, and errors')
    .action((files: string[], flags: Flags) => {
      return run(() => {
        const { output, oneRun, json, ...options } = flags;
        if (oneRun !== true && json !== true && areNumbered(files))
          say('each file is one run; if all belong to one run of strace -ff, add --one-run');
        const logs =
          oneRun === true
            ? [{ file: files.join(', '), ...readAll(files, options) }]
            : files.map(file => ({ file, ...readAll([file], options) }));
        const text = formatRecording(mergeAll(logs.map(({ recording }) => recording)));
        if (json === true) {
          const read = logs.map(({ file, lines, skipped, examples }) => ({ file, lines, skipped, examples }));
          printJson('import', {
            logs: read,
            ...(output === undefined && { recording: JSON.parse(text) as unknown }),
          });
        } else {
          for (const log of logs) tellSkipped(log);
        }
        if (json !== true || output !== undefined) write(output ?? '-', text);
        return 0;
      }, flags.json === true);
    });

/** Whether the files have names as from `strace -ff`, with a process id at the end. */
const areNumbered = (files: readonly string[]): boolean =>
  files.length > 1 &&
  files.every(file => /\.\d+$/.test(file)) &&
  new Set(files.map(file => file.replace(/\d+$/, ''))).size === 1;

function readAll(files: readonly string[], options: Omit<ReadLogOptions, 'file'>): ReadLog {
  const reader = new LogReader({
    ...options,
    file: files.map(file => singleLine(inputName(file))).join(', '),
  });
  for (const file of files) {
    reader.nextFile();
    for (const line of linesOf(file)) reader.push(line);
  }
  return reader.finish();
}

function tellSkipped({ file, lines, skipped, examples }: ReadLog & { readonly file: string }): void {
  if (skipped === 0) return;
  const shown = examples
    .slice(0, 3)
    .map(({ line, text }) => `    ${line === 0 ? '' : `line ${line}: `}${singleLine(text)}\n`);
  say(
    `${singleLine(inputName(file))}: ${skipped} of ${lines} lines or names were not understood, beginning with`,
  );
  printError(shown.join(''));
}
