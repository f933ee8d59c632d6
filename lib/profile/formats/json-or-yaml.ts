// Tells texts in JSON and in YAML from those in other formats, whose readers few programs load.

/** Whether a text is JSON, right or faulty: not a section of a unit, `[Service]`, nor calls of minijail, `{read, write}: 1`. */
export const isJson = (text: string): boolean =>
  /^[\s\uFEFF]*[{[]/.test(text) &&
  !/^[\s\uFEFF]*(?:\[[A-Za-z]\w*\][ \t\r]*\n|\{[ \t]*\w[^:"'\n]*\}[ \t]*:)/.test(text);

/**
 * Whether a text is YAML: it has a key that profiles, or resources of Kubernetes, have at the top. `seccomp` is also a call, of which
 * words and minijail say something on the same line.
 */
export const isYaml = (text: string): boolean =>
  !isJson(text) &&
  /^(?:(?:apiVersion|kind|defaultAction)[ \t]*:(?:[ \t\r]|$)|seccomp[ \t]*:[ \t]*(?:[{#]|$))/m.test(text);
