// The playground in a browser without a network, used with keyboard and mouse.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compile } from '#lib/filter/compile-profile.js';
import { syscallsOf } from '#lib/kernel/abi.js';
import { htmlPlayground } from '#lib/report/playground/page.js';
import { findChromium, openPage, type OpenPage } from './chromium.js';
import { skip } from '../support/skip.js';

const HOSTILE = '</textarea></script><img src="http://127.0.0.1:9/" onerror="window.injected = 1">';
const AXE = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));

const PROFILE = `{
  "defaultAction": "SCMP_ACT_ERRNO",
  "syscalls": [
    { "names": ["read", "write", "exit_group"], "action": "SCMP_ACT_ALLOW" },
    { "names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 1, "op": "SCMP_CMP_EQ" }] }
  ]
}
`;

const chromium = findChromium();

describe('the playground in Chromium', function () {
  if (chromium === undefined) {
    it('is skipped: chromium is not installed', function () {
      skip(this, 'there is no Chromium');
    });
    return;
  }
  this.timeout(120_000);

  const folder = mkdtempSync(join(tmpdir(), 'seccomp-playground-'));
  const path = join(folder, 'page.html');
  const url = pathToFileURL(path).href;
  let page: OpenPage;
  before(async () => {
    writeFileSync(path, htmlPlayground({ profile: PROFILE }));
    page = await openPage(chromium, url);
    await page.send('Emulation.setDeviceMetricsOverride', {
      width: 1440,
      height: 900,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await compiled();
  });
  after(async () => {
    await page.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const text = (selector: string): Promise<string> =>
    page.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  const value = (id: string): Promise<string> => page.evaluate(`document.getElementById('${id}').value`);

  /** Waits until the page shows the results for the text in the editor. */
  const compiled = (): Promise<void> =>
    page.until(`document.querySelector('.grid') && document.querySelector('#results:not(.stale)') &&
      document.getElementById('progress').textContent === ''`);

  /** Runs an action, and waits for the new sections. */
  async function recompiled(action: () => Promise<unknown>): Promise<void> {
    await page.evaluate(`globalThis.before = document.getElementById('summary')`);
    await action();
    await page.until(`document.getElementById('summary') !== globalThis.before`);
    await compiled();
  }

  /** Replaces the text of the editor by typing. */
  async function write(profile: string): Promise<void> {
    await page.click('#text');
    await page.evaluate(`document.getElementById('text').select()`);
    await page.type(profile);
  }

  /** Replaces the text of the editor at once, because typing a large text takes very long. */
  const set = (profile: string): Promise<void> =>
    page.evaluate(`{
      const editor = document.getElementById('text');
      editor.value = ${JSON.stringify(profile)};
      editor.dispatchEvent(new Event('input'));
    }`);

  /** Types letters after the first occurrence of a text in the editor. */
  async function typeBehind(place: string, letters: string): Promise<void> {
    await page.click('#text');
    await page.evaluate(`{
      const editor = document.getElementById('text');
      const end = editor.value.indexOf(${JSON.stringify(place)}) + ${place.length};
      editor.setSelectionRange(end, end);
    }`);
    await page.type(letters);
  }

  /** Chooses an option by keyboard events. */
  const select = (id: string, option: string): Promise<void> =>
    page.evaluate(`{
      const field = document.getElementById('${id}');
      field.focus();
      field.value = ${JSON.stringify(option)};
      for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }));
    }`);

  it('shows its initial profile and the effects', async () => {
    assert.equal(await value('text'), PROFILE);
    assert.equal(await text('#taken'), 'Read as a profile');
    assert.match(await text('#conditions'), /socket\s+x86_64\s+allowed if domain is AF_UNIX/);
    assert.match(await text('#listing'), /\d+ instructions, \d+ bytes/);
    assert.match(await text('#listing pre'), /return ALLOW/);
  });

  it('underlines a mistake while typing, and fixes it with a click', async () => {
    await typeBehind('"re', 'x');
    await page.until(`document.querySelector('#marks u')?.textContent === '"rexad"'`);
    const apart = await page.evaluate<number>(`(() => {
      const mark = document.querySelector('#marks u').getBoundingClientRect();
      const editor = document.getElementById('text').getBoundingClientRect();
      return Math.abs(mark.top - editor.top - 8 - 3 * 20);
    })()`);
    assert.ok(apart < 4, 'on the fourth line');
    assert.match(await text('#problems'), /4:17 warning .*"rexad".*Did you mean "read"\?/s);
    await page.click('#problems .fix');
    await page.until(`document.querySelector('#marks u') === null`);
    assert.equal(await value('text'), PROFILE);
    await page.send('Input.dispatchKeyEvent', {
      ...{ type: 'rawKeyDown', key: 'z', code: 'KeyZ', windowsVirtualKeyCode: 90, modifiers: 2 },
      commands: ['undo'],
    });
    await page.until(`document.getElementById('text').value.includes('rexad')`);
    await write(PROFILE);
    await compiled();
  });

  it('keeps the last result while the text has errors, and reports it', async () => {
    await typeBehind('"SCMP_ACT_ERRNO",', ',');
    await page.until(`document.querySelector('#marks u.error') !== null`);
    assert.match(await text('#taken'), /1 error: what is shown is of the text before/);
    assert.match(await text('#conditions'), /socket/);
    await page.click('#problems a');
    assert.equal(await page.evaluate('document.activeElement.id'), 'text');
    await write(PROFILE);
    await page.until(`document.querySelector('#marks u.error') === null`);
  });

  it('underlines a typo in a profile of 400 rules while typing, and reports the delay', async () => {
    const names = [...syscallsOf('x86_64').keys()];
    const rules = Array.from({ length: 400 }, (_, index) => ({
      names: [names[index % names.length]],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: index, op: 'SCMP_CMP_EQ' }],
    }));
    await recompiled(() =>
      set(JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: rules }, undefined, 2)),
    );
    await page.evaluate(`{
      globalThis.times = [];
      let started;
      document.getElementById('text').addEventListener('input', () => (started = performance.now()), true);
      new MutationObserver(() => times.push(performance.now() - started)).observe(
        document.getElementById('marks'), { childList: true });
    }`);
    for (let round = 1; round <= 6; round++) {
      await typeBehind('"close', 'x');
      await page.until(`document.querySelector('#marks u')?.textContent === '"close${'x'.repeat(round)}"'`);
    }
    const times = await page.evaluate<readonly number[]>('times');
    console.log(`      from the key to the underline: ${times.map(Math.round).join(', ')} ms`);
    await recompiled(() => set(PROFILE));
  });

  it('finds a call by keyboard, and shows its rules with their places in the editor', async () => {
    await page.evaluate('document.activeElement.blur()');
    await page.press('/');
    await page.type('socket');
    await page.press('Enter');
    assert.match(await text('#panel'), /^socket x86_64 41.*ALLOW if domain is AF_UNIX/s);
    for (const _ of ['to the search', 'to all calls']) await page.press('Escape');
    await page.click('#panel a[href="#P5-17"]');
    assert.equal(
      await page.evaluate(
        `(editor => editor.value.slice(editor.selectionStart, editor.selectionStart + 8))(document.activeElement)`,
      ),
      '"socket"',
    );
  });

  it('explains a call by name with constants, and shows the remedy', async () => {
    await page.click('#walk-call');
    await page.type('socket');
    await page.press('Tab');
    await page.type('AF_INET, SOCK_STREAM|SOCK_CLOEXEC');
    await page.press('Enter');
    await page.until(`!document.getElementById('simulation').hidden`);
    assert.match(await text('#walk-result'), /^ERRNO\(EPERM\)/);
    assert.match(
      await text('#simulation'),
      /domain = AF_INET \(0x2\).*by default, because none of these rules matches.*profile:5:17.*To allow it, /s,
    );
  });

  it('compares with a shipped profile, and with a second one', async () => {
    await recompiled(() => select('against', 'docker-default'));
    assert.match(await text('#comparison h2'), /docker-default/);
    await page.click('#changed-only');
    assert.match(await text('.abi .grid'), /ERRNO\(EPERM\)\s+→ ALLOW/);
    await page.click('#changed-only');
    await select('against', 'second');
    await page.click('#second');
    await recompiled(() => page.type(PROFILE.replace('"write"', '"close"')));
    assert.match(await text('#comparison'), /write\s.*ALLOW\s+ERRNO\(EPERM\)/s);
    await recompiled(() => select('against', ''));
  });

  it('resolves for the chosen target', async () => {
    await recompiled(() => select('arch', 'aarch64'));
    assert.match(await text('#summary'), /aarch64, Linux/);
    await recompiled(() => select('arch', 'x86_64'));
  });

  it('fixes a finding by a click, after checking the fix', async () => {
    await recompiled(() => typeBehind('"exit_group"', ', "read"'));
    await page.until(`document.querySelector('#findings .fix') !== null`);
    assert.match(await text('#findings'), /Remove the name keeps every action/);
    await recompiled(() => page.click('#findings .fix'));
    assert.equal(await value('text'), PROFILE);
  });

  it('checks a pasted log', async () => {
    await page.click('#recorded');
    await page.type('openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3\nread(3, "", 1) = 0\n');
    await page.click('#check');
    await page.until(`document.querySelector('#checked table') !== null`);
    assert.match(await text('#checked'), /2 distinct calls of 1 run: 1 refused.*openat.*ERRNO\(ENOSYS\)/s);
    assert.match(await text('#checked .names'), /exit_group, socket \(under conditions\), write/);
  });

  it('exports in every format', async () => {
    const formats = await page.evaluate<readonly string[]>(
      `[...document.getElementById('format').options].map(({ value }) => value)`,
    );
    assert.equal(formats.length, 13);
    for (const format of formats) {
      await page.evaluate(`document.getElementById('exported-problem').textContent = ''`);
      await select('format', format);
      await page.click('#make');
      await page.until(
        `!document.getElementById('exported').hidden || document.getElementById('exported-problem').textContent`,
      );
      const exported = await page.evaluate<string>(`document.getElementById('exported').textContent`);
      if (format === 'bpf')
        assert.equal(
          exported.replaceAll(/\s/g, ''),
          compile(PROFILE, { arch: 'x86_64' }).bpf.toString('hex'),
        );
      else
        assert.match(
          (await page.evaluate(`document.getElementById('exported-problem').textContent`)) + exported,
          /ALLOW|allow/,
        );
    }
  });

  it('opens a dropped file, and a program as its source', async () => {
    const bytes = [...compile(PROFILE, { arch: 'x86_64' }).bpf];
    const dropped = (content: string): Promise<void> =>
      page.evaluate(`{
        const data = new DataTransfer();
        data.items.add(new File([${content}], 'dropped'));
        document.getElementById('drop').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
      }`);
    await recompiled(() => dropped(`new Uint8Array(${JSON.stringify(bytes)})`));
    assert.equal(await text('#taken'), 'Read as a program');
    assert.match(await text('#conditions'), /allowed if domain is AF_UNIX/);
    await recompiled(() => dropped(JSON.stringify(PROFILE)));
    assert.equal(await value('text'), PROFILE);
  });

  it('creates a link that opens the same text, target and call', async () => {
    await page.click('.grid button');
    await page.click('#share');
    await page.until(`document.getElementById('link').value !== ''`);
    const link = await value('link');
    await page.send('Page.navigate', { url: 'about:blank' });
    await page.send('Page.navigate', { url: link });
    await page.until(
      `document.readyState === 'complete' && document.activeElement?.closest('.grid') != null`,
    );
    assert.equal(await value('text'), PROFILE);
    assert.match(await text('#panel'), /^read x86_64 0/);
  });

  for (const [what, fragment] of [
    ['no text in it', 'profile=%00%00'],
    ['what is not compressed', 'profile=AAAA'],
    ['an unknown architecture and markup', `profile=AAAA&arch=<b>&call=${encodeURIComponent(HOSTILE)}`],
  ] as const)
    it(`treats a link with ${what} as a link without a profile`, async () => {
      await page.evaluate(`document.location.hash = ${JSON.stringify(fragment)}`);
      await page.until(
        `document.getElementById('progress').textContent.includes('no profile') || document.querySelector('#results:not(.stale)')`,
      );
      assert.equal(await value('text'), PROFILE);
      assert.equal(await value('arch'), 'x86_64');
    });

  it('shows the content of a profile, a log or a link as text', async () => {
    const escaped = JSON.stringify(HOSTILE);
    await recompiled(() =>
      write(
        `{ "defaultAction": "SCMP_ACT_ERRNO", ${escaped}: 1, "syscalls": [{ "names": ["read", ${escaped}], "action": "SCMP_ACT_ALLOW", "comment": ${escaped} }] }`,
      ),
    );
    await page.click('.grid button');
    assert.ok((await text('#panel')).includes(HOSTILE));
    await page.evaluate(
      `document.getElementById('recorded').value = ${JSON.stringify(`1 mount("${HOSTILE}") = 0\n${HOSTILE}`)}`,
    );
    await page.click('#check');
    await page.until(`document.querySelector('#checked table') !== null`);
    assert.equal(await page.evaluate(`window.injected === undefined && document.images.length`), 0);
  });

  it('cannot be made to load or run anything else', async () => {
    const { result } = await page.send('Runtime.evaluate', {
      expression: `Promise.all([
        fetch('http://127.0.0.1:9/').then(() => 'loaded', () => 'refused'),
        new Promise(resolve => {
          document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective), { once: true });
          document.body.append(Object.assign(document.createElement('script'), { text: trustedTypes ? '' : '' , src: '' }));
          document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.1:9/' }));
        }),
      ]).catch(error => [error.name])`,
      awaitPromise: true,
      returnByValue: true,
    });
    assert.deepEqual((result as { value: unknown }).value, ['TypeError']);
  });

  it('has no accessibility findings of axe, wide and narrow, light and dark', async () => {
    await page.send('Page.navigate', { url });
    await page.until(`document.readyState === 'complete' && document.querySelector('.grid') !== null`);
    await page.evaluate(`${readFileSync(AXE, 'utf8')}; 0`);
    for (const [width, scheme] of [
      [1440, 'light'],
      [390, 'dark'],
    ] as const) {
      await page.send('Emulation.setDeviceMetricsOverride', {
        width,
        height: 844,
        deviceScaleFactor: 1,
        mobile: false,
      });
      await page.send('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      });
      const { result } = await page.send('Runtime.evaluate', {
        expression: `axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
          violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 150)).join(' | ')))`,
        awaitPromise: true,
        returnByValue: true,
      });
      assert.deepEqual((result as { value: unknown }).value, [], `${width} ${scheme}`);
      assert.ok(
        await page.evaluate(`document.documentElement.scrollWidth <= innerWidth`),
        'nothing sticks out',
      );
    }
  });

  it('requests nothing but itself', () => {
    assert.deepEqual(
      page.requests.filter(one => !one.startsWith(url) && !one.startsWith('blob:') && one !== 'about:blank'),
      [],
    );
  });
});
