// Output of the command line: results to standard output, everything else to standard error, and three exit codes.
import { retried } from './reading/retried.js';
import { writeFileSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Command } from 'commander';
import { paintActions, paintFor } from './colors.js';
import { formatDiagnostic, ProfileError, SeccompError, UsageError, type Diagnostic } from '../util/errors.js';
import { own } from '../util/own.js';
import type { JsonOutputs } from './json-outputs.js';
import { escapeControls, singleLine } from '../util/printable.js';

/** 0: success. 1: the answer is no. 2: wrong usage or input. */
export type ExitCode = 0 | 1 | 2;

/**
 * Performs a subcommand and sets the exit code. Errors are printed, as JSON if `json` is set. A number that is not an
 * ExitCode is that of a command that was run.
 */
export type RunCommand = (action: () => number | Promise<number>, json: boolean) => Promise<void>;

/** Adds a subcommand to the program. */
export type Register = (program: Command, run: RunCommand) => Command;

const [onOutput, onError] = [paintFor(1), paintFor(2)];

/**
 * Writes all of the text to standard output, which may be any kind of file. Text comes from profiles, files, names and
 * processes, so characters that a terminal interprets are escaped. Throws UsageError (`binary-to-terminal`).
 */
export function print(text: string | Uint8Array): void {
  if (typeof text !== 'string' && text.length > 0 && isatty(1)) {
    throw new UsageError(
      'binary-to-terminal',
      'the result is binary, and standard output is a terminal',
      'Name a file with --output, redirect standard output, or choose another --format',
    );
  }
  writeAll(1, typeof text === 'string' ? Buffer.from(escapeControls(text)) : text);
}

/** Writes text, and colours the actions in it. */
export const printActions = (text: string): void => {
  printPainted(paintActions(escapeControls(text), onOutput));
};

/** Writes lines that were already escaped and coloured. */
export const printPainted = (text: string): void => {
  writeAll(1, Buffer.from(text));
};

/** Writes escaped and coloured lines to standard error. */
export const printErrorPainted = (text: string): void => {
  try {
    writeAll(2, Buffer.from(text));
  } catch {
    // Standard error is closed or full: the failure cannot be reported, and the exit code stays the same.
  }
};

/** Writes all of the text to standard error, escaped like the results. */
export const printError = (text: string): void => {
  printErrorPainted(escapeControls(text));
};

/** Writes a message of the command itself, without a position in a file, to standard error: `seccomp: …`. */
export const say = (text: string): void => {
  printErrorPainted(severityPainted(escapeControls(`${NAME}${text}\n`)));
};

const NAME = 'seccomp: ';

/** Writes to a file, or with `show` to standard output for `-`. */
export function write<Text extends string | Uint8Array>(
  file: string,
  text: Text,
  show: (text: Text) => void = print,
): void {
  if (file === '-') show(text);
  else writeFileSync(file, text);
}

/** Writes all bytes to a descriptor. It is not an error if the reader has closed a pipe. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) {
    try {
      const start = offset;
      offset += retried(() => writeSync(descriptor, bytes, start));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return;
      throw error;
    }
  }
}

/** Formats JSON: bigints as decimal strings, maps and sets as arrays. */
export const toJson = (value: unknown): string =>
  `${escapeControls(
    JSON.stringify(
      value,
      (_, item: unknown) => {
        if (typeof item === 'bigint') return item.toString();
        return item instanceof Map || item instanceof Set ? [...(item as Iterable<unknown>)] : item;
      },
      2,
    ),
  )}\n`;

/** Writes the result of a subcommand as JSON. */
export function printJson<Name extends keyof JsonOutputs>(name: Name, value: JsonOutputs[Name]): void;
export function printJson(_: string, value: unknown): void {
  print(toJson(value));
}

/** Prints warnings, one per line. */
export function warn(diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics) printErrorPainted(diagnosticLine(diagnostic));
}

/** Formats a line: `file:line:column: warning: …`, or `seccomp: warning: …` without a position. */
function diagnosticLine(diagnostic: Diagnostic): string {
  const place = own(diagnostic, 'at') === undefined ? NAME : '';
  return severityPainted(`${place}${singleLine(formatDiagnostic(diagnostic))}\n`);
}

const severityPainted = (line: string): string =>
  line.replace(/(?<=: )(?:error|warning|note):/, severity =>
    onError(SEVERITIES[severity] ?? 'reset', severity),
  );

const SEVERITIES: Readonly<Record<string, Parameters<typeof onError>[0]>> = {
  'error:': 'red',
  'warning:': 'yellow',
  'note:': 'cyan',
};

/** Reports an error and returns the exit code. Errors without a code are bugs and are rethrown. */
export function fail(error: unknown, json: boolean): ExitCode {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error;
  const { code, message } = error;
  const problems = error instanceof ProfileError ? error.problems : undefined;
  if (json && printsJson('error', { error: { code, message, problems } })) return 2;
  if (problems !== undefined) warn(problems);
  else say(`error: ${singleLine(withCode(error, code))}`);
  return 2;
}

/** The message of an error in the form of `formatDiagnostic`: the code is before the remedy. */
function withCode(error: Error, code: string): string {
  const { message } = error;
  const remedy = error instanceof SeccompError ? error.remedy : undefined;
  if (remedy === undefined) return `${message} [${code}]`;
  const end = `. ${remedy}`;
  return `${message.slice(0, -end.length)} [${code}]${end}`;
}

/** Whether the JSON could be written to standard output: the error may be that it is full. */
function printsJson(...[name, value]: Parameters<typeof printJson<'error'>>): boolean {
  try {
    printJson(name, value);
    return true;
  } catch {
    return false;
  }
}
