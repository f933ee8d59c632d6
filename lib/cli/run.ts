// `seccomp run`: becomes a command under a profile.
import { compile } from '../compile.js';
import { parseKernelVersion } from '../policy/target.js';
import { exec } from '../process/exec.js';
import { features } from '../process/features.js';
import { profileArgument } from './input.js';
import { compileOptions, withCompileOptions, type CompileFlags } from './options.js';
import { warn, type Register } from './output.js';

interface Flags extends CompileFlags {
  readonly log?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const runCommand: Register = (program, run) =>
  withCompileOptions(program.command('run'))
    .description(
      'load a profile and become a command; the profile need only allow execve and what the command needs',
    )
    .argument('<profile>', 'a path, the name of a profile that ships, or - for standard input')
    .argument('<command...>', 'the command and its arguments, after --')
    .option('--log', 'log refused calls (see /proc/sys/kernel/seccomp/actions_logged)')
    .option('-v, --verbose', 'print the warnings of the profile')
    .option('--json', 'errors as JSON')
    .passThroughOptions()
    .action((profile: string, words: string[], flags: Flags) => {
      const [command = '', ...args] = words[0] === '--' ? words.slice(1) : words;
      return run(() => {
        const { major, minor } = parseKernelVersion(features().release);
        const filter = compile(profileArgument(profile), {
          kernel: { major, minor },
          ...compileOptions(flags),
        });
        if (flags.verbose === true) warn(filter.warnings);
        return exec(filter, command, args, { log: flags.log ?? false });
      }, flags.json === true);
    });
