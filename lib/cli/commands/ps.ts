// `seccomp ps`: lists which processes are confined, as a tree.
import { ps, type ProcessEntry } from '../../process/inspect/ps.js';
import { processTree } from '../../process/inspect/process-tree.js';
import type { ThreadStatus } from '../../process/inspect/status.js';
import { print, printJson, type Register } from '../output.js';
import { printable } from '../../util/printable.js';

interface Flags {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** The maximum indentation. */
const DEEPEST = 24;

/** Registers the subcommand. */
export const psCommand: Register = (program, run) =>
  program
    .command('ps')
    .description('list processes with their mode, number of filters and no_new_privs, as a tree')
    .option('--all', 'list kernel threads too')
    .option('--json', 'write JSON')
    .action((flags: Flags) =>
      run(() => {
        const { processes, unreadable } = ps();
        const shown = processes.filter(({ kernel }) => flags.all === true || !kernel);
        if (flags.json === true) printJson('ps', { processes: shown, unreadable });
        else print(table(shown, unreadable));
        return 0;
      }, flags.json === true),
    );

function table(processes: readonly ProcessEntry[], unreadable: number): string {
  const rows = processTree(processes).flatMap(({ depth, process }) => {
    const indent = '  '.repeat(Math.min(depth, DEEPEST));
    return [
      row(process, `${indent}${printable(process.name)}`, String(process.id)),
      ...process.differing.map(thread =>
        row(thread, `${indent}  {${printable(thread.name)}} thread differs`, String(thread.id)),
      ),
    ];
  });
  const hidden = unreadable === 0 ? [] : [`${unreadable} more cannot be read`];
  return ['    PID MODE     FILTERS NNP NAME', ...rows, ...hidden, ''].join('\n');
}

const row = ({ mode, filters, noNewPrivs }: ThreadStatus, name: string, id: string): string =>
  [
    id.padStart(7),
    (mode === 'disabled' ? '-' : mode).padEnd(8),
    (mode === 'disabled' ? '-' : String(filters ?? '?')).padStart(7),
    noNewPrivs ? 'yes' : '-  ',
    name,
  ].join(' ');
