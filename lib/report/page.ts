// The page of a report: one HTML document that needs nothing else and can run nothing else.
import { groupsWithCalls, type CallData } from './calls.js';
import { changesOf, type DifferenceData } from './comparison.js';
import type { ReportData } from './data.js';
import { markup, jsonElement, type Markup } from './markup.js';
import {
  callsSection,
  comparisonSection,
  conditionsSection,
  findingsSection,
  programSection,
  shownLines,
  sourceSection,
  summarySection,
} from './sections.js';
import { own, owned } from '../util/own.js';
import { packageText } from '../util/host/read-text.js';
import { sha256Base64 } from '../util/host/sha256.js';

/** The document. Its scripts and styles are let in by their hashes; everything else is shut out, the network too. */
export function page(data: ReportData): string {
  const style = packageText('data/report/page.css') ?? '';
  const script = packageText('bundle/report-page.js') ?? '';
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const comparison = comparisonSection(data);
  const source = sourceSection(data);
  const links: readonly (readonly [string, string])[] = [
    ['summary', 'Summary'],
    ['calls', 'System calls'],
    ['conditions', 'Actions by arguments'],
    ['findings', 'Findings'],
    ...(comparison === undefined ? [] : [['comparison', 'Comparison'] as const]),
    ['program', 'Decisions'],
    ...(source === undefined ? [] : [['profile', 'Profile'] as const]),
  ];
  const { html } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>seccomp: ${data.name}</title>
${raw(`<style>${style}</style>`)}
</head>
<body>
<header><h1>${data.name}</h1><p>What a seccomp filter does with every system call</p>
<nav aria-label="Sections">${links.map(([id, title]) => markup`<a href="#${id}">${title}</a>`)}</nav></header>
<main>
${summarySection(data)}
${callsSection(data)}
${conditionsSection(data)}
${findingsSection(data)}
${comparison}
${programSection(data)}
${source}
</main>
${jsonElement('data', scriptData(data))}
${raw(`<script>${script}</script>`)}
</body>
</html>
`;
  return html;
}

/** What the script needs: calls in the order of the grids, groups by name, rules, the program, and how much of the source is there. */
export function scriptData(data: ReportData): object {
  const { abis, rules, program, source, comparison } = owned(data);
  return {
    abis: abis.map(({ abi, audit, calls }) => ({
      abi,
      audit,
      calls: calls.map(call => scripted(call, changesOf(comparison, abi, call.name))),
    })),
    groups: groupsWithCalls(abis).map(({ name, calls }) => [name, calls.join(' ')]),
    rules: rules.map(({ names: _, at: __, ...rule }) => rule),
    program: program.map(({ code, jt, jf, k, text }) => [code, jt, jf, k, text]),
    lines: shownLines(source).length,
    ...(comparison !== undefined && { against: comparison.name }),
  };
}

/** A call without what the page says elsewhere. */
function scripted(whole: CallData, differences: readonly DifferenceData[]): object {
  const { words: _, action: __, rules, ...call } = owned(whole);
  return {
    ...call,
    rules: rules.map(({ rule, at }) => [rule, at.line, at.column]),
    ...(differences.length > 0 && {
      changes: differences.map(one => ({ from: one.from.action, to: one.to.action, when: own(one, 'when') })),
    }),
  };
}

/** Files of the package, which are markup already. */
const raw = (html: string): Markup => ({ html });

const hashOf = (text: string): string => `sha256-${sha256Base64(text)}`;
