// Seeded pseudo-random values, so that a failure can be reproduced: tests print the seed, and SEED sets it.

/** The seed of this run: SEED from the environment, or the time. Tests must print it. */
export const seed = (): number => Number(process.env['SEED'] ?? Date.now() % 1_000_000_007);

/** Deterministic generator (mulberry32). */
export class Random {
  #state: number;

  constructor(start: number) {
    this.#state = start >>> 0;
  }

  /** An unsigned 32-bit number. */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** An integer from 0 up to, not including, `count`. */
  below(count: number): number {
    return this.word() % count;
  }

  chance(share: number): boolean {
    return this.word() / 2 ** 32 < share;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** An unsigned 64-bit number. */
  register(): bigint {
    return (BigInt(this.word()) << 32n) | BigInt(this.word());
  }
}
