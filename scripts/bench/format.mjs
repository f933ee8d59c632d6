// Formats numbers and tables for the report: Markdown that is also readable in a terminal.

/** Three significant digits, or all digits of a count. */
export function figure(value) {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** `12.3 (11.9–13.0)`: the median and the middle half. */
export const spread = ({ median, low, high }) => `${figure(median)} (${figure(low)}–${figure(high)})`;

/** The median and the middle half of a ratio; 1 for the reference. */
export const factor = ratio =>
  ratio === undefined
    ? '1'
    : `${ratio.median.toFixed(2)}× (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`;

/** A number, an error code in place of a number, or nothing. */
const NUMERIC = /^(-?[\d.]|`|—|$)/;

/** A table with a header row; columns of numbers are right-aligned. */
export function table(head, rows) {
  const text = [head, ...rows].map(row => row.map(cell => (typeof cell === 'number' ? figure(cell) : cell)));
  const width = head.map((_, column) => Math.max(3, ...text.map(row => row[column].length)));
  const right = head.map((_, column) => column > 0 && text.slice(1).every(row => NUMERIC.test(row[column])));
  const line = row => {
    const cells = row.map((cell, column) =>
      right[column] ? cell.padStart(width[column]) : cell.padEnd(width[column]),
    );
    return `| ${cells.join(' | ')} |`;
  };
  const rule = width.map((each, column) => '-'.repeat(each - 1) + (right[column] ? ':' : '-'));
  return [line(text[0]), `| ${rule.join(' | ')} |`, ...text.slice(1).map(line)].join('\n');
}

/** A table of the result of `compareWith`. */
export const comparison = (head, rows) =>
  table(
    head,
    rows.map(({ name, value, ratio }) => [name, spread(value), factor(ratio)]),
  );

/** Joins blocks with an empty line between them; skips those that are undefined or empty. */
export const blocks = (...parts) => parts.filter(part => part !== undefined && part !== '').join('\n\n');
