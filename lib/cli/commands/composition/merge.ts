// `seccomp merge`: combines several profiles or programs.
import { Option } from 'commander';
import { difference, intersection, union } from '../../../filter/algebra/combine.js';
import { compile } from '../../../filter/compile-profile.js';
import type { Policy } from '../../../policy/policy.js';
import { explainChanges } from '../../explain-changes.js';
import { converted, FORMATS, type ConversionFlags, type Format } from '../../converted.js';
import { policyArgument } from '../../input.js';
import { FILTER, withCompileOptions } from '../../options.js';
import { warn, write, type Register } from '../../output.js';
import { optionError } from '../../../util/options.js';

interface Flags extends ConversionFlags {
  readonly union?: boolean;
  readonly intersection?: boolean;
  readonly difference?: boolean;
  readonly to: Format;
  readonly output: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

const WAYS = { union, intersection, difference };

/** Registers the subcommand. */
export const mergeCommand: Register = (program, run) =>
  withCompileOptions(program.command('merge'))
    .description('combine several profiles or programs, with one of --union, --intersection and --difference')
    .argument('<first>', FILTER)
    .argument('<others...>', 'the filters to combine with it')
    .option('--union', 'allow what any of them allows')
    .option('--intersection', 'allow what all of them allow, as layers do')
    .option('--difference', 'allow what the first allows and no other does')
    .addOption(new Option('-t, --to <format>', 'what to write').choices(FORMATS).default('docker'))
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .option('--explain', 'print on standard error what changes compared with the first')
    .option('--category <category>', 'the filter in a Firecracker file: vmm, api or vcpu')
    .option('--json', 'write errors as JSON')
    .action((first: string, others: readonly string[], flags: Flags) => {
      return run(() => {
        const ways = (Object.keys(WAYS) as (keyof typeof WAYS)[]).filter(way => flags[way] === true);
        const [way, second] = ways;
        if (way === undefined || second !== undefined)
          throw optionError('merge takes one of --union, --intersection and --difference', 'Choose one');
        const [base, ...rest] = [first, ...others].map((name): Policy => policyArgument(name, flags));
        if (base === undefined) throw new Error('unreachable: there is a first one');
        const result = rest.reduce((all, each) => WAYS[way](all, each), base);
        warn(result.warnings);
        write(flags.output, converted(result, flags.to, flags));
        if (flags.explain === true) explainChanges(compile(base), compile(result));
        return 0;
      }, flags.json === true);
    });
