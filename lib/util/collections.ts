// Freezes maps and sets, whose contents Object.freeze does not cover, and groups items.
import { bare } from './own.js';

const CHANGES = ['set', 'add', 'delete', 'clear'] as const;

/** Freezes a map or set in place: methods that change it throw TypeError from now on. Returns it. */
export function frozen<C extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>>(collection: C): C {
  for (const name of CHANGES) {
    const value = (): never => {
      throw new TypeError(
        `cannot ${name}: this ${collection instanceof Map ? 'map' : 'set'} is shared and never changes`,
      );
    };
    const isThere = Reflect.has(collection, name);
    if (isThere) Object.defineProperty(collection, name, bare({ value }));
  }
  return Object.freeze(collection);
}

/** Groups items by key. Keys and items keep the order in which they first occur. */
export function groupBy<K, V>(items: readonly V[], keyOf: (item: V) => K): ReadonlyMap<K, readonly V[]> {
  const groups = new Map<K, V[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
