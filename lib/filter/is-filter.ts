// Tells filters from other values without the class, so that who loads programs need not load what inspects them.
import type { Filter } from './filter.js';

const filters = new WeakSet<object>();

/** Marks a filter as one; its constructor alone does. */
export const markFilter = (filter: Filter): void => void filters.add(filter);

/** Whether a value is a filter. An object of the same shape is not. */
export const isFilter = (value: unknown): value is Filter =>
  typeof value === 'object' && value !== null && filters.has(value);
