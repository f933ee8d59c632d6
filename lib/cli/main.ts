#!/usr/bin/env node
// The `seccomp` command: one subcommand a file, exit code 0 for fine, 1 for no, 2 for wrong usage or input.
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { packageFile } from '../package-files.js';
import { fail, type RunCommand } from './output.js';
import { commandLine } from './program.js';

const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
  version: string;
};

const run: RunCommand = async (action, json) => {
  try {
    process.exitCode = await action();
  } catch (error) {
    process.exitCode = fail(error, json);
  }
};

commandLine(version, run)
  .parseAsync()
  .catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  });
