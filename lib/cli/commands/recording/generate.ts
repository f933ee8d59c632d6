// `seccomp generate`: generates a profile from recordings, with a comment on each rule.
import { InvalidArgumentError, Option } from 'commander';
import {
  generateProfile,
  type ExplainedCall,
  type GenerateOptions,
} from '../../../recording/generate/generate.js';
import { ARGUMENT_MODES } from '../../../recording/generate/argument-conditions.js';
import { LAUNCHERS } from '../../../recording/generate/completions.js';
import { groupBy } from '../../../util/collections.js';
import { singleLine } from '../../../util/printable.js';
import { profileArgument } from '../../input.js';
import { printError, printJson, say, toJson, write, type Register } from '../../output.js';
import { recordingArgument, sayWhatIsMissing } from '../../recording/recording-argument.js';

interface Flags extends Omit<GenerateOptions, 'base'> {
  readonly output?: string;
  readonly base?: string;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const generateCommand: Register = (program, run) =>
  program
    .command('generate')
    .description('make a profile that allows the calls in recordings')
    .argument('<recording...>', 'recordings of seccomp record or import, or - for standard input')
    .option('-o, --output <file>', 'where to write the profile; - is standard output (default)')
    .addOption(
      new Option(
        '--arguments <mode>',
        'which arguments become conditions: those for which it is known to be safe, none, or all',
      )
        .choices(ARGUMENT_MODES)
        .default('safe'),
    )
    .option('--base <profile>', 'allow nothing that this profile refuses')
    .addOption(new Option('--min-runs <n>', 'leave out calls that fewer runs made').argParser(positive))
    .addOption(
      new Option(
        '--for <launcher>',
        'the program that loads the profile, whose calls are added; default: none',
      ).choices(LAUNCHERS),
    )
    .option('--phase <name>', 'only calls of this phase')
    .option('--json', 'write JSON: the profile, the calls that were added and left out, and errors')
    .action((files: string[], flags: Flags) => {
      return run(() => {
        const { output, base, json, ...options } = flags;
        const recordings = files.map(recordingArgument);
        const generated = generateProfile(recordings, {
          ...options,
          ...(base !== undefined && { base: profileArgument(base) }),
        });
        if (json === true) printJson('generate', generated);
        else {
          sayWhatIsMissing(recordings);
          tell('allowed although no run made them', generated.unseen);
          tell('allowed under conditions that may be too strict', generated.uncertain);
          tell('allowed with any arguments', generated.unlimited);
          tell('not allowed', generated.leftOut);
        }
        if (json !== true || output !== undefined) write(output ?? '-', toJson(generated.profile));
        return 0;
      }, flags.json === true);
    });

/** Prints calls to standard error, because the profile may go to standard output. */
function tell(what: string, calls: readonly ExplainedCall[]): void {
  if (calls.length === 0) return;
  say(`${what}:`);
  for (const [why, group] of groupBy(calls, call => call.why))
    printError(`  ${group.map(({ syscall }) => syscall).join(' ')}: ${singleLine(why)}\n`);
}

function positive(value: string): number {
  const number = /^[1-9]\d{0,14}$/.test(value) ? Number(value) : undefined;
  if (number !== undefined) return number;
  throw new InvalidArgumentError('Give a whole number from 1 on.');
}
