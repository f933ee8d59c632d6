// Statistics of repeated measurements: a median with its spread, and ratios within pairs.
import { once } from 'node:events';

/** The median and the middle half of a list of numbers. */
export function summarize(samples) {
  const sorted = Float64Array.from(samples).sort();
  const at = share => {
    const place = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return below + (above - below) * (place - Math.floor(place));
  };
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** `a / b` for measurements that were made side by side: disturbances of both cancel out. */
export const ratios = (a, b) => summarize(a.map((value, index) => value / b[index]));

/**
 * The time of each subject, and its ratio to the reference, which itself has none.
 * @param {string} reference
 * @param {Record<string, number[]>} samples
 */
export const compareWith = (reference, samples) =>
  Object.entries(samples).map(([name, own]) => ({
    name,
    value: summarize(own),
    ratio: name === reference ? undefined : ratios(own, samples[reference]),
  }));

/** `a - b` for measurements that were made side by side. */
export const differences = (a, b) => summarize(a.map((value, index) => value - b[index]));

/**
 * Takes one sample of each subject in turn, repeatedly: A B C A B C … `subjects` maps a name to a function that measures
 * once and returns a number or a record of numbers. The first `warmUp` rounds are discarded. Returns the samples of each
 * subject in order: samples at the same index are of the same round.
 * @template S
 * @param {Record<string, () => S | Promise<S>>} subjects
 * @param {{ rounds: number, warmUp?: number }} plan
 */
export async function interleave(subjects, { rounds, warmUp = 0 }) {
  /** @type {Record<string, S[]>} */
  const samples = Object.fromEntries(Object.keys(subjects).map(name => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, measure] of Object.entries(subjects)) {
      const sample = await measure();
      if (round >= 0) samples[name].push(sample);
    }
  }
  return samples;
}

/** Milliseconds that a call takes. */
export function time(call) {
  const start = process.hrtime.bigint();
  call();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/**
 * Milliseconds from the start of a child process to its exit event. Throws if it does not exit with 0.
 * @param {() => import('node:child_process').ChildProcess} start
 */
export async function timeToExit(start) {
  const begin = process.hrtime.bigint();
  const child = start();
  const [code, signal] = await once(child, 'exit');
  const ms = Number(process.hrtime.bigint() - begin) / 1e6;
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${signal ?? code}`);
  return ms;
}
