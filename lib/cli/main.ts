#!/usr/bin/env node
// The `seccomp` command.
import { readFileSync } from 'node:fs';
import { packageFile } from '../package-files.js';
import { runCommandLine } from './program.js';

const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
  version: string;
};

void runCommandLine(version, process.argv.slice(2)).then(code => {
  process.exitCode = code;
});
