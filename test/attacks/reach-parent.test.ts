// A child under a profile that allows everything tries every known way to reach the process that started it.
import assert from 'node:assert/strict';
import { features } from '#lib/process/machine/features.js';
import type { IsolationPart } from '#lib/process/isolation/isolation.js';
import { canRecord, recordFindings } from '../support/findings.js';
import { skip } from '../support/skip.js';
import { abstractServer, resultsIn, toldBy, USERS, victim } from '../support/victim.js';

/** Ways of test/attacks/reach.c that can detect themselves whether they worked. */
const WAYS: Readonly<Record<IsolationPart, readonly string[]>> = {
  memory: [
    ...['/proc/PID/mem', 'process_vm_readv', 'process_vm_writev', 'PTRACE_SEIZE', 'PTRACE_ATTACH'],
    ...['pidfd_getfd', '/proc/PID/fd', '/proc/PID/root', 'get_robust_list', 'move_pages'],
  ],
  signals: [
    ...[
      'kill',
      'kill with 0',
      'tkill',
      'tgkill',
      'rt_sigqueueinfo',
      'rt_tgsigqueueinfo',
      'pidfd_send_signal',
    ],
  ],
  'abstract-sockets': ['abstract socket'],
  descriptors: ['inherited descriptor'],
  terminal: [
    ...['TIOCSTI', 'TIOCSTI with high bits', 'TIOCSTI of i386', 'TIOCSTI of x32'],
    ...['TIOCSTI of x32 without its bit', 'TIOCSTI of x86_64 with the bit of x32', 'TIOCLINUX'],
  ],
  limits: ['prlimit64', 'prlimit64 with high bits', 'prlimit64 of i386', 'prlimit64 of x32'],
};
const EVERY_WAY = Object.entries(WAYS) as readonly (readonly [IsolationPart, readonly string[]])[];

/** Ways that only the victim can detect: signals to a descriptor's owner, and to the whole group. */
const UNTOLD = ['F_SETOWN', 'kill of the group'];

/** A Landlock domain closes these for unprivileged users; CAP_PERFMON opens them on newer kernels. */
const READING = ['/proc/PID/environ', '/proc/PID/maps', '/proc/PID/auxv'];
/** Neither a domain nor a layer closes this. */
const SCHEDULING = ['sched_setaffinity'];

const [EPERM, ESRCH, EBADF, EACCES] = [1, 3, 9, 13];

/** Code that starts the attacker, waits for it, and reports its output and the number of signals. */
const PROGRAM = (names: readonly string[], isolation: string): string => `
  let signals = 0, marked = false;
  process.on('SIGWINCH', () => signals++);
  process.on('SIGUSR2', () => { marked = true; });
  const child = s.spawn(REACH, attack(${JSON.stringify(names)}), { profile: everything, isolation: '${isolation}', stdio: ['inherit', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', text => (output += text));
  child.on('close', async () => {
    // Signals that were sent before this one have been handled when it is.
    process.kill(process.pid, 'SIGUSR2');
    await until(() => marked);
    await new Promise(setImmediate);
    tell({ output, signals });
  });`;

interface Told {
  readonly output: string;
  readonly signals: number;
}

describe('a child that may do everything', () => {
  let server: Awaited<ReturnType<typeof abstractServer>>;
  before(async () => (server = await abstractServer()));
  after(() => void server.child.kill());

  const attacked = (user: number, isolation: string, names: readonly string[]): Told =>
    toldBy(victim<Told>(PROGRAM(names, isolation), { user, env: { SOCKET: server.name } }));

  for (const user of USERS) {
    describe(`as uid ${user}`, () => {
      const names = [...Object.values(WAYS).flat(), ...READING, ...SCHEDULING];
      let open: ReadonlyMap<string, number> = new Map();
      let closed: ReadonlyMap<string, number> = new Map();
      before(function () {
        this.timeout(0);
        open = resultsIn(attacked(user, 'none', names).output);
        closed = resultsIn(attacked(user, 'best-effort', names).output);
      });
      after(() => {
        if (!canRecord()) return;
        recordFindings(user, EVERY_WAY, READING, open, closed);
      });

      for (const [part, ways] of EVERY_WAY) {
        for (const name of ways) {
          it(`does not reach its parent by ${name}, which works without isolation`, function () {
            const without = open.get(name);
            if (without !== 0)
              skip(this, `without isolation, ${name} fails as well: ${without ?? 'not tried'}`);
            const stays = features().isolation.open.find(way => way.part === part);
            if (stays !== undefined) skip(this, `${part} stays open: ${stays.reason}`);
            const errno = closed.get(name);
            assert.ok([EPERM, ESRCH, EBADF, EACCES].includes(errno ?? 0), `errno ${errno}`);
          });
        }
      }

      for (const name of UNTOLD) {
        it(`does not signal its parent by ${name}, which works without isolation`, function () {
          assert.ok(attacked(user, 'none', [name]).signals > 0);
          const stays = features().isolation.open.find(({ part }) => part === 'signals');
          if (stays !== undefined) skip(this, `signals stay open: ${stays.reason}`);
          assert.equal(attacked(user, 'best-effort', [name]).signals, 0);
        });
      }

      if (user !== 0) {
        for (const name of READING) {
          it(`does not read ${name}, which works without isolation`, function () {
            assert.equal(open.get(name), 0);
            const stays = features().isolation.open.find(({ part }) => part === 'memory');
            if (stays !== undefined) skip(this, `memory stays open: ${stays.reason}`);
            assert.equal(closed.get(name), EACCES);
          });
        }
      }

      it('is attacked at least once in each way that features() reports as closed', function () {
        const untried = features().isolation.closed.filter(
          part => !WAYS[part].some(name => open.get(name) === 0),
        );
        // Yama or dev.tty.legacy_tiocsti may close some ways for everybody.
        assert.deepEqual(
          untried.filter(part => !['memory', 'terminal'].includes(part)),
          [],
        );
      });
    });
  }

  it('has only the filter layer with isolation: terminal', () => {
    const [user = 0] = USERS;
    const results = resultsIn(
      attacked(user, 'terminal', ['kill', 'inherited descriptor', 'prlimit64']).output,
    );
    assert.deepEqual([...results.values()], [0, 0, EPERM]);
  });
});
