// An LRU cache for immutable results that are expensive to compute.

/** Caches up to `capacity` results by key, and evicts the least recently used one. */
export class LruCache<V extends object> {
  readonly #results = new Map<string, V>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Returns the cached result for a key, or makes and caches it. Errors are not cached. */
  get(key: string, make: () => V): V {
    const result = this.#results.get(key) ?? make();
    this.#results.delete(key);
    this.#results.set(key, result);
    const [oldest] = this.#results.keys();
    if (this.#results.size > this.#capacity && oldest !== undefined) this.#results.delete(oldest);
    return result;
  }
}
