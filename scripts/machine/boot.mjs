// Starts the virtual machine and reads from its console what the tests report.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { ARCHITECTURES } from './architectures.mjs';

/**
 * Boots a kernel and hands each line of the console to `show(line)`, or `report(kind, entry)` when it is one of
 * scripts/machine/reporter.cjs, init.sh, enforce-program.mjs or test/support/findings.ts. Ends with the machine, at the latest after so many minutes.
 */
export async function boot({
  arch,
  accelerator,
  kernel,
  archive,
  processors,
  minutes,
  mebibytes = 3072,
  show,
  report,
}) {
  const { emulator, machine, console: terminal } = ARCHITECTURES[arch];
  const running = spawn(
    emulator[0],
    [
      ...machine,
      ...['-accel', accelerator, '-smp', `${processors}`, '-m', `${mebibytes}`],
      ...['-nographic', '-no-reboot', '-net', 'none', '-kernel', kernel, '-initrd', archive],
      // Mitigations of a processor's faults cost time, and an emulated one has none.
      ...['-append', `console=${terminal} quiet loglevel=1 panic=-1 mitigations=off rdinit=/init`],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: minutes * 60_000, killSignal: 'SIGKILL' },
  );
  const ended = once(running, 'exit');
  for await (const line of createInterface({ input: running.stdout })) {
    const [, kind, entry] = /@(booted|passed|failed|skipped|isolation|enforced|ended) (.*)$/.exec(line) ?? [];
    // Firmware clears the screen.
    if (kind === undefined) show(stripVTControlCharacters(line));
    else report(kind, JSON.parse(entry));
  }
  await ended;
}
