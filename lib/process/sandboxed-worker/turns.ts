// Does the work of many a bounded amount in each turn of the event loop.

/** Something with work in steps that are short. */
export interface Task {
  /** Whether its work keeps the process alive. */
  readonly isReferenced: boolean;
  /** Performs one step, and returns whether there are more. */
  step(): boolean;
}

/** At most so many steps a turn, and none is begun after so many milliseconds. */
const STEPS = 32;
const MILLISECONDS = 10;

/**
 * Takes turns among tasks. What bounds a turn is the sum over all of them: an event loop that serves twenty workers has no
 * more time than one that serves one. Each step is an immediate of its own, so that promises are settled between two, and
 * that what a step throws is an uncaught exception which keeps none of the others back.
 */
export class TurnQueue {
  readonly #tasks: Task[] = [];
  #immediates: NodeJS.Immediate[] = [];
  #deadline = 0;

  /** Has a task make its steps, from this turn of the event loop on. */
  add(task: Task): void {
    if (!this.#tasks.includes(task)) this.#tasks.push(task);
    this.#arm();
  }

  #arm(): void {
    if (this.#immediates.length === 0) {
      this.#deadline = Infinity;
      this.#immediates = Array.from({ length: STEPS }, (_, index) =>
        setImmediate(() => {
          this.#step(index);
        }),
      );
    }
    const isReferenced = this.#tasks.some(task => task.isReferenced);
    for (const immediate of this.#immediates) {
      if (isReferenced) immediate.ref();
      else immediate.unref();
    }
  }

  #step(index: number): void {
    const now = performance.now();
    if (index === 0) this.#deadline = now + MILLISECONDS;
    const task = now < this.#deadline ? this.#tasks.shift() : undefined;
    let hasMore = true;
    try {
      hasMore = task?.step() ?? false;
    } finally {
      if (task !== undefined && hasMore && !this.#tasks.includes(task)) this.#tasks.push(task);
      if (index === STEPS - 1) {
        this.#immediates = [];
        if (this.#tasks.length > 0) this.#arm();
      }
    }
  }
}
