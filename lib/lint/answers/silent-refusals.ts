// Lint rule for refusals that Node and Bun ignore without an error, as measured.
import { isNative } from '../../kernel/architectures.js';
import { own } from '../../util/own.js';
import { actionKind } from '../../kernel/action.js';
import { SCMP_ACT_ERRNO } from '../../kernel/constants.js';
import { sometimesAllowed, neverAllowed, type CallAnswer, type AbiAnswers } from './answers.js';
import { nodeContinues } from './essentials.js';
import { verb, type Observation } from '../finding.js';

/** The silent effect of refusing these calls. */
interface SilentRefusal {
  readonly calls: readonly string[];
  readonly effect: string;
  /** If not empty, at least one of these must be allowed, because otherwise the program meets an error first. */
  readonly needs: readonly string[];
}

/**
 * Measured on x86_64, Linux 6.18, with each call refused with EPERM, EACCES, EINVAL, ENOSYS, ENOTSOCK and EOPNOTSUPP (Bun: EPERM
 * and ENOSYS): Node 20.20.2, 22.23.3, 24.21.0, 26.12.1, Bun 1.4.5. test/process/silent-refusals.test.ts repeats the measurement.
 * `socketpair` is not listed, because both report its refusal as an error of the spawn.
 */
const SILENT_REFUSALS: readonly SilentRefusal[] = [
  {
    calls: ['getsockname', 'getsockopt'],
    effect:
      'Node loses data of standard streams that are sockets, such as those of children of Node, and exits with 0',
    needs: [],
  },
  {
    calls: ['recvmsg'],
    effect: 'messages of a child of fork() never arrive, and both processes exit with 0',
    needs: [],
  },
  {
    calls: ['shutdown'],
    effect: 'Node hangs at the end of a stream: spawnSync with input, half-closed sockets',
    needs: ['socketpair', 'socket'],
  },
  {
    calls: ['accept4'],
    effect: 'a Node server that is listening never gets a connection',
    needs: ['listen'],
  },
  {
    calls: ['sendto'],
    effect:
      'Bun loses data that node:child_process writes to the standard input of a child, which exits with 0',
    needs: ['socketpair'],
  },
];

/** Whether the call always fails with an errno. A signal would be noticed. */
const isRefused = (answer: CallAnswer | undefined): boolean =>
  answer !== undefined &&
  neverAllowed(answer) &&
  answer.actions.every(action => actionKind(action) === SCMP_ACT_ERRNO(0) && action !== SCMP_ACT_ERRNO(0));

/** Applies only to filters under which Node runs. */
export function* lintSilentRefusals({ abi, calls }: AbiAnswers): Generator<Observation> {
  if (!isNative(abi)) return;
  const isAllowed = sometimesAllowed(calls);
  if (!nodeContinues(isAllowed)) return;
  for (const { calls: names, effect, needs } of SILENT_REFUSALS) {
    const refused = names.filter(name => isRefused(calls.get(name)));
    const [first] = refused;
    if (first === undefined || (needs.length > 0 && !needs.some(isAllowed))) continue;
    yield {
      code: 'silent-refusal',
      abi,
      at: own(calls.get(first), 'at'),
      about: [refused],
      cause: effect,
      message: list => `${list.text} ${verb(list, 'is', 'are')} refused: ${effect}`,
    };
  }
}
