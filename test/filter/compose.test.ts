// The action of a stack of filters: by the documented rule, and in the kernel for real stacks.
import assert from 'node:assert/strict';
import { composeLayers, decidingLayer } from '#lib/filter/compose.js';
import { actionData, actionKind, actionName } from '#lib/kernel/action.js';
import * as scmp from '#lib/kernel/constants.js';
import { stackVerdicts } from '../support/stack.js';
import { Random, seed } from '../support/random.js';

const { SCMP_ACT_ALLOW: ALLOW, SCMP_ACT_ERRNO: ERRNO, SCMP_ACT_TRACE: TRACE, SCMP_ACT_LOG: LOG } = scmp;
const TRAP = (data: number): number => scmp.SCMP_ACT_TRAP | data;
/** Unknown actions between LOG and ALLOW, and between KILL_THREAD and TRAP. */
const [WEAK_UNKNOWN, STRONG_UNKNOWN] = [0x7ffd0000, 0x00010000];

/** The kinds of actions, the strongest first. */
const KINDS: readonly ((data: number) => number)[] = [
  data => (scmp.SCMP_ACT_KILL_PROCESS | data) >>> 0,
  data => (0x80010000 | data) >>> 0,
  data => scmp.SCMP_ACT_KILL_THREAD | data,
  data => STRONG_UNKNOWN | data,
  TRAP,
  ERRNO,
  data => 0x00060000 | data,
  data => scmp.SCMP_ACT_NOTIFY | data,
  TRACE,
  data => LOG | data,
  data => WEAK_UNKNOWN | data,
  data => ALLOW | data,
];

/** The effect of an enforced action on the call, in the words of the probe. */
function consequence(action: number): string {
  const data = actionData(action);
  switch (actionKind(action)) {
    case scmp.SCMP_ACT_KILL_PROCESS:
      return 'process';
    case scmp.SCMP_ACT_KILL_THREAD:
      return 'thread';
    case scmp.SCMP_ACT_TRAP:
      return `trap ${data}`;
    case ERRNO(0):
      return data === 0 ? 'value' : `errno ${data}`;
    case scmp.SCMP_ACT_NOTIFY:
      return 'errno 38';
    case TRACE(0):
      return `trace ${data}`;
    default:
      return 'value';
  }
}

describe('a stack of filters', () => {
  const cases: readonly (readonly [name: string, stack: readonly number[], action: string, layer: number])[] =
    [
      ['without layers allows', [], 'ALLOW', -1],
      ['of one layer answers as it does', [ERRNO(1)], 'ERRNO(EPERM)', 0],
      ['takes the strongest action, be it old', [ERRNO(1), LOG, ALLOW], 'ERRNO(EPERM)', 0],
      ['takes the strongest action, be it new', [ALLOW, LOG, ERRNO(1)], 'ERRNO(EPERM)', 2],
      ['takes the newest of equally strong ones', [ERRNO(13), ERRNO(1), ALLOW], 'ERRNO(EPERM)', 1],
      [
        'knows of two kinds of killing',
        [scmp.SCMP_ACT_KILL_THREAD, scmp.SCMP_ACT_KILL_PROCESS],
        'KILL_PROCESS',
        1,
      ],
      ['caps an errno', [ERRNO(5000)], 'ERRNO(4095)', 0],
      ['does not look at data that ALLOW carries', [(ALLOW | 7) >>> 0], 'ALLOW', 0],
      ['kills the process for an action that no kernel knows', [WEAK_UNKNOWN], 'KILL_PROCESS', 0],
      [
        'does so even if another layer kills the thread',
        [scmp.SCMP_ACT_KILL_THREAD, 0x80010000],
        'KILL_PROCESS',
        1,
      ],
      ['never sees an unknown action that a known one beats', [WEAK_UNKNOWN, LOG], 'LOG', 1],
    ];
  for (const [name, stack, action, layer] of cases) {
    it(name, () => {
      assert.equal(actionName(composeLayers(stack)), action);
      assert.equal(decidingLayer(stack), layer);
    });
  }
});

describe('a stack of filters in the kernel', () => {
  const told = (stacks: readonly (readonly number[])[]): void => {
    const verdicts = stackVerdicts(stacks);
    stacks.forEach((stack, index) => {
      assert.equal(
        verdicts[index],
        consequence(composeLayers(stack)),
        `oldest first: ${stack.map(actionName).join(', ')}`,
      );
    });
  };

  it('of one layer works as documented, for every kind of action', () => {
    told(KINDS.flatMap(make => [[make(0)], [make(9)], [make(4096)], [make(0xffff)]]));
  });

  it('of two layers works as documented, for every pair in either order', () => {
    told(KINDS.flatMap(old => KINDS.map(young => [old(11), young(22)])));
  });

  const start = seed();

  it(`of up to eight layers works as documented (SEED=${start})`, () => {
    const random = new Random(start);
    const action = (kinds: typeof KINDS): number =>
      random.pick(kinds)(random.chance(0.2) ? random.below(0x10000) : random.below(4));
    told(
      Array.from({ length: 600 }, () => {
        // Few kinds at a time, so that ties and weak actions are common.
        const kinds = random.chance(0.7) ? [random.pick(KINDS), random.pick(KINDS.slice(4))] : KINDS;
        return Array.from({ length: 1 + random.below(8) }, () => action(kinds));
      }),
    );
  });
});
