// A property as a test: some hundreds of inputs that fast-check makes, and makes smaller where one fails.
import fc, { type Arbitrary } from 'fast-check';
import { seed } from './random.js';

/** Seconds that each property gets instead of its number of runs; the nightly run sets them. */
const SECONDS = Number(process.env['PROPERTY_SECONDS'] ?? 0);

/** A test that `holds` does not throw for any input. A failure shows the seed, the smallest input and its path. */
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
