// Reads own properties only, so that a polluted Object.prototype decides nothing.

/** An object as `owned` and `ownOptions` give it: what may be absent is there, with the value undefined. */
export type Own<Value> = Value extends unknown
  ? {
      readonly [Name in keyof Value]-?: Absent<Value, Name> extends true
        ? Value[Name] | undefined
        : Value[Name];
    }
  : never;

type Absent<Value, Name extends keyof Value> =
  Partial<Pick<Value, Name>> extends Pick<Value, Name> ? true : false;

/** A property of the object itself, read once; undefined where it has none of that name. */
export const own = <Value extends object, Name extends keyof Value>(
  object: Value | undefined,
  name: Name,
): Value[Name] | undefined =>
  object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;

/** As Object.hasOwn, which tells the parts of a union apart here. */
export const hasOwn = <Value extends object, Name extends PropertyKey>(
  object: Value,
  name: Name,
): object is Extract<Value, Readonly<Record<Name, unknown>>> => Object.hasOwn(object, name);

/** The object's own properties, each read once, in an object without a prototype. */
export const owned = <Value extends object>(object: Value): Own<Value> =>
  // Whatever is absent is undefined there, as the type says.
  ({ __proto__: null, ...object }) as unknown as Own<Value>;

/** Options for Node, which reads some by name from whatever it is given: without a prototype, nothing is inherited. */
export const bare = <Options extends object>(options: Options): Options => ({ __proto__: null, ...options });
