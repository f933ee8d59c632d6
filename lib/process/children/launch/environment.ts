// The environment of a child. Node also passes on inherited variables, such as those of Object.prototype.
import { show } from '../../../util/show.js';
import { optionError, badOption } from '../../../util/options.js';

/** Environment variables; undefined ones are not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The own variables of an object, or those of this process, without a prototype; each is read once. Throws UsageError
 * (`bad-option`) for anything that is not an object, and for an object that inherits variables, because they would be lost.
 */
export function ownEnvironment(env: Environment | null | undefined): Record<string, string | undefined> {
  const given: unknown = env ?? process.env;
  if (typeof given !== 'object' || given === null) throw badOption('env', given, 'Pass an object');
  for (
    let prototype = Reflect.getPrototypeOf(given), next: object | null;
    prototype !== null && (next = Reflect.getPrototypeOf(prototype)) !== null;
    prototype = next
  ) {
    const [inherited] = Object.keys(prototype);
    if (inherited === undefined) continue;
    throw optionError(
      `env inherits ${show(inherited)}, but only own properties are read`,
      'Copy it: { ...process.env, ...variables }',
    );
  }
  return { __proto__: null, ...given } as unknown as Record<string, string | undefined>;
}
