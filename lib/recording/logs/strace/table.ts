// A table of strace -c with columns that were selected with -U, which are aligned with their headings.

/** Headings of -U; strace(1). */
const HEADING = /^ *(?:(?:% time|seconds|usecs\/call|shortest|longest|calls|errors|syscall)(?: +|$))+$/;
const RULE = /^-+(?: -+)+ *$/;

/** The start and the end of a column. */
type Column = readonly [start: number, end: number];

/** Columns of a table. */
export class StraceTable {
  readonly #calls: Column;
  readonly #name: Column;

  private constructor(calls: Column, name: Column) {
    this.#calls = calls;
    this.#name = name;
  }

  /** Whether a line contains the headings of a table. */
  static isHeading(line: string): boolean {
    return line.includes('syscall') && HEADING.test(line);
  }

  /** Whether a line is the rule below the headings, or above the totals. */
  static isRule(line: string): boolean {
    return line.startsWith('-') && RULE.test(line);
  }

  /**
   * The table that starts with these two lines; undefined if none does, or if it lacks the names or counts of calls.
   */
  static beginning(heading: string, rule: string): StraceTable | undefined {
    if (!StraceTable.isRule(rule)) return undefined;
    const columns = [...rule.matchAll(/-+/g)].map(({ index, 0: text }): Column => [
      index,
      index + text.length,
    ]);
    const [calls, name] = ['calls', 'syscall'].map(word =>
      columns.find(column => heading.slice(...column).trim() === word),
    );
    return calls === undefined || name === undefined ? undefined : new StraceTable(calls, name);
  }

  /** The content of a row; undefined if the line is not a row. */
  row(line: string): { readonly name: string; readonly calls: number } | undefined {
    const [name, calls] = [line.slice(...this.#name).trim(), line.slice(...this.#calls).trim()];
    return /^[a-z_]\w{0,63}$/.test(name) && /^\d{1,15}$/.test(calls)
      ? { name, calls: Number(calls) }
      : undefined;
  }
}
