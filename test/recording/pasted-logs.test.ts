// Logs that terminals, mail, Markdown and log collectors have changed.
import assert from 'node:assert/strict';
import { read, summary } from '../support/read-log.js';

describe('Logs of strace', () => {
  const line = '12 openat(AT_FDCWD, "/a<b>", O_RDONLY <unfinished ...>';
  for (const [what, wrap] of [
    ['a terminal in colours', text => `\x1b[01;32m\x1b[K${text}\x1b[m\x1b]0;title\x07`],
    ['PowerShell and Windows', text => `${text}\r`],
    ['a mail that quotes it', text => `> > ${text}`],
    ['a list in Markdown', text => `- ${text}`],
    ['code in Markdown', text => `\`${text}\``],
    ['HTML', text => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')],
    ['a word processor', text => text.replaceAll('...', '…').replace('"', '“').replaceAll(' ', '\u00a0')],
    ['tabs', text => `\t${text}  `],
    ['docker compose logs', text => `app-1  | ${text}`],
    ['a supervisor of several processes', text => `12:00:00 web.1   | ${text}`],
    ['kubectl logs --prefix', text => `[pod/web-5d8f/app] ${text}`],
    [
      'kubectl logs --prefix --timestamps',
      text => `[pod/web-5d8f/app] 2026-11-29T12:00:00.123456789Z ${text}`,
    ],
    ['journalctl', text => `Nov 29 12:00:00 host strace[77]: ${text}`],
    ['journalctl -o short-iso', text => `2026-11-29T12:00:00+0100 host strace[77]: ${text}`],
    [
      'journalctl -o json, with a control character',
      text => JSON.stringify({ MESSAGE: [...Buffer.from(`\x1b[m${text}`)] }),
    ],
    ['syslog', text => `<13>Nov  9 12:00:00 host my-app@1.service[77]: ${text}`],
    ['a log of GitLab', text => `2026-11-29T12:00:00.123456Z 01E ${text}`],
    ['gh run view --log', text => `build\tRun tests\t2026-11-29T12:00:00.1234567Z ${text}`],
    ['a time in brackets', text => `[2026-11-29 12:00:00.123] ${text}`],
    ['docker logs -t', text => `2026-11-29T12:00:00.123456789Z ${text}`],
    ['a file of a container', text => `2026-11-29T12:00:00.123456789+00:00 stderr F ${text}`],
    ['a file of Docker', text => JSON.stringify({ log: `${text}\n`, stream: 'stderr', time: 'x' })],
    ['cat -n', text => `     7\t${text}`],
    ['grep -Hn', text => `trace.log:7:${text}`],
  ] as readonly (readonly [string, (text: string) => string])[])
    it(`are read from ${what}`, () => {
      const { recording, skipped, examples } = read(
        [line, '12 <... openat resumed>) = 3'].map(wrap).join('\n'),
      );
      assert.deepEqual(summary(recording), ['openat(0) x1']);
      assert.equal(skipped, 0, JSON.stringify(examples));
    });
});
