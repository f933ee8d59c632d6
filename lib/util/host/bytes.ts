// Functions for bytes and URLs that work in Node and in browsers.

/** Zeroed bytes: a Buffer in Node, a Uint8Array in browsers. Callers may rely only on the methods of Uint8Array. */
export const zeroedBytes = (length: number): Buffer =>
  typeof Buffer === 'undefined' ? (new Uint8Array(length) as Buffer) : Buffer.alloc(length);

/** A copy of bytes, of the same type as `zeroedBytes` returns. */
export function copyOf(bytes: Uint8Array): Buffer {
  const copy = zeroedBytes(bytes.length);
  copy.set(bytes);
  return copy;
}

export const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Calls a class's getter on any value. For other objects, the getter throws or returns undefined. */
const ask = (prototype: object, property: PropertyKey, value: unknown): unknown =>
  Reflect.get(prototype, property, value);

const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** Whether a value is a Uint8Array of any realm. Runs no code of the value. */
export const isUint8Array = (value: unknown): value is Uint8Array =>
  ask(TYPED_ARRAY, Symbol.toStringTag, value) === 'Uint8Array';

/** Whether a value is a URL and not a proxy. Runs no code of the value. */
export function isUrl(value: unknown): value is URL {
  try {
    return typeof ask(URL.prototype, 'href', value) === 'string';
  } catch {
    return false;
  }
}
