// ps: every process with the filters in force, whatever its name and however short its life.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SeccompError } from '#lib/util/errors.js';
import { processTree } from '#lib/process/inspect/process-tree.js';
import { ps, type ProcessEntry, type ProcessList } from '#lib/process/inspect/ps.js';
import { live, liveNode, scenes, type Live } from '../support/live.js';
import { skip } from '../support/skip.js';

const entry = (pid: number): ProcessEntry => {
  const found = ps().processes.find(({ id }) => id === pid);
  assert.ok(found !== undefined, `process ${pid} is listed`);
  return found;
};

/** Markers for files that are missing or unreadable. */
const GONE = 'gone';
const UNREADABLE = 'unreadable';

describe('ps', () => {
  const running: Live[] = [];
  const started = (target: Live): Live => {
    running.push(target);
    return target;
  };
  afterEach(() => Promise.all(running.splice(0).map(target => target.end())));

  async function ready(body: string): Promise<Live> {
    const target = started(liveNode(body));
    await target.line();
    return target;
  }

  it('lists this process once, with its parent', () => {
    const { processes } = ps();
    assert.equal(processes.filter(({ id }) => id === process.pid).length, 1);
    const { parent, mode, filters, noNewPrivs, kernel, threads, differing } = entry(process.pid);
    assert.deepEqual(
      { parent, mode, filters, noNewPrivs, kernel, differing },
      { parent: process.ppid, mode: 'disabled', filters: 0, noNewPrivs: false, kernel: false, differing: [] },
    );
    assert.ok(threads > 5);
  });

  it('shows mode, number of filters and no_new_privs of another process', async () => {
    const { pid } = await ready(`s.load(denying('swapon')); s.load(denying('reboot')); tell('ready');`);
    const { parent, mode, filters, noNewPrivs, differing } = entry(pid);
    assert.deepEqual(
      { parent, mode, filters, noNewPrivs, differing },
      { parent: process.pid, mode: 'filter', filters: 2, noNewPrivs: true, differing: [] },
    );
  });

  it('shows strict mode', async () => {
    const target = started(live(scenes(), ['strict']));
    await target.line();
    assert.equal(entry(target.pid).mode, 'strict');
  });

  it('names the threads that differ from the first one', async () => {
    const { pid } = await ready(`s.load(denying('swapon'), { scope: 'thread' }); tell('ready');`);
    const { threads, differing } = entry(pid);
    assert.ok(differing.length > 0);
    // Threads of the pool may have started under the filter.
    assert.ok(differing.length < threads);
    assert.ok(differing.every(({ id, mode }) => id !== pid && mode === 'disabled'));
  });

  for (const name of [
    'new\nline',
    '\x1b[2Jescape',
    'back\\slash\\n',
    'PPid:\t1',
    ' space ',
    'Seccomp:\t2\n',
  ]) {
    it(`keeps the name ${JSON.stringify(name)} unchanged`, async () => {
      const { pid } = await ready(
        `m('fs').writeFileSync('/proc/self/comm', ${JSON.stringify(name)}); tell('ready');`,
      );
      const found = entry(pid);
      assert.deepEqual([found.name, found.parent, found.mode], [name, process.pid, 'disabled']);
    });
  }

  /** Runs ps with a fake procfs of these files, by process id. */
  function listed(files: Readonly<Record<string, string>>): ProcessList {
    const proc = mkdtempSync(join(tmpdir(), 'seccomp-proc-'));
    try {
      for (const [id, status] of Object.entries(files)) {
        mkdirSync(join(proc, id));
        // Reading a directory fails even for root, like reading a file without permission for others.
        if (status === UNREADABLE) mkdirSync(join(proc, id, 'status'));
        else if (status !== GONE)
          writeFileSync(join(proc, id, 'status'), `Pid:\t${id}\nThreads:\t1\n${status}`);
      }
      return ps({ proc });
    } finally {
      rmSync(proc, { recursive: true });
    }
  }

  it('omits processes that end meanwhile, and counts those that cannot be read', () => {
    const { processes, unreadable } = listed({
      1: 'Name:\tinit\nSeccomp:\t2\n',
      7: GONE,
      8: 'Name:\tbusy\nThreads:\t4\nNoNewPrivs:\t1\n',
      9: UNREADABLE,
      self: GONE,
      '007': 'Name:\tno id\n',
    });
    assert.deepEqual(
      processes.map(({ id, name, mode, filters, noNewPrivs }) => [id, name, mode, filters, noNewPrivs]),
      [
        [1, 'init', 'filter', undefined, false],
        [8, 'busy', 'disabled', undefined, true],
      ],
    );
    assert.equal(unreadable, 1);
  });

  it('counts a process that its filter has killed as filtered', () => {
    const { processes } = listed({ 5: 'State:\tZ (zombie)\nSeccomp:\t3\nSeccomp_filters:\t1\n' });
    assert.deepEqual(
      processes.map(({ mode, filters }) => [mode, filters]),
      [['filter', 1]],
    );
  });

  it('distinguishes kernel threads from zombies, even if the kernel does not say', () => {
    const { processes } = listed({
      2: 'State:\tS (sleeping)\nKthread:\t1\n',
      3: 'State:\tS (sleeping)\nKthread:\t0\n',
      4: 'State:\tI (idle)\n',
      5: 'State:\tZ (zombie)\n',
      6: 'State:\tS (sleeping)\nVmSize:\t4 kB\n',
    });
    assert.deepEqual(
      processes.filter(({ kernel }) => kernel).map(({ id }) => id),
      [2, 4],
    );
  });

  for (const [hidepid, expected] of [
    ['1', { own: true, others: false, unreadable: true }],
    ['2', { own: true, others: false, unreadable: false }],
  ] as const) {
    it(`shows a user's own processes if /proc is mounted with hidepid=${hidepid}`, function () {
      if (process.getuid?.() !== 0) skip(this, 'only root can mount');
      const library = new URL('../../../dist/entries/index.js', import.meta.url).href;
      const look = `
        import { ps } from ${JSON.stringify(library)};
        process.setgid(65534); process.setuid(65534);
        const { processes, unreadable } = ps();
        console.log(JSON.stringify({
          own: processes.some(({ id }) => id === process.pid),
          others: processes.some(({ id }) => id === ${process.pid}),
          unreadable: unreadable > 0,
        }));`;
      const output = execFileSync(
        'unshare',
        [
          '--mount',
          'sh',
          '-c',
          `mount -t proc -o hidepid=${hidepid} proc /proc && exec "$@"`,
          'sh',
          process.execPath,
          '--input-type=module',
          '-e',
          look,
        ],
        { encoding: 'utf8', cwd: fileURLToPath(new URL('../../../', import.meta.url)) },
      );
      assert.deepEqual(JSON.parse(output), expected);
    });
  }

  it('reports a missing procfs', () => {
    assert.throws(
      () => ps({ proc: '/no/such/folder' }),
      error => error instanceof SeccompError && error.code === 'no-procfs',
    );
  });
});

describe('processTree', () => {
  const node = (id: number, parent: number) => ({ id, parent });
  const shape = (...pairs: readonly [id: number, parent: number][]): readonly string[] =>
    processTree(pairs.map(([id, parent]) => node(id, parent))).map(
      ({ depth, process }) => '-'.repeat(depth) + String(process.id),
    );

  it('puts each process after its parent, siblings in order', () => {
    assert.deepEqual(shape([1, 0], [2, 1], [3, 1], [4, 2], [5, 1]), ['1', '-2', '--4', '-3', '-5']);
  });

  it('puts a child after its parent even if its id is lower', () => {
    assert.deepEqual(shape([3, 9], [9, 0]), ['9', '-3']);
  });

  it('starts a new tree for each process without a listed parent', () => {
    assert.deepEqual(shape([1, 0], [7, 6], [8, 7]), ['1', '7', '-8']);
  });

  it('includes all processes even if parents form a cycle', () => {
    assert.deepEqual(shape([1, 0], [5, 6], [6, 5], [7, 7]), ['1', '5', '-6', '7']);
  });

  it('supports a chain of 100,000 processes', () => {
    const rows = processTree(Array.from({ length: 100_000 }, (_, index) => node(index + 1, index)));
    assert.equal(rows.at(-1)?.depth, 99_999);
  });
});
