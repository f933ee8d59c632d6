// SHA-256 without Node, because browsers have only an asynchronous one. Source: FIPS 180-4.
import { toBase64, utf8 } from './bytes.js';

/** The first 32 bits of the fractional parts of the square or cube roots of the first primes. */
function constants(count: number, root: (prime: number) => number): Uint32Array {
  const words = new Uint32Array(count);
  for (let [number, found] = [2, 0]; found < count; number++) {
    let divisor = 2;
    while (number % divisor !== 0) divisor++;
    if (divisor === number) words[found++] = (root(number) % 1) * 2 ** 32;
  }
  return words;
}

const START = constants(8, Math.sqrt);
const ROUND = constants(64, Math.cbrt);

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** The digest of a text in UTF-8: 32 bytes. */
function sha256(text: string): Uint8Array {
  const message = utf8(text);
  const padded = new Uint8Array(((message.length + 72) >>> 6) << 6);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(message.length) * 8n);
  const state = START.slice();
  const words = new Uint32Array(64);
  const at = (array: Uint32Array, index: number): number => array[index] ?? 0;
  for (let block = 0; block < padded.length; block += 64) {
    for (let index = 0; index < 16; index++) words[index] = view.getUint32(block + 4 * index);
    for (let index = 16; index < 64; index++) {
      const [early, late] = [at(words, index - 15), at(words, index - 2)];
      const low = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
      const high = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
      words[index] = at(words, index - 16) + low + at(words, index - 7) + high;
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let index = 0; index < 64; index++) {
      const sum = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const first = h + sum + ((e & f) ^ (~e & g)) + at(ROUND, index) + at(words, index);
      const second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, index) => (state[index] = at(state, index) + word));
  }
  const digest = new Uint8Array(32);
  state.forEach((word, index) => {
    new DataView(digest.buffer).setUint32(4 * index, word);
  });
  return digest;
}

export const sha256Hex = (text: string): string =>
  Array.from(sha256(text), byte => byte.toString(16).padStart(2, '0')).join('');

export const sha256Base64 = (text: string): string => toBase64(sha256(text));
