// Reads what a policy includes or extends: from the folder of the file that the user named, and from nowhere else.
import { fs, paths } from '../../../util/builtins.js';
import type { Location } from '../../../util/errors.js';
import { quote } from '../../../util/suggest.js';
import type { Profile } from '../../profile.js';
import { readSource, type SourceText } from '../../read-source.js';
import { failAt } from './scanner.js';

/** Files within files, and files in all. */
const MAX_DEPTH = 8;
const MAX_FILES = 64;

/** Parses a text as parseProfile does, with the files that it includes. */
export type ParseIncluded = (source: SourceText, includes: Includes) => Profile;

/** What the files of one policy share. */
interface Root {
  /** Where all of them are; undefined if the policy was not read from a file. */
  readonly folder: string | undefined;
  readonly parse: ParseIncluded;
  files: number;
}

/** The files that one text may include. */
export class Includes {
  readonly #root: Root;
  /** The real paths of the files around, the outermost first. */
  readonly #around: readonly string[];
  readonly #folder: string | undefined;

  private constructor(root: Root, around: readonly string[], folder: string | undefined) {
    this.#root = root;
    this.#around = around;
    this.#folder = folder;
  }

  /** For a text that was read from a path; one that was not may extend nothing but what ships. */
  static of(path: string | undefined, parse: ParseIncluded): Includes {
    if (path === undefined) return new Includes({ folder: undefined, parse, files: 0 }, [], undefined);
    const folder = paths().dirname(paths().resolve(path));
    return new Includes(
      { folder: fs().realpathSync(folder), parse, files: 0 },
      [fs().realpathSync(path)],
      folder,
    );
  }

  /** The profile of a name that ships, or of a path. Throws ProfileError as parseProfile, and as `text`. */
  profile(name: string, at: Location): Profile {
    if (!/[./\\]/.test(name)) return this.#root.parse(readSource(name), this.#within(at, undefined));
    const [source, includes] = this.text(name, at);
    return this.#root.parse(source, includes);
  }

  /**
   * The text of a path, relative to the file that names it, with what that may include in turn.
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
    // For a file that does not exist, the error of reading it is thrown.
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
