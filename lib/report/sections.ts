// The sections of a report as HTML.
import { groupsWithCalls, type CallData, type AbiData, type Tone } from './calls.js';
import { changesOf, type DifferenceData } from './comparison.js';
import type { ReportData, SummaryData } from './data.js';
import type { FindingData } from './findings.js';
import { groupBy } from '../util/collections.js';
import { markup, type Markup, type MarkupValue } from './markup.js';
import { picture } from './picture.js';
import type { RuleLine } from './rules.js';
import { own, owned } from '../util/own.js';
import { counted } from '../util/show.js';

/** The kinds of actions in the order of the page, with their names. */
export const TONES: Readonly<Record<Tone, string>> = {
  allow: 'ALLOW',
  log: 'LOG',
  conditional: 'by arguments',
  notify: 'NOTIFY',
  trace: 'TRACE',
  errno: 'ERRNO',
  trap: 'TRAP',
  kill: 'KILL',
};

const TONE_NAMES = Object.keys(TONES) as readonly Tone[];

/** The number of calls with each kind of action, most permissive first. */
const countsOf = (calls: readonly CallData[]): readonly (readonly [Tone, number])[] =>
  TONE_NAMES.map(tone => [tone, calls.filter(call => call.tone === tone).length] as const).filter(
    ([, count]) => count > 0,
  );

/** A section with its heading. */
export const section = (id: string, title: string, content: readonly Markup[]): Markup =>
  markup`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${content}</section>`;

/** Describes the filter. */
export function summarySection({ summary, abis, findings, elsewhere }: ReportData): Markup {
  const items = [...summaryItems(summary), ['Findings', findingsWords(findings)] as const];
  return section('summary', 'Summary', [
    markup`<dl class="facts">${items.map(([term, value]) => markup`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`,
    markup`<div class="wide"><table class="counts">
<thead><tr><th scope="col">ABI</th><th scope="col">Calls</th><th scope="col">Actions</th></tr></thead>
<tbody>${abis.map(countsRow)}${elsewhere.map(
      ({ place, words }) => markup`<tr><th scope="row">${place}</th><td></td><td>${words}</td></tr>`,
    )}</tbody>
</table></div>`,
  ]);
}

function summaryItems(summary: SummaryData): readonly (readonly [string, string])[] {
  const { instructions, policy } = owned(summary);
  if (policy === undefined) return [['Program', counted(instructions, 'instruction')]];
  const { report } = policy;
  return [
    [
      'Target',
      `${policy.arch}, Linux ${policy.kernel}, ${policy.capabilities.length === 0 ? 'no capabilities' : policy.capabilities.join(', ')}`,
    ],
    ['Default action', policy.defaultAction],
    ['Other architectures', policy.badArch],
    ...(policy.flags.length > 0 ? [['Flags', policy.flags.join(', ')] as const] : []),
    [
      'Program',
      `${counted(instructions, 'instruction')}, generator ${policy.codegen}, proven against the rules`,
    ],
    [
      'Paths',
      `${counted(report.worstPath, 'instruction')} at worst, ${report.meanPath.toFixed(1)} on average, ${report.weightedPath.toFixed(1)} weighted by use`,
    ],
    ['Allowed from the cache', `${counted(report.cachedNumbers, 'call')} of ${policy.arch}`],
  ];
}

function findingsWords(findings: readonly FindingData[]): string {
  if (findings.length === 0) return 'none';
  const severities = [...new Set(findings.map(({ severity }) => severity))];
  return severities
    .map(severity => `${findings.filter(finding => finding.severity === severity).length} ${severity}`)
    .join(', ');
}

function countsRow({ abi, calls }: AbiData): Markup {
  const counts = countsOf(calls);
  let left = 0;
  const bars = counts.map(([tone, number]) => {
    const width = (number / Math.max(calls.length, 1)) * 100;
    left += width;
    return markup`<rect class="${tone}" x="${(left - width).toFixed(2)}" width="${width.toFixed(2)}" height="10" />`;
  });
  const words = counts.map(
    ([tone, number]) => markup`<span class="key ${tone}">${number} ${TONES[tone]}</span> `,
  );
  return markup`<tr><th scope="row">${abi}</th><td class="number">${calls.length}</td><td>
<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">${bars}</svg>${words}</td></tr>`;
}

/** Lists every call of every ABI. */
export function callsSection(data: ReportData): Markup {
  const { abis, elsewhere, comparison } = owned(data);
  const all = abis.flatMap(({ calls }) => calls);
  const chips = countsOf(all).map(
    ([tone, number]) =>
      markup`<label class="chip ${tone}"><input type="checkbox" name="tone" value="${tone}" checked /> ${TONES[tone]} <span class="number">${number}</span></label>`,
  );
  return section('calls', 'System calls', [
    markup`<div class="controls scripted" role="search">
<label>Search <input type="search" id="query" placeholder="name or number" autocomplete="off" spellcheck="false" aria-keyshortcuts="/" /></label>
<label>Group <select id="group"><option value="">all calls</option>${groupsWithCalls(abis).map(
      ({ name, description }) => markup`<option title="${description}">${name}</option>`,
    )}</select></label>
<fieldset><legend>Actions</legend>${chips}</fieldset>
${comparison && markup`<label class="chip"><input type="checkbox" id="changed-only" /> only what differs from ${comparison.name}</label>`}
<output id="matches">${counted(all.length, 'call')}</output>
</div>`,
    markup`<div class="with-panel"><div>${abis.map((one, index) => grid(one, index, comparison))}${
      elsewhere.length > 0
        ? markup`<p>Elsewhere: ${elsewhere.map(({ place, words }) => `${place}: ${words}`).join('; ')}.</p>`
        : undefined
    }</div>
<aside id="panel" class="scripted" aria-live="polite" aria-label="The selected call"><p class="hint">Select a call to see its conditions, its arguments and the rules that name it.</p></aside></div>`,
  ]);
}

function grid({ abi, calls, unnamed }: AbiData, index: number, comparison: ReportData['comparison']): Markup {
  return markup`<details class="abi" data-abi="${abi}"${index === 0 ? OPEN : undefined}>
<summary><h3>${abi}</h3> <span class="matches">${counted(calls.length, 'call')}</span></summary>
<ul class="grid">${calls.map(call => cell(call, changesOf(comparison, abi, call.name)))}</ul>
${
  unnamed.length > 0
    ? markup`<table class="unnamed"><caption>Numbers without a name</caption><tbody>${unnamed.map(
        ({ numbers, words }) => markup`<tr><td>${numbers}</td><td>${words}</td></tr>`,
      )}</tbody></table>`
    : undefined
}</details>`;
}

const OPEN: Markup = markup` open`;

function cell(call: CallData, changes: readonly DifferenceData[]): Markup {
  const [first] = changes;
  const to =
    first === undefined
      ? undefined
      : changes.length > 1 || own(first, 'when') !== undefined
        ? 'changes'
        : first.to.action;
  return markup`<li><button type="button" class="${call.tone}${to && ' changed'}"><b>${call.name}</b> <span>${call.number}</span> <i>${own(call, 'action') ?? TONES.conditional}${to && markup` <em>→ ${to}</em>`}</i></button></li>`;
}

/** Lists calls whose action depends on arguments; equal rows of several ABIs are merged. */
export function conditionsSection({ abis }: ReportData): Markup {
  const rows = groupBy(
    abis.flatMap(({ abi, calls }) =>
      calls.filter(({ tone }) => tone === 'conditional').map(call => ({ abi, call })),
    ),
    ({ call }) => `${call.name} ${call.words}`,
  );
  if (rows.size === 0)
    return section('conditions', 'Actions by arguments', [markup`<p>No action depends on arguments.</p>`]);
  return section('conditions', 'Actions by arguments', [
    markup`<div class="wide"><table>
<thead><tr><th scope="col">Call</th><th scope="col">ABIs</th><th scope="col">Action</th></tr></thead>
<tbody>${[...rows.values()].map(
      group =>
        markup`<tr><th scope="row">${group[0]?.call.name}</th><td>${group.map(({ abi }) => abi).join(', ')}</td><td>${group[0]?.call.words}</td></tr>`,
    )}</tbody></table></div>`,
  ]);
}

/** Lists the findings. */
export function findingsSection({ findings, source }: ReportData): Markup {
  const lines = shownLines(source).length;
  const items = findings.map(finding => {
    const at = own(finding, 'at');
    return markup`<li>${at && placeMarkup(at, lines)} ${findingMarkup(finding)}<br><span class="hint">${finding.why}. ${finding.remedy}</span></li>`;
  });
  return section('findings', 'Findings', [
    items.length === 0 ? markup`<p>None.</p>` : markup`<ol class="findings">${items}</ol>`,
  ]);
}

/** A position, with a link to it if its line is shown. */
const placeMarkup = ({ line, column }: RuleLine, lines: number): Markup =>
  line <= lines ? markup`<a href="#P${line}-${column}">${line}:${column}</a>` : markup`${line}:${column}`;

const findingMarkup = ({ severity, code, message }: FindingData): Markup =>
  markup`<span class="severity ${severity}">${severity}</span> ${message} <code>${code}</code>`;

/** Lists the differences from another filter. */
export function comparisonSection(data: ReportData): Markup | undefined {
  const { name, comparison } = owned(data);
  if (comparison === undefined) return undefined;
  const { differences } = comparison;
  const title = `Compared with ${comparison.name}`;
  if (differences.length === 0)
    return section('comparison', title, [markup`<p>Both have the same action for every call.</p>`]);
  return section('comparison', title, [
    markup`<p>What changes from ${name} to ${comparison.name}, each with an example call.</p>
<div class="wide"><table class="changes">
<thead><tr><th scope="col">Calls</th><th scope="col">ABIs</th><th scope="col">From</th><th scope="col">To</th><th scope="col">If</th><th scope="col">For example</th></tr></thead>
<tbody>${differences.map(differenceRow)}</tbody></table></div>`,
  ]);
}

function differenceRow(difference: DifferenceData): Markup {
  const { abis, calls, from, to, when, witness } = owned(difference);
  return markup`<tr><th scope="row">${calls.length === 0 ? 'every call' : calls.join(', ')}</th><td>${abis.join(', ')}</td><td><span class="key ${from.tone}">${from.action}</span></td><td><span class="key ${to.tone}">${to.action}</span></td><td>${when ?? 'always'}</td><td><code>${witness}</code></td></tr>`;
}

/** Draws the program's decisions, and the path of one call through them. */
export function programSection({ abis, flow, summary }: ReportData): Markup {
  return section('program', 'Decisions', [
    markup`<p>The program of ${counted(summary.instructions, 'instruction')} from its first test at the top left. Numbers in boxes are instructions; → leads to a test that is drawn elsewhere.</p>`,
    markup`<form id="walk" class="controls scripted">
<label>ABI <select id="walk-abi">${abis.map(({ abi }) => markup`<option>${abi}</option>`)}</select></label>
<label>Call <input id="walk-call" list="walk-calls" placeholder="name or number" autocomplete="off" spellcheck="false" required /></label><datalist id="walk-calls"></datalist>
<label class="grow">Arguments <input id="walk-args" placeholder="AF_VSOCK, SOCK_STREAM|SOCK_CLOEXEC, 0" autocomplete="off" spellcheck="false" /></label>
<button>Walk</button>
<output id="walk-result"></output>
</form>`,
    markup`<div class="controls scripted" role="group" aria-label="Size of the picture">${ZOOMS.map(([name, words, shown]) => markup`<button type="button" data-zoom="${name}"${words === shown ? undefined : markup` aria-label="${words}"`}>${shown}</button>`)}<output id="zoom">100 %</output></div>
<div class="with-panel"><div class="canvas" tabindex="0" role="region" aria-label="Picture of the decisions">${picture(flow)}</div>
<aside class="scripted"><p class="hint" id="walk-hint">Enter a call to see its path through the program.</p><ol id="steps"></ol></aside></div>`,
  ]);
}

/** The labels of the buttons for screen readers, and their texts. */
const ZOOMS = [
  ['overview', 'Overview', 'Overview'],
  ['out', 'Smaller', '−'],
  ['in', 'Larger', '+'],
  ['full', 'Full size', 'Full size'],
] as const;

/** Limits for profiles, beyond which they are truncated so that the page can be opened. */
const MAX_LINES = 20_000;
const MAX_LETTERS = 500_000;

/** The lines of the profile that the page shows. */
export function shownLines(source: readonly string[]): readonly string[] {
  let letters = 0;
  const end = source.findIndex((line, index) => {
    letters += line.length;
    return index === MAX_LINES || letters > MAX_LETTERS;
  });
  return end === -1 ? source : source.slice(0, end);
}

/** The text of the profile with findings, and anchors for the positions that the page links to. */
export function sourceSection({ source, findings, rules }: ReportData): Markup | undefined {
  if (source.length === 0) return undefined;
  const notes = groupBy(findings, finding => own(finding, 'at')?.line ?? 0);
  const places = groupBy(
    [
      ...rules.flatMap(({ at, names }) => [{ at }, ...names]),
      ...findings.flatMap(finding => {
        const at = own(finding, 'at');
        return at === undefined ? [] : [{ at, severity: finding.severity }];
      }),
    ],
    ({ at }) => at.line,
  );
  const shown = shownLines(source);
  const left = source.length - shown.length;
  return section('profile', 'Profile', [
    markup`<div class="source">${shown.map((text, index) => {
      const line = index + 1;
      return markup`<div class="line" id="L${line}"><a href="#L${line}">${line}</a><code>${pieces(text, places.get(line) ?? [])}</code></div>${(
        notes.get(line) ?? []
      ).map(
        finding =>
          markup`<div class="note ${finding.severity}">${findingMarkup(finding)} <span class="hint">${finding.remedy}</span></div>`,
      )}`;
    })}</div>`,
    left > 0 ? markup`<p>${counted(left, 'more line')} not shown.</p>` : markup``,
  ]);
}

/** A position that the page links to, with the severity of its findings. */
interface Pointed {
  readonly at: RuleLine;
  readonly severity?: string;
}

/** A JSON token. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"?|[^\s,:{}[\]"]+|./suy;

/** Formats a line, with an element around each token that is linked to. */
function pieces(text: string, places: readonly Pointed[]): readonly MarkupValue[] {
  const severities = new Map<number, string | undefined>();
  for (const pointed of places) {
    const column = pointed.at.column - 1;
    severities.set(column, own(pointed, 'severity') ?? severities.get(column));
  }
  const parts: MarkupValue[] = [];
  let done = 0;
  for (const [start, severity] of [...severities].sort(([a], [b]) => a - b)) {
    TOKEN.lastIndex = start;
    const [token] = TOKEN.exec(text) ?? [];
    if (token === undefined || start < done) continue;
    const line = places[0]?.at.line;
    parts.push(text.slice(done, start));
    parts.push(
      markup`<span id="P${line}-${start + 1}"${severity === undefined ? undefined : markup` class="found ${severity}"`}>${token}</span>`,
    );
    done = start + token.length;
  }
  return [...parts, text.slice(done)];
}
