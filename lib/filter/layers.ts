// The input of all functions that inspect programs: one filter or several layers, of known or unknown origin.
import { UsageError } from '../util/errors.js';
import type { Filter } from './filter.js';
import { isFilter } from './filter.js';
import { decode, ownProgram, validate, type Program } from '../bpf/program.js';
import { ownElements } from '../util/own-elements.js';
import { isUint8Array } from '../util/host/bytes.js';

/** A filter, or a program from elsewhere: its instructions, or its bytes in the kernel's format. */
export type Layer = Filter | Program | Uint8Array;

/** One layer, or several, oldest first. */
export type Layers = Layer | readonly Layer[];

/**
 * The validated program of a layer. Throws ProgramError for a program that the kernel would reject, UsageError
 * (`bad-filter`) for other values.
 */
export function programOf(layer: Layer): Program {
  if (isFilter(layer)) return layer.program;
  const program: Program = isUint8Array(layer) ? decode(layer) : layer;
  if (!isProgram(program)) {
    throw new UsageError(
      'bad-filter',
      'a layer is neither a Filter nor a program',
      'Pass the result of compile or decode, or the bytes of a program',
    );
  }
  // Copied, because a caller's list may differ when it is read again.
  const read = isUint8Array(layer) ? program : ownProgram(program);
  validate(read);
  return read;
}

/** The layers of a stack, the oldest first. Throws UsageError (`bad-filter`) for an empty one. */
export function layersOf(layers: Layers): readonly Layer[] {
  if (!Array.isArray(layers) || isProgram(layers as unknown)) return [layers as Layer];
  if (layers.length > 0) return ownElements(layers as readonly Layer[]);
  throw new UsageError('bad-filter', 'there is no layer in the list', 'Pass at least one filter');
}

const isProgram = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every(
    (item: unknown) =>
      typeof item === 'object' && item !== null && Object.hasOwn(item, 'code') && Object.hasOwn(item, 'jt'),
  );
