// The page of the playground: one HTML document to write, inspect and export profiles without a network.
import { ARCHITECTURES } from '../../kernel/architectures.js';
import { disassemble } from '../../bpf/listing/disassemble.js';
import { readInput, type ProfileSource } from '../../profile/read-source.js';
import { packageText, shippedProfiles } from '../../util/host/read-text.js';
import { ownOptions } from '../../util/options.js';
import { htmlDocument, raw } from '../document.js';
import { markup, type Markup } from '../markup.js';
import type { ExportFormat } from './requests.js';

/** Options of `htmlPlayground`. */
export interface PlaygroundOptions {
  /** The initial profile or program, which may contain mistakes; default: `docker-default`. */
  readonly profile?: ProfileSource | undefined;
}

const FORMATS: Readonly<Record<ExportFormat, string>> = {
  bpf: 'program for the kernel (.bpf)',
  docker: "Docker's profile",
  words: 'policy in the words format',
  oci: 'OCI (linux.seccomp)',
  spo: 'SeccompProfile of Kubernetes',
  systemd: 'settings of a systemd unit',
  firecracker: 'Firecracker filter',
  explanation: 'explanation',
  listing: 'listing',
  source: 'source with labels',
  c: 'C array',
  json: 'instructions as JSON',
  pfc: 'pseudo filter code',
};

/**
 * Returns one HTML page in which a profile in any format can be typed, pasted or dropped. It shows problems at their
 * positions, every section of a report, fixes for findings, the simulation of calls, a comparison, the check of a
 * recording, export, and a link that contains the profile in its fragment. It needs no network and no other file.
 *
 * Throws ProfileError for a profile that cannot be read, and UsageError (`bad-option`, `bad-profile-source`).
 */
export function htmlPlayground(options: PlaygroundOptions = {}): string {
  const { profile = 'docker-default' } = ownOptions(options, ['profile']);
  const input = readInput(profile);
  return page(input.kind === 'text' ? input.text : disassemble(input.bytes, { form: 'source' }));
}

function page(text: string): string {
  return htmlDocument({
    title: 'seccomp playground',
    heading: 'seccomp playground',
    subtitle: 'Write a seccomp profile and see what it does. Nothing leaves this page.',
    links: LINKS,
    style: `${asset('data/report/page.css')}${asset('data/report/playground.css')}`,
    script: asset('bundle/playground-page.js'),
    directives: ['worker-src blob:', 'trusted-types seccomp-playground'],
    body: markup`<noscript><p>The playground needs JavaScript.</p></noscript>
<main class="playground">
<div id="left">${editorSection()}</div>
<div id="right">
<p id="progress" role="status"></p>
<div id="results"></div>
${recordingSection}
${exportSection}
</div>
</main>
${block('initial', text)}
${block('worker', asset('bundle/playground-worker.js'))}`,
  });
}

const LINKS: readonly (readonly [string, string])[] = [
  ['editor', 'Profile'],
  ['summary', 'Summary'],
  ['calls', 'System calls'],
  ['conditions', 'Actions by arguments'],
  ['findings', 'Findings'],
  ['program', 'Decisions'],
  ['listing', 'Program'],
  ['recording', 'Recording'],
  ['export', 'Export'],
];

/** A text in an element that is not executed, with all characters unchanged. */
const block = (id: string, text: string): Markup =>
  raw(
    `<script type="application/json" id="${id}">${JSON.stringify(text).replaceAll('<', '\\u003c')}</script>`,
  );

function asset(path: string): string {
  const text = packageText(path);
  if (text === undefined) throw new Error(`${path} is not part of this bundle`);
  return text;
}

const option = (value: string, words: string, selected = false): Markup =>
  markup`<option value="${value}"${selected ? raw(' selected') : undefined}>${words}</option>`;

function editorSection(): Markup {
  const names = shippedProfiles();
  return markup`<section id="editor" aria-labelledby="editor-title"><h2 id="editor-title">Profile</h2>
<div class="controls">
<label class="file">Open a file <input type="file" id="file"></label>
<label>Start from <select id="start"><option value="">…</option>${names.map(name => option(name, name))}<option value="empty">nothing allowed</option></select></label>
</div>
<div class="editor" id="drop">
<pre id="numbers" aria-hidden="true"></pre>
<div class="text">
<div id="marks" aria-hidden="true"></div>
<textarea id="text" aria-label="Profile" aria-describedby="taken" wrap="off" spellcheck="false" autocomplete="off" autocapitalize="off"></textarea>
</div>
</div>
<p id="taken" role="status"></p>
<ol id="problems" class="findings" aria-label="Problems"></ol>
<fieldset class="controls"><legend>Target</legend>
<label>Architecture <select id="arch">${ARCHITECTURES.map(arch => option(arch, arch))}</select></label>
<label>Kernel <input id="kernel" placeholder="newest" size="7" autocomplete="off" spellcheck="false"></label>
<label class="grow">Capabilities <input id="capabilities" placeholder="CAP_SYS_ADMIN, or ALL" autocomplete="off" spellcheck="false"></label>
</fieldset>
<div class="controls">
<label>Compare with <select id="against"><option value="">nothing</option>${names.map(name => option(name, name))}<option value="second">a second profile</option></select></label>
<output id="against-problem"></output>
</div>
<textarea id="second" aria-label="Second profile" placeholder="The second profile, in any format" spellcheck="false" autocomplete="off" hidden></textarea>
</section>`;
}

const recordingSection: Markup = markup`<section id="recording" aria-labelledby="recording-title"><h2 id="recording-title">Recording</h2>
<p>Paste a recording, or a log of strace or of the kernel, to see which calls the profile would refuse.</p>
<textarea id="recorded" aria-label="Recording or log" placeholder="socket(AF_UNIX, SOCK_STREAM, 0) = 3" spellcheck="false" autocomplete="off"></textarea>
<div class="controls"><button type="button" id="check">Check</button><label class="file">Open a file <input type="file" id="recorded-file"></label></div>
<div id="checked" role="status"></div>
</section>`;

const exportSection: Markup = markup`<section id="export" aria-labelledby="export-title"><h2 id="export-title">Export</h2>
<div class="controls">
<label>As <select id="format">${Object.entries(FORMATS).map(([value, words]) => option(value, words))}</select></label>
<button type="button" id="make">Export</button>
<a id="download" hidden>Download</a>
<output id="exported-problem"></output>
</div>
<pre id="exported" class="listing" tabindex="0" role="region" aria-label="What was exported" hidden></pre>
<div class="controls"><button type="button" id="share">Make a link</button><label class="grow">Link with the profile in its fragment <input id="link" readonly></label><output id="shared"></output></div>
</section>`;
