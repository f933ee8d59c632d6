// Collects the calls of one log in bounded memory.
import { noted, RecordingBuilder, type RunSource, type SeenCall } from '../build.js';
import { addCounts, type Recording } from '../recording.js';

/** Formats that may be followed by a table of the same calls. */
const LISTINGS: ReadonlySet<string> = new Set(['strace', 'perf trace']);

/** The calls of one log, from lines of any format. */
export class LogCalls {
  readonly #phase: string;
  readonly #builder = new RecordingBuilder();
  readonly #formats = new Set<string>();
  /** Calls from lines, so that rows of a following table do not count them again. */
  readonly #inLines = new Set<string>();
  #lost = 0;

  /** `phase` is the phase of all calls. */
  constructor(phase: string) {
    this.#phase = phase;
  }

  /** Adds calls from a format. Returns false if the recording has no room for their number. */
  add(format: string, call: SeenCall): boolean {
    const all = noted(call, this.#phase);
    const { abi, syscall } = all;
    if (!this.#builder.note(all)) return false;
    this.#formats.add(format);
    if (LISTINGS.has(format)) this.#inLines.add(`${abi} ${syscall}`);
    return true;
  }

  /** Adds a row of a table of counts, unless the log has lines for the calls. Returns false for a row without calls. */
  addRow(format: string, call: SeenCall & { readonly count: number }): boolean {
    return call.count > 0 && (this.#inLines.has(`${call.abi} ${call.syscall}`) || this.add(format, call));
  }

  /** Whether calls were added from a format. */
  has(format: string): boolean {
    return this.#formats.has(format);
  }

  /** Adds to the number of events that the recorder lost. */
  addLost(events: number): void {
    this.#lost = addCounts(this.#lost, events);
  }

  /** The calls so far as one run; undefined if there are none. */
  finish(run: Omit<RunSource, 'how' | 'lost'>): Recording | undefined {
    return this.#builder.distinct === 0
      ? undefined
      : this.#builder.finish({ ...run, how: [...this.#formats].sort().join(', '), lost: this.#lost });
  }
}

/** Whether a result in a log of strace or perf means that the kernel lacks the call. */
export const isEnosys = (result: string): boolean => result.startsWith('-1 ENOSYS');
