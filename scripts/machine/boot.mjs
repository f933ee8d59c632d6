// Starts the virtual machine and reads the reports of the tests from its console.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { ARCHITECTURES } from './architectures.mjs';

/**
 * Boots a kernel and passes each line of the console to `show(line)`, or to `report(kind, entry)` if it comes from
 * scripts/machine/reporter.cjs, init.sh, enforce-program.mjs or test/support/findings.ts. Returns when the machine ends, after
 * `minutes` at most.
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
      // Mitigations take time, and an emulated processor has no vulnerabilities.
      ...['-append', `console=${terminal} quiet loglevel=1 panic=-1 mitigations=off rdinit=/init`],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: minutes * 60_000, killSignal: 'SIGKILL' },
  );
  const ended = once(running, 'exit');
  for await (const line of createInterface({ input: running.stdout })) {
    const [, kind, entry] = /@(booted|passed|failed|skipped|isolation|enforced|ended) (.*)$/.exec(line) ?? [];
    // The firmware prints control sequences, such as one that clears the screen.
    if (kind === undefined) show(stripVTControlCharacters(line));
    else report(kind, JSON.parse(entry));
  }
  await ended;
}
