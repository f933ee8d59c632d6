// Writes plain data as block YAML, in the subset that the documents of this package need.

type Yaml = string | number | bigint | readonly Yaml[] | { readonly [key: string]: Yaml | undefined };

/** Words that need no quotes: every YAML reader takes other identifiers of two or more letters for strings. */
const WORD = /^(?!(?:yes|no|on|off|true|false|null)$)[A-Za-z_][\w./-]+$/i;

/**
 * Formats a value. Strings other than words get double quotes, keys are written as they are, and undefined values are omitted.
 */
export const yamlText = (value: Yaml): string => `${lines(value).join('\n')}\n`;

function lines(value: Yaml): readonly string[] {
  if (isList(value)) return value.flatMap(item => indented('- ', lines(item)));
  if (typeof value !== 'object') return [typeof value === 'string' ? text(value) : String(value)];
  return Object.entries(value).flatMap(([key, item]) => {
    if (item === undefined) return [];
    if (typeof item !== 'object') return [`${key}: ${lines(item).join('')}`];
    if (isList(item) && item.length === 0) return [`${key}: []`];
    return [`${key}:`, ...indented('  ', lines(item))];
  });
}

const isList = (value: Yaml): value is readonly Yaml[] => Array.isArray(value);

const indented = (first: string, block: readonly string[]): readonly string[] =>
  block.map((line, index) => `${index === 0 ? first : '  '}${line}`);

/** Formats a string. JSON strings are valid double-quoted YAML. */
const text = (value: string): string => (WORD.test(value) ? value : JSON.stringify(value));
