// Schedules the work of many tasks, a limited amount in each turn of the event loop.

/** A task whose work consists of short steps. */
export interface Task {
  /** Whether its work keeps the process alive. */
  readonly isReferenced: boolean;
  /** Performs one step, and returns whether more are left. */
  step(): boolean;
}

/** The maximum number of steps per turn, and the time in milliseconds after which none is started. */
const STEPS = 32;
const MILLISECONDS = 10;

/**
 * Takes turns among tasks. The limits are for all of them together, so that an event loop with twenty workers spends no
 * more time than one with a single worker. Each step is a separate immediate, so that promises settle between steps, and
 * an error of a step is an uncaught exception that does not stop other steps.
 */
export class TurnQueue {
  readonly #tasks: Task[] = [];
  #immediates: NodeJS.Immediate[] = [];
  #deadline = 0;

  /** Schedules the steps of a task, starting in this turn of the event loop. */
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
