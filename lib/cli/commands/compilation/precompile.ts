// `seccomp precompile`: the programs of a profile for the option `cache` of applyProfile.
import { precompileText, type PrecompileOptions } from '../../../process/apply/precompile.js';
import { textInput } from '../../input.js';
import { archOption, PROFILE } from '../../options.js';
import { print, printJson, warn, type Register } from '../../output.js';

interface Flags extends PrecompileOptions {
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const precompileCommand: Register = (program, run) =>
  program
    .command('precompile')
    .description(
      'compile a profile and prove its programs before services start that apply it: if root puts them into the directory, applyProfile does neither',
    )
    .argument('<profile>', PROFILE)
    .argument('<directory>', 'what these services pass to applyProfile as cache')
    .addOption(archOption())
    .option('--json', 'write JSON')
    .action((profile: string, directory: string, { arch, json = false }: Flags) =>
      run(() => {
        const written = precompileText(textInput(profile), directory, { arch });
        warn(written.warnings);
        if (json) printJson('precompile', written);
        else print(`${written.file}\n`);
        return 0;
      }, json),
    );
