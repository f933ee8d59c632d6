// `seccomp check`: what of the recordings a profile would refuse, and what it allows that no run used.
import { placeText } from '../../../util/place.js';
import { Option } from 'commander';
import { checkProfile, type CheckedCall, type ProfileCheck } from '../../../recording/check.js';
import { printable } from '../../../util/printable.js';
import { checkSarif } from '../../check-sarif.js';
import { profileArgument } from '../../input.js';
import { collect } from '../../options.js';
import { print, toJson, type Register } from '../../output.js';
import { recordingArgument } from '../../recording-argument.js';

interface Flags {
  readonly cap?: readonly string[];
  readonly kernel?: string;
  readonly sarif?: boolean;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const checkCommand: Register = (program, run) =>
  program
    .command('check')
    .description('compare a profile with recordings; exit code 1 when it would refuse what they have')
    .argument('<profile>', 'a path, the name of a profile that ships, or - for standard input')
    .argument('<recording...>', 'files of seccomp import')
    .option('--cap <capability>', 'a capability that the process will have; repeatable', collect)
    .option('--kernel <version>', 'kernel version for minKernel conditions, e.g. 6.1')
    .addOption(new Option('--sarif', 'SARIF 2.1.0, for code scanning').conflicts('json'))
    .option('--json', 'for machines')
    .action((profile: string, recordings: string[], flags: Flags) => {
      return run(() => {
        const { cap, kernel, sarif, json } = flags;
        const parsed = profileArgument(profile);
        const check = checkProfile(parsed, recordings.map(recordingArgument), {
          ...(cap !== undefined && { capabilities: cap }),
          ...(kernel !== undefined && { kernel }),
        });
        if (sarif === true) print(toJson(checkSarif(check, program.version())));
        else print(json === true ? toJson(check) : format(check));
        return check.refused.length > 0 ? 1 : 0;
      }, flags.json === true);
    });

function format({ refused, uncertain, fallbacks, unused, calls, runs }: ProfileCheck): string {
  const lines = [
    ...refused.map(
      call =>
        `refused: ${callText(call)}${call.remedy === undefined ? '' : `. To allow it, ${printable(call.remedy)}`}`,
    ),
    ...uncertain.map(call => `may be refused, depending on arguments: ${callText(call)}`),
    ...fallbacks.map(call => `left to an older call: ${callText(call)}`),
    ...(unused.length === 0
      ? []
      : [
          `allowed and never used: ${unused.map(({ syscall, conditional }) => (conditional ? `${syscall} (under conditions)` : syscall)).join(', ')}`,
        ]),
    `${calls} distinct calls of ${runs} runs: ${refused.length} refused, ${uncertain.length} uncertain; ${unused.length} allowed and never used`,
  ];
  return `${lines.join('\n')}\n`;
}

/** `socket(family=AF_ALG) on x86_64 by /usr/bin/x, 3 times in 1 run: ERRNO(EPERM), by profile.json:4:5`. */
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
  const times = `${count} ${count === 1 ? 'time' : 'times'} in ${runs} ${runs === 1 ? 'run' : 'runs'}`;
  return `${syscall}(${args.join(', ')}) on ${abi}${phase === '' ? '' : ` in the phase ${printable(phase)}`}${by}, ${times}: ${action}${place}`;
}
