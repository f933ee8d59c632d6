// Actions by the names that `explain` and C headers use.
import * as scmp from '../../../kernel/constants.js';
import { MAX_ERRNO, type Action } from '../../../kernel/action.js';
import { errnoNames, errnoNumber } from '../../../kernel/errno.js';
import { own } from '../../../util/own.js';
import { failAt, failUnknown, shown, type Scanner, type Token } from './scanner.js';

/** Actions by their C names without prefix. */
export const NAMED_ACTIONS: Readonly<Record<string, Action>> = {
  ALLOW: scmp.SCMP_ACT_ALLOW,
  LOG: scmp.SCMP_ACT_LOG,
  NOTIFY: scmp.SCMP_ACT_NOTIFY,
  TRAP: scmp.SCMP_ACT_TRAP,
  KILL_THREAD: scmp.SCMP_ACT_KILL_THREAD,
  KILL_PROCESS: scmp.SCMP_ACT_KILL_PROCESS,
  ERRNO: scmp.SCMP_ACT_ERRNO(0),
  TRACE: scmp.SCMP_ACT_TRACE(0),
};
const ACTIONS: Readonly<Record<string, Action>> = { allowed: scmp.SCMP_ACT_ALLOW, ...NAMED_ACTIONS };

export const ACTION_NAMES = Object.keys(ACTIONS);

const plainName = (text: string): string => text.replace(/^(?:SCMP_ACT|SECCOMP_RET)_/, '');

export const isAction = ({ text }: Token): boolean => own(ACTIONS, plainName(text)) !== undefined;

/** The action that a token names in a table; `name` defaults to the token's text. Throws ProfileError (`unknown-action`). */
export function actionNamed(
  token: Token,
  actions: Readonly<Record<string, Action>>,
  name = token.text,
): Action {
  return own(actions, name) ?? failUnknown('unknown-action', token, Object.keys(actions));
}

/**
 * Reads `ERRNO(EPERM)`, `TRACE(7)` or `allowed`. Throws ProfileError (`unknown-action`, `unknown-errno`, `out-of-range`,
 * `policy-syntax`).
 */
export function readAction(scanner: Scanner): Action {
  const token = scanner.next();
  const name = plainName(token.text);
  const action = actionNamed(token, ACTIONS, name);
  if (scanner.accept('(')) {
    const data = readData(scanner, name === 'ERRNO');
    scanner.expect(')');
    return (action | data) >>> 0;
  }
  if (name === 'ERRNO' || name === 'TRACE')
    return scanner.unexpected('"("', name === 'ERRNO' ? 'Write ERRNO(EPERM)' : 'Write TRACE(1)');
  return action;
}

function readData(scanner: Scanner, isErrno: boolean): number {
  const token = scanner.next();
  if (isErrno && /^[A-Z]/.test(token.text)) {
    return errnoNumber(token.text) ?? failUnknown('unknown-errno', token, errnoNames());
  }
  const limit = 0xffff;
  const number = /^(?:0[xX][\da-fA-F]{1,8}|\d{1,8})$/.test(token.text) ? Number(token.text) : undefined;
  if (number !== undefined && number <= limit) return number;
  return failAt(
    token.at,
    'out-of-range',
    `${shown(token)} is not the data of an action`,
    isErrno ? `Write the name of an errno, or a number up to ${MAX_ERRNO}` : 'Write a number up to 65535',
  );
}
