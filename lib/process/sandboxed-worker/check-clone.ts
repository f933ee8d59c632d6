// Limits the cost of deserializing a message before V8 does it: some messages are cheap to receive but expensive to decode.
import { WorkerError } from '../../util/errors.js';

/** The limits of a message. */
export interface MessageLimits {
  /** The maximum size in bytes. */
  readonly maxMessageSize: number;
  /** The maximum cost in units of `COST`. */
  readonly maxMessageCost: number;
}

export const DEFAULT_LIMITS: MessageLimits = { maxMessageSize: 16 * 2 ** 20, maxMessageCost: 500_000 };

/** The version of V8's format that every supported Node writes. */
export const FORMAT_VERSION = 15;

/**
 * The costs of values, in units of about 0.2 µs: measured on Node 20 to 26 as the worst of many values of a kind.
 * docs/workers.md has the same numbers.
 */
const COST = {
  /** A primitive, a string, or a reference to an earlier object. */
  primitive: 1,
  /** A property key that follows a new sequence of keys, for which V8 makes a new hidden class. Other keys cost 1. */
  newKey: 50,
  /** An object, a dense array, a Date, a BigInt. */
  object: 6,
  /** A Map, a Set, an error, a RegExp, an ArrayBuffer, a view, an object around a primitive. */
  exotic: 16,
  /** A sparse array. An eighth of its length is added, because V8 reserves memory for all of it. */
  sparseArray: 50,
  /** Each \p or \P in a RegExp with the flag u or v, because V8 builds the set when it parses the pattern. */
  unicodeProperty: 5000,
  /** Each property that may be one of strings (RGI_Emoji and others) with the flag v. */
  emojiProperty: 250_000,
} as const;

/**
 * Number keys of one Map or Set cost the square of their count divided by this: V8 hashes them without a seed, so that
 * they can be made to collide. Keys that are compared in memory (bigints, fractions) count twice.
 */
const NUMBER_KEYS = 64;

/**
 * For an integer key further than this beyond the elements, V8 changes to a dictionary; for a nearer one, it reserves memory up
 * to it.
 */
const MAX_GAP = 1024;
const GAP_COST = 1 / 16;

/** V8's bits for the flags u and v of a RegExp. */
const UNICODE_FLAG = 0x10;
const UNICODE_SETS_FLAG = 0x100;

const tag = (character: string): number => character.charCodeAt(0);
const PADDING = 0;

/** Values with a fixed number of bytes after their tag. */
const FIXED: ReadonlyMap<number, readonly [bytes: number, cost: number]> = new Map([
  [tag('_'), [0, COST.primitive]],
  [tag('0'), [0, COST.primitive]],
  [tag('T'), [0, COST.primitive]],
  [tag('F'), [0, COST.primitive]],
  [tag('-'), [0, COST.primitive]],
  [tag('N'), [8, COST.primitive]],
  [tag('D'), [8, COST.object]],
  [tag('y'), [0, COST.exotic]],
  [tag('x'), [0, COST.exotic]],
  [tag('n'), [8, COST.exotic]],
]);

/** Values that contain others up to an end tag, which is followed by numbers. */
const NESTED: ReadonlyMap<number, readonly [end: number, numbers: number, kind: Kind, cost: number]> =
  new Map([
    [tag('o'), [tag('{'), 1, 'properties', COST.object]],
    [tag('A'), [tag('$'), 2, 'properties', COST.object]],
    [tag('a'), [tag('@'), 2, 'properties', COST.sparseArray]],
    [tag(';'), [tag(':'), 1, 'map', COST.exotic]],
    [tag("'"), [tag(','), 1, 'set', COST.exotic]],
    [tag('r'), [tag('.'), 0, 'error', COST.exotic]],
  ]);

type Kind = 'root' | 'properties' | 'map' | 'set' | 'error';

/** A value whose end has not been read yet. */
interface Open {
  readonly kind: Kind;
  readonly end: number;
  /** The number of numbers after the end tag. */
  readonly numbers: number;
  /** The number of elements that come first. */
  elements: number;
  /** Whether the next value is a key. */
  isKey: boolean;
  /** The number of keys that are numbers. */
  numberKeys: number;
  /** The number of elements that V8 has reserved memory for. */
  reach: number;
  /** A hash of the property keys so far. */
  shape: number;
}

/**
 * Walks through a serialized value without creating it. Strict: it accepts only what V8's own serializer writes for
 * values that can leave a process, and nothing else of V8's format (no shared or transferred memory, no WebAssembly).
 *
 * Throws WorkerError (`worker-message-too-costly`) beyond a limit, TypeError for anything that is not a serialized value.
 */
export function checkClone(bytes: Uint8Array, limits: MessageLimits): void {
  new Walk(bytes, limits).run();
}

class Walk {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: MessageLimits;
  readonly #open: Open[] = [];
  #at = 0;
  #cost = 0;
  /** The total size to which resizable buffers may grow, in bytes. */
  #reserved = 0;
  readonly #shapes = new Set<number>();
  /** The multiplier of a polynomial hash, random for each message so that keys cannot be made to collide. */
  readonly #multiplier = Math.floor(Math.random() * 2 ** 31) * 2 + 1;

  constructor(bytes: Uint8Array, limits: MessageLimits) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
  }

  run(): void {
    if (this.#byte() !== 0xff || this.#number() !== FORMAT_VERSION) malformed();
    this.#push('root', -1, 0, 1);
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) this.#continue(top);
    if (this.#at !== this.#bytes.length) malformed();
  }

  #continue(top: Open): void {
    if (top.elements > 0) {
      top.elements--;
      this.#value(this.#tag());
      return;
    }
    if (top.kind === 'root') {
      this.#open.pop();
      return;
    }
    const next = this.#tag();
    if (next === top.end) {
      if (!top.isKey && top.kind !== 'error' && top.kind !== 'set') malformed();
      for (let index = 0; index < top.numbers; index++) this.#number();
      this.#charge(top.numberKeys ** 2 / NUMBER_KEYS);
      this.#open.pop();
    } else if (top.kind === 'error') this.#errorPart(next);
    else if (top.isKey) {
      top.isKey = top.kind === 'set';
      this.#key(top, next);
    } else {
      top.isKey = true;
      this.#value(next);
    }
  }

  #key(top: Open, next: number): void {
    const start = this.#at;
    this.#value(next);
    if (top.kind !== 'properties') {
      if (next === tag('I') || next === tag('U')) top.numberKeys++;
      else if (next === tag('N') || next === tag('Z')) top.numberKeys += 2;
      return;
    }
    top.shape = this.#hash(top.shape, start);
    if (!this.#shapes.has(top.shape)) {
      this.#shapes.add(top.shape);
      this.#charge(COST.newKey);
    }
    const index = this.#integerKey(next, start);
    if (index === undefined) return;
    const gap = index - top.reach;
    if (gap >= 0 && gap <= MAX_GAP) {
      // V8 grows elements in this way.
      const capacity = index + Math.floor(index / 2) + 16;
      this.#charge((capacity - top.reach) * GAP_COST);
      top.reach = capacity;
    }
  }

  /** Reads a property key that is an index of an element; undefined for a string. Throws for other kinds of keys. */
  #integerKey(next: number, start: number): number | undefined {
    switch (next) {
      case tag('I'):
      case tag('U'): {
        const end = this.#at;
        this.#at = start;
        const number = this.#number();
        this.#at = end;
        return next === tag('U') ? number : number % 2 === 0 ? number / 2 : undefined;
      }
      case tag('N'):
        return this.#view.getFloat64(start, true);
      case tag('"'):
      case tag('c'):
        // V8 writes an index as a number, never as a string.
        if (isIndex(this.#bytes.subarray(start, this.#at), next === tag('c'))) malformed();
        return undefined;
      default:
        return malformed();
    }
  }

  #value(next: number): void {
    const fixed = FIXED.get(next);
    if (fixed !== undefined) {
      this.#charge(fixed[1]);
      this.#skip(fixed[0]);
      return;
    }
    const nested = NESTED.get(next);
    if (nested !== undefined) {
      this.#nested(next, nested);
      return;
    }
    switch (next) {
      case tag('I'):
      case tag('U'):
      case tag('^'):
        this.#charge(COST.primitive);
        this.#number();
        return;
      case tag('"'):
      case tag('c'):
        this.#charge(COST.primitive);
        this.#skip(this.#number());
        return;
      case tag('Z'):
      case tag('z'):
        this.#charge(next === tag('Z') ? COST.object : COST.exotic);
        // The lowest bit is the sign.
        this.#skip(Math.floor(this.#number() / 2));
        return;
      case tag('s'):
        this.#charge(COST.exotic);
        this.#string();
        return;
      case tag('R'):
        this.#regExp();
        return;
      case tag('B'):
        this.#charge(COST.exotic);
        this.#skip(this.#number());
        return;
      case tag('~'):
        this.#resizable();
        return;
      case tag('\\'):
        // A view in the format of clone.ts: its class and its bytes.
        this.#charge(COST.exotic);
        this.#number();
        this.#skip(this.#number());
        return;
      default:
        malformed();
    }
  }

  #nested(next: number, [end, numbers, kind, cost]: readonly [number, number, Kind, number]): void {
    this.#charge(cost);
    const length = numbers === 2 ? this.#number() : 0;
    const isSparse = next === tag('a');
    if (isSparse) this.#charge(length / 8);
    // Each element takes at least one byte.
    else if (length > this.#bytes.length - this.#at) malformed();
    this.#push(kind, end, numbers, isSparse ? 0 : length);
  }

  /** Reads a part of an error: its class, message, stack or cause, each after a tag. */
  #errorPart(next: number): void {
    if (next === tag('m') || next === tag('s')) this.#string();
    else if (next === tag('c')) this.#value(this.#tag());
    else if (!ERROR_CLASSES.includes(next)) malformed();
  }

  #regExp(): void {
    this.#charge(COST.exotic);
    const start = this.#at;
    this.#string();
    const pattern = this.#bytes.subarray(start, this.#at);
    const flags = this.#number();
    this.#charge(pattern.length);
    if ((flags & (UNICODE_FLAG | UNICODE_SETS_FLAG)) === 0) return;
    // In wide strings, a NUL follows each ASCII character.
    const text = Buffer.from(pattern).toString('latin1').replaceAll('\0', '');
    this.#charge(count(text, /\\p/gi) * COST.unicodeProperty);
    if ((flags & UNICODE_SETS_FLAG) !== 0) this.#charge(count(text, /emoji/gi) * COST.emojiProperty);
  }

  #hash(seed: number, start: number): number {
    let hash = seed;
    for (let at = start; at < this.#at; at++)
      hash = Math.imul(hash ^ (this.#bytes[at] ?? 0), this.#multiplier) + 1;
    return hash;
  }

  #resizable(): void {
    this.#charge(COST.exotic);
    const length = this.#number();
    this.#reserved += this.#number();
    if (this.#reserved > this.#limits.maxMessageSize) {
      throw tooCostly(
        `resizable buffers in a message of the worker can grow to more than ${this.#limits.maxMessageSize} bytes`,
      );
    }
    this.#skip(length);
  }

  #push(kind: Kind, end: number, numbers: number, elements: number): void {
    this.#open.push({ kind, end, numbers, elements, isKey: true, numberKeys: 0, reach: 0, shape: 0 });
  }

  #charge(cost: number): void {
    this.#cost += cost;
    if (this.#cost > this.#limits.maxMessageCost) {
      throw tooCostly(
        `a message of the worker costs more to deserialize than maxMessageCost allows (${this.#limits.maxMessageCost})`,
      );
    }
  }

  #string(): void {
    const next = this.#tag();
    if (next !== tag('"') && next !== tag('c')) malformed();
    this.#skip(this.#number());
  }

  /** Reads the next tag. V8 aligns two-byte strings with at most one byte of padding. */
  #tag(): number {
    const next = this.#byte();
    return next === PADDING ? this.#byte() : next;
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? malformed();
  }

  #skip(count: number): void {
    this.#at += count;
    if (this.#at > this.#bytes.length) malformed();
  }

  /** Reads a number of up to 32 bits, seven per byte. */
  #number(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value <= 0xffff_ffff ? value : malformed();
    }
    return malformed();
  }
}

const ERROR_CLASSES: readonly number[] = ['E', 'R', 'F', 'S', 'T', 'U'].map(tag);

const count = (text: string, what: RegExp): number => text.match(what)?.length ?? 0;

/** Whether a string, after its length of one byte, is the decimal form of an index. */
function isIndex(string: Uint8Array, isWide: boolean): boolean {
  const text = Buffer.from(string.subarray(1, 24)).toString(isWide ? 'utf16le' : 'latin1');
  return /^(0|[1-9]\d{0,9})$/.test(text);
}

function malformed(): never {
  throw new TypeError('the message of the worker is not a serialized value');
}

const tooCostly = (message: string): WorkerError =>
  new WorkerError(
    'worker-message-too-costly',
    message,
    'Send less at once, in several messages, or raise the limit if you trust the worker',
    null,
  );
