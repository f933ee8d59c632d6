// `seccomp playground`: writes a page for editing and inspecting profiles without a network.
import { htmlPlayground } from '../../../report/playground/page.js';
import { utf8 } from '../../../util/host/bytes.js';
import { PROFILE } from '../../options.js';
import { printJson, write, type Register } from '../../output.js';
import { refuseProcess } from '../../input.js';
import { readStandardInput } from '../../reading/standard-input.js';

interface Flags {
  readonly output: string;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const playgroundCommand: Register = (program, run) =>
  program
    .command('playground')
    .description('write an HTML page to edit, explain and compare profiles; it needs no network')
    .argument('[profile]', `the profile to start with: ${PROFILE}; default: docker-default`)
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .option('--json', 'write errors as JSON, and with --output what was written')
    .action((profile: string | undefined, { output, json = false }: Flags) => {
      return run(() => {
        if (profile !== undefined) refuseProcess(profile);
        const text = htmlPlayground(
          profile === undefined ? {} : { profile: profile === '-' ? readStandardInput() : profile },
        );
        write(output, text);
        if (json && output !== '-') printJson('playground', { output, bytes: utf8(text).length });
        return 0;
      }, json);
    });
