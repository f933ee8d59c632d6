// Conditions as keys of maps.
import { hasOwn } from '../util/own.js';
import type { Condition } from './policy.js';

/** A text that two conditions share when they are equal. */
export const conditionKey = (condition: Condition): string =>
  `${condition.op}${condition.arg}.${condition.width}.${hasOwn(condition, 'mask') ? condition.mask : ''}.${condition.value}`;
