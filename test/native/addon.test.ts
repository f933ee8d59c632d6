// The add-on itself: it loads in many threads, survives their end, and does not crash for any argument.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isFailure, native, type ContextHandle, type Native } from '#lib/native.js';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';
import { needs26 } from '../support/libseccomp.js';
import { CHILD_LIMIT } from '../support/child.js';
import { errnoName } from '#lib/kernel/errno.js';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/native/${name}.js`, import.meta.url));

const run = (name: string): unknown =>
  JSON.parse(execFileSync(process.execPath, [fixture(name)], { encoding: 'utf8', timeout: CHILD_LIMIT }));

/** All exports, without types. */
const exportsOf = (addon: Native): readonly (readonly [string, (...values: unknown[]) => unknown])[] =>
  Object.entries(addon as unknown as Record<string, (...values: unknown[]) => unknown>);

/** Exports that ignore their arguments. */
const TAKES_NOTHING: ReadonlySet<string> = new Set([
  'cLibrary',
  'probe',
  'threadId',
  'openRings',
  'pollingThreads',
  'preparePerfRecorder',
  'prepareTracer',
  'version',
  'apiGet',
  'archNative',
  'globalReset',
  'violationsTake',
  'violationsDropped',
  'violationsStop',
  'stopHandlingTraps',
  'serveRings',
  'handlesTraps',
]);

function newContext(): ContextHandle {
  const context = native().contextInit(SCMP_ACT_ALLOW);
  assert.ok(!isFailure(context));
  return context;
}

describe('add-on', () => {
  it('loads in 20 workers at once, compiles in each, and still works after their end', () => {
    assert.deepEqual(run('workers'), { workers: 20, sizes: 1, afterwards: true });
  });

  it('survives workers that are terminated while they use it', () => {
    assert.deepEqual(run('terminated-workers'), { terminated: 20, afterwards: true });
  });

  it('frees contexts that were not closed', () => {
    assert.deepEqual(run('collected-contexts'), { grownBeyondLimit: false });
  });

  describe('refuses with a TypeError', () => {
    const hostile: readonly unknown[] = [
      undefined,
      null,
      true,
      NaN,
      -1,
      1.5,
      2 ** 53,
      -1n,
      2n ** 70n,
      'read\0',
      Symbol('read'),
      {},
      [],
      [1],
      () => 1,
      new Uint8Array(3),
      new Float64Array(4),
      new Proxy([], {}),
      Object.create(null),
    ];

    let context: ContextHandle;
    let calls: readonly (readonly [string, (...values: unknown[]) => unknown])[];

    before(() => {
      context = newContext();
      calls = exportsOf(native()).filter(([name]) => !TAKES_NOTHING.has(name));
      assert.ok(calls.length > 30);
    });

    it('a call without its arguments', () => {
      for (const [name, call] of calls) assert.throws(() => call(), TypeError, name);
    });

    it('a first argument of the wrong type', () => {
      for (const [name, call] of calls) {
        for (const value of hostile) {
          if (name === 'loadFilter' || name === 'loadAndExec') {
            assert.throws(() => call(value), TypeError, name);
            continue;
          }
          try {
            call(value, value, value, value, value);
          } catch (error) {
            assert.ok(error instanceof TypeError, `${name}: ${String(error)}`);
          }
        }
      }
    });

    it('a value that is not a handle', () => {
      const ofContext = calls.filter(([name]) => name.startsWith('context') && name !== 'contextInit');
      for (const [name, call] of ofContext) {
        for (const value of [...hostile, context.constructor, structuredClone]) {
          assert.throws(() => call(value, 0, 0, 0, new BigUint64Array(0)), TypeError, name);
        }
      }
    });

    it('a rule table whose getters throw', () => {
      const table = {
        get defaultAction(): never {
          throw new RangeError('mine');
        },
      };
      assert.throws(() => native().compileTable(table as never), RangeError);
    });
  });

  it('returns EBADF for a released handle', function () {
    needs26(this);
    const context = newContext();
    native().contextRelease(context);
    native().contextRelease(context);
    const answer = native().contextExportBpf(context);
    assert.ok(isFailure(answer));
    assert.deepEqual(answer, { failed: 'seccomp_export_bpf_mem', errno: 9 });
  });

  it('accepts a rule table whose getters detach its arrays', () => {
    const archs = Uint32Array.of(0xc000003e);
    const rules = new Uint32Array(4096);
    const table = {
      defaultAction: SCMP_ACT_ALLOW,
      badArch: 0,
      optimize: 1,
      archs,
      rules,
      get comparisons() {
        structuredClone(null, { transfer: [archs.buffer, rules.buffer] });
        return new BigUint64Array(0);
      },
    };
    const answer = native().compileTable(table as never);
    assert.ok(isFailure(answer) && errnoName(answer.errno) === 'EINVAL');
  });

  it('accepts programs and comparisons in shared memory', () => {
    const shared = new BigUint64Array(new SharedArrayBuffer(32));
    shared.set([0n, 4n, 7n, 0n]);
    assert.equal(native().contextRuleAdd(newContext(), false, 0x50001, 0, shared), undefined);
  });

  it('reports the kernel features of its ABI', () => {
    const probe = native().probe();
    assert.match(probe.release, /^\d+\.\d+/);
    assert.equal(probe.filter, true);
    assert.ok(probe.actions.includes('SCMP_ACT_ALLOW'));
    assert.ok(probe.flags.includes('SECCOMP_FILTER_FLAG_TSYNC'));
    assert.ok(probe.notificationSizes === undefined || probe.notificationSizes.data === 64);
    assert.ok(probe.jit === undefined || [0, 1, 2].includes(probe.jit));
    assert.ok(native().threadId() > 0);
  });
});
