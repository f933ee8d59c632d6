// Reads the files that a policy includes or extends, only from the folder of the file that the user named.
import { fs, paths } from '../../../util/builtins.js';
import type { Location } from '../../../util/errors.js';
import { quote } from '../../../util/suggest.js';
import type { Profile } from '../../profile.js';
import { readSource, type SourceText } from '../../read-source.js';
import { failAt } from './scanner.js';

/** The maximum depth of included files, and their maximum number. */
const MAX_DEPTH = 8;
const MAX_FILES = 64;

/** Parses a text, which may include files, as parseProfile does. */
export type ParseIncluded = (source: SourceText, includes: Includes) => Profile;

/** State that all files of one policy share. */
interface Root {
  /** The folder that contains all files; undefined if the policy was not read from a file. */
  readonly folder: string | undefined;
  readonly parse: ParseIncluded;
  files: number;
}

/** The files that one text may include. */
export class Includes {
  readonly #root: Root;
  /** The real paths of the including files, the outermost first. */
  readonly #around: readonly string[];
  readonly #folder: string | undefined;

  private constructor(root: Root, around: readonly string[], folder: string | undefined) {
    this.#root = root;
    this.#around = around;
    this.#folder = folder;
  }

  /** For a text from this path. A text without a path can only extend profiles that ship. */
  static of(path: string | undefined, parse: ParseIncluded): Includes {
    if (path === undefined) return new Includes({ folder: undefined, parse, files: 0 }, [], undefined);
    const folder = paths().dirname(paths().resolve(path));
    return new Includes(
      { folder: fs().realpathSync(folder), parse, files: 0 },
      [fs().realpathSync(path)],
      folder,
    );
  }

  /** Parses a profile that ships, by name, or a file, by path. Throws ProfileError as parseProfile and `text` do. */
  profile(name: string, at: Location): Profile {
    if (!/[./\\]/.test(name)) return this.#root.parse(readSource(name), this.#within(at, undefined));
    const [source, includes] = this.text(name, at);
    return this.#root.parse(source, includes);
  }

  /**
   * The text of a file, whose path is relative to the file that names it, and the files that it may include in turn.
   * Throws ProfileError (`include-refused`, `include-cycle`, and those of readSource).
   */
  text(path: string, at: Location): readonly [source: SourceText, includes: Includes] {
    const { folder } = this.#root;
    if (folder === undefined || this.#folder === undefined) {
      return failAt(
        at,
        'include-refused',
        `${quote(path)} would be included, but this text was not read from a file`,
        'Give the path of the policy, so that files beside it can be found',
      );
    }
    const named = paths().resolve(this.#folder, path);
    // If the file does not exist, throws the error of reading it.
    const source = isWithin(named, folder) || isWithin(named, this.#folder) ? readSource(named) : undefined;
    const real = source === undefined ? undefined : fs().realpathSync(named);
    if (source === undefined || real === undefined || !isWithin(real, folder)) {
      return failAt(
        at,
        'include-refused',
        `${quote(path)} is outside of ${quote(folder)}, where the policy is`,
        'Put the file there, and name it relative to this one: ./NAME',
      );
    }
    if (this.#around.includes(real))
      failAt(
        at,
        'include-cycle',
        `${quote(path)} includes itself`,
        'Remove one of the lines that include it',
      );
    return [source, this.#within(at, real)];
  }

  #within(at: Location, real: string | undefined): Includes {
    if (this.#around.length >= MAX_DEPTH || ++this.#root.files > MAX_FILES) {
      failAt(
        at,
        'include-refused',
        `files include each other more than ${MAX_DEPTH} deep, or more than ${MAX_FILES} of them`,
        'Put the rules into fewer files',
      );
    }
    if (real === undefined) return new Includes(this.#root, [...this.#around, '<shipped>'], undefined);
    return new Includes(this.#root, [...this.#around, real], paths().dirname(real));
  }
}

const isWithin = (path: string, folder: string): boolean =>
  path.startsWith(folder.endsWith(paths().sep) ? folder : `${folder}${paths().sep}`);
