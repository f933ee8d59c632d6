// A hostile SandboxedWorker writes anything to its channel: the effects on the process that reads it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { deserialize, DefaultSerializer, serialize } from 'node:v8';
import { SandboxedWorker, WorkerError, type SandboxedWorkerOptions } from 'seccomp';
import { checkClone, DEFAULT_LIMITS, FORMAT_VERSION } from '#lib/process/sandboxed-worker/check-clone.js';
import { pack, unpack } from '#lib/process/sandboxed-worker/clone.js';
import { FrameReader } from '#lib/process/sandboxed-worker/frames.js';
import { packThrown, unpackThrown } from '#lib/process/sandboxed-worker/thrown.js';
import { inChild, told } from '../support/child.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';

const ALLOW: SeccompProfile = { defaultAction: 'SCMP_ACT_ALLOW' };

/** Code for a worker, in which `frame(kind, payload, length?)` returns the bytes of a frame and `put(bytes)` writes them. */
const hostile = (code: string): string => `
  const fs = require('fs'), v8 = require('v8');
  const frame = (kind, payload = Buffer.alloc(0), length = payload.length) => {
    const header = Buffer.from([kind, 0, 0, 0, 0]);
    header.writeUInt32LE(length, 1);
    return Buffer.concat([header, payload]);
  };
  const put = bytes => {
    for (let at = 0; at < bytes.length; ) {
      try { at += fs.writeSync(4, bytes, at); } catch (error) { if (error.code !== 'EAGAIN') throw error; Atomics.wait(nap, 0, 0, 1); }
    }
  };
  const nap = new Int32Array(new SharedArrayBuffer(4));
  const MESSAGE = 2, ONLINE = 3, MESSAGEERROR = 4, ERROR = 5, EXIT = 6;
  ${code}
  setInterval(() => 0, 1000);`;

const sandboxed = (code: string, options: Partial<SandboxedWorkerOptions> = {}): SandboxedWorker =>
  new SandboxedWorker(hostile(code), { profile: ALLOW, eval: true, ...options });

/** The code of the error that ends a worker, and its exit code. */
async function end(worker: SandboxedWorker): Promise<readonly [code: unknown, exit: number]> {
  const exit = new Promise<number>(resolve => worker.once('exit', resolve));
  const [error] = (await once(worker, 'error')) as [unknown];
  assert.ok(error instanceof WorkerError, String(error));
  return [error.code, await exit];
}

const varint = (number: number): Buffer => {
  const bytes: number[] = [];
  for (let rest = number; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
};

/** A serialized value from parts: text for tags, numbers for varints. */
const wire = (...parts: readonly (string | number | Buffer)[]): Buffer =>
  Buffer.concat([
    Buffer.from([0xff, FORMAT_VERSION]),
    ...parts.map(part =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : typeof part === 'number' ? varint(part) : part,
    ),
  ]);

/** An array that repeats one element. */
const many = (count: number, element: Buffer | string): Buffer =>
  wire('A', count, Buffer.concat(Array<Buffer>(count).fill(Buffer.from(element))), '$', 0, count);

describe('Messages of a hostile SandboxedWorker', () => {
  describe('as frames', () => {
    const ending: Readonly<Record<string, readonly [code: string, writes: string]>> = {
      'a length of 4 GiB': ['worker-message-too-large', 'put(frame(MESSAGE, undefined, 0xffffffff))'],
      'a length of one byte more than the limit': [
        'worker-message-too-large',
        'put(frame(MESSAGE, undefined, 1024 * 1024 + 1))',
      ],
      'zeros without end': ['worker-protocol', 'const zeros = Buffer.alloc(1 << 20); for (;;) put(zeros);'],
      'a kind that is an order': ['worker-protocol', 'put(frame(1))'],
      'a kind that does not exist': ['worker-protocol', 'put(frame(255))'],
      'an exit code of two bytes': ['worker-protocol', 'put(frame(EXIT, Buffer.alloc(2)))'],
      'no exit code': ['worker-protocol', 'put(frame(EXIT))'],
      'a message after the exit code': [
        'worker-protocol',
        'put(Buffer.concat([frame(EXIT, Buffer.from([0])), frame(MESSAGE, v8.serialize(1))]))',
      ],
      'online again': ['worker-protocol', 'put(frame(ONLINE)); put(frame(ONLINE))'],
      'online with bytes': ['worker-protocol', 'put(frame(ONLINE, Buffer.alloc(1)))'],
    };
    for (const [what, [code, writes]] of Object.entries(ending)) {
      it(`are ended with ${code} at ${what}`, async () => {
        assert.deepEqual(await end(sandboxed(writes, { maxMessageSize: 1024 * 1024 })), [code, 1]);
      });
    }

    it('may be as large as the limit', async () => {
      const worker = new SandboxedWorker(
        `require('worker_threads').parentPort.postMessage(new Uint8Array(${1000}));`,
        { profile: ALLOW, eval: true, maxMessageSize: 1100 },
      );
      assert.equal(((await once(worker, 'message'))[0] as Uint8Array).length, 1000);
      await once(worker, 'exit');
    });

    it('use memory for received data, not for announced lengths or the size of chunks', () => {
      const reader = new FrameReader(0xffff_ffff);
      reader.push(Buffer.from([2, 0xff, 0xff, 0xff, 0xff]));
      assert.equal(reader.next(), undefined);
      const before = process.memoryUsage().arrayBuffers;
      for (let index = 0; index < 100_000; index++) {
        reader.push(Buffer.of(index));
        assert.equal(reader.next(), undefined);
      }
      assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 2 ** 20);
    });

    it('arrive complete, however they are split', () => {
      const stream = Buffer.concat(
        [0, 1, 5, 300].map(length =>
          Buffer.concat([
            Buffer.of(2),
            Buffer.of(length & 255, length >> 8, 0, 0),
            Buffer.alloc(length, length),
          ]),
        ),
      );
      for (const size of [1, 2, 3, 7, 64, 1000]) {
        const reader = new FrameReader(300);
        const lengths: number[] = [];
        for (let at = 0; at < stream.length; at += size) {
          reader.push(stream.subarray(at, at + size));
          for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
            assert.ok(frame.payload.every(byte => byte === (frame?.payload.length ?? 0) % 256));
            assert.equal(frame.payload.byteLength, frame.payload.buffer.byteLength);
            lengths.push(frame.payload.length);
          }
        }
        assert.deepEqual(lengths, [0, 1, 5, 300]);
      }
    });
  });

  it('that cannot be deserialized cause messageerror events, and the worker continues', async () => {
    const worker = sandboxed(`
      for (const bytes of [Buffer.alloc(0), Buffer.from('nonsense'), Buffer.from([0xff, 15]), Buffer.from([0xff, 99, 0x5f])])
        for (const kind of [MESSAGE, MESSAGEERROR]) put(frame(kind, bytes));
      put(frame(MESSAGE, v8.serialize('still here')));`);
    let errors = 0;
    worker.on('messageerror', () => errors++);
    assert.deepEqual(await once(worker, 'message'), ['still here']);
    assert.equal(errors, 8);
    await worker.terminate();
  });

  it('do not block the event loop or other workers when ten workers flood it', () => {
    const code = hostile(
      `const many = Buffer.concat(Array(10000).fill(frame(MESSAGE, v8.serialize([])))); for (;;) put(many);`,
    );
    const { worst, heard, others } = told<{ worst: number; heard: number; others: number }>(
      inChild(`
        const workers = Array.from({ length: 10 }, () => new s.SandboxedWorker(${JSON.stringify(code)}, { eval: true, profile: harmless, resourceLimits: { maxYoungGenerationSizeMb: 4 } }));
        const heard = new Set();
        for (const worker of workers) worker.on('message', () => heard.add(worker)).on('error', () => heard.add(worker));
        await until(() => heard.size === workers.length);
        const quiet = new s.SandboxedWorker("const { parentPort } = require('worker_threads'); parentPort.on('message', m => parentPort.postMessage(m))", { eval: true, profile: harmless });
        let others = 0;
        quiet.on('message', () => { others++; quiet.postMessage(1); });
        quiet.postMessage(1);
        // What is late beside the time for which the processor was others': the promise is about this thread's own work.
        let worst = 0, last = performance.now(), cpu = process.cpuUsage();
        const timer = setInterval(() => {
          const now = performance.now(), used = process.cpuUsage(cpu);
          worst = Math.max(worst, Math.min(now - last, (used.user + used.system) / 1000));
          last = now;
          cpu = process.cpuUsage();
        }, 20);
        await until(() => others >= 5);
        clearInterval(timer);
        await Promise.all([...workers, quiet].map(worker => worker.terminate()));
        tell({ worst, heard: heard.size, others });`),
    );
    assert.equal(heard, 10);
    assert.ok(others >= 5);
    assert.ok(worst < 250, `the timer was ${worst} ms late`);
  });

  describe('as values', () => {
    const digits = (value: number): Buffer =>
      Buffer.from([5, 0, 0, 0, 0, 0, 0, 0, value & 255, (value >> 8) & 255, 1, 0, 0, 0, 0, 0]);
    const bigints = (count: number): Buffer =>
      Buffer.concat(
        Array.from({ length: count }, (_, index) =>
          Buffer.concat([Buffer.from('Z'), varint(32), digits(index)]),
        ),
      );
    const gaps = ['o', ...[0, 1000, 2500, 4700].flatMap(index => ['I', 2 * index, '_']), '{', 4];
    const costly: Readonly<Record<string, Buffer>> = {
      'keys of a Set that collide': wire("'", bigints(10_000), ',', 10_000),
      'keys of a Map that are integers': wire(
        ';',
        Buffer.concat(
          Array.from({ length: 20_000 }, (_, index) =>
            Buffer.concat([Buffer.from('I'), varint(index), Buffer.from('_')]),
          ),
        ),
        ':',
        40_000,
      ),
      'a sparse array of 256 MiB': wire('a', 33_554_431, '@', 0, 33_554_431),
      'objects with elements far apart': many(4000, wire(...gaps).subarray(2)),
      'properties of strings in a RegExp': wire('R"', 38, '\\p{RGI_Emoji}[\\p{RGI_Emoji}a][^\\p{L}x]', 0x100),
      'Unicode properties in a RegExp': wire('R"', 4000, '\\p{L}'.repeat(800), 0x10),
      'a million objects': many(1_000_000, 'o{\0'),
      'a million views': many(1_000_000, '\\\x03\0'),
      'a million errors': many(1_000_000, 'r.'),
      'objects with a key each': wire(
        'A',
        20_000,
        Buffer.concat(
          Array.from({ length: 20_000 }, (_, index) =>
            Buffer.from(`o"\x04${index.toString(36).padStart(4, 'k')}_{\x01`),
          ),
        ),
        '$',
        0,
        20_000,
      ),
      'a resizable buffer that may take a terabyte': wire(
        '~',
        0,
        Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]),
      ),
    };
    for (const [what, bytes] of Object.entries(costly)) {
      it(`are refused before V8 sees ${what}`, () => {
        assert.throws(
          () => {
            checkClone(bytes, DEFAULT_LIMITS);
          },
          { code: 'worker-message-too-costly' },
        );
      });
    }

    it('that V8 accepts but that would block its thread for long end the worker', async () => {
      // A few bytes that make V8 allocate a quarter of a gigabyte without the check.
      const bytes = costly['a sparse array of 256 MiB'] ?? Buffer.alloc(0);
      assert.equal((deserialize(bytes) as unknown[]).length, 33_554_431);
      const worker = sandboxed(`put(frame(MESSAGE, Buffer.from('${bytes.toString('hex')}', 'hex')))`);
      assert.deepEqual(await end(worker), ['worker-message-too-costly', 1]);
    });

    it('may cost up to maxMessageCost', async () => {
      const map = `require('worker_threads').parentPort.postMessage(new Map(Array.from({ length: 20000 }, (_, i) => [i, i])))`;
      const options = { profile: ALLOW, eval: true };
      assert.deepEqual(await end(new SandboxedWorker(map, options)), ['worker-message-too-costly', 1]);
      const worker = new SandboxedWorker(map, { ...options, maxMessageCost: 1e9 });
      assert.equal(((await once(worker, 'message'))[0] as Map<number, number>).size, 20_000);
      await once(worker, 'exit');
    });

    const refused: Readonly<Record<string, Buffer>> = {
      'shared memory': wire('u', 0),
      'a buffer that was transferred': wire('t', 0),
      'a WebAssembly module': wire('w', 0),
      'a WebAssembly memory': wire('m', 0),
      'an object shared between threads': wire('p', 0),
      'another version of the format': Buffer.from([0xff, FORMAT_VERSION - 1, 0x5f]),
      'an index that is written as a string': wire('o"', 4, '1000', '_{', 1),
      'a key that is an object': wire('oo{', 0, '_{', 1),
      'more elements than bytes': wire('A', 1_000_000, '$', 0, 0),
      'padding without end': wire(Buffer.alloc(1000), '_'),
      'bytes behind the value': wire('__'),
      'a value that is cut off': wire('o"', 1),
    };
    for (const [what, bytes] of Object.entries(refused)) {
      it(`are not deserialized with ${what}`, () => {
        assert.throws(() => {
          checkClone(bytes, DEFAULT_LIMITS);
        }, TypeError);
      });
    }

    it('may nest to any depth without a crash', () => {
      const depth = 200_000;
      const nested = wire(Buffer.from('A\x01'.repeat(depth)), '_', Buffer.from('$\0\x01'.repeat(depth)));
      assert.throws(() => {
        checkClone(nested, DEFAULT_LIMITS);
        unpack(nested);
      }, /Error/);
    });

    const legitimate: Readonly<Record<string, unknown>> = {
      primitives: [
        undefined,
        null,
        true,
        false,
        0,
        -1,
        2 ** 31,
        1.5,
        NaN,
        -0,
        10n ** 40n,
        -5n,
        '',
        'ascii',
        'ü',
        'wide €',
      ],
      'objects and arrays': {
        a: new Array(3).fill(1, 1),
        b: { 5: 1, 1000: 2, x: [[]] },
        'ü€': Object.assign([1], { more: 1 }),
      },
      'Maps and Sets': new Map<unknown, unknown>([
        [1, new Set(['a', 2n])],
        [{}, new Map()],
      ]),
      'dates and patterns': [new Date(0), /a[b]+/giu, /\p{L}/u],
      wrappers: [Object(1), Object('s'), Object('€'), Object(true), Object(5n)],
      errors: [new Error('e'), new TypeError('€', { cause: [1] }), new RangeError()],
      buffers: [
        new ArrayBuffer(3),
        Buffer.from('abc'),
        new Float64Array(2),
        new DataView(new ArrayBuffer(9), 1, 4),
        new BigInt64Array(1),
      ],
      'a thousand records': Array.from({ length: 1000 }, (_, index) => ({
        index,
        name: `n${index}`,
        tags: ['x', 'y'],
        at: new Date(index),
      })),
    };
    for (const [what, value] of Object.entries(legitimate)) {
      it(`arrive if they are ${what}`, () => {
        const bytes = pack(value);
        checkClone(bytes, DEFAULT_LIMITS);
        assert.deepEqual(unpack(bytes), value);
      });
    }

    it('arrive if they contain themselves', () => {
      const own: { self?: unknown } = {};
      own.self = own;
      const bytes = pack([own, own]);
      checkClone(bytes, DEFAULT_LIMITS);
      const [first, second] = unpack(bytes) as (typeof own)[];
      assert.equal(first, second);
      assert.equal(first?.self, first);
    });

    it('are written by this Node in the format that is checked', () => {
      assert.deepEqual([...serialize(null)], [0xff, FORMAT_VERSION, 0x30]);
    });

    it('are plain data, with keys of any name', () => {
      const value = unpack(pack(JSON.parse('{"__proto__": {"polluted": 1}, "then": 1}'))) as object;
      assert.equal(Object.getPrototypeOf(value), Object.prototype);
      assert.equal(Reflect.get(value, 'polluted'), undefined);
      assert.ok(
        Object.values(Object.getOwnPropertyDescriptors(value)).every(property => 'value' in property),
      );
    });
  });

  describe('with views', () => {
    /** The places in which views can be. */
    const places: Readonly<Record<string, (view: ArrayBufferView) => unknown>> = {
      'the value itself': view => view,
      'an object': view => ({ deep: [{ view }] }),
      'a Map, as a key and a value': view => new Map([[view, { view }]]),
      'a Set': view => new Set([view]),
      'the cause of an error': view => new Error('with a view', { cause: { view } }),
    };

    function* viewsIn(value: unknown): Generator<ArrayBufferView> {
      if (ArrayBuffer.isView(value)) yield value;
      else if (value instanceof Map || value instanceof Set)
        for (const part of value.entries()) yield* viewsIn(part);
      else if (value instanceof Error) yield* viewsIn(value.cause);
      else if (typeof value === 'object' && value !== null)
        for (const part of Object.values(value)) yield* viewsIn(part);
    }

    const owns = (view: ArrayBufferView): boolean =>
      view.byteOffset === 0 && view.buffer.byteLength === view.byteLength;

    it("would share Node's pool or the whole message with Node's own deserializer", () => {
      // At an odd offset, the deserializer copies to the pool.
      const views = [0, 1, 2, 3, 4, 5, 6, 7].map(
        length => deserialize(serialize(['x'.repeat(length), new Float64Array(2)])) as [string, Float64Array],
      );
      const pool = Buffer.from('pooled').buffer;
      assert.ok(views.every(([, view]) => !owns(view)));
      assert.ok(views.some(([, view]) => view.buffer.byteLength === pool.byteLength));
    });

    for (const [where, put] of Object.entries(places)) {
      it(`have their own memory in ${where}`, () => {
        for (const view of [
          Buffer.from('pooled'),
          new Float64Array(2),
          new DataView(new ArrayBuffer(20), 3, 5),
          new Uint8Array(0),
        ]) {
          const found = [...viewsIn(unpack(pack(put(view))))];
          assert.ok(found.length > 0 && found.every(owns), where);
          assert.equal(found[0]?.constructor, view.constructor);
          assert.deepEqual(found[0], view);
        }
      });
    }

    it('of one buffer arrive with a buffer each', () => {
      const buffer = new ArrayBuffer(8);
      const [first, second] = unpack(
        pack([new Uint8Array(buffer, 0, 4), new Uint8Array(buffer, 4)]),
      ) as Uint8Array[];
      assert.notEqual(first?.buffer, second?.buffer);
      assert.ok([...viewsIn([first, second])].every(owns));
    });

    it('contain no other bytes of their buffer', () => {
      const secret = Buffer.from('before SECRET after');
      assert.ok(!Buffer.from(pack(secret.subarray(0, 6))).includes('SECRET'));
      const resizable = new (ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer)(
        4,
        { maxByteLength: 4096 },
      );
      const [view] = unpack(pack([new Uint8Array(resizable)])) as [Uint8Array];
      assert.ok(owns(view));
    });

    it('of shared memory are not sent', () => {
      const shared = new Uint8Array(new SharedArrayBuffer(4));
      assert.throws(() => pack([shared]), { name: 'DataCloneError' });
      assert.doesNotThrow(() => new DefaultSerializer().writeValue(shared), "Node's serializer copies it");
    });

    it('expose no memory of this process if their buffer is echoed', async () => {
      const worker = new SandboxedWorker(
        `const { parentPort } = require('worker_threads');
         parentPort.on('message', buffer => parentPort.postMessage(buffer.byteLength));
         for (let i = 0; i < 8; i++) parentPort.postMessage(['x'.repeat(i), new Float64Array(2)]);`,
        { profile: 'docker-default', eval: true },
      );
      const sizes: number[] = [];
      worker.on('message', value => {
        if (typeof value === 'number') sizes.push(value);
        else worker.postMessage((value as [string, Float64Array])[1].buffer);
        if (sizes.length === 8) void worker.terminate();
      });
      await once(worker, 'exit');
      assert.deepEqual(sizes, Array(8).fill(16));
    });
  });

  describe('with errors', () => {
    const forged = (own: object, parts: readonly unknown[] = ['Error', 'message', 'Name', 'stack']): Error =>
      unpackThrown(pack([true, ...parts, own])) as Error;

    it('would set a prototype if Object.assign copied them', () => {
      const own = JSON.parse('{"__proto__": {"polluted": 1}}') as object;
      assert.ok(!(Object.assign(new Error('x'), own) instanceof Error));
      const error = forged(own);
      assert.ok(error instanceof Error);
      assert.equal(Reflect.get(error, 'polluted'), undefined);
    });

    it('do not hide inherited properties of errors', () => {
      const error = forged({
        toString: 1,
        constructor: 1,
        hasOwnProperty: 1,
        stack: { a: 1 },
        message: 1,
        name: 1,
        detail: 2,
      });
      assert.equal(String(error), 'Name: message');
      assert.deepEqual(Object.entries(error), [['detail', 2]]);
      assert.equal(error.stack, 'stack');
    });

    it('have only strings as texts, and truncate them', () => {
      const error = forged({}, [7, 'm'.repeat(1e6), 'n'.repeat(1e6), { a: 1 }]);
      assert.ok(error.message.length <= 65_536 && error.name.length <= 256);
      assert.equal(error.stack, '');
    });

    for (const [code, arrives] of [
      ['E_WRONG', true],
      ['ENOENT', true],
      [5, true],
      ['worker-ended', false],
      ['exit-refused', false],
      ['lower', false],
      [{}, false],
      [['ENOENT'], false],
    ] as const) {
      it(`${arrives ? 'have' : 'do not have'} the code ${JSON.stringify(code)}`, () => {
        assert.equal('code' in forged({ code }), arrives);
      });
    }

    it('of an unknown shape cause messageerror events', async () => {
      const worker = sandboxed(`
        for (const value of [null, 1, [], [true], [true, 'Error', 'm', 'n', 's', 1], [false], { 0: false, length: 2 }]) put(frame(MESSAGEERROR, v8.serialize(value)));
        put(frame(MESSAGE, v8.serialize(0)));`);
      const messages: unknown[] = [];
      worker.on('messageerror', ({ message }) => messages.push(message));
      await once(worker, 'message');
      assert.deepEqual(messages, Array(7).fill('the worker did not send an error'));
      await worker.terminate();
    });

    it('are emitted once', async () => {
      const thrown = Buffer.from(packThrown(new Error('forged'))).toString('hex');
      const worker = sandboxed(
        `const error = frame(ERROR, Buffer.from('${thrown}', 'hex')); put(Buffer.concat([error, error]));`,
      );
      const errors: string[] = [];
      worker.on('error', error => errors.push((error as WorkerError).code ?? (error as Error).message));
      await new Promise(resolve => worker.once('exit', resolve));
      assert.deepEqual(errors, ['forged', 'worker-protocol']);
    });
  });

  it('continues when a listener throws during a flood', () => {
    const code = hostile(
      `put(Buffer.concat(Array.from({ length: 2000 }, (_, i) => frame(MESSAGE, v8.serialize(i))))); process.exit()`,
    );
    const seen = told(
      inChild(`
        const worker = new s.SandboxedWorker(${JSON.stringify(code)}, { eval: true, profile: harmless });
        let thrown = 0, sum = 0;
        process.on('uncaughtException', () => thrown++);
        worker.on('message', value => { sum += value; throw new Error('no'); });
        await new Promise(resolve => worker.on('exit', resolve));
        tell({ sum, thrown });`),
    );
    assert.deepEqual(seen, { sum: 1_999_000, thrown: 2000 });
  });

  it('settles promises between two messages', async () => {
    const worker = new SandboxedWorker(
      `for (let i = 0; i < 100; i++) require('worker_threads').parentPort.postMessage(i)`,
      { profile: ALLOW, eval: true },
    );
    for (let index = 0; index < 100; index++) assert.deepEqual(await once(worker, 'message'), [index]);
    await once(worker, 'exit');
  });

  it('are only limited by own properties that are integers', () => {
    for (const limit of [0, -1, 1.5, NaN, Infinity, '5', 5n, null, 2 ** 32]) {
      assert.throws(
        () => sandboxed('', { maxMessageSize: limit as number }),
        { code: 'bad-option' },
        String(limit),
      );
    }
    for (const limit of [0, 1.5, Infinity, '5']) {
      assert.throws(
        () => sandboxed('', { maxMessageCost: limit as number }),
        { code: 'bad-option' },
        String(limit),
      );
    }
  });

  it('are not limited by inherited properties of options', () => {
    const seen = told(
      inChild(`
        Object.prototype.maxMessageSize = 1;
        const worker = new s.SandboxedWorker("require('worker_threads').parentPort.postMessage('more than a byte')", { eval: true, profile: harmless });
        worker.on('message', tell);
        await new Promise(resolve => worker.on('exit', resolve));`),
    );
    assert.equal(seen, 'more than a byte');
  });
});
