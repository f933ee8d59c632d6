// Lint rules about what can run under a filter: commands and containers, or only processes that load the filter
// themselves.
import { permits } from '../../kernel/action.js';
import { sometimesAllowed, type AbiAnswers } from './answers.js';
import { beforeMain, LOADING, nodeContinues, STARTING, threadWorks } from './essentials.js';
import { verb, type Observation } from '../finding.js';

/** Checks only the native ABI, with which every program starts. */
export function* lintStarting({ abi, calls, otherwise }: AbiAnswers): Generator<Observation> {
  const isAllowed = sometimesAllowed(calls);
  const starts = STARTING.some(isAllowed);
  const missing = starts ? beforeMain(abi).filter(name => !isAllowed(name)) : STARTING;
  if (missing.length === 0) {
    const loader = LOADING.filter(names => !names.some(isAllowed)).flat();
    if (loader.length === 0) return;
    yield {
      code: 'no-dynamic-start',
      abi,
      about: [loader.filter(name => calls.has(name))],
      message: list =>
        `no dynamically linked program starts: ${list.text} ${verb(list, 'is', 'are')} refused`,
    };
    return;
  }
  // If an allow-list contains execve, programs are meant to start.
  const selfApplied =
    nodeContinues(isAllowed) || (threadWorks(isAllowed) && !(starts && !permits(otherwise)));
  yield {
    code: selfApplied ? 'only-self-applied' : 'nothing-starts',
    abi,
    about: [missing.filter(name => calls.has(name))],
    message: list =>
      selfApplied
        ? `no command or container starts under this profile: ${list.text} ${verb(list, 'is', 'are')} refused`
        : `nothing can run under this profile: ${list.text} ${verb(list, 'is', 'are')} refused, which every program needs to start, and so are calls that a running process needs`,
  };
}
