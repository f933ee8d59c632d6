// prepareLaunch: the launcher as a file in memory with its orders, and how it runs without Node.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import { isFailure, native, type Failure, type Launch, describeFailure } from '#lib/native.js';

const ALLOW = Buffer.from('060000000000ff7f', 'hex');
const NEW_LISTENER = 8;

const NONE = new Uint8Array();

/** The launcher's orders for isolation. */
interface Isolated {
  readonly layer?: Uint8Array;
  readonly domain?: number;
  readonly onlyStdio?: boolean;
}

const prepare = (
  program: Uint8Array,
  wait: boolean,
  { layer = NONE, domain = 0, onlyStdio = false }: Isolated = {},
  flags = 0,
): Launch | Failure =>
  native().prepareLaunch(layer, program, flags, true, domain, onlyStdio, 3, wait, false, NONE, 0);

const prepared = (program: Uint8Array, wait: boolean, isolated?: Isolated): Launch => {
  const launch = prepare(program, wait, isolated);
  if (isFailure(launch)) assert.fail(describeFailure(launch));
  return launch;
};

const close = (launch: Launch): void => {
  for (const descriptor of Object.values(launch as unknown as Record<string, number>)) {
    if (descriptor >= 0) closeSync(descriptor);
  }
};

/** Runs the launcher and reads its report: the last step and its errno. */
function run(
  launch: Launch,
  words: readonly string[],
): readonly [status: number | null, step: number, errno: number] {
  const [argv0 = '', ...args] = words;
  const { status } = spawnSync('/proc/self/fd/3', args, {
    argv0,
    stdio: ['ignore', 'ignore', 'ignore', launch.image, launch.report],
  });
  const report = readFileSync(`/proc/self/fd/${launch.report}`);
  return [status, report.readUInt32LE(0), report.readUInt32LE(4)];
}

describe('prepareLaunch', () => {
  it('makes an image with one segment that ends with the program', () => {
    const program = Buffer.concat([Buffer.from('2000000000000000'.repeat(4095), 'hex'), ALLOW]);
    const launch = prepared(program, false);
    const image = readFileSync(`/proc/self/fd/${launch.image}`);
    assert.deepEqual(image.subarray(-program.length), program);
    const segments = image.readBigUInt64LE(32);
    assert.equal(image.readUInt16LE(60), 0, 'section headers');
    assert.equal(image.readBigUInt64LE(Number(segments) + 32), BigInt(image.length), 'size of the segment');
    close(launch);
  });

  it('makes the image immutable and every descriptor close-on-exec', () => {
    const launch = prepared(ALLOW, true);
    assert.throws(() => writeSync(launch.image, 'x', 0), { code: 'EPERM' });
    assert.match(readlinkSync(`/proc/self/fd/${launch.image}`), /memfd/);
    for (const descriptor of [launch.image, launch.report, launch.awaited, launch.held]) {
      const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
      assert.notEqual(parseInt(flags ?? '0', 8) & 0o2000000, 0);
    }
    close(launch);
  });

  it('creates a pipe only if a caller waits', () => {
    const [without, withPipe] = [prepared(ALLOW, false), prepared(ALLOW, true)];
    assert.deepEqual([without.awaited, without.held], [-1, -1]);
    assert.ok(fstatSync(withPipe.awaited).isFIFO());
    close(without);
    close(withPipe);
  });

  it('puts the layer before the program', () => {
    const layer = Buffer.concat([Buffer.from('2000000000000000', 'hex'), ALLOW]);
    const launch = prepared(ALLOW, false, { layer });
    const image = readFileSync(`/proc/self/fd/${launch.image}`);
    assert.deepEqual(image.subarray(-3 * 8), Buffer.concat([layer, ALLOW]));
    close(launch);
  });

  it('refuses invalid programs and domains, and a listener that nobody would receive', () => {
    for (const size of [0, 7, 12, 8 * 4097]) {
      assert.ok(isFailure(prepare(Buffer.alloc(size), false)), `${size} bytes`);
      if (size > 0)
        assert.ok(isFailure(prepare(ALLOW, false, { layer: Buffer.alloc(size) })), `layer of ${size}`);
    }
    assert.ok(isFailure(prepare(ALLOW, false, { domain: 3 })));
    assert.ok(
      isFailure(
        native().prepareLaunch(NONE, ALLOW, 0, true, 0, false, 3, false, false, Buffer.alloc(129), 0),
      ),
    );
    assert.ok(isFailure(prepare(ALLOW, false, {}, NEW_LISTENER)));
    assert.ok(isFailure(prepare(NONE, true, { layer: ALLOW }, NEW_LISTENER)));
  });

  it('reports every step that fails', () => {
    const cases: readonly [
      program: Uint8Array,
      words: string[],
      expected: readonly [number | null, number, number],
    ][] = [
      [ALLOW, ['true', 'true'], [0, 9, 0]],
      [ALLOW, ['/no/such/file', 'x'], [127, 9, 2]],
      [ALLOW, ['', 'x'], [127, 9, 2]],
      // The kernel refuses an unknown instruction.
      [Buffer.from('ffff000000000000', 'hex'), ['true', 'true'], [127, 7, 22]],
      // Too few arguments: something else started the launcher.
      [ALLOW, ['true'], [127, 0, 0]],
    ];
    for (const [program, words, expected] of cases) {
      const launch = prepared(program, false);
      assert.deepEqual(run(launch, words), expected, words.join(' '));
      close(launch);
    }
  });

  it('reports a layer that the kernel refuses, and runs a command with only a layer', () => {
    const broken = prepared(NONE, false, { layer: Buffer.from('ffff000000000000', 'hex') });
    assert.deepEqual(run(broken, ['true', 'true']), [127, 3, 22]);
    close(broken);
    const isolated = prepared(NONE, false, { layer: ALLOW, onlyStdio: true });
    assert.deepEqual(run(isolated, ['true', 'true']), [0, 9, 0]);
    close(isolated);
  });
});
