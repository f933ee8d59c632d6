// Calls that do the same: a restriction of one is worth nothing while another is open.
import { actionName, permits } from '../action.js';
import { callClasses } from '../call-classes.js';
import { isAbsent, isOpen, isPartly, isShut, type Answer, type Answers } from './answers.js';
import type { Observation } from './finding.js';
import { own } from '../../own.js';

/** Reports calls whose restriction another open call evades, and classes of which a part is refused. */
export function* lintEquivalents(answers: Answers): Generator<Observation> {
  for (const { calls, arguments: flags, interchangeable, kind } of callClasses()) {
    if (kind === 'directed') continue;
    const members = calls
      .map(name => ({ name, answer: answers.calls.get(name) }))
      .filter((member): member is Member => member.answer !== undefined);
    const open = members.filter(({ answer }) => isOpen(answer)).map(({ name }) => name);
    if (open.length === 0) continue;
    const restricted = members.filter(({ answer }) => isRestricted(answer, answers, flags));
    for (const { name, answer } of restricted) {
      yield {
        code: 'equivalent-open',
        abi: answers.abi,
        at: own(answer, 'at'),
        message: `${name} ${isShut(answer) ? `gets ${answer.actions.map(actionName).join(' or ')}` : 'is allowed under conditions'}, while ${list(open)} can do the same`,
      };
    }
    if (!interchangeable || restricted.length > 0 || permits(answers.otherwise)) continue;
    const left = members.filter(({ answer }) => isShut(answer) && !isAbsent(answer));
    if (left.length === 0) continue;
    yield {
      code: 'equivalent-shut',
      abi: answers.abi,
      at: own(answers.calls.get(open[0] ?? ''), 'at'),
      message: `${list(open)} may be called, and ${list(left.map(({ name }) => name))} not`,
    };
  }
}

interface Member {
  readonly name: string;
  readonly answer: Answer;
}

/** Whether someone has decided against the call, by a condition or by name. ENOSYS only sends libraries to another call. */
function isRestricted(answer: Answer, { otherwise }: Answers, flags: boolean): boolean {
  if (isAbsent(answer)) return false;
  if (isPartly(answer)) return flags;
  return isShut(answer) && answer.actions.some(action => action !== otherwise);
}

const list = (names: readonly string[]): string => {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
};
