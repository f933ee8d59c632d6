// The time that recording adds to a command, compared with strace.
import { spawnSync } from 'node:child_process';
import { record } from '../../dist/entries/index.js';
import { works } from './build.mjs';
import { hasStrace, timePlain, timeUnderStrace } from './compare-commands.mjs';
import { blocks, figure, spread, table } from './format.mjs';
import { differences, interleave, summarize, timeToExit } from './statistics.mjs';

export const title = 'Recording';

/** @returns {[file: string, args: string[]]} */
const stats = count => [
  process.execPath,
  ['-e', `const fs = require('fs'); for (let i = 0; i < ${count}; i++) fs.statSync('/');`],
];

const IMPORTS = 'import json, asyncio, http.server, sqlite3, xml.dom.minidom, decimal, email, unittest, ssl';

/** @type {Record<string, [file: string, args: string[]]>} */
const COMMANDS = {
  'ls -lR': ['ls', ['-lR', 'node_modules/typescript', 'node_modules/@types']],
  'Node, 3,000 stats': stats(3_000),
  'python3, nine imports': [pythonItself(), ['-c', IMPORTS]],
  'Node, 50,000 stats': stats(50_000),
};

/** The path of the interpreter instead of the shell script of a version manager. */
function pythonItself() {
  const { stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  return stdout?.trim() || 'python3';
}

export async function measure({ quick }) {
  if (!hasStrace()) return [];
  const rounds = quick ? { rounds: 5, warmUp: 1 } : { rounds: 15, warmUp: 1 };
  const data = [];
  for (const [name, [file, args]] of Object.entries(COMMANDS)) {
    if (name.startsWith('python3') && !works(file, '-V')) continue;
    const { plain, recorded, strace } = await interleave(
      {
        plain: () => timePlain(file, args),
        recorded: () => timeToExit(() => record(file, args, { stdio: 'ignore' }).child),
        strace: () => timeUnderStrace(file, args),
      },
      rounds,
    );
    const added = { recorded: differences(recorded, plain), strace: differences(strace, plain) };
    data.push({ name, plain: summarize(plain), ...added });
  }
  return data;
}

export const render = data =>
  blocks(
    `The time that \`seccomp record\` adds to a command, and the time that \`strace -f -o /dev/null\` adds. The last column is their ratio. At first
a process stops at each call, as under strace, which no longer matters for the last command.`,
    data.length === 0
      ? 'Not measured, as strace is not installed.'
      : table(
          ['Command', 'Plain, ms', 'Recording adds, ms', 'strace adds, ms', 'Ratio'],
          data.map(({ name, plain, recorded, strace }) => [
            name,
            spread(plain),
            spread(recorded),
            spread(strace),
            figure(recorded.median / strace.median),
          ]),
        ),
  );
