// `seccomp dump` and `pid:` as an argument: formats, exit codes, files.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layersArgument } from '#lib/cli/input.js';
import { compile } from '#lib/filter/compile-profile.js';
import { disassemble } from '#lib/bpf/listing/disassemble.js';
import { isFilter } from '#lib/filter/filter.js';
import { decode } from '#lib/bpf/program.js';
import { cli, inChild, told } from '../support/child.js';
import { liveNode, needsDump, type Live } from '../support/live.js';

describe('seccomp dump', function () {
  let target: Live;
  let oldest = Buffer.alloc(0);
  let newest = Buffer.alloc(0);
  let directory = '';
  before(async function () {
    needsDump(this);
    directory = mkdtempSync(join(tmpdir(), 'seccomp-dump-'));
    target = liveNode(`
      const filters = [denying('swapon'), denying('reboot')];
      for (const filter of filters) s.load(filter, { log: true });
      m('fs').writeFileSync('/proc/self/comm', '\\x1b[31mred');
      tell(filters.map(filter => filter.bpf.toString('base64')));`);
    const programs = JSON.parse(await target.line()) as [string, string];
    [oldest, newest] = [Buffer.from(programs[0], 'base64'), Buffer.from(programs[1], 'base64')];
  });
  after(async () => {
    // Nothing was started if the tests were skipped.
    if (directory === '') return;
    await target.end();
    rmSync(directory, { recursive: true });
  });
  const dump = (...args: readonly string[]) => cli(['dump', String(target.pid), ...args]);

  it('lists the layers, the newest first', () => {
    const { code, stdout, stderr } = dump();
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes(disassemble(decode(oldest))));
    assert.match(stdout, /^# \d+ \(\\x1b\[31mred\): 2 layers, the newest first\n/);
    assert.match(stdout, /\n# layer 2 of 2, \d+ instructions, SECCOMP_FILTER_FLAG_LOG\n/);
    assert.ok(stdout.indexOf(disassemble(decode(newest))) < stdout.indexOf(disassemble(decode(oldest))));
  });

  it('prints a single layer, as a listing or as the bytes that the kernel has', () => {
    assert.equal(dump('--layer', '1').stdout, disassemble(decode(oldest)));
    const file = join(directory, 'one.bpf');
    assert.equal(dump('--layer', '2', '--format', 'raw', '--output', file).code, 0);
    assert.deepEqual(readFileSync(file), newest);
  });

  it('writes one file per layer to a directory', () => {
    const folder = mkdtempSync(join(directory, 'layers-'));
    assert.equal(dump('-f', 'raw', '-o', folder).code, 0);
    assert.deepEqual(readdirSync(folder).sort(), [`${target.pid}-1.bpf`, `${target.pid}-2.bpf`]);
    assert.deepEqual(readFileSync(join(folder, `${target.pid}-1.bpf`)), oldest);
  });

  it('writes JSON with --json', () => {
    const { code, stdout } = dump('--json');
    const { pid, mode, layers, differing, warnings } = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(code, 0);
    assert.deepEqual([pid, mode, differing, warnings], [target.pid, 'filter', [], []]);
    assert.deepEqual(
      layers,
      [newest, oldest].map((bpf, index) => ({
        layer: 2 - index,
        instructions: bpf.length / 8,
        flags: ['SECCOMP_FILTER_FLAG_LOG'],
        bpf: bpf.toString('base64'),
      })),
    );
  });

  it('exits with 1 for a process without a filter, and reports it', () => {
    const { code, stderr } = cli(['dump', String(process.pid)]);
    assert.equal(code, 1);
    assert.match(stderr, /not-filtered/);
  });

  it('exits with 2 for wrong usage and for a process that does not exist', () => {
    for (const args of [
      ['dump'],
      ['dump', 'init'],
      ['dump', '0'],
      ['dump', '-1'],
      ['dump', String(2 ** 22 + 1)],
      ['dump', String(target.pid), '--layer', '3'],
      ['dump', String(target.pid), '--layer', '0'],
      ['dump', String(target.pid), '--format', 'raw'],
      ['dump', String(target.pid), '--output', '/no/such/folder/x'],
    ]) {
      const { code, stderr } = cli(args);
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
      assert.notEqual(stderr, '');
      assert.doesNotMatch(stderr, /^\s+at /m);
    }
    const { error } = JSON.parse(cli(['dump', String(2 ** 22 + 1), '--json']).stdout) as {
      error: { code: string };
    };
    assert.equal(error.code, 'no-such-process');
  });

  describe('layersArgument', () => {
    it('accepts pid: for all layers of a process, the oldest first', () => {
      assert.deepEqual(layersArgument(`pid:${target.pid}`, {}), [decode(oldest), decode(newest)]);
    });

    it('accepts a profile or a file for one layer', () => {
      const [layer, ...more] = layersArgument('docker-default', { arch: 'aarch64' });
      assert.ok(isFilter(layer));
      assert.deepEqual(layer.bpf, compile('docker-default', { arch: 'aarch64' }).bpf);
      assert.deepEqual(more, []);
    });

    it('treats a process without a filter as one that is allowed everything', () => {
      const outcome = inChild(`
        const { layersArgument } = await import('#lib/cli/input.js');
        tell(layersArgument('pid:${process.pid}', {}));`);
      assert.deepEqual(told(outcome), [[{ code: 0x06, jt: 0, jf: 0, k: 0x7fff0000 }]]);
      assert.match(outcome.stderr, /not-filtered/);
    });

    it('refuses invalid ids', () => {
      for (const argument of ['pid:', 'pid:0', 'pid:x', 'pid:1x', 'pid:99999999999'])
        assert.throws(() => layersArgument(argument, {}), { code: 'bad-pid' });
    });
  });
});
