// Drives a headless Chromium through its debugging pipe, and records the requests and errors of a page.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** The path of Chromium, or undefined if there is none. */
export function findChromium(): string | undefined {
  const paths = (process.env['PATH'] ?? '').split(delimiter).map(folder => join(folder, 'chromium'));
  return paths.find(path => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A page in a separate browser. */
export interface OpenPage {
  /** The value of an expression in the page. */
  readonly evaluate: <T>(expression: string) => Promise<T>;
  /** Types text into the focused element. */
  readonly type: (text: string) => Promise<void>;
  /** Presses and releases a key, e.g. `ArrowRight`. */
  readonly press: (key: string) => Promise<void>;
  /** Scrolls to the first element that matches a selector, and clicks its centre with the mouse. */
  readonly click: (selector: string) => Promise<void>;
  /** Waits until an expression in the page is true. */
  readonly until: (expression: string) => Promise<void>;
  /** Writes a screenshot to a PNG file. */
  readonly screenshot: (path: string) => Promise<void>;
  readonly send: (method: string, params?: object) => Promise<Record<string, unknown>>;
  /** The requested URLs, starting with the page's own. */
  readonly requests: readonly string[];
  /** Logged messages, errors, and violations of the content security policy. */
  readonly complaints: readonly string[];
  readonly close: () => Promise<void>;
}

/** Opens a URL and waits until it is loaded. */
export async function openPage(
  chromium: string,
  url: string,
  options: { readonly scripting?: boolean } = {},
): Promise<OpenPage> {
  const profile = mkdtempSync(join(tmpdir(), 'seccomp-page-'));
  const browser = spawn(
    chromium,
    [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-extensions'],
      ...['--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'],
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const ended = new Promise<void>(resolve => browser.once('close', () => resolve()));
  const [input, output] = [browser.stdio[3] as Writable, browser.stdio[4] as Readable];
  const answers = new Map<number, (message: Message) => void>();
  const requests: string[] = [];
  const complaints: string[] = [];
  let loaded: () => void = () => undefined;
  let last = 0;

  const receive = ({ id, method, params, ...rest }: Message): void => {
    if (id !== undefined) answers.get(id)?.({ id, ...rest });
    if (method === 'Page.loadEventFired') loaded();
    if (method === 'Network.requestWillBeSent')
      requests.push((params?.['request'] as { url: string } | undefined)?.url ?? '');
    if (
      method === 'Runtime.consoleAPICalled' ||
      method === 'Runtime.exceptionThrown' ||
      method === 'Log.entryAdded'
    )
      complaints.push(JSON.stringify(params));
  };
  let rest = '';
  output.setEncoding('utf8').on('data', (chunk: string) => {
    const messages = `${rest}${chunk}`.split('\0');
    rest = messages.pop() ?? '';
    for (const message of messages) receive(JSON.parse(message) as Message);
  });
  input.on('error', () => undefined);

  const sendTo = async (
    sessionId: string | undefined,
    method: string,
    params: object = {},
  ): Promise<Record<string, unknown>> => {
    const id = ++last;
    const answer = new Promise<Message>((resolve, reject) => {
      answers.set(id, resolve);
      void ended.then(() => reject(new Error(`Chromium ended before it answered ${method}`)));
    });
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result = {}, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  };

  const close = async (): Promise<void> => {
    // Closing the browser also ends its processes, which would otherwise continue to write to the folder.
    await sendTo(undefined, 'Browser.close').catch(() => browser.kill('SIGKILL'));
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 20 });
  };

  try {
    const { targetInfos } = await sendTo(undefined, 'Target.getTargets');
    const page = (targetInfos as { type: string; targetId: string }[]).find(({ type }) => type === 'page');
    const { sessionId } = await sendTo(undefined, 'Target.attachToTarget', {
      targetId: page?.targetId,
      flatten: true,
    });
    const send: OpenPage['send'] = (method, params) => sendTo(sessionId as string, method, params);
    for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await send(`${domain}.enable`);
    if (options.scripting === false) await send('Emulation.setScriptExecutionDisabled', { value: true });
    const whenLoaded = new Promise<void>(resolve => (loaded = resolve));
    await send('Page.navigate', { url });
    await whenLoaded;
    return {
      send,
      requests,
      complaints,
      close,
      evaluate: async <T>(expression: string): Promise<T> => {
        const { result, exceptionDetails } = await send('Runtime.evaluate', {
          expression,
          returnByValue: true,
        });
        if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
        return (result as { value: T }).value;
      },
      type: async text => {
        await send('Input.insertText', { text });
      },
      press: async key => {
        const windowsVirtualKeyCode = KEYS[key] ?? key.charCodeAt(0);
        const text = key.length === 1 ? { text: key } : key === 'Enter' ? { text: '\r' } : {};
        for (const type of [key.length === 1 || key === 'Enter' ? 'keyDown' : 'rawKeyDown', 'keyUp'])
          await send('Input.dispatchKeyEvent', { type, key, code: key, windowsVirtualKeyCode, ...text });
      },
      click: async selector => {
        const { result } = await send('Runtime.evaluate', {
          expression: `(() => {
            const found = document.querySelector(${JSON.stringify(selector)});
            found.scrollIntoView({ block: 'center', behavior: 'instant' });
            const { left, top, width, height } = found.getBoundingClientRect();
            return [left + width / 2, top + height / 2];
          })()`,
          returnByValue: true,
        });
        const [x, y] = (result as { value?: readonly number[] }).value ?? [];
        if (x === undefined) throw new Error(`there is no ${selector}`);
        for (const type of ['mousePressed', 'mouseReleased'])
          await send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
      },
      until: async expression => {
        const { exceptionDetails } = await send('Runtime.evaluate', {
          expression: `new Promise((resolve, reject) => {
            const started = performance.now();
            const look = () => {
              if (${expression}) resolve();
              else if (performance.now() - started > 30000) reject(new Error('waited in vain for ' + ${JSON.stringify(expression)}));
              else setTimeout(look, 5);
            };
            look();
          })`,
          awaitPromise: true,
        });
        if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      },
      screenshot: async path => {
        const { data } = await send('Page.captureScreenshot');
        writeFileSync(path, Buffer.from(data as string, 'base64'));
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Key codes, which Chromium needs in addition to the names of keys. */
const KEYS: Readonly<Record<string, number>> = {
  ArrowDown: 40,
  ArrowRight: 39,
  Delete: 46,
  End: 35,
  Enter: 13,
  Escape: 27,
  Tab: 9,
};
