// The --help output and the manual page of every subcommand.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { moreHelp } from '#lib/cli/more-help.js';
import { commandLine } from '#lib/cli/program.js';
import { cli } from '../support/child.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const names = commandLine('', () => Promise.resolve()).commands.map(command => command.name());

/** Splits a line into words as a shell does, without redirections. */
const wordsOf = (line: string): readonly string[] =>
  (line.replace(/ > .*/, '').match(/'[^']*'|\S+/g) ?? []).map(word => word.replaceAll("'", ''));

describe('--help', () => {
  it('lists every subcommand by purpose, and the shipped profiles', () => {
    const { stdout, code } = cli(['--help']);
    assert.equal(code, 0);
    for (const name of names) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
    assert.match(stdout, /^Run commands[^]*^ {2}run /m);
    assert.match(stdout, /^Profiles that ship: .*docker-default/m);
  });

  it('lists own options before shared ones, then exit codes and examples', () => {
    const { stdout } = cli(['lint', '--help']);
    assert.match(
      stdout,
      /^Arguments:\n[^]*^Options:\n[^]*--fail-on[^]*^What the profile means:\n[^]*--arch[^]*^Exit code: 0; 1 if[^]*^Examples:\n {2}seccomp lint /m,
    );
    assert.ok(stdout.split('\n').every(line => line.length <= 80));
  });

  for (const name of names)
    it(`has valid examples of ${name}`, async () => {
      for (const example of moreHelp(name).examples) {
        let ran = 0;
        const program = commandLine('', () => {
          ran++;
          return Promise.resolve();
        });
        for (const command of [program, ...program.commands])
          command.configureOutput({ writeErr: () => undefined, outputError: () => undefined });
        try {
          await program.parseAsync(wordsOf(example), { from: 'user' });
        } catch (error) {
          assert.ok(error instanceof CommanderError);
          assert.fail(`seccomp ${example}: ${error.message}`);
        }
        assert.equal(ran, 1, example);
      }
    });
});

describe('the manual', () => {
  it('has a page for every subcommand, which package.json lists', () => {
    const pages = ['seccomp.1', ...names.map(name => `seccomp-${name}.1`)].sort();
    assert.deepEqual(readdirSync(`${root}man`).sort(), pages);
    const { man } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
      readonly man: readonly string[];
    };
    assert.deepEqual(
      [...man].sort(),
      pages.map(page => `./man/${page}`),
    );
  });

  it('has the same content as --help', () => {
    const page = readFileSync(`${root}man/seccomp-simulate.1`, 'utf8');
    for (const part of [
      /^\\fB\\-l\\fP, \\fB\\-\\-layer\\fP \\fIfilter\\fP$/m,
      /^\.SS What the profile means$/m,
      /AF_VSOCK/,
    ])
      assert.match(page, part);
  });
});
