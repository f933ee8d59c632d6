// Formats numbers and tables for the report, which is Markdown that is also readable on a terminal.

/** Three significant digits, or all digits of a count. */
export function figure(value) {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** `12.3 (11.9–13.0)`: the median and the middle half. */
export const spread = ({ median, low, high }) => `${figure(median)} (${figure(low)}–${figure(high)})`;

/** The same of a ratio; 1 for what others are compared with. */
export const factor = ratio =>
  ratio === undefined
    ? '1'
    : `${ratio.median.toFixed(2)}× (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`;

/** A number, an error code in its place, or nothing. */
const NUMERIC = /^(-?[\d.]|`|—|$)/;

/** A table whose first row is its head; columns of numbers are set to the right. */
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

/** A table of what `compareWith` gives. */
export const comparison = (head, rows) =>
  table(
    head,
    rows.map(({ name, value, ratio }) => [name, spread(value), factor(ratio)]),
  );

/** Blocks with an empty line between them; those that are undefined are left out. */
export const blocks = (...parts) => parts.filter(part => part !== undefined && part !== '').join('\n\n');
