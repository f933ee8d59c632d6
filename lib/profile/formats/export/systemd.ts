// Writes a policy as settings of a systemd unit, which name calls for all ABIs alike.

import { syscallName, type Abi } from '../../../kernel/abi.js';
import { actionData, actionKind, actionName, type Action } from '../../../kernel/action.js';
import { abisOf } from '../../../kernel/architectures.js';
import {
  SCMP_ACT_ALLOW,
  SCMP_ACT_ERRNO,
  SCMP_ACT_KILL_PROCESS,
  SCMP_ACT_KILL_THREAD,
} from '../../../kernel/constants.js';
import { errnoName } from '../../../kernel/errno.js';
import type { Policy } from '../../../policy/policy.js';
import { systemdGroup } from '../systemd/groups.js';
import { ARCHITECTURE_NAMES } from '../systemd/format.js';
import { notExpressible } from '../../../util/failures.js';

/** The column at which lists of names are wrapped. */
const WIDTH = 100;

/**
 * The section of a unit, or of a drop-in file in its `.d` folder. Throws ConversionError (`not-expressible`). Source:
 * systemd.exec(5).
 */
export function systemdText(policy: Policy): string {
  const { defaultAction, abis } = policy;
  const allows = defaultAction === SCMP_ACT_ALLOW;
  if (!allows) wordFor(defaultAction, 'calls without a rule get');
  const calls = new Map<string, Action>();
  for (const { abi, syscalls, enosysAbove } of abis) {
    if (enosysAbove !== undefined)
      throw notExpressible(
        `numbers above ${enosysAbove} of ${abi.name} get ENOSYS, but systemd has no rule for newer calls`,
        "Resolve the profile with unknownSyscalls: 'default' (--unknown-syscalls default)",
      );
    for (const [number, { rules, otherwise }] of syscalls) {
      const name = nameOf(abi, number);
      if (rules.length > 0)
        throw notExpressible(
          `${name} of ${abi.name} depends on its arguments, which systemd cannot test`,
          'Allow or refuse the call as a whole: seccomp derive --allow or --deny',
        );
      if (otherwise !== SCMP_ACT_ALLOW) wordFor(otherwise, `${name} gets`);
      calls.set(name, otherwise);
    }
  }
  const settings = [
    ...(allows ? denyList(calls) : allowList(calls, defaultAction)),
    ...architectures(policy),
  ];
  // A setting without effect, so that the format of the text can be detected.
  return `${['[Service]', ...(settings.length > 0 ? settings : ['SystemCallArchitectures='])].join('\n')}\n`;
}

function nameOf(abi: Abi, number: number): string {
  const name = syscallName(abi.name, number);
  if (name !== undefined) return name;
  throw notExpressible(`call number ${number} of ${abi.name} has no name`);
}

/** The word for an action in a setting: an errno, or `kill`. */
function wordFor(action: Action, what: string): string {
  if (action === SCMP_ACT_KILL_PROCESS) return 'kill';
  if (actionKind(action) === SCMP_ACT_ERRNO(0) && actionData(action) > 0)
    return errnoName(actionData(action));
  throw notExpressible(
    `${what} ${actionName(action)}, but systemd has only KILL_PROCESS and errnos`,
    'Give calls that are refused an errno',
  );
}

/** Assigns names in lines of limited length. */
function filterLines(names: readonly string[], sign: '' | '~'): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const name of [...names].sort()) {
    if (line !== '' && line.length + name.length + 1 <= WIDTH) line += ` ${name}`;
    else {
      if (line !== '') lines.push(line);
      line = `SystemCallFilter=${sign}${name}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}

const errnoLine = (action: Action): readonly string[] =>
  action === SCMP_ACT_KILL_PROCESS ? [] : [`SystemCallErrorNumber=${wordFor(action, '')}`];

const namesOf = (calls: ReadonlyMap<string, Action>, which: (action: Action) => boolean): readonly string[] =>
  [...calls].filter(([, action]) => which(action)).map(([name]) => name);

const withAction = (calls: ReadonlyMap<string, Action>, names: readonly string[]): readonly string[] =>
  names.map(name => `${name}:${wordFor(calls.get(name) ?? SCMP_ACT_KILL_PROCESS, name)}`);

/**
 * The first assignment of an allow-list adds `@default`, so calls of that group that are not allowed are removed again.
 */
function allowList(calls: ReadonlyMap<string, Action>, defaultAction: Action): readonly string[] {
  const standard = systemdGroup('@default') ?? [];
  const allowed = namesOf(calls, action => action === SCMP_ACT_ALLOW);
  const named = allowed.filter(name => !standard.includes(name));
  const others = namesOf(calls, action => action !== SCMP_ACT_ALLOW && action !== defaultAction);
  const refused = standard.filter(name => !calls.has(name) || calls.get(name) === defaultAction);
  return [
    ...filterLines(named.length === 0 ? ['@default'] : named, ''),
    ...filterLines([...refused, ...withAction(calls, others)], '~'),
    ...errnoLine(defaultAction),
  ];
}

/** Writes the most frequent action only once. */
function denyList(calls: ReadonlyMap<string, Action>): readonly string[] {
  const counts = new Map<Action, number>();
  const denied = namesOf(calls, action => action !== SCMP_ACT_ALLOW);
  for (const name of denied) {
    const action = calls.get(name) ?? SCMP_ACT_KILL_PROCESS;
    counts.set(action, (counts.get(action) ?? 0) + 1);
  }
  const [[common] = [SCMP_ACT_KILL_PROCESS]] = [...counts].sort(([, a], [, b]) => b - a);
  return [
    ...filterLines(
      [
        ...denied.filter(name => calls.get(name) === common),
        ...withAction(
          calls,
          denied.filter(name => calls.get(name) !== common),
        ),
      ],
      '~',
    ),
    ...errnoLine(common),
  ];
}

/** Whether every ABI of the machine is covered, so that no call can have a foreign architecture. */
export const coversAll = ({ abis, target }: Policy): boolean => abis.length === abisOf(target.arch).length;

/** Writes the architectures. Without this setting every ABI is served; ABIs that it omits get KILL_THREAD. */
function architectures(policy: Policy): readonly string[] {
  const { abis, badArch } = policy;
  if (coversAll(policy)) return [];
  const covered = abis.map(({ abi }) => abi.name);
  if (badArch !== SCMP_ACT_KILL_THREAD)
    throw notExpressible(
      `other architectures get ${actionName(badArch)}, but under systemd KILL_THREAD`,
      'Name the ABIs that the policy is for',
    );
  return [
    `SystemCallArchitectures=${['native', ...covered.slice(1).map(abi => ARCHITECTURE_NAMES[abi])].join(' ')}`,
  ];
}
