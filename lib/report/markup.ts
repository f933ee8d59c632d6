// HTML that nothing can be injected into: values become text unless they are markup themselves.
import { own, hasOwn } from '../util/own.js';

/** A piece of HTML. Only `markup` makes them. */
export interface Markup {
  readonly html: string;
}

/** The values of a template: text, markup, lists of them; `undefined` for nothing. */
export type MarkupValue = string | number | Markup | undefined | readonly MarkupValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Spells out what a reader does not see, or what makes other text look different: control characters, marks that turn the
 * direction of writing, line separators, zero-width and unassigned characters. Line feeds and tabs stay.
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

/** A template of HTML. What is put in is text in elements and in attributes, which must be in quotation marks. */
export const markup = (parts: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup => ({
  html: parts.map((part, index) => `${part}${render(values[index])}`).join(''),
});

/** Data in an element that no script runs: JSON that cannot end the element. */
export const jsonElement = (id: string, data: unknown): Markup => {
  const json = JSON.stringify(data, (_, item: unknown) => (typeof item === 'string' ? visible(item) : item));
  return {
    html: `<script type="application/json" id="${id}">${json.replaceAll('<', '\\u003c')}</script>`,
  };
};
