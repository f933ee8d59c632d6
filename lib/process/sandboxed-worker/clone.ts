// Structured clones as bytes, for postMessage to a thread of another process.
import type { Transferable } from 'node:worker_threads';
import { util, v8 } from '../../util/builtins.js';
import { MAX_PAYLOAD } from './frames.js';

/** A serialized value. */
export type Packed = Uint8Array;

/** Classes of views in the order of the format. Looked up by name, because some Node versions lack Float16Array. */
const VIEWS = [
  'Buffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const;

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView;

/**
 * Serializes a value. Array buffers to transfer are copied and detached. For a view, only its own bytes are serialized,
 * unlike within a process, where the whole buffer is: buffers of Node are often parts of a pool with unrelated bytes.
 * Throws DataCloneError (DOMException) for values that cannot leave a process (functions, ports, shared memory); then
 * nothing is detached.
 */
export function pack(value: unknown, transfer: readonly Transferable[] = []): Packed {
  if (transfer.some(item => !(item instanceof ArrayBuffer))) {
    throw dataCloneError('only an ArrayBuffer can be transferred: it is copied to the other process');
  }
  const serializer = new (v8().DefaultSerializer)();
  // Node calls these methods.
  Object.assign(serializer, {
    _getDataCloneError: dataCloneError,
    _getSharedArrayBufferId: refuseShared,
    _writeHostObject: (object: object) => {
      const view = viewOf(object);
      serializer.writeUint32(VIEWS.indexOf(classOf(view)));
      serializer.writeUint32(view.byteLength);
      serializer.writeRawBytes(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    },
  });
  serializer.writeHeader();
  serializer.writeValue(value);
  const bytes = serializer.releaseBuffer();
  if (bytes.byteLength > MAX_PAYLOAD) throw dataCloneError('a message of more than 4 GiB cannot be sent');
  // Detaches them, or reports why not.
  structuredClone(undefined, { transfer: [...transfer] as ArrayBuffer[] });
  return bytes;
}

/**
 * Deserializes a value. Each view has its own buffer with only its bytes: Node's deserializer would return views of
 * `bytes`, or of the pool for small Buffers. Throws for anything that is not a serialized value.
 */
export function unpack(bytes: Packed): unknown {
  const deserializer = new (v8().DefaultDeserializer)(bytes);
  // Node calls this method.
  Object.assign(deserializer, {
    _readHostObject: () => {
      const name = VIEWS[deserializer.readUint32()];
      const own = new Uint8Array(deserializer.readUint32());
      own.set(deserializer.readRawBytes(own.length));
      if (name === 'Buffer') return Buffer.from(own.buffer);
      if (name === undefined) throw new TypeError('there is no such class of views');
      return new (Reflect.get(globalThis, name) as ViewClass)(own.buffer);
    },
  });
  deserializer.readHeader();
  return deserializer.readValue();
}

function viewOf(object: object): ArrayBufferView {
  if (!ArrayBuffer.isView(object)) throw dataCloneError('an object of Node itself cannot leave its process');
  return util().types.isSharedArrayBuffer(object.buffer) ? refuseShared() : object;
}

/** The class by internal type, regardless of properties. */
function classOf(view: ArrayBufferView): (typeof VIEWS)[number] {
  if (Buffer.isBuffer(view)) return 'Buffer';
  return VIEWS.find(name => name === typedArrayName(view)) ?? 'DataView';
}

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

const typedArrayName = (view: ArrayBufferView): unknown =>
  Reflect.get(typedArrayPrototype, Symbol.toStringTag, view);

function refuseShared(): never {
  throw dataCloneError('a SharedArrayBuffer cannot be shared with another process');
}

/** Called with `new` and without. */
function dataCloneError(message: string): DOMException {
  return new DOMException(message, 'DataCloneError');
}
