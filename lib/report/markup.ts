// HTML templates that prevent injection: values become text unless they are markup themselves.
import { own, hasOwn } from '../util/own.js';

/** A piece of HTML, which only `markup` creates. */
export interface Markup {
  readonly html: string;
}

/** Values in a template: text, markup, or lists of them; `undefined` is omitted. */
export type MarkupValue = string | number | Markup | undefined | readonly MarkupValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Makes characters visible that a reader cannot see or that change how other text looks: control characters,
 * bidirectional marks, line separators, zero-width and unassigned characters. Line feeds and tabs stay.
 */
export const visible = (text: string): string =>
  text.replace(/[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/gu, character => {
    const code = character.codePointAt(0) ?? 0;
    return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
  });

function render(value: MarkupValue): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string')
    return visible(value).replace(/[&<>"']/g, character => own(ENTITIES, character) ?? '');
  return hasOwn(value, 'html') ? value.html : value.map(render).join('');
}

/** An HTML template. Values become text in elements and attributes; attributes must be quoted. */
export const markup = (parts: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup => ({
  html: parts.map((part, index) => `${part}${render(values[index])}`).join(''),
});

/** Data in an element that is not executed: JSON that cannot end the element. */
export const jsonElement = (id: string, data: unknown): Markup => {
  const json = JSON.stringify(data, (_, item: unknown) => (typeof item === 'string' ? visible(item) : item));
  return {
    html: `<script type="application/json" id="${id}">${json.replaceAll('<', '\\u003c')}</script>`,
  };
};
