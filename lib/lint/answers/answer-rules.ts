// Lint rules about actions, which apply to policies and programs alike.
import { actionName, permits } from '../../kernel/action.js';
import { RING_OPERATIONS } from '../../kernel/ring-operations.js';
import { isAbsent, kills, alwaysAllowed, neverAllowed, type AbiAnswers } from './answers.js';
import { lintEquivalents } from './equivalents.js';
import { ruleAt, verb, type Observation } from '../finding.js';
import { lintSilentRefusals } from './silent-refusals.js';
import { own } from '../../util/own.js';
import { UNFILTERED_CALLS } from '../../kernel/calls/unfiltered-calls.js';

type AnswerRule = (answers: AbiAnswers) => Iterable<Observation>;

/** Thread creation fails if clone3 is refused with any errno but ENOSYS. */
function* lintClone3({ abi, calls }: AbiAnswers): Generator<Observation> {
  const [clone, clone3] = [calls.get('clone'), calls.get('clone3')];
  if (clone === undefined || neverAllowed(clone)) return;
  if (clone3 === undefined || !neverAllowed(clone3) || isAbsent(clone3)) return;
  yield {
    code: 'clone3-answer',
    abi,
    at: own(clone3, 'at') ?? own(clone, 'at'),
    calls: ['clone', 'clone3'],
    message: `clone is allowed and clone3 gets ${clone3.actions.map(actionName).join(' or ')}`,
  };
}

/** Operations of an io_uring are calls that no filter sees. */
function* lintRings({ abi, calls }: AbiAnswers): Generator<Observation> {
  const [setup, enter] = [calls.get('io_uring_setup'), calls.get('io_uring_enter')];
  if (setup === undefined || neverAllowed(setup) || enter === undefined || neverAllowed(enter)) return;
  const evaded = RING_OPERATIONS.filter(name => {
    const answer = calls.get(name);
    return answer !== undefined && !alwaysAllowed(answer);
  });
  if (evaded.length === 0) return;
  yield {
    code: 'io-uring-open',
    abi,
    at: own(setup, 'at'),
    about: [evaded],
    message: names => `io_uring can replace calls that are refused or restricted: ${names.text}`,
  };
}

/** Calls that programs, C libraries and run-times try first, with a fallback to an older call. */
const PROBES =
  'cachestat clone3 close_range copy_file_range epoll_pwait2 faccessat2 fchmodat2 futex_waitv getrandom io_uring_setup landlock_create_ruleset membarrier memfd_create openat2 pidfd_open pkey_alloc preadv2 renameat2 rseq set_mempolicy_home_node statx userfaultfd'.split(
    ' ',
  );

/** A probe should fail with an errno rather than end the program. */
function* lintProbes({ abi, calls }: AbiAnswers): Generator<Observation> {
  for (const name of PROBES) {
    const answer = calls.get(name);
    if (answer === undefined || !kills(answer)) continue;
    const at = own(answer, 'at');
    yield {
      code: 'kill-on-probe',
      abi,
      at,
      about: [[name]],
      cause: ruleAt(at),
      message: names => `programs that probe ${names.text} are killed`,
    };
  }
}

/** Access to other processes' memory and descriptors. */
function* lintInspection({ abi, calls }: AbiAnswers): Generator<Observation> {
  const names = ['ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd'].filter(
    name => calls.get(name)?.actions.some(permits) === true,
  );
  const [first] = names;
  if (first === undefined) return;
  yield {
    code: 'ptrace-open',
    abi,
    at: own(calls.get(first), 'at'),
    about: [names],
    message: list => `${list.text} ${verb(list, 'is', 'are')} allowed`,
  };
}

/** Rules that refuse calls which never run a filter. */
function* lintUnfiltered({ abi, calls, otherwise }: AbiAnswers): Generator<Observation> {
  for (const facts of UNFILTERED_CALLS) {
    if (own(facts, 'abis')?.includes(abi) === false) continue;
    const { how } = facts;
    for (const name of facts.calls) {
      const answer = calls.get(name);
      if (answer === undefined || alwaysAllowed(answer) || isAbsent(answer)) continue;
      if (answer.actions.every(action => action === otherwise)) continue;
      const at = own(answer, 'at');
      yield {
        code: 'not-filtered',
        abi,
        at,
        about: [[name]],
        cause: `${ruleAt(at)} ${how}`,
        message: list => `${list.text} ${verb(list, 'is', 'are')} refused, but ${how}`,
      };
    }
  }
}

const ANSWER_RULES: readonly AnswerRule[] = [
  lintEquivalents,
  lintClone3,
  lintRings,
  lintProbes,
  lintInspection,
  lintSilentRefusals,
  lintUnfiltered,
];

/** The observations of all rules about actions, for all ABIs. */
export function* lintAnswers(abis: readonly AbiAnswers[]): Generator<Observation> {
  for (const answers of abis) for (const rule of ANSWER_RULES) yield* rule(answers);
}
