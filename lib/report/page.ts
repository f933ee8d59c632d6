// The page of a report.
import { groupsWithCalls, type CallData } from './calls.js';
import { changesOf, type DifferenceData } from './comparison.js';
import type { ReportData } from './data.js';
import { htmlDocument } from './document.js';
import { markup, jsonElement } from './markup.js';
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

export function page(data: ReportData): string {
  const comparison = comparisonSection(data);
  const source = sourceSection(data);
  return htmlDocument({
    title: `seccomp: ${data.name}`,
    heading: data.name,
    subtitle: 'What a seccomp filter does with every system call',
    links: [
      ['summary', 'Summary'],
      ['calls', 'System calls'],
      ['conditions', 'Actions by arguments'],
      ['findings', 'Findings'],
      ...(comparison === undefined ? [] : [['comparison', 'Comparison'] as const]),
      ['program', 'Decisions'],
      ...(source === undefined ? [] : [['profile', 'Profile'] as const]),
    ],
    style: packageText('data/report/page.css') ?? '',
    script: packageText('bundle/report-page.js') ?? '',
    directives: ["trusted-types 'none'"],
    body: markup`<main>
${summarySection(data)}
${callsSection(data)}
${conditionsSection(data)}
${findingsSection(data)}
${comparison}
${programSection(data)}
${source}
</main>
${jsonElement('data', scriptData(data))}`,
  });
}

/**
 * Data for the script: calls in the order of the grids, groups by name, rules, the program, and how many lines of the source are
 * shown.
 */
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

/** A call without the data that other parts of the page contain. */
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
