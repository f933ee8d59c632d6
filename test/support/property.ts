// A property as a test: fast-check generates hundreds of inputs, and shrinks a failing one.
import fc, { type Arbitrary } from 'fast-check';
import { seed } from './random.js';

/** Seconds for each property instead of a number of runs; the nightly run sets this. */
const SECONDS = Number(process.env['PROPERTY_SECONDS'] ?? 0);

/** A test that `holds` does not throw for any input. A failure has the seed, the smallest input and its path. */
export function property<T>(
  what: string,
  input: Arbitrary<T>,
  runs: number,
  holds: (value: T) => void,
): void {
  const start = seed();
  const length =
    SECONDS > 0
      ? { numRuns: Infinity, interruptAfterTimeLimit: SECONDS * 1000, markInterruptAsFailure: false }
      : { numRuns: runs };
  it(`${what} (SEED=${start})`, function () {
    if (SECONDS > 0) this.timeout(0);
    fc.assert(fc.property(input, holds), { seed: start, ...length });
  });
}
