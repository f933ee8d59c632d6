// Reads an action together with its errno, as runc and containers/common do.
import { ACTIONS, actionKind, MAX_ERRNO, type Action, type ActionName } from '../../kernel/action.js';
import { SCMP_ACT_ERRNO, SCMP_ACT_TRACE } from '../../kernel/constants.js';
import { EPERM, errnoName, errnoNumber } from '../../kernel/errno.js';
import type { Findings } from '../findings.js';
import { locate, type JsonValue } from '../json.js';
import { readString, readUnsigned } from './values.js';

const MAX_MESSAGE = 0xffff;
const ACTION_NAMES = Object.keys(ACTIONS) as readonly ActionName[];

/** The number of an action and where it is written. */
interface ActionData {
  readonly number: bigint;
  readonly from: JsonValue;
  readonly key: string;
}

/**
 * An action with its data. ERRNO without a number is EPERM and TRACE carries 1, as in runc; `errno` takes precedence
 * over `errnoRet`, as in containers/common. `keys` name the three fields. Undefined if an error was reported or the
 * action is missing.
 */
export function readAction<Key extends string>(
  fields: ReadonlyMap<Key, JsonValue>,
  [actionKey, numberKey, nameKey]: readonly [action: Key, errnoRet: Key, errno: Key],
  findings: Findings,
): Action | undefined {
  const value = fields.get(actionKey);
  const name = value && readString(value, `"${actionKey}"`, findings);
  const data = readData(fields.get(numberKey), numberKey, fields.get(nameKey), nameKey, findings);
  if (value === undefined || name === undefined) return undefined;
  if (!isActionName(name)) return findings.unknown('unknown-action', locate(value), name, ACTION_NAMES);
  const action = ACTIONS[name];
  const kind = actionKind(action);
  if (kind === SCMP_ACT_ERRNO(0)) return withErrno(data, findings);
  if (kind === SCMP_ACT_TRACE(0)) return withMessage(data, findings);
  if (data !== undefined) {
    findings.warning(
      'errno-ignored',
      locate(data.from),
      `"${data.key}" has no effect with ${name}`,
      'Only SCMP_ACT_ERRNO and SCMP_ACT_TRACE use a number',
    );
  }
  return action;
}

const isActionName = (name: string): name is ActionName => Object.hasOwn(ACTIONS, name);

function withErrno(data: ActionData | undefined, findings: Findings): Action | undefined {
  if (data === undefined) return SCMP_ACT_ERRNO(EPERM);
  if (data.number > MAX_ERRNO)
    return findings.error(
      'out-of-range',
      locate(data.from),
      `"${data.key}" is ${data.number}`,
      `The largest errno is ${MAX_ERRNO}`,
    );
  if (data.number === 0n) {
    findings.warning(
      'errno-zero',
      locate(data.from),
      'with errno 0 the call is not executed but reports success',
      'Use the errno of a failure, e.g. 1 for EPERM',
    );
  }
  return SCMP_ACT_ERRNO(Number(data.number));
}

function withMessage(data: ActionData | undefined, findings: Findings): Action | undefined {
  // runc uses its default errno as the message too.
  if (data === undefined) return SCMP_ACT_TRACE(EPERM);
  if (data.number > MAX_MESSAGE)
    return findings.error(
      'out-of-range',
      locate(data.from),
      `"${data.key}" is ${data.number}`,
      `A message to the tracer has 16 bits: at most ${MAX_MESSAGE}`,
    );
  return SCMP_ACT_TRACE(Number(data.number));
}

function readData(
  number: JsonValue | undefined,
  numberKey: string,
  name: JsonValue | undefined,
  nameKey: string,
  findings: Findings,
): ActionData | undefined {
  const byNumber =
    number && readUnsigned(number, `"${numberKey}"`, 0xffffffffn, 'An errno is at most 4095', findings);
  const byName = name && readErrno(name, nameKey, findings);
  if (name !== undefined && byName !== undefined) {
    if (byNumber !== undefined && byNumber !== byName) {
      findings.warning(
        'errno-conflict',
        locate(name),
        `"${nameKey}" says ${errnoName(Number(byName))} and "${numberKey}" ${errnoName(Number(byNumber))}; here and in Podman the first applies, in Docker the second`,
        'Make them agree',
      );
    }
    return { number: byName, from: name, key: nameKey };
  }
  return number !== undefined && byNumber !== undefined
    ? { number: byNumber, from: number, key: numberKey }
    : undefined;
}

/** An errno as a name or in decimal, as containers/common writes it; undefined for an empty string. */
function readErrno(value: JsonValue, key: string, findings: Findings): bigint | undefined {
  const text = readString(value, `"${key}"`, findings);
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,9}$/.test(text)) return BigInt(text);
  const number = errnoNumber(text);
  if (number !== undefined) return BigInt(number);
  const remedy = 'Write a name such as EPERM, or "errnoRet" with a number';
  return findings.unknown('unknown-errno', locate(value), text, errnoNames(), remedy);
}

function* errnoNames(): Generator<string> {
  for (let errno = 1; errno <= 133; errno++) yield errnoName(errno);
}
