// `seccomp run`: replaces itself by a command under a profile, or starts it and reports its refused calls.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { compile } from '../../filter/compile-profile.js';
import type { Filter } from '../../filter/filter.js';
import { parseKernelVersion } from '../../kernel/kernel-version.js';
import { exec } from '../../process/exec.js';
import { features } from '../../process/machine/features.js';
import { ISOLATION_MODES, type IsolationMode } from '../../process/isolation/isolation.js';
import { profileArgument } from '../input.js';
import { compileOptions, PROFILE, secondsOf, withCompileOptions, type CompileFlags } from '../options.js';
import { warn, type Register } from '../output.js';
import { runWatched } from '../running/run-supervised.js';
import { optionError } from '../../util/options.js';

interface Flags extends CompileFlags {
  readonly log?: boolean;
  readonly report?: boolean;
  readonly reportOnly?: boolean;
  readonly reportFallbacks?: boolean;
  readonly reportFile?: string;
  readonly reportFd?: number;
  readonly timeout?: number;
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly isolation?: IsolationMode;
}

const descriptor = (value: string): number => {
  const number = Number(value);
  if (value !== '' && Number.isInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('Give the number of a descriptor that is open for writing.');
};

const withRunOptions = (command: Command): Command =>
  command
    .option('--log', 'log refused calls, as configured in /proc/sys/kernel/seccomp/actions_logged')
    .option('--report', 'print the refused calls when the command has ended')
    .option('--report-only', 'print these calls, but allow them: nothing is enforced')
    .option(
      '--report-fallbacks',
      'also print calls that fail with ENOSYS so that libraries fall back to older ones',
    )
    .option('--report-file <file>', 'write the report to this file instead of standard error')
    .option('--report-fd <number>', 'write the report to this descriptor', descriptor)
    .option('--timeout <seconds>', 'kill the command after that time', secondsOf)
    .addOption(
      new Option(
        '--isolation <mode>',
        'how far the command is isolated from its parent; default: terminal, or best-effort with --report, --report-only and --timeout',
      ).choices([...ISOLATION_MODES]),
    )
    .option('-v, --verbose', 'print the warnings of the profile')
    .option('--json', 'write errors and reports as JSON');

/** Registers the subcommand. */
export const runCommand: Register = (program, run) =>
  withRunOptions(withCompileOptions(program.command('run')))
    .description('run a command under a profile')
    .argument('<profile>', PROFILE)
    .argument('<command...>', 'the command and its arguments, after --')
    .passThroughOptions()
    .action((profile: string, words: string[], flags: Flags) => {
      const [command, ...args] = words[0] === '--' ? words.slice(1) : words;
      return run(() => {
        if (words[0] !== '--' && command?.startsWith('-') === true)
          throw optionError(
            `the option ${JSON.stringify(command)} is after the profile`,
            'Write options before the profile, and the command after --',
          );
        if (command === undefined) throw optionError('there is no command', 'Write it after --');
        return perform(filterOf(profile, flags), command, args, flags);
      }, flags.json === true);
    });

function filterOf(profile: string, flags: Flags): Filter {
  const { major, minor } = parseKernelVersion(features().release);
  const filter = compile(profileArgument(profile), { kernel: { major, minor }, ...compileOptions(flags) });
  if (flags.verbose === true) warn(filter.warnings);
  return filter;
}

function perform(filter: Filter, command: string, args: readonly string[], flags: Flags): Promise<number> {
  const { log = false, report = false, reportOnly = false, timeout, json = false, isolation } = flags;
  if (report && reportOnly) {
    throw optionError('--report and --report-only cannot be combined', 'Choose one of them');
  }
  const { reportFallbacks = false, reportFile, reportFd } = flags;
  if (!report && !reportOnly && (reportFallbacks || reportFile !== undefined || reportFd !== undefined)) {
    throw optionError(
      '--report-fallbacks, --report-file and --report-fd need a report',
      'Add --report or --report-only',
    );
  }
  if (reportFile !== undefined && reportFd !== undefined)
    throw optionError('--report-file and --report-fd cannot be combined', 'Choose one of them');
  const isolating = isolation === undefined ? {} : { isolation };
  if (!report && !reportOnly && timeout === undefined)
    return exec(filter, command, args, { log, ...isolating });
  const watching = reportOnly ? 'allow' : report ? 'refuse' : 'nothing';
  return runWatched(filter, command, args, {
    log,
    watching,
    fallbacks: reportFallbacks,
    target: reportFile ?? reportFd,
    timeout,
    json,
    ...isolating,
  });
}
