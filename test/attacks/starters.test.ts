// Every function that starts a child isolates it by default.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { features } from '#lib/process/machine/features.js';
import { skip } from '../support/skip.js';
import { resultsIn, toldBy, USERS, victim } from '../support/victim.js';

const [EPERM, EBADF, EACCES] = [1, 9, 13];

/** One attack for each part that a child without a terminal can try; the last is closed only by the layer. */
const WAYS = {
  memory: '/proc/PID/mem',
  signals: 'kill',
  descriptors: 'inherited descriptor',
  limits: 'prlimit64',
};
const NAMES = Object.values(WAYS);

/** A Node module that makes the attack and prints its result. */
const MODULE = `
  const { spawnSync } = require('node:child_process');
  const { stdout } = spawnSync(process.env.REACH, JSON.parse(process.env.ATTACK), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
`;

/** Code that puts the attacker's output into `output`. `options` are the options of this package. */
const STARTERS: Readonly<Record<string, string>> = {
  spawn: `const child = s.spawn(REACH, words, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const text of child.stdout) output += text;`,
  execFile: `output = (await m('node:util').promisify(s.execFile)(REACH, words, options)).stdout;`,
  spawnSync: `output = s.spawnSync(REACH, words, { ...options, encoding: 'utf8' }).stdout;`,
  execFileSync: `output = s.execFileSync(REACH, words, { ...options, encoding: 'utf8' });`,
  supervise: `const { child, finished, isolation } = s.supervise(REACH, words, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
    receipt = isolation;
    for await (const text of child.stdout) output += text;
    await finished;`,
  delegate: `const path = m('node:fs').mkdtempSync(m('node:os').tmpdir() + '/seccomp-agent-') + '/agent';
    const agent = s.listenForContainers(path, () => ({ otherwise: () => ({ continue: true }) }));
    const profile = { ...everything, listenerPath: path, syscalls: [{ name: 'mkdir', action: 'SCMP_ACT_NOTIFY' }, { name: 'mkdirat', action: 'SCMP_ACT_NOTIFY' }] };
    const child = s.delegate(REACH, words, { ...options, profile, stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const text of child.stdout) output += text;
    agent.close();`,
  'fork before exec': `output = await forked('before-exec');`,
  'fork before user code': `output = await forked('before-user-code');`,
  'SandboxedWorker before exec': `output = await worker('before-exec');`,
  'SandboxedWorker before user code': `output = await worker('before-user-code');`,
};

const PROGRAM = (starter: string, isolation: string | undefined): string => `
  const words = attack(${JSON.stringify(NAMES)});
  const env = { ...process.env, REACH, ATTACK: JSON.stringify(words) };
  const options = { profile: everything${isolation === undefined ? '' : `, isolation: '${isolation}'`} };
  let output = '', receipt;
  const forked = async load => {
    const path = m('node:fs').mkdtempSync(m('node:os').tmpdir() + '/seccomp-fork-') + '/module.cjs';
    m('node:fs').writeFileSync(path, ${JSON.stringify(`${MODULE} process.send(stdout, () => process.disconnect());`)});
    const child = s.fork(path, [], { ...options, load, env, execArgv: [] });
    const [text] = await m('node:events').once(child, 'message');
    m('node:fs').rmSync(m('node:path').dirname(path), { recursive: true });
    return text;
  };
  const worker = async load => {
    const one = new s.SandboxedWorker(${JSON.stringify(`${MODULE} require('node:worker_threads').parentPort.postMessage(stdout);`)}, { ...options, load, env, eval: true });
    receipt = one.isolation;
    const [text] = await m('node:events').once(one, 'message');
    return text;
  };
  ${starter}
  tell({ output, receipt });`;

interface Told {
  readonly output: string;
  readonly receipt?: { readonly closed: readonly string[] };
}

describe('isolation', () => {
  const user = USERS.at(-1) ?? 0;
  // With Yama, only tracers such as debuggers may read.
  const yama = (): boolean => {
    try {
      return readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'utf8').trim() !== '0';
    } catch {
      return false;
    }
  };

  for (const [name, starter] of Object.entries(STARTERS)) {
    it(`is on for ${name} by default, and can be disabled`, function () {
      this.timeout(0);
      const open = toldBy(victim<Told>(PROGRAM(starter, 'none'), { user }));
      const expected = NAMES.filter(way => !(way === WAYS.memory && yama()));
      const results = resultsIn(open.output);
      // If Node is the attacker's parent, the attacker inherits no descriptor from it.
      const inherits = !/fork|Worker/.test(name);
      for (const way of expected)
        if (way !== WAYS.descriptors || inherits)
          assert.equal(results.get(way), 0, `${way} without isolation`);

      const { output, receipt } = toldBy(victim<Told>(PROGRAM(starter, undefined), { user }));
      const closed = resultsIn(output);
      for (const part of features().isolation.closed) {
        const way = (WAYS as Readonly<Record<string, string>>)[part];
        if (way !== undefined)
          assert.ok([EPERM, EBADF, EACCES].includes(closed.get(way) ?? 0), `${way}: ${closed.get(way)}`);
      }
      if (receipt !== undefined) assert.deepEqual(receipt.closed, features().isolation.closed);
    });
  }

  it("with 'required' starts nothing if the kernel lacks a part, and reports which", function () {
    const { open, closed } = features().isolation;
    const { code, message, ran } = toldBy(
      victim<{ code: string; message: string; ran: boolean }>(`
        let code = 'none', message = '', ran = false;
        try { ran = s.spawnSync('true', { profile: everything, isolation: 'required' }).status === 0; }
        catch (error) { ({ code, message } = error); }
        tell({ code, message, ran });`),
    );
    if (open.length === 0) {
      assert.deepEqual([code, ran], ['none', true]);
    } else {
      assert.deepEqual([code, ran], ['isolation-unavailable', false]);
      for (const { part } of open) assert.match(message, new RegExp(part));
    }
    assert.ok(closed.length > 0);
  });

  it('is an error, and not weaker, if a filter of this process refuses a domain', function () {
    if (!features().isolation.closed.includes('memory')) skip(this, 'this kernel has no domain to refuse');
    const { code, ran } = toldBy(
      victim<{ code: string; ran: boolean }>(`
        s.features();
        s.load(s.compile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'landlock_restrict_self', action: 'SCMP_ACT_ERRNO' }] }));
        let code = 'none', ran = false;
        try { ran = s.spawnSync('true', { profile: everything }).status === 0; } catch (error) { code = error.code; }
        tell({ code, ran });`),
    );
    assert.deepEqual([code, ran], ['isolation-refused', false]);
  });

  it('closes descriptors even if the kernel lacks close_range', () => {
    const { output } = toldBy(
      victim<Told>(`
        s.load(s.compile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'close_range', action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS' }] }));
        const { stdout } = s.spawnSync(REACH, attack(['inherited descriptor']), { profile: everything, encoding: 'utf8' });
        tell({ output: stdout });`),
    );
    assert.equal(resultsIn(output).get('inherited descriptor'), EBADF);
  });

  it('refuses an unknown value', () => {
    const { code } = toldBy(
      victim<{ code: string }>(`
        try { s.spawn('true', { profile: everything, isolation: 'best' }); } catch ({ code }) { tell({ code }); }`),
    );
    assert.equal(code, 'bad-option');
  });
});
