// Starts the virtual machine and reads from its console what the tests report.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Boots a kernel and hands each line of the console to `show(line)`, or `report(kind, entry)` when it is one of
 * scripts/machine/reporter.cjs or init.sh. Ends with the machine, at the latest after so many minutes.
 */
export async function boot({ kernel, archive, processors, minutes, show, report }) {
  const machine = spawn(
    'qemu-system-aarch64',
    [
      ...['-M', 'virt', '-cpu', 'max,pauth-impdef=on', '-smp', `${processors}`, '-m', '3072'],
      ...['-nographic', '-no-reboot', '-net', 'none', '-kernel', kernel, '-initrd', archive],
      ...['-append', 'console=ttyAMA0 quiet loglevel=1 panic=-1 rdinit=/init'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: minutes * 60_000, killSignal: 'SIGKILL' },
  );
  const ended = once(machine, 'exit');
  for await (const line of createInterface({ input: machine.stdout })) {
    const [, kind, entry] = /@(passed|failed|skipped|ended) (.*)$/.exec(line) ?? [];
    if (kind === undefined) show(line);
    else report(kind, JSON.parse(entry));
  }
  await ended;
}
