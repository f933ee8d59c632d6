// What the pages show is what happens: runs their code blocks and compares what they print with the remarks beside it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHILD_LIMIT } from '../support/child.js';

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

/** The words behind `console.log(…); // ` that name the whole output: `filter`, `EACCES`, `ALLOW ERRNO(EPERM)`. */
const promised = (code: string): readonly string[] =>
  [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.+)$/gm)]
    .map(([, remark = '']) => remark)
    .filter(remark => /^[A-Z]{3,}|^filter$|^unknown-/.test(remark));

describe('The code blocks of the pages', () => {
  let directory = '';
  before(() => {
    // Inside of the package, so that it finds itself by its name.
    mkdirSync(`${root}out`, { recursive: true });
    directory = mkdtempSync(`${root}out/readme-`);
  });
  after(() => {
    rmSync(directory, { recursive: true });
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
          const { status, stdout, stderr } = spawnSync(
            'sh',
            ['-c', command.replace('npx seccomp', '"$NODE" "$CLI"')],
            {
              cwd: directory,
              encoding: 'utf8',
              timeout: CHILD_LIMIT,
              env: {
                ...process.env,
                NODE: process.execPath,
                CLI: `${root}bundle/cli.js`,
                PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
              },
            },
          );
          assert.equal(status, 0, `${stdout}${stderr}`);
        });
      });
    }
  }
});
