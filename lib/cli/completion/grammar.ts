// Derives what can be typed after `seccomp` from the commands that --help describes.
import type { Command, Option } from 'commander';
import { own } from '../../util/own.js';
import { VALUE_KINDS, type ValueKind } from './values.js';

/** The possible values: choices, or words and files of a kind. */
export type Values = readonly string[] | ValueKind;

export interface OptionGrammar {
  /** Its names: `-o`, `--output`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Its values; undefined if it takes none. */
  readonly values: Values | undefined;
  /** The name of its value in --help. */
  readonly valueName: string;
}

export interface ArgumentGrammar {
  readonly name: string;
  readonly values: Values;
  readonly required: boolean;
  /** Whether more of the same may follow. */
  readonly variadic: boolean;
}

/** A subcommand. */
export interface CommandGrammar {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionGrammar[];
  readonly arguments: readonly ArgumentGrammar[];
}

/** The subcommands in the order of --help, including `help`, which takes the name of one. */
export function grammarOf(program: Command): readonly CommandGrammar[] {
  const names = program.commands.map(command => command.name());
  return program
    .createHelp()
    .visibleCommands(program)
    .map(command => ({
      name: command.name(),
      description: command.description(),
      options: optionsOf(command),
      arguments: command.registeredArguments.map(argument => ({
        name: argument.name(),
        values: valuesOf(argument.name(), names.includes(command.name()) ? argument.argChoices : names),
        required: argument.required,
        variadic: argument.variadic,
      })),
    }));
}

/** The options of the program, or of a subcommand. */
export const optionsOf = (command: Command): readonly OptionGrammar[] =>
  command.createHelp().visibleOptions(command).map(optionGrammar);

function optionGrammar(option: Option): OptionGrammar {
  const [, valueName] = /[<[]([^\]>.]+)/.exec(option.flags) ?? [];
  return {
    names: [option.short, option.long].flatMap(name => name ?? []),
    description: option.description,
    values: valueName === undefined ? undefined : valuesOf(valueName, option.argChoices),
    valueName: valueName ?? '',
  };
}

/** The values for a name. Throws Error for a name that VALUE_KINDS does not have. */
function valuesOf(name: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return choices;
  const kind = own(VALUE_KINDS, name);
  if (kind === undefined)
    throw new Error(`nothing completes <${name}>: add it to lib/cli/completion/values.ts`);
  return kind;
}
