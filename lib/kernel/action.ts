// The actions of a filter: seccomp return values, in the kernel's order.
import * as scmp from './constants.js';
import { ENOSYS, errnoName } from './errno.js';

/**
 * A seccomp return value: `SECCOMP_RET_*` with its data in the low 16 bits, as the `SCMP_ACT_*` constants. Source:
 * seccomp(2), "Filters"; seccomp_init(3).
 */
export type Action = number;

/** The name of an action in a profile. */
export type ActionName =
  | 'SCMP_ACT_KILL'
  | 'SCMP_ACT_KILL_THREAD'
  | 'SCMP_ACT_KILL_PROCESS'
  | 'SCMP_ACT_TRAP'
  | 'SCMP_ACT_ERRNO'
  | 'SCMP_ACT_NOTIFY'
  | 'SCMP_ACT_TRACE'
  | 'SCMP_ACT_LOG'
  | 'SCMP_ACT_ALLOW';

/** The base value of every action by its name; ERRNO and TRACE carry data 0 here. */
export const ACTIONS: Readonly<Record<ActionName, Action>> = {
  SCMP_ACT_KILL: scmp.SCMP_ACT_KILL,
  SCMP_ACT_KILL_THREAD: scmp.SCMP_ACT_KILL_THREAD,
  SCMP_ACT_KILL_PROCESS: scmp.SCMP_ACT_KILL_PROCESS,
  SCMP_ACT_TRAP: scmp.SCMP_ACT_TRAP,
  SCMP_ACT_ERRNO: scmp.SCMP_ACT_ERRNO(0),
  SCMP_ACT_NOTIFY: scmp.SCMP_ACT_NOTIFY,
  SCMP_ACT_TRACE: scmp.SCMP_ACT_TRACE(0),
  SCMP_ACT_LOG: scmp.SCMP_ACT_LOG,
  SCMP_ACT_ALLOW: scmp.SCMP_ACT_ALLOW,
};

/** The largest errno the kernel returns; larger values are capped to it. */
export const MAX_ERRNO = 4095;

const ACTION_MASK = 0xffff0000;
const DATA_MASK = 0x0000ffff;

/** The action without its data, as an unsigned 32-bit number. */
export const actionKind = (action: Action): Action => (action & ACTION_MASK) >>> 0;

/** The data of an action: the errno of ERRNO, the message of TRACE. */
export const actionData = (action: Action): number => action & DATA_MASK;

/**
 * The precedence of an action in the kernel: the lower the number, the stronger.
 * The kernel compares the action bits as a signed 32-bit number (seccomp(2), "precedence").
 */
export const precedence = (action: Action): number => (action & ACTION_MASK) | 0;

/** The strongest of two actions; of two equally strong ones, the first. */
export const mostRestrictive = (first: Action, second: Action): Action =>
  precedence(second) < precedence(first) ? second : first;

/** Whether the call is executed: ALLOW, or LOG, which also logs it. */
export const permits = (action: Action): boolean =>
  actionKind(action) === scmp.SCMP_ACT_ALLOW || actionKind(action) === scmp.SCMP_ACT_LOG;

/** 0: the call is refused, 1: a supervisor decides, 2: it is executed. */
export function latitude(action: Action): 0 | 1 | 2 {
  if (permits(action)) return 2;
  const kind = actionKind(action);
  return kind === scmp.SCMP_ACT_NOTIFY || kind === scmp.SCMP_ACT_TRACE(0) ? 1 : 0;
}

/** Whether the call fails with ENOSYS, so that libraries fall back to an older call: not a refusal. */
export const isFallback = (action: Action): boolean => action === scmp.SCMP_ACT_ERRNO(ENOSYS);

/** Whether the action kills the calling thread or process. */
export const isKill = (action: Action): boolean =>
  [scmp.SCMP_ACT_KILL_THREAD, scmp.SCMP_ACT_KILL_PROCESS].includes(actionKind(action));

const KIND_NAMES = new Map<number, string>([
  [scmp.SCMP_ACT_KILL_PROCESS, 'KILL_PROCESS'],
  [scmp.SCMP_ACT_KILL_THREAD, 'KILL_THREAD'],
  [scmp.SCMP_ACT_TRAP, 'TRAP'],
  [scmp.SCMP_ACT_ERRNO(0), 'ERRNO'],
  [scmp.SCMP_ACT_NOTIFY, 'NOTIFY'],
  [scmp.SCMP_ACT_TRACE(0), 'TRACE'],
  [scmp.SCMP_ACT_LOG, 'LOG'],
  [scmp.SCMP_ACT_ALLOW, 'ALLOW'],
]);

/** Whether a value is an action that the kernel knows, as an unsigned 32-bit number. */
export const isAction = (value: unknown): value is Action =>
  typeof value === 'number' &&
  Number.isInteger(value) &&
  value >= 0 &&
  value <= 0xffffffff &&
  KIND_NAMES.has(actionKind(value));

/** `ALLOW`, `ERRNO(EPERM)`, `TRACE(7)`, `TRAP`; an unknown action prints as its number. */
export function actionName(action: Action): string {
  const kind = actionKind(action);
  const data = actionData(action);
  const name = KIND_NAMES.get(kind);
  if (name === undefined) return `0x${(action >>> 0).toString(16).padStart(8, '0')}`;
  if (name === 'ERRNO') return `ERRNO(${errnoName(data)})`;
  if (name === 'TRACE') return `TRACE(${data})`;
  return data === 0 ? name : `${name}(${data})`;
}
