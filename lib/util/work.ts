// A bound on the work of an analysis, in steps rather than seconds, so that an input ends the same way on every machine.

/** Counts steps, and throws once there are more than were planned for. */
export class WorkBudget {
  readonly #limit: number;
  readonly #exceeded: () => Error;
  #used = 0;

  /** `exceeded` makes the error that ends the analysis. */
  constructor(limit: number, exceeded: () => Error) {
    this.#limit = limit;
    this.#exceeded = exceeded;
  }

  /** Steps so far. */
  get used(): number {
    return this.#used;
  }

  /** Counts steps before they are made. Throws what `exceeded` makes. */
  spend(steps: number): void {
    this.#used += steps;
    if (this.#used > this.#limit) throw this.#exceeded();
  }
}
