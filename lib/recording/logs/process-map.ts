// Keeps facts about the processes of a log, in bounded memory.

/** The maximum number of processes in a map. */
const MAX_PROCESSES = 16_384;

/** A map by process or thread. Beyond the limit, the least recently set entry is dropped. */
export class ProcessMap<V> {
  readonly #values = new Map<number, V>();

  get size(): number {
    return this.#values.size;
  }

  get(pid: number): V | undefined {
    return this.#values.get(pid);
  }

  set(pid: number, value: V): void {
    this.#values.delete(pid);
    this.#values.set(pid, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > MAX_PROCESSES && oldest !== undefined) this.#values.delete(oldest);
  }

  delete(pid: number): void {
    this.#values.delete(pid);
  }

  /** Returns the value of a process, and removes it. */
  take(pid: number): V | undefined {
    const value = this.#values.get(pid);
    this.#values.delete(pid);
    return value;
  }
}
