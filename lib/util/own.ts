// Reads own properties only, so that a polluted Object.prototype has no effect.

/** The type of the results of `owned` and `ownOptions`: optional properties are present, with the value undefined. */
export type Own<Value> = Value extends unknown
  ? {
      readonly [Name in keyof Value]-?: Absent<Value, Name> extends true
        ? Value[Name] | undefined
        : Value[Name];
    }
  : never;

type Absent<Value, Name extends keyof Value> =
  Partial<Pick<Value, Name>> extends Pick<Value, Name> ? true : false;

/** An own property of the object, read once; undefined if there is none. */
export const own = <Value extends object, Name extends keyof Value>(
  object: Value | undefined,
  name: Name,
): Value[Name] | undefined =>
  object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;

/** Object.hasOwn that narrows unions. */
export const hasOwn = <Value extends object, Name extends PropertyKey>(
  object: Value,
  name: Name,
): object is Extract<Value, Readonly<Record<Name, unknown>>> => Object.hasOwn(object, name);

/** The object's own properties, each read once, in an object without a prototype. */
export const owned = <Value extends object>(object: Value): Own<Value> =>
  // Absent properties are undefined, as the type says.
  ({ __proto__: null, ...object }) as unknown as Own<Value>;

/** Options for Node without a prototype, because Node also reads inherited ones. */
export const bare = <Options extends object>(options: Options): Options => ({ __proto__: null, ...options });
