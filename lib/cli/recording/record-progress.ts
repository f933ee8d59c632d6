// Shows the progress of a recording on a terminal.
import { isatty } from 'node:tty';
import type { RecordingProgress } from '../../process/trace/record-command.js';
import { printErrorPainted } from '../output.js';

/** Times in milliseconds. */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** After this time without a new call, the output suggests another workload. */
const QUIET = 5 * MINUTE;

/** The state of a recording at one time. */
interface Sample {
  readonly time: number;
  readonly distinct: number;
}

/**
 * The status of a recording: the number of calls, distinct ones, new ones, and a hint if there were none for a long
 * time.
 */
export class ProgressText {
  /** The samples of the last minute, and the last one before. */
  #samples: readonly Sample[];
  #lastNew: number;

  /** `now` is in milliseconds, from any clock. */
  constructor(now: number) {
    this.#samples = [{ time: now, distinct: 0 }];
    this.#lastNew = now;
  }

  next({ calls, distinct, atLeast }: RecordingProgress, now: number): string {
    if (distinct > (this.#samples.at(-1)?.distinct ?? 0)) this.#lastNew = now;
    const first = this.#samples.findLastIndex(({ time }) => time <= now - MINUTE);
    this.#samples = [...this.#samples.slice(Math.max(first, 0)), { time: now, distinct }];
    const recent = distinct - (this.#samples[0]?.distinct ?? 0);
    const text = `${calls}${atLeast ? '+' : ''} calls, ${distinct} distinct, ${recent} new in the last minute`;
    const quiet = now - this.#lastNew;
    return quiet < QUIET
      ? text
      : `${text}; nothing new for ${Math.floor(quiet / MINUTE)} minutes: try other input, errors, signals and a restart`;
  }
}

/**
 * Prints the progress of a recording if standard error is a terminal: each second on one line, or, if standard output
 * is a terminal too and the command may write to it, once a minute on a new line. Returns a function that stops this.
 */
export function showProgress(progress: () => RecordingProgress): () => void {
  if (!isatty(2)) return () => undefined;
  const isShared = isatty(1);
  const text = new ProgressText(Date.now());
  const look = (): void => {
    const line = `seccomp: ${text.next(progress(), Date.now())}`;
    printErrorPainted(isShared ? `${line}\n` : `${CLEAR}${line}`);
  };
  const timer = setInterval(look, isShared ? MINUTE : SECOND);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (!isShared) printErrorPainted(CLEAR);
  };
}

/** Moves to the start of the line and clears it. */
const CLEAR = '\r\u001b[K';
