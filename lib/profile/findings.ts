// Collects the problems of a profile in the order of the text, so that a reader sees all of them at once.
import type { Code } from '../util/codes.js';
import { ProfileError, type Diagnostic, type Location } from '../util/errors.js';
import { own } from '../util/own.js';
import { didYouMean, quote } from '../util/suggest.js';

/** The maximum number of findings, so that a hostile profile does not produce gigabytes of messages. */
export const MAX_FINDINGS = 1000;

/** Remedies may be expensive to compute (did-you-mean), so this is done only for findings that are kept. */
type RemedyText = string | undefined | (() => string | undefined);

/** Formats a position for messages: `line 3, column 5`. */
export const place = ({ line, column }: Location): string => `line ${line}, column ${column}`;

const inSourceOrder = (first: Diagnostic, second: Diagnostic): number => {
  const [a, b] = [own(first, 'at'), own(second, 'at')];
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return a.line - b.line || a.column - b.column;
};

/** Errors and warnings about one profile. */
export class Findings {
  #errors: Diagnostic[] = [];
  #warnings: Diagnostic[] = [];
  #seen = new Set<string>();

  /** Adds an error. Returns undefined, so that readers can return the result. */
  error(code: Code, at: Location | undefined, message: string, remedy?: RemedyText): undefined {
    this.#add(this.#errors, 'error', code, at, message, remedy);
    return undefined;
  }

  /** Adds a warning. Equal findings are kept once. */
  warning(code: Code, at: Location | undefined, message: string, remedy?: RemedyText): void {
    this.#add(this.#warnings, 'warning', code, at, message, remedy);
  }

  /** Adds an error for a name that is not in the list, with the closest name. */
  unknown(
    code: `unknown-${'action' | 'architecture' | 'errno' | 'flag' | 'operator'}`,
    at: Location,
    name: string,
    names: Iterable<string>,
    remedy = `Write one of ${[...names].join(', ')}`,
  ): undefined {
    const kind = code.slice('unknown-'.length);
    return this.error(code, at, `there is no ${kind} ${quote(name)}`, () => didYouMean(name, names, remedy));
  }

  #add(
    list: Diagnostic[],
    severity: Diagnostic['severity'],
    code: Code,
    at: Location | undefined,
    message: string,
    remedy: RemedyText,
  ): void {
    if (list.length > MAX_FINDINGS) return;
    if (list.length === MAX_FINDINGS) {
      list.push(
        Object.freeze({
          code: 'too-many-findings',
          severity,
          message: `there are more ${severity}s than these ${MAX_FINDINGS}`,
        }),
      );
      return;
    }
    const identity = `${severity} ${code} ${at?.pointer ?? ''} ${message}`;
    if (this.#seen.has(identity)) return;
    this.#seen.add(identity);
    const advice = typeof remedy === 'function' ? remedy() : remedy;
    list.push(
      Object.freeze({
        code,
        severity,
        message,
        ...(advice !== undefined && { remedy: advice }),
        // Copied, because the original computes its line lazily.
        ...(at !== undefined && { at: Object.freeze({ ...at }) }),
      }),
    );
  }

  /**
   * The warnings, including `earlier` ones, in the order of the text. Throws ProfileError with all errors; with
   * `strict`, warnings are errors.
   */
  conclude(strict: boolean, earlier: readonly Diagnostic[] = []): readonly Diagnostic[] {
    const warnings = [...earlier, ...this.#warnings].sort(inSourceOrder);
    const errors = strict
      ? [...this.#errors, ...warnings.map(warning => ({ ...warning, severity: 'error' as const }))]
      : this.#errors;
    const [first, ...rest] = errors.sort(inSourceOrder);
    if (first !== undefined) throw new ProfileError([first, ...rest]);
    return Object.freeze(warnings);
  }
}
