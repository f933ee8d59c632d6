// A process that starts a hostile child, and the effects of that child.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ABIS } from '#lib/kernel/abi.js';
import { abisOf } from '#lib/kernel/architectures.js';
import { built } from './built.js';
import { CHILD_LIMIT } from './child.js';
import { NATIVE } from './native.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A user without privileges. */
export const NOBODY = 65534;

/** The users for attacks: that of this process and, if that is root, another one. */
export const USERS: readonly number[] =
  process.getuid?.() === 0 ? [0, NOBODY] : [process.getuid?.() ?? NOBODY];

/** The program of test/attacks/reach.c. */
export const reach = (): string =>
  built({ name: 'reach', compiler: 'gcc', sources: ['test/attacks/reach.c'], flags: [] });

export interface VictimOptions {
  readonly user?: number;
  /** Options of Node. */
  readonly node?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The outcome for a victim. */
export interface Fate<Told> {
  /** The last value that it told; undefined if it ended first. */
  readonly told: Told | undefined;
  readonly signal: number;
  readonly output: string;
}

/**
 * Runs a module as the victim, on a new terminal, with an inheritable descriptor after the standard ones. It can use the
 * exports of `seccomp` as `s`, Node's modules by `m`, `tell(value)`, the attacker's path `REACH`, the profile `everything`,
 * which allows everything that a profile can, and `attack(names)`, which returns the attacker's arguments.
 */
export function victim<Told>(body: string, { user, node = [], env }: VictimOptions = {}): Fate<Told> {
  const program = `
    import * as s from 'seccomp';
    import { createRequire } from 'node:module';
    import { readFileSync, writeSync } from 'node:fs';
    const m = createRequire(${JSON.stringify(`${root}package.json`)});
    const tell = value => writeSync(1, '\\n@' + JSON.stringify(value) + '\\n');
    const REACH = ${JSON.stringify(reach())};
    const architectures = ${JSON.stringify(abisOf(NATIVE).map(abi => ABIS[abi].scmpName))};
    const everything = { defaultAction: 'SCMP_ACT_ALLOW', architectures, syscalls: [{ name: 'reboot', action: 'SCMP_ACT_ERRNO' }] };
    const heap = /^([0-9a-f]+)-.*\\[heap\\]/m.exec(readFileSync('/proc/self/maps', 'utf8'))[1];
    const attack = names => ['attack', String(process.pid), heap, process.env.SOCKET ?? 'nothing', ...names];
    const until = async condition => { while (!condition()) await new Promise(resolve => setTimeout(resolve, 1)); };
    ${body}`;
  const words = [
    'leak',
    reach(),
    'terminal',
    process.execPath,
    ...node,
    '--input-type=module',
    '-e',
    program,
  ];
  const { status, stdout, stderr } = spawnSync(reach(), words, {
    cwd: root,
    encoding: 'utf8',
    timeout: CHILD_LIMIT,
    ...(user !== undefined && user !== process.getuid?.() && { uid: user, gid: user }),
    env: { ...process.env, ...env },
  });
  const line = stdout.split('\n').findLast(text => text.startsWith('@'));
  return {
    told: line === undefined ? undefined : (JSON.parse(line.slice(1)) as Told),
    // The terminal program exits with 123 if a signal ended the victim.
    signal: status === 123 ? 1 : 0,
    output: `${stdout}${stderr}`,
  };
}

/** The value that a victim told. Throws with all of its output if it told none. */
export function toldBy<Told>({ told, output }: Fate<Told>): Told {
  if (told === undefined) throw new Error(`the victim told nothing: ${output}`);
  return told;
}

/** The results of attacks by name: an errno, 0 if the attack worked, -1 if it could not be tried. */
export const resultsIn = (output: string): ReadonlyMap<string, number> =>
  new Map([...output.matchAll(/^(-?\d+) (.+?)\r?$/gm)].map(([, errno, name]) => [name ?? '', Number(errno)]));

/** A process outside of every domain that listens on an abstract socket. */
export async function abstractServer(): Promise<{ readonly name: string; readonly child: ChildProcess }> {
  const name = `seccomp-test-${process.pid}`;
  const child = spawn(reach(), ['serve', name], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return { name, child };
}
