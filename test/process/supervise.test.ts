// supervise: functions of this process answer the calls of a child, and the kernel delivers their responses.
import assert from 'node:assert/strict';
import {
  ChildProcess,
  spawn as plainSpawn,
  spawnSync as plainSpawnSync,
  type ChildProcessByStdio,
} from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import {
  compile,
  execFile,
  features,
  formatReport,
  SandboxedWorker,
  spawn,
  spawnSync,
  supervise,
  superviseListener,
  UsageError,
  type Response,
  type ReportedViolation,
  type SupervisedCall,
  type SuperviseOptions,
} from 'seccomp';
import { callerProgram, canBuild } from '../support/caller-program.js';
import { inChild, told } from '../support/child.js';
import { killedAt } from '../support/killed-at.js';
import { written } from '../support/written.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';
import { skip } from '../support/skip.js';

const asking = (...names: string[]): SeccompProfile =>
  written({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names, action: 'SCMP_ACT_NOTIFY' }],
  });

const descriptors = (): number => readdirSync('/proc/self/fd').length;
const threads = (): number => readdirSync('/proc/self/task').length;

describe('supervise', () => {
  let directory = '';
  let caller = '';
  before(function () {
    if (!canBuild) skip(this, 'there is no C compiler');
    directory = mkdtempSync(join(tmpdir(), 'seccomp-supervise-'));
    caller = callerProgram(directory);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** Runs the caller to its end and returns the lines of its output. */
  async function run(
    args: readonly string[],
    options: Partial<SuperviseOptions>,
  ): Promise<readonly string[]> {
    const supervised = supervise(caller, args, { profile: asking('getsid'), ...options });
    assert.ok(supervised.child.stdout);
    const closed = once(supervised.child, 'close');
    const lines = (await text(supervised.child.stdout)).trim().split('\n');
    await supervised.finished;
    await closed;
    assert.equal(supervised.pending, 0);
    return lines;
  }

  it('continues if a handler does not await a read that fails', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const lines = await run(['getsid'], {
        otherwise: ({ readString, readMemory }) => {
          void readString(1n);
          void readMemory(1n, 8);
          return { value: 1 };
        },
      });
      await new Promise(resolve => setImmediate(resolve));
      assert.deepEqual(lines, ['1 0']);
      assert.deepEqual(unhandled, []);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  describe('answers', () => {
    const cases: readonly [name: string, answer: () => Response | Promise<Response>, seen: string][] = [
      ['an errno by name', () => ({ errno: 'EXDEV' }), '-1 18'],
      ['an errno by number', () => ({ errno: 4095 }), '-1 4095'],
      ['a number', () => ({ value: 42 }), '42 0'],
      ['a number of 64 bits', () => ({ value: 1n << 62n }), `${1n << 62n} 0`],
      ['a promise', () => Promise.resolve({ value: 7 }), '7 0'],
    ];
    for (const [name, answer, seen] of cases) {
      it(`with ${name}`, async () => {
        assert.deepEqual(await run(['getsid'], { handlers: { getsid: answer } }), [seen]);
      });
    }

    it('with permission to continue', async () => {
      const [line] = await run(['getsid'], { handlers: { getsid: () => ({ continue: true }) } });
      assert.match(line ?? '', /^[1-9]\d* 0$|^0 0$/);
    });

    it('through the `otherwise` handler, and with ENOSYS without one', async () => {
      assert.deepEqual(await run(['getsid'], { otherwise: () => ({ value: 1 }) }), ['1 0']);
      assert.deepEqual(await run(['getsid'], {}), ['-1 38']);
    });

    for (const closeOnExec of [true, false]) {
      it(`with a descriptor, ${closeOnExec ? '' : 'not '}close-on-exec`, async () => {
        const file = join(directory, 'given');
        writeFileSync(file, 'content');
        const fd = openSync(file, 'r');
        const before = descriptors();
        const lines = await run(['open'], {
          profile: asking('open', 'openat'),
          handlers: {
            openat: async call =>
              (await call.readString(call.args[1])) === '/given' ? { fd, closeOnExec } : { continue: true },
          },
        });
        assert.match(lines[0] ?? '', /^\d+ 0$/);
        assert.equal(lines[1], `content ${Number(closeOnExec)}`);
        // The copy for the caller is closed shortly after it has arrived.
        while (descriptors() > before) await new Promise(resolve => setTimeout(resolve, 1));
        closeSync(fd);
      });
    }

    it('with the errno of a descriptor that does not exist', async () => {
      assert.deepEqual(await run(['getsid'], { otherwise: () => ({ fd: 0x7fffffff }) }), ['-1 9']);
    });

    it('with ENOSYS if a handler fails, and reports the error', async () => {
      const failures: readonly [handler: () => Response, code: RegExp][] = [
        [
          () => {
            throw new Error('fault');
          },
          /fault/,
        ],
        [() => ({ errno: 0 }), /bad-answer|invalid response/],
        [() => ({ errno: 'ENOTHING' }), /the handler returned an invalid response: \{ errno: 'ENOTHING' \}/],
        [() => undefined as unknown as Response, /invalid response: undefined/],
      ];
      for (const [handler, expected] of failures) {
        const errors: unknown[] = [];
        const lines = await run(['getsid'], { otherwise: handler, onError: error => errors.push(error) });
        assert.deepEqual(lines, ['-1 38']);
        assert.equal(errors.length, 1);
        assert.match(String(errors[0]), expected);
      }
    });

    it('with ENOSYS, or another response, after the time limit of a call', async () => {
      const never = () => new Promise<Response>(() => undefined);
      const limited = { otherwise: never, answerTimeout: 20 };
      assert.deepEqual(await run(['getsid'], limited), ['-1 38']);
      assert.deepEqual(await run(['getsid'], { ...limited, timeoutAnswer: { errno: 'EPERM' } }), ['-1 1']);
    });
  });

  it('passes the name, arguments and ABI of a call, and the waiting thread', async () => {
    const seen: unknown[] = [];
    await run(['getsid', '3'], {
      otherwise: call => {
        seen.push([call.name, call.args[0], call.args.length, call.isWaiting(), call.pid > 0]);
        return { value: 0 };
      },
    });
    assert.deepEqual(
      seen,
      [0n, 1n, 2n].map(argument => ['getsid', argument, 6, true, true]),
    );
  });

  it('reads strings up to the end of the memory, but not beyond', async () => {
    const seen: string[] = [];
    await run(['edge'], {
      profile: asking('chdir'),
      otherwise: async ({ args: [path], readString, readMemory }) => {
        try {
          seen.push(await readString(path));
          seen.push((await readMemory(path, 3)).toString());
          await readMemory(path, 5);
        } catch (error) {
          seen.push(error instanceof Error && 'code' in error ? String(error.code) : String(error));
        }
        return { value: 0 };
      },
    });
    assert.deepEqual(seen, ['/ok', '/ok', 'memory-unreadable', 'memory-unreadable', 'memory-unreadable']);
  });

  it('distinguishes strings that are too long from complete ones, and refuses invalid lengths', async () => {
    const codes: unknown[] = [];
    await run(['edge'], {
      profile: asking('chdir'),
      otherwise: async ({ args: [path], readString, readMemory }) => {
        for (const read of [
          () => readString(path, 3),
          () => readMemory(path, -1),
          () => readMemory(path, 2 ** 31),
          () => readMemory(1 as unknown as bigint, 1),
        ]) {
          await assert.rejects(read(), error => {
            codes.push(error instanceof Error && 'code' in error ? error.code : error);
            return true;
          });
        }
        return { value: 0 };
      },
    });
    assert.deepEqual(codes.slice(0, 4), ['string-too-long', 'bad-argument', 'bad-argument', 'bad-argument']);
  });

  it('tells a handler that the caller has ended', async () => {
    const supervised = supervise(caller, ['getsid'], {
      profile: asking('getsid'),
      otherwise: call => new Promise(() => taken(call)),
    });
    let taken: (call: SupervisedCall) => void = () => undefined;
    const call = await new Promise<SupervisedCall>(resolve => (taken = resolve));
    assert.equal(call.isWaiting(), true);
    supervised.child.kill('SIGKILL');
    await once(supervised.child, 'exit');
    assert.equal(call.isWaiting(), false);
    await assert.rejects(call.readMemory(0n, 1), { code: 'call-gone' });
    await supervised.finished;
  });

  it('does not block the event loop while handlers wait', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await run(['getsid'], {
      otherwise: async () => {
        while (ticks < 3) await new Promise(resolve => setTimeout(resolve, 1));
        return { value: 0 };
      },
    });
    clearInterval(timer);
    assert.ok(ticks >= 3);
  });

  it('calls no handler for the start of the command, but calls them for programs that it starts', async () => {
    const seen: string[] = [];
    const supervised = supervise('sh', ['-c', '/bin/true; /bin/true'], {
      profile: asking('execve'),
      otherwise: async call => {
        seen.push(await call.readString(call.args[0]));
        return { errno: 'EACCES' };
      },
    });
    const [code] = (await once(supervised.child, 'exit')) as [number];
    assert.deepEqual([code, seen], [126, ['/bin/true', '/bin/true']]);
    await supervised.finished;
  });

  it('behaves like spawn for a command that does not exist', async () => {
    const before = descriptors();
    const supervised = supervise('/no/such/file', { profile: asking('getsid'), stdio: 'ignore' });
    const [error] = (await once(supervised.child, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ENOENT');
    await supervised.finished;
    assert.equal(descriptors(), before);
  });

  it('lets calls fail with ENOSYS after close', async () => {
    const supervised = supervise(caller, ['loop'], {
      profile: asking('getsid'),
      otherwise: () => {
        if (supervised.received === 3) supervised.close();
        return { value: 1 };
      },
    });
    assert.ok(supervised.child.stdout);
    assert.equal(await text(supervised.child.stdout), '-1 38\n');
    await supervised.finished;
  });

  it('leaves neither descriptors nor threads behind', async () => {
    await run(['getsid'], { otherwise: () => ({ value: 1 }) });
    const before = [descriptors(), threads()];
    for (let round = 0; round < 20; round++) await run(['getsid'], { otherwise: () => ({ value: 1 }) });
    assert.deepEqual([descriptors(), threads()], before);
  });

  it('answers each of thousands of concurrent calls', async function () {
    this.timeout(120_000);
    const count = Number(process.env['IN_FLIGHT'] ?? 2000);
    const waiting: ((answer: Response) => void)[] = [];
    let most = 0;
    const supervised = supervise(caller, ['threads', String(count)], {
      profile: asking('getsid'),
      otherwise: () =>
        new Promise(resolve => {
          waiting.push(resolve);
          most = Math.max(most, supervised.pending);
          if (waiting.length === count) for (const answer of waiting) answer({ value: 42 });
        }),
    });
    assert.ok(supervised.child.stdout);
    assert.equal(await text(supervised.child.stdout), `${count}\n`);
    await supervised.finished;
    assert.deepEqual([supervised.received, most, supervised.pending], [count, count, 0]);
  });

  it('works in a worker, whose end closes the listener', () => {
    const inWorker = `
      import { parentPort } from 'node:worker_threads';
      import { supervise } from 'seccomp';
      let calls = 0;
      supervise(${JSON.stringify(caller)}, ['loop'], {
        profile: ${JSON.stringify(asking('getsid'))},
        stdio: 'ignore',
        otherwise: () => {
          if (++calls === 100) parentPort.postMessage('running');
          return { value: 1 };
        },
      });`;
    // In a separate process, because Node abandons the children of a worker that ends.
    const listeners = told<number[]>(
      inChild(`
        const { Worker } = m('worker_threads');
        const { once } = m('events');
        const { readdirSync, readlinkSync } = m('fs');
        const link = fd => { try { return readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
        const count = () => readdirSync('/proc/self/fd').filter(fd => link(fd).includes('seccomp notify')).length;
        const worker = new Worker(${JSON.stringify(inWorker)}, { eval: true });
        await once(worker, 'message');
        const before = count();
        await worker.terminate();
        tell([before, count()]);`),
    );
    assert.deepEqual(listeners, [1, 0]);
  });

  describe('whose process ends by SIGKILL', () => {
    /** A supervisor in a separate process: the code prints `ready` at the right time, and its command prints the results. */
    const supervisor = (
      code: string,
      env: NodeJS.ProcessEnv = {},
    ): ChildProcessByStdio<Writable, Readable, Readable> =>
      plainSpawn(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          `import { supervise } from 'seccomp';
           delete process.env.LD_PRELOAD;
           const ready = () => process.stderr.write('ready\\n');
           const start = (command, args, call, otherwise) => supervise(command, args, {
             profile: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: [call], action: 'SCMP_ACT_NOTIFY' }] },
             stdio: ['inherit', 'inherit', 'ignore'],
             otherwise,
           });
           const caller = ${JSON.stringify(caller)};
           ${code}`,
        ],
        { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } },
      );

    const places: Readonly<Record<string, string>> = {
      'before a call was made': `
        start('sh', ['-c', 'read line; exec "$0" getsid', caller], 'getsid', () => ({ value: 1 }));
        ready();`,
      'before it is told of a call': `
        start(caller, ['getsid'], 'getsid', () => ({ value: 1 }));
        (await import('node:fs')).writeSync(2, 'ready\\n');
        for (;;);`,
      'while a handler has a call': `
        start(caller, ['getsid'], 'getsid', () => { ready(); return new Promise(() => {}); });`,
      'between two calls': `
        let calls = 0;
        start(caller, ['loop'], 'getsid', () => { if (++calls === 5) setTimeout(ready); return { value: 1 }; });`,
    };
    for (const [place, code] of Object.entries(places)) {
      it(`${place} leaves ENOSYS, and no waiting caller`, async () => {
        const running = supervisor(code);
        // Ends when the last holder of the pipe ends, which is the command.
        const seen = text(running.stdout);
        await once(running.stderr, 'data');
        running.kill('SIGKILL');
        await once(running, 'exit');
        running.stdin.end('\n');
        assert.equal(await seen, '-1 38\n');
      });
    }

    /**
     * A step of a notification at which the supervisor kills itself, its response, and the result for the caller. `new` needs a
     * kernel that sends a descriptor and responds in one step; `old` makes the package believe that the kernel cannot.
     */
    const steps: readonly [
      step: string,
      killAt: string,
      answer: string,
      seen: RegExp,
      kernel?: 'old' | 'new',
    ][] = [
      ['before it takes a call', 'before RECV', '{ value: 7 }', /^-1 38\n-1 38\n$/],
      ['when it has taken a call', 'after RECV', '{ value: 7 }', /^-1 38\n-1 38\n$/],
      ['when it has read memory', 'after reading', '{ value: 7 }', /^-1 38\n-1 38\n$/],
      ['before it answers', 'before SEND', '{ value: 7 }', /^-1 38\n-1 38\n$/],
      ['when it has answered', 'after SEND', '{ value: 7 }', /^7 0\n-1 38\n$/],
      ['before it gives a descriptor', 'before ADDFD', '{ fd: 0 }', /^-1 38\n-1 38\n$/],
      ['when it has given a descriptor', 'after ADDFD', '{ fd: 0 }', /^[1-9]\d* 0\n-1 38\n$/, 'new'],
      [
        'when it has given a descriptor, before it answers',
        'before SEND',
        '{ fd: 0 }',
        /^-1 38\n-1 38\n$/,
        'old',
      ],
      [
        'when it has given a descriptor, and answered',
        'after SEND',
        '{ fd: 0 }',
        /^[1-9]\d* 0\n-1 38\n$/,
        'old',
      ],
    ];
    for (const [step, killAt, answer, seen, kernel] of steps) {
      it(`${step}${kernel === 'old' ? ' (Linux before 5.14)' : ''} leaves ENOSYS for unanswered calls, and no waiting caller`, async function () {
        if (kernel === 'new' && features().missing.some(({ name }) => name === 'SECCOMP_ADDFD_FLAG_SEND'))
          skip(this, 'this kernel has no SECCOMP_ADDFD_FLAG_SEND');
        const running = supervisor(
          `start(caller, ['chdir', '2'], 'chdir', async ({ args: [path], readString }) => { await readString(path); return ${answer}; });`,
          {
            LD_PRELOAD: killedAt(),
            KILL_AT: killAt,
            ...(kernel === 'old' && { OLD_KERNEL: '1' }),
          },
        );
        const exit = once(running, 'exit') as Promise<[unknown, NodeJS.Signals | null]>;
        const [[, signal], lines] = await Promise.all([exit, text(running.stdout)]);
        assert.equal(signal, 'SIGKILL', 'the step was reached');
        assert.match(lines, seen);
      });
    }
  });

  describe('with a report', () => {
    const refusing: SeccompProfile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['getsid'], action: 'SCMP_ACT_ERRNO', errno: 'EXDEV' },
        { names: ['chdir'], action: 'SCMP_ACT_KILL_PROCESS' },
      ],
    };

    it('reports refused calls with rule and remedy, and refuses them', async () => {
      const seen: ReportedViolation[] = [];
      const lines = await run(['getsid', '2'], { profile: refusing, onViolation: item => seen.push(item) });
      assert.deepEqual(lines, ['-1 18', '-1 18']);
      const [first] = seen;
      assert.ok(first);
      assert.equal(seen.length, 2);
      const { syscall, errnoName, action, allowed, program, starting, at } = first;
      assert.deepEqual(
        { syscall, errnoName, action, allowed, program, starting, line: at?.line },
        {
          syscall: 'getsid',
          errnoName: 'EXDEV',
          action: 'ERRNO(EXDEV)',
          allowed: false,
          program: caller,
          starting: false,
          line: at?.line,
        },
      );
      assert.equal(first.remedy?.kind, 'remove');
    });

    it('formats a report on one line, with named arguments and constants', async () => {
      const odd = join(directory, 'a\nb');
      copyFileSync(caller, odd);
      const seen: string[] = [];
      const supervised = supervise(odd, ['open'], {
        profile: {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['getsid', 'openat'], action: 'SCMP_ACT_ERRNO' }],
        },
        onViolation: item => seen.push(formatReport(item)),
        reportOnly: true,
      });
      supervised.child.stdout?.resume();
      await supervised.finished;
      const line = seen[0] ?? '';
      assert.match(line, /^openat\(dfd=AT_FDCWD, filename=0x[\da-f]+, flags=O_\w+, mode=[^)]*\) on /);
      assert.ok(line.includes(`by ${directory}/a\\nb (`), line);
      assert.match(line, /^[ -~]*$/);
    });

    it('ends a process if the profile kills', async () => {
      const supervised = supervise(caller, ['edge'], { profile: refusing, onViolation: () => undefined });
      const [, signal] = (await once(supervised.child, 'exit')) as [unknown, string];
      assert.equal(signal, 'SIGKILL');
    });

    it('allows refused calls with reportOnly', async () => {
      const seen: string[] = [];
      let count = 0;
      const lines = await run(['edge'], {
        profile: refusing,
        reportOnly: true,
        onViolation: ({ syscall, allowed, action, count: more }) => {
          count += more;
          seen.splice(0, 1, `${syscall} ${allowed} ${action} ${count}`);
        },
      });
      assert.deepEqual(lines, ['-1 2', '-1 14', '-1 14']);
      assert.deepEqual([...new Set(seen)], ['chdir true KILL_PROCESS 3'], seen.join());
    });

    it('leaves NOTIFY to the handlers', async () => {
      const seen: unknown[] = [];
      const lines = await run(['getsid'], {
        reportOnly: true,
        onViolation: item => seen.push(item),
        otherwise: () => ({ value: 9 }),
      });
      assert.deepEqual([lines, seen], [['9 0'], []]);
    });

    it('is available with spawn and execFile too', async () => {
      const seen: string[] = [];
      const options = {
        profile: refusing,
        reportOnly: true,
        onViolation: ({ syscall, allowed }: ReportedViolation) => seen.push(`${syscall} ${allowed}`),
      };
      const child = spawn(caller, ['edge'], options);
      assert.ok(child instanceof ChildProcess);
      const exit = once(child, 'exit');
      assert.equal(await text(child.stdout), '-1 2\n-1 14\n-1 14\n');
      await exit;
      assert.deepEqual([...new Set(seen.splice(0))], ['chdir true']);
      const { stdout } = await promisify(execFile)(caller, ['getsid'], options);
      assert.match(stdout, /^\d+ 0\n$/);
      assert.deepEqual(seen, ['getsid true']);
    });

    for (const [name, act] of Object.entries<(options: object) => unknown>({
      spawnSync: options => spawnSync('true', { profile: refusing, ...options }),
      SandboxedWorker: options => new SandboxedWorker('/no/module', { profile: refusing, ...options }),
    })) {
      it(`is rejected by ${name}, with the function that supports it`, () => {
        assert.throws(
          () => act({ reportOnly: true }),
          error =>
            error instanceof UsageError && error.code === 'bad-option' && error.message.includes('supervise'),
        );
      });
    }

    it('reports a refused start, once', async () => {
      const noExec: SeccompProfile = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['execve'], action: 'SCMP_ACT_ERRNO' }],
      };
      const seen: string[] = [];
      const onViolation = ({ syscall, starting, program }: ReportedViolation) =>
        seen.push(`${syscall} ${starting} ${program}`);
      assert.throws(() => supervise('true', { profile: noExec, onViolation }), { code: 'EPERM' });
      assert.deepEqual(seen, ['execve true true']);
      const supervised = supervise('true', { profile: noExec, onViolation, reportOnly: true });
      const [code] = (await once(supervised.child, 'exit')) as [number];
      assert.deepEqual([code, seen.length], [0, 2]);
    });
  });

  it('refuses invalid options', () => {
    const cases: readonly [options: object, code: string][] = [
      [{ handlers: { getsidd: () => ({ value: 0 }) } }, 'bad-option'],
      [{ handlers: { getsid: 1 } }, 'bad-option'],
      [{ otherwise: 1 }, 'bad-option'],
      [{ answerTimeout: 0 }, 'bad-option'],
      [{ timeoutAnswer: {} }, 'bad-answer'],
      [{ reportOnly: true }, 'bad-option'],
      [{ reportOnly: 1, onViolation: () => undefined }, 'bad-option'],
      [{ onViolation: 1 }, 'bad-option'],
      [{ waitKillable: 1 }, 'bad-option'],
      [{ handler: () => undefined }, 'bad-option'],
      [{ profile: compile(asking('getsid')).bpf, onViolation: () => undefined }, 'report-needs-policy'],
    ];
    for (const [options, code] of cases) {
      assert.throws(
        () => supervise('true', { profile: asking('getsid'), ...options }),
        error => error instanceof UsageError && error.code === code,
        JSON.stringify(options),
      );
    }
  });
});

describe('superviseListener', () => {
  it('refuses descriptors that are not listeners', () => {
    const fd = openSync('/dev/null', 'r');
    assert.throws(() => superviseListener(fd, {}), { code: 'listener-unusable' });
    closeSync(fd);
    assert.throws(() => superviseListener(fd, {}), { code: 'listener-unusable' });
  });

  it('handles the calls of programs that a process starts under the filter', () => {
    const answers = told<string>(
      inChild(`
        const { listener } = s.applyProfile(${JSON.stringify(asking('getsid', 'mkdir', 'mkdirat'))}, { listener: true });
        const supervisor = s.superviseListener(listener, { otherwise: async () => ({ errno: 'EROFS' }) });
        const child = m('child_process').spawn('mkdir', ['/tmp/never'], { env: { ...process.env, LC_ALL: 'C' } });
        let text = '';
        child.stderr.on('data', data => (text += data));
        child.on('close', () => { tell(text); supervisor.close(); });`),
    );
    assert.match(answers, /Read-only file system/);
  });

  it('ends with its process, idle or not', () => {
    const { status } = plainSpawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { supervise } from 'seccomp';
         supervise('sleep', ['0.1'], { profile: ${JSON.stringify(asking('getsid'))} });`,
      ],
      { timeout: 30_000 },
    );
    assert.equal(status, 0);
  });
});
