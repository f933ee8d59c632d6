// `seccomp derive`: allows and refuses calls in a profile.
import { dirname, relative } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { derive, formatProfile } from '../../../filter/algebra/derive.js';
import { compile } from '../../../filter/compile-profile.js';
import { CHANGE_LISTS, type CallOrGroup, type Changes } from '../../../policy/derive/changes.js';
import { resolveProfile } from '../../../profile/resolve/resolve.js';
import { own } from '../../../util/own.js';
import { explainChanges } from '../../explain-changes.js';
import { converted, FORMATS, type ConversionFlags, type Format } from '../../converted.js';
import { sourceArgument } from '../../input.js';
import { compileOptions, FILTER, withCompileOptions } from '../../options.js';
import { warn, write, type Register } from '../../output.js';
import { optionError } from '../../../util/options.js';

interface Flags extends ConversionFlags {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly only?: readonly string[];
  readonly to: Format | 'extends';
  readonly output: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

/** Parses names, given as `a,b` or as `-x a -x b`. */
function names(value: string, previous: readonly string[] = []): readonly string[] {
  const given = value.split(/[\s,]+/).filter(name => name !== '');
  // An unset variable would have this value, and nothing would be denied.
  if (given.length === 0) throw new InvalidArgumentError('Name a call or a group.');
  return [...previous, ...given];
}

/** Registers the subcommand. */
export const deriveCommand: Register = (program, run) =>
  withCompileOptions(program.command('derive'))
    .description('change the action of calls in a profile; the rest of its text stays the same')
    .argument('<base>', FILTER)
    .option(
      '--allow <calls>',
      'calls to allow: names and groups such as @io_uring, separated by commas; repeatable',
      names,
    )
    .option('--deny <calls>', 'calls to refuse', names)
    .option('--only <calls>', 'calls that keep their action, while all others are refused', names)
    .addOption(
      new Option(
        '-t, --to <format>',
        'what to write: a format of convert, or extends, a short file that names its base',
      )
        .choices([...FORMATS, 'extends'])
        .default('docker'),
    )
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .option('--explain', 'print on standard error what changes')
    .option('--category <category>', 'the filter in a Firecracker file: vmm, api or vcpu')
    .option('--json', 'write errors as JSON')
    .action((base: string, flags: Flags) => {
      return run(() => {
        const changes: Changes = Object.fromEntries(
          CHANGE_LISTS.flatMap(list => {
            const given = own(flags, list);
            return given === undefined ? [] : [[list, given as CallOrGroup[]]];
          }),
        );
        const source = sourceArgument(base, flags);
        const result = derive(source, changes);
        const options = compileOptions(flags);
        const [before, after] = [source, result].map(each =>
          'abis' in each ? each : resolveProfile(each, options, options),
        );
        if (before === undefined || after === undefined) throw new Error('unreachable: there are two');
        if (flags.to === 'extends') write(flags.output, extension(base, changes, flags.output));
        else if (flags.to === 'docker' && !('abis' in result)) write(flags.output, formatProfile(result));
        else {
          warn(after.warnings);
          write(flags.output, converted(after, flags.to, flags));
        }
        if (flags.explain === true) explainChanges(compile(before), compile(after));
        return 0;
      }, flags.json === true);
    });

const isPath = (base: string): boolean => /[./\\]/.test(base);

/** The text of a file that extends the base with these changes. A path to the base is relative to the file's folder. */
function extension(base: string, changes: Changes, output: string): string {
  if (base === '-')
    throw optionError('--to extends needs a base with a name', 'Write the base to a file first');
  const path = relative(output === '-' ? '.' : dirname(output), base);
  if (isPath(base) && path.startsWith('..'))
    throw optionError(
      `${base} is not in the folder of ${output}, nor below it, so no file there can extend it`,
      'Write to the folder of the base',
    );
  const name = isPath(base) ? `./${path}` : base;
  const members = Object.entries({ extends: name, ...changes }).map(
    ([key, value]) => `  "${key}": ${JSON.stringify(value).replaceAll('","', '", "')}`,
  );
  return `{\n${members.join(',\n')}\n}\n`;
}
