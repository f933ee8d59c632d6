// Differences: they cover exactly the calls whose action changes, and each has a witness.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import type { Witness } from '#lib/util/errors.js';
import { composeLayers } from '#lib/filter/compose.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { isEquivalent } from '#lib/filter/inspect/compare.js';
import { diff, type Difference, type Place } from '#lib/filter/inspect/diff.js';
import { formatDiff } from '#lib/filter/inspect/format.js';
import type { Instruction, Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { generate } from '#lib/filter/generate/generate.js';
import { ABIS } from '#lib/kernel/abi.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO } from '#lib/kernel/constants.js';
import { answered, contains } from '../support/explained.js';
import { Random, seed } from '../support/random.js';
import { probes, randomPolicy, randomShape } from '../support/random-policy.js';

const op = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const answer = (layers: readonly Program[], event: Witness): number =>
  composeLayers(layers.map(program => interpret(program, seccompData(event)).action));

/** Whether a difference is about a call. */
function covers({ place, when }: Difference, event: Witness): boolean {
  if (answered({ cases: [{ action: true, when }], otherwise: false }, event)[0] !== true) return false;
  if (place.kind === 'architectures')
    return contains(place.architectures, event.arch) && contains(place.numbers, event.syscall);
  const isX32 = event.arch === ABIS.x32.audit && event.syscall >= 0x40000000 && event.syscall < 0x80000000;
  if (ABIS[place.abi].audit !== event.arch || (place.abi === 'x32') !== isX32) return false;
  switch (place.kind) {
    case 'abi':
      return true;
    case 'syscall':
      return place.number === event.syscall;
    case 'numbers':
      return contains(place.numbers, event.syscall);
  }
}

describe('differences', () => {
  const start = seed();

  it(`cover exactly the calls whose action changes, each with a witness (SEED=${start})`, () => {
    const random = new Random(start);
    let [changed, unchanged] = [0, 0];
    for (let index = 0; index < 30; index++) {
      const shape = { ...randomShape(random), maxRules: 3 };
      const policies = [0, 1, 2].map(() => randomPolicy(random, shape));
      const [one, two, three] = policies.map(policy => generate(policy)) as [Program, Program, Program];
      const [first, second] = random.chance(0.5)
        ? [[one], [two]]
        : [
            [one, two],
            [one, three],
          ];
      const differences = diff(first, second);
      for (const { from, to, witness } of differences) {
        assert.notEqual(from, to);
        assert.equal(from, answer(first, witness), `SEED=${start}, pair ${index}`);
        assert.equal(to, answer(second, witness), `SEED=${start}, pair ${index}`);
      }
      for (const difference of differences) {
        const about = differences.filter(other => covers(other, difference.witness));
        assert.deepEqual(
          about,
          [difference],
          `SEED=${start}, pair ${index}: a witness is of its own difference`,
        );
      }
      for (const event of policies.flatMap(policy => [...probes(random, policy, 2)])) {
        const [from, to] = [answer(first, event), answer(second, event)];
        const about = differences.filter(difference => covers(difference, event));
        const expected = from === to ? [] : [{ from, to }];
        assert.deepEqual(
          about.map(({ from, to }) => ({ from, to })),
          expected,
          `SEED=${start}, pair ${index}`,
        );
        if (from === to) unchanged++;
        else changed++;
      }
    }
    assert.ok(changed > 1000 && unchanged > 1000, `${changed} changed, ${unchanged} unchanged`);
  });

  it('name what a capability changes', () => {
    const [without, withCap] = [[], ['CAP_SYS_ADMIN']].map(capabilities =>
      compile('docker-default', { arch: 'x86_64', capabilities }),
    );
    assert.ok(without !== undefined && withCap !== undefined);
    const differences = diff(without, withCap);
    assert.ok(differences.every(({ to }) => to === SCMP_ACT_ALLOW));
    const native = differences.flatMap(({ place }) =>
      place.kind === 'syscall' && place.abi === 'x86_64' ? [place.syscall] : [],
    );
    for (const syscall of ['bpf', 'mount', 'umount2', 'setns', 'unshare', 'clone', 'clone3'])
      assert.ok(native.includes(syscall), syscall);
    assert.ok(!native.includes('reboot'));
    const text = formatDiff(differences);
    assert.match(text, /^on x86_64, x86, x32\n/);
    assert.match(
      text,
      /\nclone: ERRNO\(EPERM\) -> ALLOW if \(flags & .*CLONE_NEWUSER.*\) != 0\n {2}for example clone\(0x20000\)\n/,
    );
    assert.match(text, /\nERRNO\(EPERM\) -> ALLOW\n {2}syslog, mount, /);
  });

  it('do not exist between programs of both generators', () => {
    for (const arch of ['x86_64', 'aarch64'] as const) {
      const [tree, libseccomp] = (['tree', 'libseccomp'] as const).map(codegen =>
        compile('docker-default', { arch, codegen }),
      );
      assert.ok(tree !== undefined && libseccomp !== undefined);
      assert.deepEqual(diff(tree, libseccomp), []);
      assert.deepEqual(diff(tree, libseccomp.bpf), []);
    }
  });

  it('name whole ABIs and architectures if all of their calls change in the same way', () => {
    const native = compile(
      { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64'] },
      { arch: 'x86_64' },
    );
    const all = [op(BPF.RET_K, SCMP_ACT_ALLOW)];
    const differences = diff(native, all);
    assert.deepEqual(
      differences.map(({ place }) => (place.kind === 'abi' ? place.abi : place.kind)),
      ['numbers', 'x86', 'x32', 'aarch64', 'arm', 'architectures'],
    );
    assert.match(
      formatDiff(differences),
      /\nx86; x32; aarch64; arm; all other architectures: KILL_THREAD -> ALLOW\n$/,
    );
    assert.equal(formatDiff([]), '');
  });

  it('cover one call if it is named', () => {
    const [refused, allowed] = [SCMP_ACT_ERRNO(1), SCMP_ACT_ALLOW].map(action => [op(BPF.RET_K, action)]);
    assert.ok(refused !== undefined && allowed !== undefined);
    assert.deepEqual(
      new Set(
        diff(refused, allowed, 'socket').map(({ place }) =>
          place.kind === 'syscall' ? place.syscall : place.kind,
        ),
      ),
      new Set(['socket']),
    );
    assert.throws(() => diff(refused, allowed, 'nonsuch'), { code: 'unknown-syscall' });
  });

  it('exist exactly if filters are not equivalent', () => {
    const [tree, other] = [
      compile('docker-default', { arch: 'x86_64' }),
      compile('docker-default', { arch: 'x86_64', unknownSyscalls: 'default' }),
    ];
    assert.equal(isEquivalent(tree, other), false);
    /** Whether a place is above the highest call that the profile names. */
    const isNewer = (place: Place): boolean =>
      place.kind === 'numbers' || (place.kind === 'syscall' && (place.number & 0xfff) > 466);
    const places = diff(tree, other).map(({ place }) => place);
    assert.ok(places.length > 0 && places.every(isNewer));
    assert.ok(isEquivalent([tree, other], tree) === (diff([tree, other], tree).length === 0));
  });
});
