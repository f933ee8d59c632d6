// `seccomp completion`: prints a script with which a shell completes this command line.
import { bashScript } from '../completion/bash.js';
import { fishScript } from '../completion/fish.js';
import { grammarOf, optionsOf } from '../completion/grammar.js';
import { completionWords } from '../completion/values.js';
import { zshScript } from '../completion/zsh.js';
import { Argument } from 'commander';
import { print, type Register } from '../output.js';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** Registers the subcommand. */
export const completionCommand: Register = (program, run) =>
  program
    .command('completion')
    .description(
      'write a script that completes commands, options, profiles, system calls and constants in a shell',
    )
    .addArgument(new Argument('<shell>', 'the shell that reads the script').choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) =>
      run(() => {
        print(SCRIPTS[shell](grammarOf(program), optionsOf(program), completionWords()));
        return 0;
      }, false),
    );
