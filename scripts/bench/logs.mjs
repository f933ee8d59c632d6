// The time to read an strace log with millions of lines, compared with a tool that only scans it, and the time to check a
// profile against it.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot } from '../files.mjs';
import { blocks, comparison } from './format.mjs';
import { interleave, ratios, summarize, time } from './statistics.mjs';

export const title = 'Reading logs';

/** Lines as `strace -f -tt` writes them for a server. */
const LINES = [
  '4711 12:00:00.000001 epoll_pwait(13, [{events=EPOLLIN, data={u32=18, u64=18}}], 1024, -1, NULL, 8) = 1',
  '4711 12:00:00.000009 accept4(18, NULL, NULL, SOCK_CLOEXEC|SOCK_NONBLOCK) = 21',
  '4712 12:00:00.000011 futex(0x7f3b2c0009c8, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, FUTEX_BITSET_MATCH_ANY <unfinished ...>',
  '4711 12:00:00.000020 read(21, "GET / HTTP/1.1\\r\\nHost: localhost:8080\\r\\nUser-A"..., 65536) = 82',
  '4711 12:00:00.000031 openat(AT_FDCWD, "/srv/www/index.html", O_RDONLY|O_CLOEXEC) = 22',
  '4711 12:00:00.000040 mmap(NULL, 262144, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f3b2e5c3000',
  '4711 12:00:00.000052 writev(21, [{iov_base="HTTP/1.1 200 OK\\r\\nDate: Sun, 29 Nov 202"..., iov_len=155}], 1) = 155',
  '4712 12:00:00.000061 <... futex resumed>) = 0',
  '4711 12:00:00.000070 close(22)            = 0',
  '4712 12:00:00.000082 write(9, "\\1\\0\\0\\0\\0\\0\\0\\0", 8) = 8',
];
const CHUNK = 100_000;

export async function measure({ quick }) {
  const lines = quick ? 1_000_000 : 10_000_000;
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-logs-'));
  try {
    const log = join(directory, 'log');
    const recording = join(directory, 'recording.json');
    const chunk = Array.from({ length: CHUNK }, (_, index) => `${LINES[index % LINES.length]}\n`).join('');
    writeFileSync(log, '');
    for (let written = 0; written < lines; written += CHUNK) appendFileSync(log, chunk);
    const run = (command, ...args) => time(() => execFileSync(command, args, { stdio: 'ignore' }));
    const cli = (...args) => run(process.execPath, inRoot('bundle/cli.js'), ...args);
    cli('import', '--arch', 'x86_64', '-o', recording, log);
    const samples = await interleave(
      {
        [IMPORT]: () => cli('import', '--arch', 'x86_64', '-o', recording, log),
        '`wc -l`': () => run('wc', '-l', log),
        '`seccomp check docker-default` of the recording': () => {
          try {
            return cli('check', 'docker-default', recording);
          } catch {
            throw new Error('docker-default refuses what the log has');
          }
        },
      },
      { rounds: quick ? 3 : 5, warmUp: 1 },
    );
    const bytes = statSync(log).size;
    return {
      lines,
      bytes,
      rows: Object.entries(samples).map(([name, own]) => ({
        name,
        value: summarize(own.map(ms => ms / 1000)),
        ratio: name === IMPORT ? undefined : ratios(samples[IMPORT], own),
      })),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const IMPORT = '`seccomp import`';

export const render = ({ lines, bytes, rows }) =>
  blocks(
    `A log of \`strace -f -tt\` with ${lines / 1e6} million lines, ${Math.round(bytes / 1e6)} MB, is read into a recording.
A recording has distinct calls, so \`check\` takes the same time for any number of events. Each measurement includes the start of a process.`,
    comparison(['What', 'Seconds, median (quartiles)', 'Ratio of `seccomp import` to this'], rows),
  );
