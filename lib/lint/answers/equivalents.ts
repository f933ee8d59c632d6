// Lint rules about equivalent calls: a restriction of one has no effect while another is open.
import { actionName, permits } from '../../kernel/action.js';
import { callClasses } from '../../kernel/calls/call-classes.js';
import {
  isAbsent,
  alwaysAllowed,
  dependsOnArguments,
  neverAllowed,
  type CallAnswer,
  type AbiAnswers,
} from './answers.js';
import { ruleAt, verb, type Observation } from '../finding.js';
import { own } from '../../util/own.js';

/** Reports restrictions that can be evaded with another call, and classes that are only partly allowed. */
export function* lintEquivalents(answers: AbiAnswers): Generator<Observation> {
  for (const [index, { calls, arguments: flags, interchangeable, kind }] of callClasses().entries()) {
    if (kind === 'directed') continue;
    const members = calls
      .map(name => ({ name, answer: answers.calls.get(name) }))
      .filter((member): member is Member => member.answer !== undefined);
    const open = members.filter(({ answer }) => alwaysAllowed(answer)).map(({ name }) => name);
    if (open.length === 0) continue;
    const restricted = members.filter(({ answer }) => isRestricted(answer, answers, flags));
    for (const { name, answer } of restricted) {
      if (kind === 'part' && (name !== calls[0] || isPointless(name, answers))) continue;
      const actions = answer.actions.map(actionName).join(' or ');
      const refused = neverAllowed(answer);
      yield {
        code: 'equivalent-open',
        abi: answers.abi,
        at: own(answer, 'at'),
        about: [[name], open],
        cause: `${ruleAt(own(answer, 'at'))} ${index} ${refused ? actions : ''}`,
        message: (names, others) =>
          `${names.text} ${refused ? `${verb(names, 'gets', 'get')} ${actions}` : `${verb(names, 'is', 'are')} allowed under conditions`}, but ${others.text} can do ${kind === 'part' ? 'some of its work' : 'the same'}`,
      };
    }
    if (!interchangeable || restricted.length > 0 || permits(answers.otherwise)) continue;
    const left = members.filter(({ answer }) => neverAllowed(answer) && !isAbsent(answer));
    if (left.length === 0) continue;
    yield {
      code: 'equivalent-refused',
      abi: answers.abi,
      at: own(answers.calls.get(open[0] ?? ''), 'at'),
      about: [left.map(({ name }) => name)],
      message: names =>
        `${names.text} ${verb(names, 'is', 'are')} refused, but other calls that do the same are allowed`,
    };
  }
}

/** Without sockets, nothing can be connected. */
const isPointless = (name: string, { calls }: AbiAnswers): boolean => {
  const socket = calls.get('socket');
  return name === 'connect' && socket !== undefined && neverAllowed(socket);
};

interface Member {
  readonly name: string;
  readonly answer: CallAnswer;
}

/**
 * Whether the profile restricts the call deliberately, by a condition or by name. ENOSYS only makes libraries fall back.
 */
function isRestricted(answer: CallAnswer, { otherwise }: AbiAnswers, flags: boolean): boolean {
  if (isAbsent(answer)) return false;
  if (dependsOnArguments(answer)) return flags;
  return neverAllowed(answer) && answer.actions.some(action => action !== otherwise);
}
