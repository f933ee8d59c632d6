// A self-contained HTML document that can run no other code: a page of a report, or the playground.
import { sha256Base64 } from '../util/host/sha256.js';
import { markup, type Markup } from './markup.js';

/** The parts in which pages differ. */
export interface PageParts {
  readonly title: string;
  readonly heading: string;
  /** The sentence below the heading. */
  readonly subtitle: string;
  /** Sections by their ids. */
  readonly links: readonly (readonly [id: string, title: string])[];
  readonly style: string;
  readonly script: string;
  /** Directives of the content security policy in addition to those of every page. */
  readonly directives: readonly string[];
  readonly body: Markup;
}

/** Marks a file of the package that already contains markup. */
export const raw = (html: string): Markup => ({ html });

/**
 * Formats the document. Its script and style are allowed by their hashes; everything else is blocked, including the
 * network.
 */
export function htmlDocument(parts: PageParts): string {
  const { title, heading, subtitle, links, style, script, directives, body } = parts;
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${sha256Base64(script)}'`,
    `style-src 'sha256-${sha256Base64(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    ...directives,
  ].join('; ');
  const { html } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
${raw(`<style>${style}</style>`)}
</head>
<body>
<header><h1>${heading}</h1><p>${subtitle}</p>
<nav aria-label="Sections">${links.map(([id, text]) => markup`<a href="#${id}">${text}</a>`)}</nav></header>
${body}
${raw(`<script>${script}</script>`)}
</body>
</html>
`;
  return html;
}
