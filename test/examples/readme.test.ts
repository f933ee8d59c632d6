// The pages are correct: runs their code blocks and compares the output with the comments in the code.
import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHILD_LIMIT } from '../support/child.js';
import { skip } from '../support/skip.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const pages = ['README.md', ...readdirSync(`${root}docs`).map(name => `docs/${name}`)].filter(name =>
  name.endsWith('.md'),
);

/** The blocks of a page that start with one of these words, with the line each begins on. */
function blocks(page: string, language: string): readonly { readonly line: number; readonly code: string }[] {
  const text = readFileSync(`${root}${page}`, 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ({ index, 1: code = '' }) => ({
      line: text.slice(0, index).split('\n').length,
      code,
    }),
  );
}

/** A block of `sh run`, with the lines of the following `text` block, which are part of its output. */
interface Step {
  readonly line: number;
  readonly code: string;
  readonly prints: readonly string[];
  /** The only processor on which this applies. */
  readonly arch: string | undefined;
}

function steps(page: string): readonly Step[] {
  const text = readFileSync(`${root}${page}`, 'utf8');
  return [...text.matchAll(/^```sh run(?: (\w+))?\n([^]*?)^```\n(?:\n```text\n([^]*?)^```$)?/gm)].map(
    ({ index, 1: arch, 2: code = '', 3: prints = '' }) => ({
      arch,
      line: text.slice(0, index).split('\n').length,
      code,
      prints: prints.split('\n').filter(line => line !== ''),
    }),
  );
}

/** The words after `console.log(…); // ` that name the whole output: `filter`, `EACCES`, `ALLOW ERRNO(EPERM)`. */
const promised = (code: string): readonly string[] =>
  [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.+)$/gm)]
    .map(([, remark = '']) => remark)
    .filter(remark => /^[A-Z]{3,}|^filter$|^unknown-/.test(remark));

describe('The code blocks of the pages', () => {
  let directory = '';
  before(() => {
    // In the package's folder, so that the package can import itself by name.
    mkdirSync(`${root}out`, { recursive: true });
    directory = mkdtempSync(`${root}out/readme-`);
    mkdirSync(`${directory}/bin`);
    // For npx, which would otherwise look for the package in the registry.
    writeFileSync(
      `${directory}/bin/npx`,
      `#!/bin/sh\nshift\nexec "${process.execPath}" "${root}bundle/cli.js" "$@"\n`,
    );
    chmodSync(`${directory}/bin/npx`, 0o755);
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  const shell = (commands: string, cwd: string): SpawnSyncReturns<string> =>
    spawnSync('sh', ['-c', commands], {
      cwd,
      encoding: 'utf8',
      timeout: CHILD_LIMIT,
      env: {
        ...process.env,
        PATH: [`${directory}/bin`, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
      },
    });

  for (const page of pages) {
    for (const { line, code } of blocks(page, 'js run')) {
      it(`${page}, line ${line} runs`, () => {
        const file = `${directory}/block-${line}.mjs`;
        writeFileSync(file, code);
        const { status, signal, stdout, stderr } = spawnSync(process.execPath, [file], {
          encoding: 'utf8',
          timeout: CHILD_LIMIT,
        });
        assert.equal(status, 0, `${signal ?? ''}${stdout}${stderr}`);
        assert.equal(stderr, '');
        for (const remark of promised(code))
          assert.ok(stdout.split('\n').includes(remark), `${remark} is not in: ${stdout}`);
      });
    }

    for (const { line, code } of blocks(page, 'sh')) {
      const commands = code.split('\n').filter(command => command.startsWith('npx seccomp '));
      commands.forEach((command, index) => {
        it(`${page}, line ${line + 1 + index}: ${command}`, () => {
          const { status, stdout, stderr } = shell(command, directory);
          assert.equal(status, 0, `${stdout}${stderr}`);
        });
      });
    }

    for (const { line, code, prints, arch } of steps(page)) {
      it(`${page}, line ${line}, a step after those before it`, function () {
        if (arch !== undefined && arch !== process.arch) skip(this, `this is for ${arch}`);
        const place = `${directory}/${basename(page, '.md')}`;
        mkdirSync(place, { recursive: true });
        const { status, stdout, stderr } = shell(`set -e\n${code}`, place);
        assert.equal(status, 0, `${stdout}${stderr}`);
        for (const expected of prints)
          assert.ok(
            `${stdout}${stderr}`.split('\n').includes(expected),
            `${expected} is not in: ${stdout}${stderr}`,
          );
      });
    }
  }
});
