// All text formats other than JSON, in the order of detection.
import type { TextFormat } from './text-format.js';
import { EASYSECCOMP } from './easyseccomp/format.js';
import { ELASTIC } from './elastic/format.js';
import { KAFEL } from './kafel/format.js';
import { LXC } from './lxc/format.js';
import { MINIJAIL } from './minijail/format.js';
import { PFC } from './pfc/format.js';
import { SYSTEMD } from './systemd/format.js';
import { WORDS } from './words/format.js';
import { isJson, isYaml } from './json-or-yaml.js';

const FORMATS: readonly TextFormat[] = [PFC, SYSTEMD, LXC, EASYSECCOMP, KAFEL, MINIJAIL, WORDS];

/** The format of a text; undefined for JSON, valid or not, and for YAML with the same content. */
export function textFormatOf(text: string): TextFormat | undefined {
  if (isJson(text)) return undefined;
  if (ELASTIC.is(text)) return ELASTIC;
  return isYaml(text) ? undefined : FORMATS.find(({ is }) => is(text));
}
