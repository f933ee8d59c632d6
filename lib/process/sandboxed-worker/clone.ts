// Structured clones as bytes: what postMessage makes of a value, for a thread of another process.
import type { Transferable } from 'node:worker_threads';
import { v8 } from '../../builtins.js';

/** A value, cloned. */
export type Packed = Uint8Array;

/**
 * Clones a value. Array buffers to be transferred are copied and detached. Of a view its own bytes are cloned and not,
 * as within a process, the whole buffer: those of Node's own are parts of a pool with bytes of others.
 * Throws DataCloneError (DOMException) for what cannot leave a process: functions, ports, shared memory; nothing is
 * detached then.
 */
export function pack(value: unknown, transfer: readonly Transferable[] = []): Packed {
  if (transfer.some(item => !(item instanceof ArrayBuffer))) {
    throw dataCloneError('only an ArrayBuffer can be transferred to another process, where it is copied');
  }
  const serializer = new (v8().DefaultSerializer)();
  // Hooks of Node's.
  Object.assign(serializer, {
    _getDataCloneError: dataCloneError,
    _getSharedArrayBufferId: () => {
      throw dataCloneError('a SharedArrayBuffer cannot be shared with another process');
    },
  });
  serializer.writeHeader();
  serializer.writeValue(value);
  // Detaches them, or says why not.
  structuredClone(undefined, { transfer: [...transfer] as ArrayBuffer[] });
  return serializer.releaseBuffer();
}

/** The value again. Throws for bytes that are none. */
export function unpack(bytes: Packed): unknown {
  const deserializer = new (v8().DefaultDeserializer)(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

/** Called with `new` and without. */
function dataCloneError(message: string): DOMException {
  return new DOMException(message, 'DataCloneError');
}
