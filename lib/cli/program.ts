// The command line as described by --help, completions and manual pages: every subcommand with its options.
import { Command, CommanderError, Help } from 'commander';
import { asmCommand } from './commands/assembly/asm.js';
import { compileCommand } from './commands/compilation/compile.js';
import { deriveCommand } from './commands/composition/derive.js';
import { mergeCommand } from './commands/composition/merge.js';
import { completionCommand } from './commands/completion.js';
import { convertCommand } from './commands/compilation/convert.js';
import { diffCommand } from './commands/diff.js';
import { disasmCommand } from './commands/assembly/disasm.js';
import { doctorCommand } from './commands/doctor.js';
import { dumpCommand } from './commands/dump.js';
import { explainCommand } from './commands/explain.js';
import { lintCommand } from './commands/lint.js';
import { auditCommand } from './commands/recording/audit.js';
import { checkCommand } from './commands/recording/check.js';
import { generateCommand } from './commands/recording/generate.js';
import { recordCommand } from './commands/recording/record.js';
import { importCommand } from './commands/recording/import.js';
import { fail, print, printError, type Register, type RunCommand } from './output.js';
import { playgroundCommand } from './commands/pages/playground.js';
import { precompileCommand } from './commands/compilation/precompile.js';
import { psCommand } from './commands/ps.js';
import { reportCommand } from './commands/pages/report.js';
import { runCommand } from './commands/run.js';
import { simulateCommand } from './commands/simulate.js';
import { shippedProfiles } from '../util/host/read-text.js';
import { exitCodes, moreHelp } from './more-help.js';
import { singleLine } from '../util/printable.js';

/**
 * Runs a command line, and returns its exit code: 0 for success, 1 for no, 2 for wrong usage or input, or that of a command that
 * was run. `version` is that of the package.
 */
export async function runCommandLine(version: string, args: readonly string[]): Promise<number> {
  let code = 0;
  const run: RunCommand = async (action, json) => {
    try {
      code = await action();
    } catch (error) {
      code = fail(error, json);
    }
  };
  try {
    const program = commandLine(version, run);
    await program.parseAsync(withoutHelp(program, args), { from: 'user' });
  } catch (error) {
    // Help that could not be printed is an error like any other.
    if (error instanceof CommanderError) code = error.exitCode === 0 ? 0 : 2;
    else code = fail(error, false);
  }
  return code;
}

/** Treats `help NAME` for an unknown command as `NAME`, so that both report the same error. */
function withoutHelp(program: Command, args: readonly string[]): readonly string[] {
  const [help, name] = args;
  if (help !== 'help' || name === undefined || !/^\w/.test(name)) return args;
  return program.commands.some(command => command.name() === name) ? args : [name];
}

/** The command line. `run` performs the action of a subcommand. */
export function commandLine(version: string, run: RunCommand): Command {
  const program = new Command('seccomp')
    .description('Docker seccomp profiles: compile, prove, inspect and enforce them')
    .usage('<command> [options]')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .enablePositionalOptions()
    .configureHelp({ subcommandTerm: command => command.name(), groupItems: ownOptionsFirst })
    .configureOutput({
      writeOut: print,
      writeErr: printError,
      // Quoted arguments may contain line breaks; only commander's hint has a separate line.
      outputError: (text, write) => {
        const [hint = '\n'] = /\n(?:\(Did you mean [^\n]*\?\)\n)?$/.exec(text) ?? [];
        write(`seccomp: ${singleLine(text.slice(0, text.length - hint.length))}${hint}`);
      },
    })
    .addHelpText('after', () => `\nProfiles that ship: ${shippedProfiles().join(', ')}`)
    .exitOverride();
  for (const [group, commands] of Object.entries(COMMANDS)) {
    program.commandsGroup(`${group}:`);
    for (const register of commands) {
      const command = register(program, run).exitOverride();
      command.addHelpText('after', () => helpAfter(command));
    }
  }
  return program.helpCommand('help [command]', 'print the help of a command');
}

/** The subcommands by purpose, in the order of the help. */
const COMMANDS: Readonly<Record<string, readonly Register[]>> = {
  'Inspect profiles and programs': [
    explainCommand,
    simulateCommand,
    diffCommand,
    lintCommand,
    reportCommand,
    playgroundCommand,
  ],
  'Create programs and profiles': [
    compileCommand,
    precompileCommand,
    convertCommand,
    deriveCommand,
    mergeCommand,
    disasmCommand,
    asmCommand,
  ],
  'Run commands, and inspect processes': [runCommand, psCommand, dumpCommand, doctorCommand],
  'Record calls, and generate profiles': [
    recordCommand,
    importCommand,
    generateCommand,
    checkCommand,
    auditCommand,
  ],
  'This command line': [completionCommand],
};

/** Lists a command's own options before those that it shares with others. */
const ownOptionsFirst: Help['groupItems'] = (unsorted, visible, groupOf) => {
  const groups = new Help().groupItems(unsorted, visible, groupOf);
  const own = groups.get('Options:');
  return own === undefined ? groups : new Map([['Options:', own], ...groups]);
};

function helpAfter(command: Command): string {
  const help = moreHelp(command.name());
  const exit = command.createHelp().boxWrap(`Exit code: ${exitCodes(help)}`, HELP_WIDTH);
  const examples = help.examples.map(example => `  seccomp ${example}\n`).join('');
  return `\n${exit}\n\nExamples:\n${examples}`;
}

/** The width in columns, as for the rest of the help. */
const HELP_WIDTH = 80;
