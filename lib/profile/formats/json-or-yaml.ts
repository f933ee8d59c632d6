// Distinguishes JSON and YAML from other formats, whose readers few programs need to load.

/** Text that people write before the first value, although JSON has no comments. */
const SPACE_AND_COMMENTS = /^(?:[\s\uFEFF]+|(?:#|\/\/)[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*/;

/** How many characters are searched for the end of comments. */
const START = 10_000;

/**
 * Whether a text is JSON, valid or not, rather than a section of a unit, `[Service]`, or calls of minijail, `{read, write}:
 * 1`. After a comment, it must be an object with a quoted key.
 */
export const isJson = (text: string): boolean =>
  /^[\s\uFEFF]*[{[]/.test(text)
    ? !/^[\s\uFEFF]*(?:\[[A-Za-z]\w*\][ \t\r]*\n|\{[ \t]*\w[^:"'\n]*\}[ \t]*:)/.test(text)
    : /^\{\s*"/.test(text.slice(0, START).replace(SPACE_AND_COMMENTS, ''));

/**
 * Whether a text is YAML: it has a top-level key of profiles or of Kubernetes resources. `seccomp` is also a call,
 * which words and minijail write on one line with its action.
 */
export const isYaml = (text: string): boolean =>
  !isJson(text) &&
  /^(?:(?:apiVersion|kind|defaultAction)[ \t]*:(?:[ \t\r]|$)|seccomp[ \t]*:[ \t]*(?:[{#]|$))/m.test(text);
