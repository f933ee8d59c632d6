// Tells texts in JSON and in YAML from those in other formats, whose readers few programs load.

/** What people write before the first word of a text, although JSON has no comments. */
const SPACE_AND_COMMENTS = /^(?:[\s\uFEFF]+|(?:#|\/\/)[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*/;

/** How much of a text is searched for the end of comments. */
const START = 10_000;

/**
 * Whether a text is JSON, right or faulty: not a section of a unit, `[Service]`, nor calls of minijail, `{read, write}: 1`.
 * After a comment an object is meant, with a key in quotes.
 */
export const isJson = (text: string): boolean =>
  /^[\s\uFEFF]*[{[]/.test(text)
    ? !/^[\s\uFEFF]*(?:\[[A-Za-z]\w*\][ \t\r]*\n|\{[ \t]*\w[^:"'\n]*\}[ \t]*:)/.test(text)
    : /^\{\s*"/.test(text.slice(0, START).replace(SPACE_AND_COMMENTS, ''));

/**
 * Whether a text is YAML: it has a top-level key of profiles or of Kubernetes resources. `seccomp` is also a call,
 * which words and minijail write on the same line as its action.
 */
export const isYaml = (text: string): boolean =>
  !isJson(text) &&
  /^(?:(?:apiVersion|kind|defaultAction)[ \t]*:(?:[ \t\r]|$)|seccomp[ \t]*:[ \t]*(?:[{#]|$))/m.test(text);
