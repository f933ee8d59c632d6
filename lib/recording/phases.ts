// Selects the calls of one phase of a recording.
import { RecordingError } from '../util/errors.js';
import { show } from '../util/show.js';
import { byText, RUNTIME_PHASE, sealRecording, type RecordedCall, type Recording } from './recording.js';

/** An option for a phase. */
export interface PhaseOption {
  /**
   * Only calls of this phase, and of its parts: `serving` includes `serving/main`. Default: all phases except `runtime`,
   * which has the calls of container runtimes.
   */
  readonly phase?: string | undefined;
}

/** The calls of a phase and its parts; without a phase, those of all phases except the container runtime's. */
export const callsOfPhase = ({ calls }: Recording, phase: string | undefined): readonly RecordedCall[] =>
  calls.filter(call => (phase === undefined ? call.phase !== RUNTIME_PHASE : isIn(call.phase, phase)));

/** Whether a phase is this one or a part of it. */
const isIn = (phase: string, whole: string): boolean => phase === whole || phase.startsWith(`${whole}/`);

/** The error for a recording without calls of a phase. */
export const noCalls = (recording: Recording, phase: string | undefined): RecordingError =>
  new RecordingError(
    'nothing-recorded',
    phase === undefined
      ? 'the recordings have no calls'
      : `the recordings have no calls of the phase ${show(phase)}`,
    phasesIn(recording),
  );

function phasesIn({ calls }: Recording): string {
  const phases = [...new Set(calls.map(({ phase }) => phase))].filter(phase => phase !== '');
  return phases.length === 0
    ? 'Record the program first'
    : `The phases are ${phases
        .sort(byText)
        .slice(0, MAX_PHASES)
        .map(phase => show(phase))
        .join(', ')}${phases.length > MAX_PHASES ? ', …' : ''}`;
}

const MAX_PHASES = 8;

/**
 * A recording with only the calls of a phase. Throws RecordingError (`nothing-recorded`) for a phase without calls,
 * because a check of it would never find anything.
 */
export function recordingOfPhase(recording: Recording, phase: string | undefined): Recording {
  const calls = callsOfPhase(recording, phase);
  if (calls.length === 0 && phase !== undefined) throw noCalls(recording, phase);
  return sealRecording({ ...recording, calls });
}
