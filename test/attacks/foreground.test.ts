// A child shares its parent's terminal only if one of its streams is that terminal. Any other child loses it, so that it
// can neither open /dev/tty nor make the kernel stop its parent, but still gets Ctrl-C.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHILD_LIMIT } from '../support/child.js';
import { reach, toldBy, USERS, victim } from '../support/victim.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const SETUP = `
  const foreground = () => readFileSync('/proc/self/stat', 'utf8').replace(/.*\\) /, '').split(' ')[5];
  const before = foreground();
  const { once } = m('node:events');`;

/** Loads a filter that refuses TIOCNOTTY, so that a child of this process can only lose the terminal by a new session. */
const STAYS = `s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'ioctl', action: 'SCMP_ACT_ERRNO', args: [{ index: 1, value: 0x5422, op: 'SCMP_CMP_EQ' }] }] });`;

/** Whether a child with these options becomes the terminal's foreground process group, so that the kernel stops this process. */
const becomesForeground = (options: object): boolean =>
  toldBy(
    victim<boolean>(`
      ${SETUP}
      const child = s.spawn('sh', ['-mc', 'echo ready; read line'], { profile: everything, ...${JSON.stringify(options)} });
      await once(child.stdout, 'data');
      tell(foreground() !== before);
      child.stdin.end('\\n');
      await once(child, 'exit');`),
  );

/** For each function that starts a child without a stream of the terminal, code that prints the child's answer. */
const STARTERS: Readonly<Record<string, string>> = {
  spawn: `const child = s.spawn('sh', words, options);
    for await (const text of child.stdout) output += text;`,
  spawnSync: `output = s.spawnSync('sh', words, { ...options, encoding: 'utf8' }).stdout;`,
  execFile: `output = (await m('node:util').promisify(s.execFile)('sh', words, options)).stdout;`,
  execFileSync: `output = s.execFileSync('sh', words, { ...options, encoding: 'utf8', stdio: 'pipe' });`,
  supervise: `const { child } = s.supervise('sh', words, options);
    for await (const text of child.stdout) output += text;`,
  'fork before exec': `output = await forked('before-exec');`,
  'fork before user code': `output = await forked('before-user-code');`,
};

const asksFor = (starter: string, options: object): string =>
  toldBy(
    victim<string>(`
      const words = ['-c', '(: </dev/tty) 2>/dev/null && echo open || echo closed'];
      const options = { profile: everything, ...${JSON.stringify(options)} };
      let output = '';
      const forked = async load => {
        const path = m('node:fs').mkdtempSync(m('node:os').tmpdir() + '/seccomp-fork-') + '/module.cjs';
        m('node:fs').writeFileSync(path, "process.stdout.write(require('node:child_process').spawnSync('sh', " + JSON.stringify(words) + ").stdout, () => process.disconnect())");
        const child = s.fork(path, [], { ...options, load, silent: true, execArgv: [] });
        let text = '';
        for await (const data of child.stdout) text += data;
        m('node:fs').rmSync(m('node:path').dirname(path), { recursive: true });
        return text;
      };
      ${starter}
      tell(output.trim());`),
  );

describe('a child without a stream of the terminal', () => {
  for (const uid of USERS)
    it(`does not become its foreground group as user ${uid}, as it would without isolation`, () => {
      const user = { uid, gid: uid };
      assert.equal(becomesForeground(user), false);
      for (const isolation of ['terminal', 'none'])
        assert.equal(becomesForeground({ ...user, isolation }), true, isolation);
    });

  for (const [name, starter] of Object.entries(STARTERS))
    it(`cannot open it by ${name}, as it could without isolation`, () => {
      assert.equal(asksFor(starter, {}), 'closed');
      assert.equal(asksFor(starter, { isolation: 'none' }), 'open');
    });

  it('keeps it if another descriptor that it inherits is the terminal', () => {
    const options = "{ profile: everything, stdio: ['ignore', 'pipe', 'ignore', 0] }";
    const told = toldBy(
      victim<string>(`
        const child = s.spawn('sh', ['-c', '(: </dev/tty) 2>/dev/null && echo open || echo closed'], ${options});
        let output = '';
        for await (const text of child.stdout) output += text;
        tell(output.trim());`),
    );
    assert.equal(told, 'open');
  });

  it('does not keep it if it gets the master of another terminal, which has a session too', () => {
    const program = `
      import { openSync } from 'node:fs';
      import { spawnSync } from 'seccomp';
      const asks = (stream, isolation) => spawnSync('sh', ['-c', '(: </dev/tty) 2>/dev/null && echo open || echo closed'],
        { profile: 'docker-default', stdio: [stream, 'pipe', 'ignore'], encoding: 'utf8', isolation }).stdout.trim();
      console.log('@' + [asks(0), asks(0, 'none'), asks(openSync('/dev/tty'))].join());`;
    const words = ['master', process.execPath, '--input-type=module', '-e', program];
    const { stdout } = spawnSync(reach(), ['terminal', reach(), ...words], {
      cwd: root,
      encoding: 'utf8',
      timeout: CHILD_LIMIT,
    });
    assert.match(stdout, /^@closed,open,open$/m);
  });

  it('stays in the session of a parent that has no terminal, so that others can signal its group', () => {
    const { stdout } = spawnSync(
      'setsid',
      [
        process.execPath,
        '--input-type=module',
        '-e',
        `import { spawnSync } from 'seccomp';
         import { readFileSync } from 'node:fs';
         const { stdout } = spawnSync('cat', ['/proc/self/stat'], { profile: 'docker-default', encoding: 'utf8' });
         const sessionOf = stat => stat.replace(/.*\\) /, '').split(' ')[3];
         console.log(sessionOf(stdout) === sessionOf(readFileSync('/proc/self/stat', 'utf8')));`,
      ],
      { cwd: root, encoding: 'utf8', timeout: CHILD_LIMIT },
    );
    assert.equal(stdout, 'true\n');
  });

  it('loses it but stays in the session, as do the programs that it starts', () => {
    const told = toldBy(
      victim<readonly string[]>(`
        const stat = text => text.replace(/.*\\) /, '').split(' ').slice(2, 5);
        const { stdout } = s.spawnSync('sh', ['-c', 'cat /proc/$$/stat; cat /proc/self/stat'], { profile: everything, encoding: 'utf8' });
        const [group, session] = stat(readFileSync('/proc/self/stat', 'utf8'));
        const expected = [group, session, '0'].join();
        tell(stdout.trim().split('\\n').map(line => stat(line).join() === expected));`),
    );
    assert.deepEqual(told, [true, true]);
  });

  it('is not started if a filter of this process refuses every way to lose it', () => {
    const told = toldBy(
      victim<string>(`
        ${STAYS}
        s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'setsid', action: 'SCMP_ACT_ERRNO' }] });
        try { s.spawn('true', [], { profile: everything }); tell('started'); }
        catch (error) { tell(error.code + ': ' + error.message); }`),
    );
    assert.match(told, /^isolation-refused: .*terminal.*setsid.*EPERM/);
  });
});

/** Waits until a process has ended. */
const ended = async (pid: number): Promise<void> => {
  while (existsSync(`/proc/${pid}`)) await new Promise(resolve => setTimeout(resolve, 5));
};

/** The arguments of a shell that starts a program and only waits for its end. */
const WORDS = JSON.stringify(['-c', `sh -c 'echo $$; exec sleep 1000'; :`]);

const IN_WORKER = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData).then(s => {
    const child = s.spawn('sh', ${WORDS}, { profile: 'docker-default' });
    child.stdout.once('data', pid => parentPort.postMessage(Number(pid)));
  });`;

describe('Ctrl-C', () => {
  const CTRL_C = "process.kill(0, 'SIGINT');";

  it('ends a child and the programs that it has started, as it does without isolation', async () => {
    const program = toldBy(
      victim<number>(`
        const child = s.spawn('sh', ${WORDS}, { profile: everything });
        const [pid] = await m('node:events').once(child.stdout, 'data');
        tell(Number(pid));
        ${CTRL_C}`),
    );
    await ended(program);
  });

  it('ends a child of a worker thread', async () => {
    const program = toldBy(
      victim<number>(`
        const { Worker } = m('node:worker_threads');
        const worker = new Worker(${JSON.stringify(IN_WORKER)}, { eval: true, execArgv: [], workerData: import.meta.resolve('seccomp') });
        const [pid] = await m('node:events').once(worker, 'message');
        tell(pid);
        ${CTRL_C}`),
    );
    await ended(program);
  });
});

describe('a child that can only lose the terminal with the session', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-foreground-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  for (const [name, starter] of Object.entries(STARTERS))
    it(`cannot open it by ${name}`, () => {
      assert.equal(asksFor(`${STAYS} ${starter}`, {}), 'closed');
    });

  /** The output of a child whose parent has ended: it gets SIGHUP before the parent has disappeared. */
  const afterParent = async (options: object): Promise<string> => {
    const file = join(directory, 'fate');
    const script = `trap 'echo hung up > ${file}.new; mv ${file}.new ${file}; exit' HUP
      echo ready
      while [ -d /proc/$PPID ]; do sleep 0.02; done
      echo lives on > ${file}.new; mv ${file}.new ${file}`;
    victim(`
      ${STAYS}
      const child = s.spawn('sh', ['-c', ${JSON.stringify(script)}], { profile: everything, ...${JSON.stringify(options)} });
      await m('node:events').once(child.stdout, 'data');
      process.kill(process.pid, 'SIGKILL');`);
    while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 5));
    return readFileSync(file, 'utf8');
  };

  it('gets SIGHUP when its parent ends, because Ctrl-C only ends the parent', async () => {
    assert.equal(await afterParent({}), 'hung up\n');
  });

  it('does not get SIGHUP if it is detached, to outlive its parent', async () => {
    assert.equal(await afterParent({ detached: true }), 'lives on\n');
  });

  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP'] as const)
    it(`gets the ${signal} of the terminal from \`seccomp run\`, with the programs that it has started`, async () => {
      const program = toldBy(
        victim<number>(`
          ${STAYS}
          process.on('${signal}', () => undefined);
          const child = m('node:child_process').spawn(process.execPath,
            ['bundle/cli.js', 'run', '--timeout', '600', 'docker-default', '--', 'sh', ...${WORDS}],
            { stdio: ['ignore', 'pipe', 'ignore'] });
          const { once } = m('node:events');
          const [program] = await once(child.stdout, 'data');
          // A terminal sends it to its whole foreground process group.
          process.kill(0, '${signal}');
          await once(child, 'close');
          tell(Number(program));`),
      );
      await ended(program);
    });
});

describe('`seccomp run` as the command', () => {
  const asks = (options: string, redirected: string): string => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-foreground-'));
    const out = join(directory, 'out');
    const command = '(: </dev/tty) 2>/dev/null && echo open >&2 || echo closed >&2';
    // With job control, the command leads its process group, as in an interactive shell.
    const script = `"${process.execPath}" bundle/cli.js run ${options} docker-default -- sh -c '${command}' ${redirected} 2>${out}; :`;
    spawnSync(reach(), ['terminal', 'bash', '-mc', script], { cwd: root, timeout: CHILD_LIMIT });
    const text = readFileSync(out, 'utf8');
    rmSync(directory, { recursive: true });
    return text.trim();
  };

  it('loses a terminal that is none of its streams, with --isolation best-effort', () => {
    assert.equal(asks('--isolation best-effort', '</dev/null >/dev/null'), 'closed');
    assert.equal(asks('--isolation best-effort', '>/dev/null'), 'open');
    assert.equal(asks('', '</dev/null >/dev/null'), 'open');
  });
});

describe('a SandboxedWorker', () => {
  it('does not become the foreground of the terminal', () => {
    const code = `
      const { spawn } = require('node:child_process');
      const { parentPort } = require('node:worker_threads');
      spawn('sh', ['-mc', 'echo ready; read line']).stdout.once('data', () => parentPort.postMessage('ready'));`;
    const fate = victim<boolean>(`
      ${SETUP}
      const worker = new s.SandboxedWorker(${JSON.stringify(code)}, { eval: true, profile: everything });
      await once(worker, 'message');
      tell(foreground() !== before);
      await worker.terminate();`);
    assert.equal(toldBy(fate), false);
  });
});
