// Every format of texts that are not JSON, in the order in which they are recognised.
import type { TextFormat } from './text-format.js';
import { EASYSECCOMP } from './easyseccomp/format.js';
import { ELASTIC } from './elastic/format.js';
import { KAFEL } from './kafel/format.js';
import { LXC } from './lxc/format.js';
import { MINIJAIL } from './minijail/format.js';
import { PFC } from './pfc/format.js';
import { SYSTEMD } from './systemd/format.js';
import { WORDS } from './words/format.js';

const FORMATS: readonly TextFormat[] = [PFC, SYSTEMD, LXC, EASYSECCOMP, KAFEL, MINIJAIL, WORDS];

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

/** The format of a text; undefined for JSON, also where it is faulty, and for YAML that says the same. */
export function textFormatOf(text: string): TextFormat | undefined {
  if (isJson(text)) return undefined;
  if (ELASTIC.is(text)) return ELASTIC;
  return isYaml(text) ? undefined : FORMATS.find(({ is }) => is(text));
}
