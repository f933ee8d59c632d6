// Sections that only the playground has.
import type { CheckedCall, ProfileCheck } from '../../recording/check.js';
import { own } from '../../util/own.js';
import { markup, type Markup } from '../markup.js';
import { section } from '../sections.js';
import { counted } from '../../util/show.js';

/** Explains the action of an entered call. */
export const simulationSection = (): Markup =>
  markup`<pre id="simulation" class="listing" tabindex="0" role="region" aria-label="Why the call has this action" hidden></pre>`;

/** The program as a listing. */
export const listingSection = (listing: string, instructions: number): Markup =>
  section('listing', 'Program', [
    markup`<p>${counted(instructions, 'instruction')}, ${counted(instructions * 8, 'byte')}.</p>
<pre class="listing" tabindex="0" role="region" aria-label="Listing of the program">${listing}</pre>`,
  ]);

/** The result of checking a profile against a recording. */
export function checkMarkup(check: ProfileCheck, skipped: number): Markup {
  const { refused, uncertain, fallbacks, unused, calls, runs } = check;
  const unusedNames = unused.map(({ syscall, conditional }) =>
    conditional ? `${syscall} (under conditions)` : syscall,
  );
  return markup`<p>${counted(calls, 'distinct call')} of ${counted(runs, 'run')}: ${refused.length} refused, ${uncertain.length} uncertain, ${unused.length} allowed and never used${
    skipped === 0 ? '' : `; ${counted(skipped, 'line')} not understood`
  }.</p>${calledTable('Refused', refused)}${calledTable('May be refused', uncertain)}${calledTable('Replaced by an older call', fallbacks)}${
    unused.length === 0
      ? undefined
      : markup`<h3>Allowed and never used</h3><p class="names">${unusedNames.join(', ')}</p>`
  }`;
}

function calledTable(title: string, calls: readonly CheckedCall[]): Markup | undefined {
  if (calls.length === 0) return undefined;
  const rows = calls.map(call => {
    const { syscall, abi, action, count, programs, remedy, arguments: args } = call;
    const at = own(call, 'at');
    return markup`<tr><th scope="row">${syscall}(${args.join(', ')})</th><td>${abi}</td><td><span class="key ${toneOfName(action)}">${action}</span></td><td class="number">${count}</td><td>${programs.join(', ')}</td><td>${
      at === undefined ? undefined : markup`<a href="#P${at.line}-${at.column}">${at.line}:${at.column}</a> `
    }${remedy}</td></tr>`;
  });
  return markup`<h3>${title}</h3><div class="wide"><table><thead><tr><th scope="col">Call</th><th scope="col">ABI</th><th scope="col">Action</th><th scope="col">Times</th><th scope="col">Programs</th><th scope="col">To allow it</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

const toneOfName = (action: string): string =>
  /^(?:allow|log|notify|trace|errno|trap)/.exec(action.toLowerCase())?.[0] ?? 'kill';
