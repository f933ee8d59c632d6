// `seccomp check`: reports recorded calls that a profile would refuse, and allowed calls that no run used.
import { placeText } from '../../../util/place.js';
import { Option } from 'commander';
import { checkProfile, type CheckedCall, type ProfileCheck } from '../../../recording/check.js';
import { printable, singleLine } from '../../../util/printable.js';
import { checkSarif } from '../../recording/check-sarif.js';
import { isRecordingText } from '../../../recording/json.js';
import { LAUNCHERS, type Launcher } from '../../../recording/generate/completions.js';
import { tightenText, type TightenedProfile } from '../../../recording/tighten.js';
import { parseProfile } from '../../../profile/parse.js';
import { UsageError } from '../../../util/errors.js';
import { groupBy } from '../../../util/collections.js';
import { textInput } from '../../input.js';
import { capabilitiesOf, PROFILE, withConditionOptions, type CompileFlags } from '../../options.js';
import { print, printActions, printError, printJson, toJson, write, type Register } from '../../output.js';
import { recordingArgument, sayWhatIsMissing } from '../../recording/recording-argument.js';
import { optionError } from '../../../util/options.js';
import { counted } from '../../../util/show.js';

interface Flags extends Pick<CompileFlags, 'cap' | 'capFromProcess'> {
  readonly kernel?: string;
  readonly phase?: string;
  readonly tighten?: boolean;
  readonly output?: string;
  readonly for?: Launcher;
  readonly sarif?: boolean;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const checkCommand: Register = (program, run) =>
  withConditionOptions(program.command('check'))
    .description('find recorded calls that a profile would refuse, and allowed calls that no run made')
    .argument('<profile>', PROFILE)
    .argument('<recording...>', 'recordings of seccomp record or import')
    .option('--tighten', 'write a smaller profile, without calls that no run made')
    .option('-o, --output <file>', 'where --tighten writes; - is standard output (default)')
    .addOption(
      new Option(
        '--for <launcher>',
        'the program that loads the profile, whose calls --tighten keeps; default: none',
      ).choices(LAUNCHERS),
    )
    .option('--phase <name>', 'only calls of this phase')
    .addOption(new Option('--sarif', 'write SARIF 2.1.0, for code scanning').conflicts(['json', 'tighten']))
    .option('--json', 'write JSON, including errors')
    .action((argument: string, files: string[], flags: Flags) => {
      return run(() => {
        const { kernel, phase, tighten, output, for: launcher, sarif, json } = flags;
        if (tighten !== true && (output !== undefined || launcher !== undefined))
          throw optionError(
            `${output === undefined ? '--for' : '--output'} is an option of --tighten`,
            'Add --tighten',
          );
        const input = textInput(argument);
        if (isRecordingText(input.text))
          throw new UsageError(
            'bad-argument',
            `${singleLine(input.file)} is a recording`,
            'Pass the profile first, then the recordings',
          );
        const recordings = files.map(recordingArgument);
        const options = {
          capabilities: capabilitiesOf(flags),
          ...(kernel !== undefined && { kernel }),
          phase,
        };
        const profile = parseProfile(Buffer.from(input.text), { file: input.file });
        const check = checkProfile(profile, recordings, options);
        if (json !== true && sarif !== true) sayWhatIsMissing(recordings);
        if (tighten === true) {
          const tightened = tightenText(input, recordings, {
            ...options,
            ...(launcher !== undefined && { for: launcher }),
          });
          if (json === true) printJson('check', { ...check, tightened });
          else printError(`${format(check)}${formatTightened(tightened)}`);
          if (json !== true || output !== undefined) write(output ?? '-', tightened.text);
        } else if (sarif === true) print(toJson(checkSarif(check, program.version())));
        else if (json === true) printJson('check', check);
        else printActions(format(check));
        return check.refused.length > 0 ? 1 : 0;
      }, flags.json === true);
    });

/** Lists the removed calls, and those that stay allowed although no run made them. */
function formatTightened({ removed, unseen }: TightenedProfile): string {
  if (removed.length === 0) return 'nothing can be left out\n';
  const group = (
    title: string,
    calls: readonly { readonly syscall: string; readonly why: string }[],
  ): string =>
    [...groupBy(calls, ({ why }) => why)]
      .map(
        ([why, all]) =>
          `${title}, ${singleLine(why)}: ${[...new Set(all.map(({ syscall }) => syscall))].join(' ')}\n`,
      )
      .join('');
  return group('left out', removed) + group('kept although no run made them', unseen);
}

function format({ refused, uncertain, fallbacks, unused, calls, runs }: ProfileCheck): string {
  const lines = [
    ...refused.map(
      call =>
        `refused: ${callText(call)}${call.remedy === undefined ? '' : `. To allow it, ${printable(call.remedy)}`}`,
    ),
    ...uncertain.map(call => `may be refused, depending on arguments: ${callText(call)}`),
    ...fallbacks.map(call => `replaced by an older call: ${callText(call)}`),
    ...(unused.length === 0
      ? []
      : [
          `allowed and never used: ${unused.map(({ syscall, conditional }) => (conditional ? `${syscall} (under conditions)` : syscall)).join(', ')}`,
        ]),
    `${counted(calls, 'distinct call')} of ${counted(runs, 'run')}: ${refused.length} refused, ${uncertain.length} uncertain; ${unused.length} allowed and never used`,
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Formats a call: `socket(domain=AF_ALG) on x86_64 by /usr/bin/x, 3 times in 1 run: ERRNO(EPERM), by profile.json:4:5`.
 */
function callText({
  syscall,
  abi,
  phase,
  arguments: args,
  programs,
  count,
  runs,
  action,
  at,
}: CheckedCall): string {
  const by =
    programs.length === 0
      ? ''
      : ` by ${programs.slice(0, 3).map(printable).join(', ')}${programs.length > 3 ? ', …' : ''}`;
  const place = at === undefined ? '' : `, by ${placeText(at)}`;
  const times = `${counted(count, 'time')} in ${counted(runs, 'run')}`;
  return `${syscall}(${args.join(', ')}) on ${abi}${phase === '' ? '' : ` in the phase ${printable(phase)}`}${by}, ${times}: ${action}${place}`;
}
