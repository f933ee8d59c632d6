// Limits the work of an analysis in steps rather than seconds, so that an input has the same outcome on every machine.

/** Counts steps, and throws once they exceed the limit. */
export class WorkBudget {
  readonly #limit: number;
  readonly #exceeded: () => Error;
  #used = 0;

  /** `exceeded` makes the error that ends the analysis. */
  constructor(limit: number, exceeded: () => Error) {
    this.#limit = limit;
    this.#exceeded = exceeded;
  }

  /** The steps so far. */
  get used(): number {
    return this.#used;
  }

  /** Counts steps before they are taken. Throws the error of `exceeded` if there are too many. */
  spend(steps: number): void {
    this.#used += steps;
    if (this.#used > this.#limit) throw this.#exceeded();
  }
}
