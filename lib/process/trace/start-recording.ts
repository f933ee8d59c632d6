// Records the calls of the running process.
import { release } from 'node:os';
import { compilePolicy } from '../../filter/compile.js';
import { nativeArchitecture } from '../../kernel/architectures.js';
import { withStops } from '../../policy/with-stops.js';
import { RecordingBuilder } from '../../recording/build.js';
import { checkedPhase, type Recording } from '../../recording/recording.js';
import { isMainThread, native } from '../../native.js';
import { ownOptions } from '../../util/options.js';
import { whenExiting } from '../supervise/event-loop.js';
import { attachTracer } from './attach.js';
import { whyEnded } from './follow.js';
import { noteClass, recordingPolicy } from './recording-policy.js';
import { MUTED, setPhase, type TracedCalls, type TracedTable } from './table.js';

/** Options of `startRecording`. */
export interface StartRecordingOptions {
  /** The first phase, as `phase` of the recording. Default: none. */
  readonly phase?: string | undefined;
}

/** A recording of this process. */
export interface OwnRecording {
  /** Starts another phase: from now on, calls of all threads belong to it. Throws UsageError (`bad-option`). */
  phase(name: string): void;
  /** Returns the recording so far, as one run. A call in progress may be missing. Throws RecordingError (`recording-too-large`). */
  snapshot(): Recording;
  /**
   * Ends the recording and returns it; later calls return the same. Afterwards the process runs as if it had never been
   * recorded. Throws SupervisionError if the recording has already ended: `tracer-ended` if the tracer was killed,
   * `traces-itself` if a child wanted to be traced by another process. `snapshot` then returns the calls up to that
   * point.
   */
  stop(): Recording;
}

/**
 * Records the calls of this process, of all its threads and of all its descendants. The calls of the main thread, of
 * workers, of other threads and of children are separate, as the phases `main`, `workers`, `pool` and `children`; in a
 * phase named `serving` these are `serving/main` and so on. Nothing is loaded or refused: docs/recording.md.
 *
 * Throws UsageError (`bad-option`), and LoadError (`no-tracer`, `tracer-refused`), for example if the process is already
 * traced.
 */
export function startRecording(options: StartRecordingOptions = {}): OwnRecording {
  const { phase = '' } = ownOptions(options, ['phase']);
  const phases = [checkedPhase(phase)];
  const policy = recordingPolicy();
  const tracer = attachTracer(compilePolicy(withStops(policy)));
  const record = ({ calls, lost }: TracedTable): Recording => {
    const builder = new RecordingBuilder();
    let unknown = 0;
    for (const call of calls) {
      const program = typeof call.program === 'object' ? call.program.path : undefined;
      const seen = { ...call, program, phase: phaseOf(call, phases) };
      if (!noteClass(builder, policy, seen)) unknown += call.count;
    }
    return builder.finish({
      how: 'tracer',
      arch: nativeArchitecture(),
      kernel: release(),
      libc: native().cLibrary(),
      command: [process.execPath, ...process.execArgv, ...process.argv.slice(1)].join(' '),
      lost: lost + unknown,
    });
  };
  let last: TracedTable | undefined;
  let ended = false;
  const end = (): TracedTable => {
    if (last !== undefined) return last;
    setPhase(tracer.memory, MUTED);
    ended = tracer.drain();
    tracer.end();
    native().closeDescriptor(tracer.woken);
    forgetExit();
    return (last = tracer.read());
  };
  // Ends the tracer when a worker exits; otherwise, it would end only a moment later, with the worker's thread.
  const forgetExit = isMainThread() ? () => undefined : whenExiting(end);
  return {
    phase: name => {
      if (!phases.includes(checkedPhase(name))) phases.push(name);
      setPhase(tracer.memory, phases.indexOf(name));
    },
    snapshot: () => record(last ?? tracer.read()),
    stop: () => {
      const seen = end();
      const why = ended || seen.state === 'contended' ? whyEnded(seen, true) : undefined;
      if (why !== undefined) throw why;
      return record(seen);
    },
  };
}

function phaseOf({ phase, origin }: TracedCalls, phases: readonly string[]): string {
  return [phases[phase] ?? '', origin ?? ''].filter(part => part !== '').join('/');
}
