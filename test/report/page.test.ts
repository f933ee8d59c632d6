// The page in a browser: it needs no network, searches calls, and steps through the program, without errors.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { htmlReport } from '#lib/report/report.js';
import { findChromium, openPage, type OpenPage } from './chromium.js';
import { written } from '../support/written.js';
import { skip } from '../support/skip.js';

const HOSTILE =
  '</script><img src="http://127.0.0.1:9/" onerror="window.injected = true"><script>window.injected = true</script>';

const PROFILE = written({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [
    { names: ['read', 'write', HOSTILE], action: 'SCMP_ACT_ALLOW', comment: HOSTILE },
    { names: ['kill'], action: 'SCMP_ACT_KILL_PROCESS' },
  ],
});

const chromium = findChromium();

describe('the page in Chromium', function () {
  if (chromium === undefined) {
    it('is skipped: chromium is not installed', function () {
      skip(this, 'there is no Chromium');
    });
    return;
  }
  this.timeout(120_000);

  const folder = mkdtempSync(join(tmpdir(), 'seccomp-report-'));
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return pathToFileURL(path).href;
  };
  after(() => rmSync(folder, { recursive: true, force: true }));

  describe("of Docker's default, with three ABIs", () => {
    let page: OpenPage;
    let url: string;
    before(async () => {
      const text = htmlReport('docker-default', { arch: 'x86_64', against: PROFILE });
      assert.ok(text.length < 1_000_000, `the page has ${text.length} letters`);
      url = write('docker.html', text);
      page = await openPage(chromium, url);
    });
    after(() => page.close());

    /** The names of the visible calls, with their ABIs. */
    const shown = (): Promise<readonly string[]> =>
      page.evaluate(`[...document.querySelectorAll('.abi')].flatMap(one =>
        [...one.querySelectorAll('.grid button')]
          .filter(button => button.checkVisibility())
          .map(button => one.dataset.abi + ' ' + button.querySelector('b').textContent))`);

    const search = async (text: string): Promise<void> => {
      await page.evaluate(
        `document.getElementById('query').focus(); document.getElementById('query').select()`,
      );
      await (text === '' ? page.press('Delete') : page.type(text));
    };

    const text = (selector: string): Promise<string> =>
      page.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);

    it('finds calls by name while typing', async () => {
      await search('personal');
      assert.deepEqual(await shown(), ['x86_64 personality', 'x86 personality', 'x32 personality']);
      assert.equal(await text('#matches'), '3 of 1220 calls');
      await search('');
      assert.equal(await text('#matches'), '1220 calls');
    });

    for (const [number, calls] of [
      ['59', ['x86_64 execve', 'x86 oldolduname']],
      ['0x29', ['x86_64 socket', 'x86 dup', 'x32 socket']],
    ] as const) {
      it(`finds calls by number: ${number}`, async () => {
        await search(number);
        assert.deepEqual(await shown(), calls);
        await search('');
      });
    }

    it('shows only the calls of the chosen group', async () => {
      const choose = (name: string): Promise<unknown> =>
        page.evaluate(`{ const group = document.getElementById('group'); group.value = ${JSON.stringify(name)};
          group.dispatchEvent(new Event('change')); }`);
      await choose('@bpf');
      assert.deepEqual(await shown(), ['x86_64 bpf', 'x86 bpf', 'x32 bpf']);
      await search('sock');
      assert.deepEqual(await shown(), []);
      await choose('@network-client');
      await search('');
      assert.match((await shown()).join(), /^x86_64 connect,/);
      await choose('');
      assert.equal(await text('#matches'), '1220 calls');
    });

    it('shows only calls with the chosen actions', async () => {
      const boxes = `document.querySelectorAll('input[name=tone]:not([value=conditional])')`;
      await page.evaluate(`for (const box of ${boxes}) box.click()`);
      assert.deepEqual(await shown(), ['x86_64 socket', 'x86_64 clone', 'x86_64 personality']);
      await page.evaluate(`for (const box of ${boxes}) box.click()`);
    });

    it('shows a selected call, with links to existing lines', async () => {
      await page.evaluate(`[...document.querySelectorAll('.grid b')]
        .find(name => name.textContent === 'socket').closest('button').click()`);
      const panel = await text('#panel');
      assert.match(panel, /ERRNO\(EPERM\) if domain is AF_ALG or AF_VSOCK/);
      assert.match(panel, /int domain, 32 bits/);
      assert.match(panel, /@network\b/);
      const targets = await page.evaluate<readonly string[]>(
        `[...document.querySelectorAll('#panel a[href^="#P"]')].map(({ hash }) => document.querySelector(hash).textContent)`,
      );
      assert.deepEqual(targets, ['"socket"', '"socket"', '"socket"']);
    });

    it('can be used with the keyboard', async () => {
      await page.evaluate(`document.querySelector('.grid button').focus()`);
      await page.press('ArrowRight');
      assert.match(await text('#panel h3'), /^write /);
      await page.press('End');
      assert.equal(await page.evaluate(`document.activeElement.closest('li').nextElementSibling`), null);
      assert.equal(await page.evaluate(`document.querySelectorAll('.grid [tabindex="0"]').length`), 3);
    });

    it('steps through the program for a call and its arguments', async () => {
      const walk = async (abi: string, call: string, args: string): Promise<string> => {
        await page.evaluate(`{
          const [abi, call, args] = ${JSON.stringify([abi, call, args])};
          document.getElementById('walk-abi').value = abi;
          document.getElementById('walk-call').value = call;
          document.getElementById('walk-args').value = args;
          document.querySelector('#walk button').click();
        }`);
        return text('#walk-result');
      };
      assert.match(await walk('x86_64', 'socket', '1'), /^ALLOW after \d+ instructions\b/);
      assert.match(await walk('x86_64', 'socket', '0x28, 1, 0'), /^ERRNO\(EPERM\) after/);
      assert.match(await walk('x32', '135', '-2'), /^ERRNO\(EPERM\) after/);
      const lit = await page.evaluate<number>(`document.querySelectorAll('.flow .lit.test').length`);
      const ways = await page.evaluate<number>(`document.querySelectorAll('.flow .lit > path').length`);
      assert.ok(lit > 0 && lit === ways);
      const last = await text('#steps li:last-child');
      assert.match(last, /return ERRNO\(EPERM\)/);
      assert.match(await walk('x86_64', 'nonsense', ''), /^No call nonsense$/);
      assert.match(await walk('x86_64', 'read', 'x'), /^there is no constant "x"/);
      assert.match(await walk('x86_64', 'read', '1 2 3 4 5 6 7'), /up to six arguments/);
    });

    it('accepts names of constants as arguments, and suggests the one that was meant', async () => {
      const walk = async (args: string): Promise<string> => {
        await page.evaluate(`document.getElementById('walk-call').value = 'socket'`);
        await page.evaluate(`document.getElementById('walk-args').value = ''`);
        await page.click('#walk-args');
        await page.type(args);
        await page.press('Enter');
        return text('#walk-result');
      };
      assert.match(await walk('AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0'), /^ERRNO\(EPERM\) after/);
      assert.match(await walk('AF_UNIX SOCK_STREAM|SOCK_CLOEXEC'), /^ALLOW after/);
      assert.match(await walk('AF_UNXI'), /Did you mean "AF_UNIX"\?/);
    });

    it('can be searched with only the keyboard', async () => {
      await page.evaluate('document.activeElement.blur()');
      await page.press('/');
      assert.equal(await page.evaluate('document.activeElement.id'), 'query');
      await page.type('personal');
      await page.press('ArrowDown');
      assert.match(await text('#panel h3'), /^personality x86_64 135/);
      await page.press('Escape');
      assert.equal(await page.evaluate('document.activeElement.id'), 'query');
      await page.press('Escape');
      assert.equal(await text('#matches'), '1220 calls');
    });

    it('first shows the whole diagram, and after a click a part of it in full size', async () => {
      const fits = (): Promise<boolean> =>
        page.evaluate(`(canvas => canvas.scrollHeight <= canvas.clientHeight + 1 && canvas.scrollWidth <= canvas.clientWidth + 1)(
          document.querySelector('.canvas'))`);
      await page.click('[data-zoom=full]');
      assert.equal(await fits(), false);
      await page.click('[data-zoom=overview]');
      assert.equal(await fits(), true);
      await page.click('.flow .answer');
      assert.equal(await text('#zoom'), '100 %');
      await page.evaluate(`document.querySelector('.canvas').focus()`);
      await page.press('+');
      assert.equal(await text('#zoom'), '150 %');
      await page.press('0');
      assert.equal(await fits(), true);
    });

    it('opens a call that a link names, with its arguments', async () => {
      await page.evaluate(`document.location.hash = 'call=' + encodeURIComponent('x32/personality')`);
      await page.until(`document.activeElement.closest('.grid') !== null`);
      assert.match(await text('#panel h3'), /^personality x32/);
      const link = await page.evaluate<string>(`document.querySelector('#panel a[href^="#call"]').hash`);
      assert.equal(decodeURIComponent(link), '#call=x32/personality');
      await page.evaluate(`document.location.hash = 'call=x86_64/socket(AF_ALG,SOCK_SEQPACKET)'`);
      await page.until(`document.getElementById('walk-call').value === 'socket'`);
      assert.match(await text('#walk-result'), /^ERRNO\(EPERM\) after/);
    });

    for (const link of ['x86_64/nonsense', '<img src=x>', 'x86_64/socket(<b>)', 'toString/constructor', '%'])
      it(`does nothing for a link to ${link}`, async () => {
        const before = await text('#panel h3');
        await page.evaluate(`document.location.hash = 'call=' + ${JSON.stringify(link)}`);
        await page.until('true');
        assert.equal(await text('#panel h3'), link.startsWith('x86_64/socket') ? 'socket x86_64 41' : before);
      });

    it('shows differences from another profile in the grid', async () => {
      await search('getppid');
      assert.match(await text('.grid li:not([hidden])'), /getppid\s+110\s+ALLOW\s+→ ERRNO\(ENOSYS\)/);
      await search('');
      await page.click('#changed-only');
      const names = await shown();
      assert.ok(names.includes('x86_64 getppid') && !names.includes('x86_64 read'));
      await page.click('#changed-only');
    });

    it('lists differences from another profile', async () => {
      assert.match(await text('#comparison tbody'), /socket.*ALLOW.*ERRNO\(EPERM\).*socket\(/s);
    });

    it('requests nothing but itself, and logs no errors', () => {
      assert.deepEqual(page.requests, [url]);
      assert.deepEqual(page.complaints, []);
    });

    it('cannot be made to load anything', async () => {
      const refused = `new Promise(resolve => {
        document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective));
        document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.1:9/' }));
      })`;
      const { result } = await page.send('Runtime.evaluate', { expression: refused, awaitPromise: true });
      assert.equal((result as { value: string }).value, 'img-src');
    });
  });

  it('runs no code from a hostile profile', async () => {
    const page = await openPage(
      chromium,
      write('hostile.html', htmlReport(PROFILE, { arch: 'x86_64', name: HOSTILE })),
    );
    try {
      await page.evaluate(`document.querySelector('.grid button').click()`);
      assert.ok(
        (await page.evaluate<string>(`document.getElementById('panel').innerText`)).includes(HOSTILE),
      );
      assert.equal(await page.evaluate(`window.injected === undefined && document.images.length`), 0);
      assert.deepEqual(page.complaints, []);
    } finally {
      await page.close();
    }
  });

  it('can be read without scripts', async () => {
    const page = await openPage(
      chromium,
      write('plain.html', htmlReport('docker-default', { arch: 'x86_64' })),
      {
        scripting: false,
      },
    );
    try {
      const text = await page.evaluate<string>('document.body.innerText');
      for (const words of [
        /personality\s+135\s+by arguments/,
        /allowed unless domain is AF_ALG or AF_VSOCK/,
        /"defaultAction"/,
      ])
        assert.match(text, words);
      assert.ok(!text.includes('Choose a call'), 'what needs a script is not offered');
      assert.equal(await page.evaluate(`document.getElementById('query').checkVisibility()`), false);
    } finally {
      await page.close();
    }
  });
});
