// Every format of texts that are not JSON, in the order in which they are recognised.
import type { TextFormat } from './text-format.js';
import { WORDS } from './words/format.js';

const FORMATS: readonly TextFormat[] = [WORDS];

/** The format of a text; undefined for JSON, also where it is faulty. */
export const textFormatOf = (text: string): TextFormat | undefined =>
  /^[\s\uFEFF]*[{[]/.test(text) ? undefined : FORMATS.find(({ is }) => is(text));
