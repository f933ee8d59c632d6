// Finds the end of a JSON object that arrives in pieces, in linear time.

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const OPEN = '{'.charCodeAt(0);
const CLOSE = '}'.charCodeAt(0);

/** Returns a function that accepts successive pieces, and returns whether the first object ends within the last one. */
export function jsonEnd(): (piece: Uint8Array) => boolean {
  let depth = 0;
  let inText = false;
  let escaped = false;
  return piece => {
    for (const byte of piece) {
      if (escaped) escaped = false;
      else if (inText) {
        if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inText = false;
      } else if (byte === QUOTE) inText = true;
      else if (byte === OPEN) depth++;
      else if (byte === CLOSE && --depth <= 0) return true;
    }
    return false;
  };
}
