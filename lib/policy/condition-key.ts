// Keys for conditions in maps.
import { hasOwn } from '../util/own.js';
import type { Condition } from './policy.js';

/** A text that is equal for equal conditions. */
export const conditionKey = (condition: Condition): string =>
  `${condition.op}${condition.arg}.${condition.width}.${hasOwn(condition, 'mask') ? condition.mask : ''}.${condition.value}`;
