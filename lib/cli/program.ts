// The command line as --help, completions and manual pages describe it: every subcommand with its options.
import { Command } from 'commander';
import { asmCommand } from './commands/assembly/asm.js';
import { compileCommand } from './commands/compile.js';
import { deriveCommand } from './commands/composition/derive.js';
import { mergeCommand } from './commands/composition/merge.js';
import { completionCommand } from './commands/completion.js';
import { convertCommand } from './commands/convert.js';
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
import { psCommand } from './commands/ps.js';
import { reportCommand } from './commands/pages/report.js';
import { runCommand } from './commands/run.js';
import { simulateCommand } from './commands/simulate.js';
import { singleLine } from '../util/printable.js';

const run: RunCommand = async (action, json) => {
  try {
    process.exitCode = await action();
  } catch (error) {
    process.exitCode = fail(error, json);
  }
};

/** The command line of a version of the package. */
export function commandLine(version: string): Command {
  const program = new Command('seccomp')
    .description('Docker seccomp profiles: compile, prove, inspect and enforce them')
    .version(version)
    .enablePositionalOptions()
    .configureOutput({
      writeOut: print,
      writeErr: printError,
      // An argument that is quoted may hold line ends; only the hint of commander is a line of its own.
      outputError: (text, write) => {
        const [hint = '\n'] = /\n(?:\(Did you mean [^\n]*\?\)\n)?$/.exec(text) ?? [];
        write(`${singleLine(text.slice(0, text.length - hint.length))}${hint}`);
      },
    })
    .exitOverride();
  for (const register of COMMANDS) register(program, run).exitOverride();
  return program;
}

/** In the order of the help. */
const COMMANDS: readonly Register[] = [
  compileCommand,
  simulateCommand,
  explainCommand,
  diffCommand,
  lintCommand,
  reportCommand,
  playgroundCommand,
  runCommand,
  recordCommand,
  importCommand,
  generateCommand,
  checkCommand,
  auditCommand,
  disasmCommand,
  asmCommand,
  convertCommand,
  deriveCommand,
  mergeCommand,
  dumpCommand,
  psCommand,
  doctorCommand,
  completionCommand,
];
