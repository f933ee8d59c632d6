// Where a report goes: standard error, or a file or a descriptor of its own, so that it does not mix with what the command writes.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { UsageError } from '../../util/errors.js';
import { escapeControls } from '../../util/printable.js';
import { printError, writeAll } from '../output.js';

/** Somewhere to write a report to. What a terminal acts upon is escaped. */
interface ReportTarget {
  write(text: string): void;
  close(): void;
}

/**
 * Opens a file, which is emptied, or takes a descriptor; standard error for neither. Throws UsageError (`bad-option`):
 * before the command starts, so that no run is wasted.
 */
export function reportTarget(target: string | number | undefined): ReportTarget {
  if (target === undefined) return { write: printError, close: () => undefined };
  const opened = open(target);
  return {
    write: text => {
      writeAll(opened, Buffer.from(escapeControls(text)));
    },
    close: () => {
      if (typeof target === 'string') closeSync(opened);
    },
  };
}

function open(target: string | number): number {
  try {
    if (typeof target === 'string') return openSync(target, 'w');
    fstatSync(target);
    return target;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new UsageError(
      'bad-option',
      typeof target === 'string'
        ? `the report cannot be written to ${JSON.stringify(target)}: ${error.message}`
        : `the report cannot be written to descriptor ${target}: ${error.message}`,
      'Give --report-file a path that can be written, or --report-fd a descriptor that is open',
    );
  }
}
