// One call under filters: the action, the layer that decides, the path through the program, the rule.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { SeccompError } from '#lib/util/errors.js';
import type { Call } from '#lib/bpf/call.js';
import { seccompData } from '#lib/bpf/interpret.js';
import type { Layers } from '#lib/filter/layers.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { simulate } from '#lib/filter/inspect/simulate.js';
import { simulator } from '#lib/filter/inspect/simulator.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import { actionName } from '#lib/kernel/action.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO } from '#lib/kernel/constants.js';
import type { Event } from '#lib/kernel/event.js';
import { written } from '../support/written.js';

const docker = compile('docker-default', { arch: 'x86_64' });
const allowing = compile({ defaultAction: 'SCMP_ACT_ALLOW' }, { arch: 'x86_64' });
const refusing = (errno: string) =>
  compile(
    written({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ name: 'socket', action: 'SCMP_ACT_ERRNO', errno }],
    }),
    { arch: 'x86_64' },
  );
const call = (name: string, ...args: bigint[]): Event => ({
  arch: ABIS.x86_64.audit,
  syscall: syscallNumber('x86_64', name) ?? -1,
  args,
});

describe('simulate', () => {
  it('returns the action and the rule, with its line', () => {
    const { action, permitted, layers } = simulate(docker, call('socket', 41n));
    assert.deepEqual([action, permitted], [SCMP_ACT_ALLOW, true]);
    const [run] = layers;
    assert.ok(run?.reason?.kind === 'rule');
    assert.match(run.reason.at?.file ?? '', /docker-default\.json$/);
    assert.match(run.reason.at?.pointer ?? '', /^\/syscalls\/\d+\/names\/0$/);
  });

  it('follows the program from its first instruction to a return, with the values of A', () => {
    const [run] = simulate(docker, call('socket', 38n)).layers;
    const path = run?.path ?? [];
    assert.deepEqual(path[0], { index: 0, a: 0, x: 0 });
    assert.equal(docker.program[path[0]?.index ?? -1]?.code, BPF.LD_ABS);
    assert.equal(path[1]?.a, ABIS.x86_64.audit);
    assert.equal(docker.program[path.at(-1)?.index ?? -1]?.code, BPF.RET_K);
    assert.equal(docker.program[path.at(-1)?.index ?? -1]?.k, SCMP_ACT_ERRNO(1));
    assert.ok(path.every(({ index }, at) => at === 0 || index > (path[at - 1]?.index ?? 0)));
  });

  it('names the layer that decides: the strongest, and of equally strong ones the newest', () => {
    const verdict = (...layers: readonly (typeof docker)[]): readonly [string, number] => {
      const { action, decidedBy } = simulate(layers, call('socket', 1n));
      return [actionName(action), decidedBy];
    };
    assert.deepEqual(verdict(refusing('EACCES'), allowing), ['ERRNO(EACCES)', 0]);
    assert.deepEqual(verdict(allowing, refusing('EACCES')), ['ERRNO(EACCES)', 1]);
    assert.deepEqual(verdict(refusing('EACCES'), allowing, refusing('ENOENT')), ['ERRNO(ENOENT)', 2]);
    assert.deepEqual(verdict(refusing('ENOENT'), refusing('EACCES')), ['ERRNO(EACCES)', 1]);
  });

  it('reports whether the kernel uses its cache, for which every layer must allow by number', () => {
    assert.equal(simulate(docker, call('read')).cached, true);
    assert.equal(simulate(docker, call('socket', 1n)).cached, false);
    assert.equal(simulate([docker, allowing], call('read')).cached, true);
    assert.equal(simulate([docker, allowing], call('socket', 1n)).cached, false);
  });

  it('accepts raw programs, without rules, and mixes of both', () => {
    const { action, layers } = simulate([docker.bpf, docker.program, docker], call('mount'));
    assert.equal(action, SCMP_ACT_ERRNO(1));
    assert.deepEqual(
      layers.map(({ reason }) => reason?.kind),
      [undefined, undefined, 'default'],
    );
    assert.ok(layers.every(({ returned }) => returned === SCMP_ACT_ERRNO(1)));
  });

  it('distinguishes the return value of a layer from the enforced action', () => {
    const { action, layers } = simulate(
      [{ code: BPF.RET_K, jt: 0, jf: 0, k: SCMP_ACT_ERRNO(5000) }],
      call('read'),
    );
    assert.equal(action, SCMP_ACT_ERRNO(4095));
    assert.equal(layers[0]?.returned, SCMP_ACT_ERRNO(5000));
  });

  it('accepts the words of the call as well', () => {
    const event = call('socket', 0x1_0000_0026n, 7n);
    const { event: whole, action } = simulate(docker, seccompData(event));
    assert.deepEqual(whole, { ...event, args: [0x1_0000_0026n, 7n, 0n, 0n, 0n, 0n], instructionPointer: 0n });
    assert.equal(action, simulate(docker, event).action);
  });
});

describe('simulate and simulator refuse', () => {
  const read = call('read');
  const refused: readonly (readonly [name: string, code: string, layers: unknown, call: unknown])[] = [
    ['no layer at all', 'bad-filter', [], read],
    ['what is no filter', 'bad-filter', {}, read],
    ['bytes that are not program', 'bad-program-size', new Uint8Array(9), read],
    ['a program that the kernel refuses', 'bad-program', new Uint8Array(8).fill(0xff), read],
    ['too few words', 'bad-event', docker, new Uint32Array(15)],
    ['nothing', 'bad-event', docker, undefined],
    ['null', 'bad-event', docker, null],
    ['a number', 'bad-event', docker, 7],
    ['a call without an architecture', 'bad-event', docker, { syscall: 1 }],
    ['a fraction of a number', 'bad-event', docker, { ...read, syscall: 0.5 }],
    ['arguments that are not list', 'bad-event', docker, { ...read, args: 'abc' }],
    ['arguments that are fractions', 'bad-event', docker, { ...read, args: [0.5] }],
    ['seven arguments', 'bad-event', docker, { ...read, args: [0n, 0n, 0n, 0n, 0n, 0n, 0n] }],
    ['an instruction pointer that is a fraction', 'bad-event', docker, { ...read, instructionPointer: 0.5 }],
  ];
  for (const [name, code, layers, event] of refused) {
    it(name, () => {
      const isRefusal = (error: unknown): boolean => error instanceof SeccompError && error.code === code;
      assert.throws(() => simulate(layers as Layers, event as Call), isRefusal);
      assert.throws(() => simulator(layers as Layers)(event as Call), isRefusal);
    });
  }
});
