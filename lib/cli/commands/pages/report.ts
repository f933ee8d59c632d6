// `seccomp report`: writes a page about a profile or a program.
import { decode } from '../../../bpf/program.js';
import { htmlReport, type Reported } from '../../../report/report.js';
import { inputArgument, layersArgument } from '../../input.js';
import { compileOptions, FILTER, withCompileOptions, type CompileFlags } from '../../options.js';
import { printJson, write, type Register } from '../../output.js';
import { inputName } from '../../reading/standard-input.js';

interface Flags extends CompileFlags {
  readonly output: string;
  readonly against?: string;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const reportCommand: Register = (program, run) =>
  withCompileOptions(program.command('report'))
    .description('write an HTML page about a filter; it needs no network')
    .argument('<filter>', FILTER)
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .option('--against <filter>', 'a filter to compare with; also pid:1234')
    .option('--json', 'write errors as JSON, and with --output what was written')
    .action((filter: string, flags: Flags) => {
      const { output, against } = flags;
      return run(() => {
        const text = htmlReport(reported(filter), {
          ...compileOptions(flags),
          name: inputName(filter),
          ...(against !== undefined && { against: layersArgument(against, flags), againstName: against }),
        });
        write(output, text);
        if (flags.json === true && output !== '-')
          printJson('report', { output, bytes: Buffer.byteLength(text) });
        return 0;
      }, flags.json === true);
    });

/** Reads a profile or a program. */
function reported(argument: string): Reported {
  const input = inputArgument(argument);
  return input.kind === 'program' ? decode(input.bytes) : Buffer.from(input.text);
}
