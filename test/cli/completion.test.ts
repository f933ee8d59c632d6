// Completion by the Tab key in real shells on a terminal.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { on, once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from '../support/child.js';
import { skip } from '../support/skip.js';

/** How each shell is started without the user's files, and a script that enables completion for a function which prints its arguments. */
const SHELLS = {
  bash: {
    start: 'bash --norc --noprofile -i',
    setup: [
      'source ./script',
      `seccomp() { printf '<%s>' "$@"; printf 'DONE\\n'; }`,
      `_naive() { COMPREPLY=($(compgen -W "$(ls)" -- "$2")); }`,
      'complete -F _naive naive',
      "bind 'set bell-style none'; bind 'set show-all-if-ambiguous on'; bind 'set page-completions off'; bind 'set completion-query-items 0'",
      "PS1='@@ '",
    ],
  },
  zsh: {
    start: 'zsh -f -i',
    setup: [
      'autoload -Uz compinit; compinit -D',
      'source ./script',
      `seccomp() { printf '<%s>' "$@"; printf 'DONE\\n'; }`,
      '_naive() { local name; for name in *; do eval "compadd $name" 2>/dev/null; done }',
      'compdef _naive naive',
      'LISTMAX=9999',
      "PS1='@@ '",
    ],
  },
  fish: {
    start: 'fish --no-config -i',
    setup: [
      'source ./script',
      "function seccomp; printf '<%s>' $argv; printf 'DONE\\n'; end",
      "complete -c naive -f -a '(for name in *; eval echo $name 2>/dev/null; end)'",
      "function fish_prompt; printf '@@ '; end",
    ],
  },
} as const;

/** A shell on a terminal. */
class Session {
  readonly #script;
  #shown = '';

  constructor(start: string, directory: string) {
    const PATH = `${directory}/bin:${process.env['PATH'] ?? ''}`;
    this.#script = spawn('script', ['-q', '-c', start, '/dev/null'], {
      cwd: directory,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH, HOME: directory, TERM: 'xterm', PS1: '> ' },
    });
    this.#script.stdout.setEncoding('utf8');
  }

  /** Types keys, and returns the terminal's output up to the prompt after a command that has printed its end. */
  async type(keys: string, end = /DONE\r?\n[^]*@@ /): Promise<string> {
    this.#shown = '';
    this.#script.stdin.write(keys);
    const signal = AbortSignal.timeout(PATIENCE);
    try {
      for await (const [chunk] of on(this.#script.stdout, 'data', { signal }) as AsyncIterable<[string]>) {
        this.#shown += chunk;
        if (end.test(this.#shown)) break;
      }
    } catch (error) {
      throw new Error(`the terminal shows ${JSON.stringify(this.#shown)}`, { cause: error });
    }
    return this.#shown;
  }

  async end(): Promise<void> {
    const closed = once(this.#script, 'close');
    this.#script.stdin.end('exit\n');
    await closed;
  }
}

/** The maximum milliseconds for a response of a shell, on a busy machine. */
const PATIENCE = 20_000;
const START = /[>#] /;
/** Clears the line, and makes the shell print a mark when it has read this. */
const CLEAR = "\u0015echo DO''NE\n";

/** The typed text, with → for Tab, and the arguments that the command gets. */
const UNIQUE: readonly (readonly [typed: string, ...args: string[]])[] = [
  ['expl→', 'explain'],
  ['explain docker-d→', 'explain', 'docker-default'],
  ['explain docker-default io_uring_e→', 'explain', 'docker-default', 'io_uring_enter'],
  ['explain docker-default read @keyr→', 'explain', 'docker-default', 'read', '@keyring'],
  ['compile --unknown→ enos→ my-p→', 'compile', '--unknown-syscalls', 'enosys', 'my-profile.json'],
  ['compile --arch=aar→', 'compile', '--arch=aarch64'],
  ['compile --cap CAP_SYS_AD→', 'compile', '--cap', 'CAP_SYS_ADMIN'],
  ['lint docker-default a\\ b→', 'lint', 'docker-default', 'a b.json'],
  ['simulate docker-default socket AF_VS→', 'simulate', 'docker-default', 'socket', 'AF_VSOCK'],
  [
    'simulate docker-default --arch aarch64 x86:socket 1 SOCK_SEQ→',
    'simulate',
    'docker-default',
    '--arch',
    'aarch64',
    'x86:socket',
    '1',
    'SOCK_SEQPACKET',
  ],
  ['simulate docker-default x86:socketc→', 'simulate', 'docker-default', 'x86:socketcall'],
  [
    'derive docker-default --allow read,io_uring_e→',
    'derive',
    'docker-default',
    '--allow',
    'read,io_uring_enter',
  ],
  ['derive docker-default --deny read,@keyr→', 'derive', 'docker-default', '--deny', 'read,@keyring'],
  [
    'run --arch aarch64 docker-default -- my-comm→',
    'run',
    '--arch',
    'aarch64',
    'docker-default',
    '--',
    'my-command',
  ],
  ['run docker-default my-comm→ my-p→', 'run', 'docker-default', 'my-command', 'my-profile.json'],
  ['check docker-default my-p→', 'check', 'docker-default', 'my-profile.json'],
  ['completion zs→', 'completion', 'zsh'],
  ['help simu→', 'help', 'simulate'],
];

/** File names that a shell would interpret if they were not quoted. */
const HOSTILE = [
  '$(touch pwned)',
  '`touch pwned`',
  ';touch pwned;',
  "'; touch pwned #",
  '"$(touch pwned)"',
  '&touch pwned&',
  'x\ntouch pwned\n$(touch pwned)',
];

/** Words that a careless completion script would evaluate. zsh itself evaluates them if they are not quoted. */
const TYPED = [
  `seccomp '$(touch pwned)' →`,
  `seccomp compile --arch='$(touch pwned)→`,
  `seccomp simulate docker-default 'a[$(touch pwned)]' →`,
  `seccomp simulate docker-default 'a[$(touch pwned)]' 'b[$(touch pwned)]|→`,
  `seccomp derive docker-default --allow '$(touch pwned),re→`,
  `seccomp explain 'pid:$(touch pwned)→`,
  `seccomp 'a[$(touch pwned)]' 'a[$(touch pwned)]=→`,
];

for (const [shell, { start, setup }] of Object.entries(SHELLS)) {
  describe(`completion in ${shell}`, function () {
    this.timeout(60_000);
    let directory = '';
    let session: Session | undefined;
    const type = async (keys: string): Promise<string> =>
      (await session?.type(keys.replaceAll('→', '\t'))) ?? '';

    before(async function () {
      const missing = ['script', shell].filter(name => spawnSync(name, ['--version']).error !== undefined);
      if (missing.length > 0) skip(this, `there is no ${missing.join(', ')}`);
      directory = mkdtempSync(join(tmpdir(), 'seccomp-completion-'));
      mkdirSync(join(directory, 'bin'));
      mkdirSync(join(directory, 'hostile'));
      writeFileSync(join(directory, 'bin/my-command'), '#!/bin/sh\n', { mode: 0o755 });
      const { code, stdout, stderr } = cli(['completion', shell]);
      assert.equal(code, 0, stderr);
      for (const [name, text] of [
        ['script', stdout],
        ['my-profile.json', '{}'],
        ['a b.json', '{}'],
      ] as const)
        writeFileSync(join(directory, name), text);
      for (const name of HOSTILE) writeFileSync(join(directory, 'hostile', name), '');
      session = new Session(start, directory);
      await session.type('', START);
      await session.type(`${[...setup, "echo DO''NE"].join('\n')}\n`);
    });
    after(async () => {
      await session?.end();
      if (directory !== '') rmSync(directory, { recursive: true });
    });

    for (const [typed, ...args] of UNIQUE)
      it(`makes ${JSON.stringify(`seccomp ${typed}`)} ${JSON.stringify(args.at(-1))}`, async () => {
        const shown = await type(`seccomp ${typed}\n`);
        assert.ok(shown.includes(`${args.map(arg => `<${arg}>`).join('')}DONE`), shown);
      });

    it('lists the choices of an option', async () => {
      const shown = await type(`seccomp compile --format →→${CLEAR}`);
      for (const choice of ['asm', 'bpf', 'json', 'pfc']) assert.match(shown, new RegExp(`\\b${choice}\\b`));
    });

    it('executes neither input nor file names', async () => {
      await type(`cd hostile; echo DO''NE\n`);
      const pwned = join(directory, 'hostile/pwned');
      for (const place of ['', '"', "'", '--output ', './'])
        assert.match(await type(`seccomp report ${place}→→${CLEAR}`), /touch.{1,2}pwned/);
      for (const typed of TYPED) await type(`${typed}${CLEAR}`);
      for (const name of ['$(touch pwned)', ';touch pwned;'])
        assert.ok((await type(`seccomp report \\${name.charAt(0)}→\n`)).includes(`<report><${name}>`), name);
      assert.equal(existsSync(pwned), false);
      await type(`naive →${CLEAR}`);
      assert.equal(existsSync(pwned), true, 'a careless script executes them');
    });
  });
}
