// Shows the progress of a recording on a terminal.
import { isatty } from 'node:tty';
import type { RecordingProgress } from '../../process/trace/record-command.js';
import { printErrorPainted } from '../output.js';

/** Milliseconds. */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** After this time without a new call, it is said that another workload would be needed. */
const QUIET = 5 * MINUTE;

/** One look at a recording. */
interface Sample {
  readonly time: number;
  readonly distinct: number;
}

/** What is said of a recording: the calls so far, distinct ones, new ones, and a hint where there have been none for long. */
export class ProgressText {
  /** Those of the last minute, and the last one before. */
  #samples: readonly Sample[];
  #lastNew: number;

  /** `now` in milliseconds, of any clock. */
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
 * Tells how far a recording is as long as it runs, where standard error is a terminal. Where standard output is one too, the command writes
 * to it: there is a line once a minute then, and otherwise one that changes each second. Returns how to end it.
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

/** Goes to the beginning of the line and clears it. */
const CLEAR = '\r\u001b[K';
