// Describes the machine of a measurement.
import { readFileSync } from 'node:fs';
import { cpus, machine, release } from 'node:os';
import { features } from '../../dist/entries/index.js';
import { version } from '../../dist/libseccomp/context.js';

/** The value of the first line of a file that starts with the key, or its whole first line without a key. */
function read(path, key = '') {
  try {
    const line = readFileSync(path, 'utf8')
      .split('\n')
      .find(each => each.startsWith(key));
    return line
      ?.slice(key.length)
      .replace(/^\s*:\s*/, '')
      .trim();
  } catch {
    return undefined;
  }
}

const JIT = { 0: 'off', 1: 'on', 2: 'on, with debug output' };

/** The properties of this machine that readers need, by name. */
export function describeMachine() {
  const { major, minor, micro } = version();
  const { jit } = features();
  const [cpu] = cpus();
  return {
    Date: new Date().toISOString().slice(0, 10),
    Kernel: `Linux ${release()} (${machine()})`,
    CPU: `${cpus().length} × ${cpu?.model.trim() || read('/proc/cpuinfo', 'CPU part') || 'unknown'}`,
    Node: process.versions.node,
    'BPF JIT': JIT[jit] ?? 'unknown',
    'Clock source': read('/sys/devices/system/clocksource/clocksource0/current_clocksource') ?? 'unknown',
    'Speculative store bypass': read('/proc/self/status', 'Speculation_Store_Bypass') ?? 'unknown',
    libseccomp: `${major}.${minor}.${micro}, the copy that the add-on links`,
  };
}
