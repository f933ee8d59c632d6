// Writes plain data as block YAML: as much of the language as the documents of this package need.

type Yaml = string | number | bigint | readonly Yaml[] | { readonly [key: string]: Yaml | undefined };

/** Words that need no quotes: no reader takes an identifier of two letters and more for anything but a string, save these. */
const WORD = /^(?!(?:yes|no|on|off|true|false|null)$)[A-Za-z_][\w./-]+$/i;

/** The text, with strings in double quotes where they are more than a word. Keys are written as they are; undefined ones are left out. */
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

/** JSON's strings are YAML's double-quoted ones. */
const text = (value: string): string => (WORD.test(value) ? value : JSON.stringify(value));
