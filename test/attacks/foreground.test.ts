// A child shares its parent's terminal only if one of its streams is that terminal. Any other child runs in a new session,
// so that it can neither open /dev/tty nor make the kernel stop its parent.
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

  it('stays in the session of a parent that has no terminal, where others can signal its group', () => {
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

  it('is not started if a filter of this process refuses setsid', () => {
    const told = toldBy(
      victim<string>(`
        s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'setsid', action: 'SCMP_ACT_ERRNO' }] });
        try { s.spawn('true', [], { profile: everything }); tell('started'); }
        catch (error) { tell(error.code + ': ' + error.message); }`),
    );
    assert.match(told, /^isolation-refused: .*session.*setsid.*EPERM/);
  });
});

describe('a child that has left the terminal', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-foreground-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  /** The output of a child whose parent has ended: it gets SIGHUP before the parent has disappeared. */
  const afterParent = async (options: object): Promise<string> => {
    const file = join(directory, 'fate');
    const script = `trap 'echo hung up > ${file}.new; mv ${file}.new ${file}; exit' HUP
      echo ready
      while [ -d /proc/$PPID ]; do sleep 0.02; done
      echo lives on > ${file}.new; mv ${file}.new ${file}`;
    victim(`
      const child = s.spawn('sh', ['-c', ${JSON.stringify(script)}], { profile: everything, ...${JSON.stringify(options)} });
      await m('node:events').once(child.stdout, 'data');
      process.kill(process.pid, 'SIGKILL');`);
    while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 5));
    return readFileSync(file, 'utf8');
  };

  it('gets SIGHUP when its parent ends, because Ctrl-C now only ends the parent', async () => {
    assert.equal(await afterParent({}), 'hung up\n');
  });

  it('does not get SIGHUP if it is detached, to outlive its parent', async () => {
    assert.equal(await afterParent({ detached: true }), 'lives on\n');
  });

  it('gets SIGINT for Ctrl-C from `seccomp run`, which forwards it', () => {
    const ready = join(directory, 'ready');
    const command = `trap 'echo interrupted; exit 7' INT; echo > ${ready}; while :; do sleep 0.02; done`;
    // A terminal sends SIGINT to its foreground group, which is the shell's here.
    const script = `trap : INT
      "${process.execPath}" bundle/cli.js run --timeout 600 docker-default -- sh -c "$COMMAND" </dev/null >${directory}/out 2>&1 &
      pid=$!
      until [ -e ${ready} ]; do sleep 0.02; done
      kill -INT $pid
      wait $pid
      echo "@$?"`;
    const { stdout } = spawnSync(reach(), ['terminal', 'bash', '-mc', script], {
      cwd: root,
      encoding: 'utf8',
      timeout: CHILD_LIMIT,
      env: { ...process.env, COMMAND: command },
    });
    assert.match(stdout, /@7/);
    assert.equal(readFileSync(join(directory, 'out'), 'utf8'), 'interrupted\n');
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
