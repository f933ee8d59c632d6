// The script of the playground: an editor whose text two workers read and compile, and the sections of a report about it.
import { byId, counted, element, searchByKey, showFilter } from './view.js';

document.documentElement.classList.add('scripting');

// Markup and the address of the workers' script: all that this page ever makes of strings, each in one place.
const trusted = (globalThis.trustedTypes ?? { createPolicy: (_, policy) => policy }).createPolicy(
  'seccomp-playground',
  { createHTML: html => html, createScriptURL: url => url },
);

/** Elements from markup that a worker wrote with `markup` of lib/report, in which what a profile says is text. */
const fragment = html => document.createRange().createContextualFragment(trusted.createHTML(html));

// Two workers with the same script: one reads, so that no key waits for a compilation; the other does what takes longer.
const workerUrl = URL.createObjectURL(
  new Blob([JSON.parse(byId('worker').textContent)], { type: 'text/javascript' }),
);

/** Asks a worker; of several questions of a kind that wait, only the last is asked. */
function startWorker() {
  const worker = new Worker(trusted.createScriptURL(workerUrl));
  const waiting = new Map();
  let running;
  let last = 0;
  function next() {
    const [entry] = waiting;
    if (running !== undefined || entry === undefined) return;
    const [kind, { question, resolve, reject }] = entry;
    waiting.delete(kind);
    running = { id: ++last, resolve, reject };
    worker.postMessage({ id: last, kind, question });
  }
  worker.addEventListener('message', ({ data: { id, result, error } }) => {
    if (id !== running?.id) return;
    const { resolve, reject } = running;
    running = undefined;
    if (error === undefined) resolve(result);
    else reject(new Error(error));
    next();
  });
  return (kind, question) =>
    new Promise((resolve, reject) => {
      waiting.set(kind, { question, resolve, reject });
      next();
    });
}
const reader = startWorker();
const compiler = startWorker();

const text = byId('text');
text.value = JSON.parse(byId('initial').textContent);

/** What is asked about: the text and the target. */
const question = () => ({
  text: text.value,
  target: {
    arch: byId('arch').value,
    kernel: byId('kernel').value.trim(),
    capabilities: byId('capabilities').value,
  },
});

// The editor: line numbers, and marks at problems behind the text.
const numbers = byId('numbers');
const marks = byId('marks');
let lineCount = 0;

function numberLines() {
  const lines = text.value.split('\n').length;
  if (lines === lineCount) return;
  lineCount = lines;
  numbers.textContent = Array.from({ length: lines }, (_, index) => index + 1).join('\n');
}

function scrollMarks() {
  numbers.scrollTop = text.scrollTop;
  marks.style.transform = `translate(${-text.scrollLeft}px, ${-text.scrollTop}px)`;
}
text.addEventListener('scroll', scrollMarks);

const LINE = 20;
const TOKEN = /"(?:[^"\\\n]|\\.)*"?|[^\s,:{}[\]"]+|./suy;

/** Underlines the token at each problem. The letters before it are there too, unseen, so that it has its place. */
function mark(problems) {
  const lines = text.value.split('\n');
  marks.replaceChildren(
    ...problems.flatMap(({ at, severity }) => {
      const line = at && lines[at.line - 1];
      if (line === undefined) return [];
      TOKEN.lastIndex = at.column - 1;
      const [token = ' '] = TOKEN.exec(line) ?? [];
      const row = element(
        'div',
        {},
        line.slice(0, at.column - 1),
        element('u', { class: severity }, token || ' '),
      );
      row.style.top = `calc(0.5rem + ${(at.line - 1) * LINE}px)`;
      return [row];
    }),
  );
}

/** Puts the cursor at a place, and the place in sight. */
function jump(line, column) {
  const lines = text.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  text.focus();
  text.setSelectionRange(start, start);
  text.scrollTop = Math.max(0, (line - 1) * LINE - text.clientHeight / 2);
  byId('editor').scrollIntoView({ block: 'nearest' });
}

/** Replaces a part of the text as typing would, so that it can be undone; all of it unless a part is given. */
function write(replacement, start = 0, end = text.value.length) {
  text.focus();
  text.setSelectionRange(start, end);
  // Browsers insert line by line, so that a large text would take a minute.
  const typed = replacement.length < 2000;
  if (!typed || !document.execCommand(replacement === '' ? 'delete' : 'insertText', false, replacement)) {
    text.setRangeText(replacement);
    changed();
  }
  if (start === 0) {
    text.setSelectionRange(0, 0);
    text.scrollTo(0, 0);
  }
}

/** A button that changes the text as typing would; the text is the one that the fix was made for. */
function fixButton({ title, offset, length, replacement }) {
  const button = element('button', { type: 'button', class: 'fix' }, title);
  button.addEventListener('click', () => write(replacement, offset, offset + length));
  return button;
}

function showProblems({ format, problems }) {
  mark(problems);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  byId('taken').textContent =
    errors > 0
      ? `${counted(errors, 'error')}: what is shown is of the text before`
      : `Read as ${format}${problems.length === 0 ? '' : `, with ${counted(problems.length, 'warning')}`}`;
  byId('problems').replaceChildren(
    ...problems
      .slice(0, 50)
      .map(({ at, severity, code, message, remedy, fix }) =>
        element(
          'li',
          {},
          at && element('a', { href: `#P${at.line}-${at.column}` }, `${at.line}:${at.column}`),
          ' ',
          element('span', { class: `severity ${severity}` }, severity),
          ` ${message} `,
          element('code', {}, code),
          remedy === undefined ? undefined : element('span', { class: 'hint' }, ` ${remedy} `),
          fix && fixButton(fix),
        ),
      ),
  );
}

// Reading follows each key, compiling the last one.
let timer;
/** How long to wait after a key: as long as it took the last time, so that large profiles do not slow typing down. */
let pause = 120;
function changed() {
  numberLines();
  const asked = question();
  reader('read', asked).then(reading => {
    if (asked.text !== text.value) return;
    showProblems(reading);
    clearTimeout(timer);
    if (reading.problems.some(({ severity }) => severity === 'error')) byId('results').classList.add('stale');
    else timer = setTimeout(analyse, pause);
  }, fail);
}
text.addEventListener('input', changed);

const fail = error => {
  byId('progress').textContent = error.message;
};

/** What to compare with, if anything. */
async function against() {
  const name = byId('against').value;
  byId('second').hidden = name !== 'second';
  if (name === '') return {};
  const other = name === 'second' ? byId('second').value : await reader('shipped', { name });
  if (other.trim() === '') return {};
  return { against: { name: name === 'second' ? 'the second profile' : name, text: other } };
}

let view;
let fragmentCall;
async function analyse() {
  const asked = { ...question(), ...(await against()) };
  const results = byId('results');
  byId('progress').textContent = 'Compiling…';
  const started = performance.now();
  try {
    const analysis = await compiler('analyse', asked);
    const state = view?.state();
    results.replaceChildren(fragment(analysis.html));
    results.classList.remove('stale');
    byId('progress').textContent = '';
    byId('against-problem').textContent = analysis.against ?? '';
    view = showFilter(analysis.data, {
      linkTo: call => `#call=${encodeURIComponent(call)}`,
      onWalk: explainCall,
    });
    if (state !== undefined) view.restore(state);
    pause = Math.min(3000, Math.max(120, performance.now() - started));
    if (fragmentCall !== undefined) view.open(fragmentCall);
    fragmentCall = undefined;
    offerFixes(await compiler('fixes', asked), asked.text);
  } catch (error) {
    results.classList.add('stale');
    fail(error);
  }
}

function offerFixes(fixes, of) {
  if (of !== text.value) return;
  const items = document.querySelectorAll('#findings .findings > li');
  for (const fix of fixes)
    items[fix.index]?.append(
      ' ',
      fixButton(fix),
      element('small', {}, fix.keepsActions ? ' keeps every action' : ' changes actions'),
    );
}

async function explainCall({ abi, number, registers }) {
  try {
    const words = await compiler('simulation', { ...question(), abi, number, registers });
    byId('simulation').hidden = false;
    byId('simulation').textContent = words;
  } catch (error) {
    fail(error);
  }
}

for (const id of ['arch', 'kernel', 'capabilities']) byId(id).addEventListener('change', changed);
for (const id of ['against', 'second']) byId(id).addEventListener('input', () => void analyse());

// Files, opened or dropped.
async function openFile(file) {
  if (file === undefined) return;
  try {
    write(await reader('open', { bytes: new Uint8Array(await file.arrayBuffer()) }));
  } catch (error) {
    byId('taken').textContent = error.message;
  }
}
byId('file').addEventListener('change', ({ target }) => void openFile(target.files[0]));
const drop = byId('drop');
for (const type of ['dragenter', 'dragover', 'dragleave', 'drop'])
  drop.addEventListener(type, event => {
    if (![...event.dataTransfer.types].includes('Files')) return;
    event.preventDefault();
    drop.classList.toggle('over', type === 'dragenter' || type === 'dragover');
    if (type === 'drop') void openFile(event.dataTransfer.files[0]);
  });
byId('start').addEventListener('change', async ({ target }) => {
  if (target.value === 'empty') write('{\n  "defaultAction": "SCMP_ACT_ERRNO",\n  "syscalls": []\n}\n');
  else if (target.value !== '') write(await reader('shipped', { name: target.value }));
  target.value = '';
});

// Places in the text are in the editor.
document.addEventListener('click', event => {
  const link = event.target.closest?.('a[href^="#P"]');
  const [, line, column] = /^#P(\d+)-(\d+)$/.exec(link?.getAttribute('href') ?? '') ?? [];
  if (line === undefined) return;
  event.preventDefault();
  jump(Number(line), Number(column));
});

// The check of a recording.
byId('check').addEventListener('click', async () => {
  try {
    const html = await compiler('check', { ...question(), recording: byId('recorded').value });
    byId('checked').replaceChildren(fragment(html));
  } catch (error) {
    byId('checked').textContent = error.message;
  }
});
byId('recorded-file').addEventListener('change', async ({ target }) => {
  byId('recorded').value = (await target.files[0]?.text()) ?? '';
});

// Export.
byId('make').addEventListener('click', async () => {
  const [download, shown, problem] = ['download', 'exported', 'exported-problem'].map(byId);
  problem.textContent = '';
  download.hidden = shown.hidden = true;
  try {
    const { file, content } = await compiler('export', { ...question(), format: byId('format').value });
    URL.revokeObjectURL(download.href);
    download.href = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }));
    download.download = file;
    download.textContent = `Download ${file}`;
    shown.textContent =
      typeof content === 'string'
        ? content
        : Array.from(
            content,
            (byte, index) => `${byte.toString(16).padStart(2, '0')}${index % 8 === 7 ? '\n' : ' '}`,
          ).join('');
    download.hidden = shown.hidden = false;
  } catch (error) {
    problem.textContent = error.message;
  }
});

// The link: the text, compressed, and what is chosen beside. Whatever a link says is text in a field.
/** Bytes that a link may become, so that a small one cannot fill memory. */
const MAX_LINKED = 4 * 1024 * 1024;

async function bytesThrough(stream, bytes) {
  const reading = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const chunks = [];
  let total = 0;
  for (let chunk = await reading.read(); !chunk.done; chunk = await reading.read()) {
    total += chunk.value.length;
    if (total > MAX_LINKED) throw new Error('The profile in this link is too large');
    chunks.push(chunk.value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

async function pack(value) {
  const bytes = await bytesThrough(new CompressionStream('deflate-raw'), new TextEncoder().encode(value));
  const letters = Array.from(bytes, byte => String.fromCharCode(byte)).join('');
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed.replaceAll('-', '+').replaceAll('_', '/')), letter =>
    letter.charCodeAt(0),
  );
  return new TextDecoder('utf-8', { fatal: true }).decode(
    await bytesThrough(new DecompressionStream('deflate-raw'), bytes),
  );
}

const FIELDS = ['arch', 'kernel', 'capabilities', 'against'];

byId('share').addEventListener('click', async () => {
  const said = new URLSearchParams({ profile: await pack(text.value) });
  for (const id of FIELDS) if (byId(id).value !== '') said.set(id, byId(id).value);
  if (byId('against').value === 'second') said.set('second', await pack(byId('second').value));
  const call = view?.chosen();
  if (call !== undefined) said.set('call', call);
  const url = `${document.location.href.replace(/#.*/s, '')}#${said}`;
  history.replaceState(undefined, '', `#${said}`);
  byId('link').value = url;
  byId('link').select();
  try {
    await navigator.clipboard.writeText(url);
    byId('shared').textContent = 'Copied';
  } catch {
    byId('shared').textContent = 'Press Ctrl+C to copy it';
  }
});

async function openLinked() {
  const said = new URLSearchParams(document.location.hash.slice(1));
  const call = said.get('call') ?? undefined;
  const profile = said.get('profile');
  if (profile === null) {
    if (call !== undefined && view !== undefined) view.open(call);
    else fragmentCall = call;
    return;
  }
  fragmentCall = call;
  for (const id of FIELDS) {
    const [field, value] = [byId(id), (said.get(id) ?? '').slice(0, 2000)];
    const known = field.options === undefined || [...field.options].some(option => option.value === value);
    if (known) field.value = value;
  }
  try {
    byId('second').value = said.has('second') ? await unpack(said.get('second')) : '';
    text.value = await unpack(profile);
  } catch {
    byId('progress').textContent = 'The link has no profile that could be read';
  }
}

globalThis.addEventListener('hashchange', () => {
  const linked = /^#(?:profile|call)=|&profile=/.test(document.location.hash);
  if (linked) void openLinked().then(() => document.location.hash.includes('profile=') && changed());
});
searchByKey();
void openLinked().then(changed);
