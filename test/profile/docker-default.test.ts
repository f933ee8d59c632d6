// The shipped docker-default is equivalent to Docker's own default, and matches its comments.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ABIS, syscallNumber, type Abi } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { actionName } from '#lib/kernel/action.js';
import { evaluate, outcome } from '#lib/policy/evaluate.js';
import type { Condition, Policy, Rule, SyscallPolicy } from '#lib/policy/policy.js';
import { abisOf, type Architecture } from '#lib/kernel/architectures.js';
import { CAPABILITIES } from '#lib/kernel/capabilities.js';
import { parseProfile } from '#lib/profile/parse.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { Random, seed } from '../support/random.js';
import { skip } from '../support/skip.js';

const ARCHITECTURES: readonly Architecture[] = ['x86_64', 'aarch64'];
/** Below, at and above the only kernel version that the profile names. */
const KERNELS = ['3.10', '4.7', '4.8', '6.12'];

const ROOT = new URL('../../../', import.meta.url);
const SHIPPED = new URL('profiles/docker-default.json', ROOT);
/** Docker's own file, if it is next to the repository. */
const THEIRS = fileURLToPath(new URL('../shared/profiles/moby-profiles_default_newest.json', ROOT));

const shipped = parseProfile(SHIPPED);

describe('docker-default', () => {
  describe('facts', () => {
    // ABI, capability (`*` for all, `@` before a kernel other than 6.12), call, arguments, action.
    const facts: readonly (readonly [AbiName, string, string, readonly bigint[], string])[] = [
      // Common calls need no capability.
      ['x86_64', '', 'read', [], 'ALLOW'],
      ['x86_64', '', 'openat', [], 'ALLOW'],
      ['x86_64', '', 'execve', [], 'ALLOW'],
      ['x86_64', '', 'seccomp', [], 'ALLOW'],
      ['aarch64', '', 'futex', [], 'ALLOW'],
      ['x86', '', 'socketcall', [1n], 'ALLOW'],
      ['x86', '', 'clock_gettime64', [], 'ALLOW'],
      ['arm', '', 'futex_time64', [], 'ALLOW'],
      ['x32', '', 'write', [], 'ALLOW'],

      // Namespaces and mounts need CAP_SYS_ADMIN.
      ['x86_64', '', 'unshare', [0n], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_ADMIN', 'unshare', [0n], 'ALLOW'],
      ['x86_64', 'CAP_SYS_CHROOT', 'unshare', [0n], 'ERRNO(EPERM)'],
      ['aarch64', '', 'mount', [], 'ERRNO(EPERM)'],
      ['aarch64', 'CAP_SYS_ADMIN', 'mount', [], 'ALLOW'],
      ['x86_64', 'CAP_SYS_ADMIN', 'setns', [], 'ALLOW'],
      ['x86', '', 'umount', [], 'ERRNO(EPERM)'],
      ['x86', 'CAP_SYS_ADMIN', 'umount', [], 'ALLOW'],

      // clone may create threads and processes, but no namespaces.
      ['x86_64', '', 'clone', [0x3d0f00n], 'ALLOW'],
      ['x86_64', '', 'clone', [0x11n], 'ALLOW'],
      ['x86_64', '', 'clone', [0x10000000n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'clone', [0x10000011n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'clone', [0x00020000n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'clone', [0x02000000n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'clone', [0x04000000n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'clone', [0x08000000n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'clone', [0x20000000n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'clone', [0x40000000n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'clone', [0n, 0x10000000n], 'ALLOW'],
      ['x86_64', 'CAP_SYS_ADMIN', 'clone', [0x10000000n], 'ALLOW'],
      ['aarch64', '', 'clone', [0x10000000n], 'ERRNO(EPERM)'],
      ['arm', '', 'clone', [0x10000000n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'clone3', [], 'ERRNO(ENOSYS)'],
      ['aarch64', '', 'clone3', [], 'ERRNO(ENOSYS)'],
      ['x86_64', 'CAP_NET_ADMIN', 'clone3', [], 'ERRNO(ENOSYS)'],
      ['x86_64', 'CAP_SYS_ADMIN', 'clone3', [], 'ALLOW'],

      // Address families: all except AF_ALG (38) and AF_VSOCK (40).
      ['x86_64', '', 'socket', [1n], 'ALLOW'],
      ['x86_64', '', 'socket', [2n], 'ALLOW'],
      ['x86_64', '', 'socket', [16n], 'ALLOW'],
      ['x86_64', '', 'socket', [37n], 'ALLOW'],
      ['x86_64', '', 'socket', [38n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'socket', [39n], 'ALLOW'],
      ['x86_64', '', 'socket', [40n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'socket', [41n], 'ALLOW'],
      ['aarch64', '', 'socket', [40n], 'ERRNO(EPERM)'],
      ['x86', '', 'socket', [40n], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_ADMIN', 'socket', [40n], 'ERRNO(EPERM)'],

      // personality: five values.
      ['x86_64', '', 'personality', [0n], 'ALLOW'],
      ['x86_64', '', 'personality', [8n], 'ALLOW'],
      ['x86_64', '', 'personality', [0x20000n], 'ALLOW'],
      ['x86_64', '', 'personality', [0x20008n], 'ALLOW'],
      ['x86_64', '', 'personality', [0xffffffffn], 'ALLOW'],
      ['x86_64', '', 'personality', [0xffffffffffffffffn], 'ERRNO(EPERM)'],
      ['x86_64', '', 'personality', [0x40000n], 'ERRNO(EPERM)'],
      ['x86_64', '', 'personality', [1n], 'ERRNO(EPERM)'],

      // Tracing, by kernel or by capability.
      ['x86_64', '@4.7', 'ptrace', [], 'ERRNO(EPERM)'],
      ['x86_64', '@3.19', 'ptrace', [], 'ERRNO(EPERM)'],
      ['x86_64', '@4.8', 'ptrace', [], 'ALLOW'],
      ['x86_64', '@4.10', 'ptrace', [], 'ALLOW'],
      ['x86_64', 'CAP_SYS_PTRACE@4.7', 'ptrace', [], 'ALLOW'],
      ['aarch64', '@4.7', 'process_vm_readv', [], 'ERRNO(EPERM)'],
      ['aarch64', '@4.8', 'process_vm_readv', [], 'ALLOW'],
      ['x86_64', '', 'kcmp', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_PTRACE', 'kcmp', [], 'ALLOW'],
      ['x86_64', 'CAP_SYS_PTRACE', 'process_madvise', [], 'ALLOW'],

      // One capability allows one group of calls.
      ['x86_64', '', 'chroot', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_ADMIN', 'chroot', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_CHROOT', 'chroot', [], 'ALLOW'],
      ['x86_64', '', 'bpf', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_BPF', 'bpf', [], 'ALLOW'],
      ['x86_64', 'CAP_SYS_ADMIN', 'bpf', [], 'ALLOW'],
      ['x86_64', '', 'perf_event_open', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_PERFMON', 'perf_event_open', [], 'ALLOW'],
      ['x86_64', 'CAP_PERFMON', 'bpf', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_ADMIN', 'perf_event_open', [], 'ALLOW'],
      ['x86_64', '', 'syslog', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYSLOG', 'syslog', [], 'ALLOW'],
      ['x86_64', '', 'open_by_handle_at', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_DAC_READ_SEARCH', 'open_by_handle_at', [], 'ALLOW'],
      ['x86_64', '', 'reboot', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_BOOT', 'reboot', [], 'ALLOW'],
      ['x86_64', '', 'init_module', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_MODULE', 'init_module', [], 'ALLOW'],
      ['x86_64', '', 'acct', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_PACCT', 'acct', [], 'ALLOW'],
      ['x86_64', '', 'iopl', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_RAWIO', 'iopl', [], 'ALLOW'],
      ['x86_64', '', 'settimeofday', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_TIME', 'settimeofday', [], 'ALLOW'],
      ['x86', 'CAP_SYS_TIME', 'stime', [], 'ALLOW'],
      ['x86_64', '', 'vhangup', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_TTY_CONFIG', 'vhangup', [], 'ALLOW'],
      ['x86_64', '', 'mbind', [], 'ERRNO(EPERM)'],
      ['x86_64', 'CAP_SYS_NICE', 'mbind', [], 'ALLOW'],

      // Calls that differ by architecture.
      ['x86_64', '', 'arch_prctl', [], 'ALLOW'],
      ['x86', '', 'modify_ldt', [], 'ALLOW'],
      ['arm', '', 'cacheflush', [], 'ALLOW'],
      ['arm', '', 'set_tls', [], 'ALLOW'],
      ['x86_64', '', 'uretprobe', [], 'ALLOW'],

      // Refused with all capabilities.
      ['x86_64', '*', 'io_uring_setup', [], 'ERRNO(EPERM)'],
      ['x86_64', '*', 'io_uring_enter', [], 'ERRNO(EPERM)'],
      ['x86_64', '*', 'keyctl', [], 'ERRNO(EPERM)'],
      ['x86_64', '*', 'add_key', [], 'ERRNO(EPERM)'],
      ['x86_64', '*', 'userfaultfd', [], 'ERRNO(EPERM)'],
      ['x86_64', '*', 'kexec_load', [], 'ERRNO(EPERM)'],
      ['x86_64', '*', 'pivot_root', [], 'ERRNO(EPERM)'],
      ['x86_64', '*', 'swapon', [], 'ERRNO(EPERM)'],
    ];
    for (const [abi, who, call, args, verdict] of facts) {
      const shown = args.map(value => `0x${value.toString(16)}`).join(', ');
      it(`${abi} ${who === '' ? 'no capability' : who}: ${call}(${shown}) is ${verdict}`, () => {
        const [caps = '', kernel = '6.12'] = who.split('@');
        const arch: Architecture = abi === 'aarch64' || abi === 'arm' ? 'aarch64' : 'x86_64';
        const capabilities = caps === '*' ? CAPABILITIES : caps === '' ? [] : [caps];
        const policy = resolveProfile(shipped, { arch, kernel, capabilities });
        assert.equal(verdictOf(policy, abi, call, args), verdict);
      });
    }

    it('has ENOSYS for calls newer than itself, and kills foreign ABIs', () => {
      const policy = resolveProfile(shipped, { arch: 'x86_64', capabilities: [] });
      const event = { args: [], instructionPointer: 0n };
      assert.equal(
        actionName(evaluate(policy, { ...event, arch: ABIS.x86_64.audit, syscall: 999 })),
        'ERRNO(ENOSYS)',
      );
      assert.equal(
        actionName(evaluate(policy, { ...event, arch: ABIS.aarch64.audit, syscall: 0 })),
        'KILL_THREAD',
      );
    });

    it('covers both architectures with their 32-bit ABIs', () => {
      for (const arch of ARCHITECTURES) {
        const policy = resolveProfile(shipped, { arch, capabilities: [] });
        assert.deepEqual(policy.abis.map(({ abi }) => abi.name).sort(), [...abisOf(arch)].sort());
      }
    });

    it('has a comment for every rule', () => {
      const text = JSON.parse(readFileSync(SHIPPED, 'utf8')) as ProfileText;
      for (const rule of text.syscalls) {
        assert.match(rule.comment, /\.$/, rule.names.join(' '));
        assert.deepEqual(rule.names, [...new Set(rule.names)].sort(), rule.comment);
      }
    });
  });

  describe("equality with moby's file", () => {
    it('holds for every architecture, kernel and set of capabilities', function () {
      if (!existsSync(THEIRS)) skip(this, "moby's default.json is not beside the repository");
      const theirs = parseProfile(THEIRS);
      const start = seed();
      console.log(`      SEED=${start}`);
      for (const target of targets(new Random(start))) {
        const label = `${target.arch}, Linux ${target.kernel}, [${target.capabilities.join(' ')}], SEED=${start}`;
        assertSamePolicy(resolveProfile(shipped, target), resolveProfile(theirs, target), label);
      }
    });
  });
});

interface ProfileText {
  readonly syscalls: readonly { readonly names: readonly string[]; readonly comment: string }[];
}

interface Machine {
  readonly arch: Architecture;
  readonly kernel: string;
  readonly capabilities: readonly string[];
}

/** Every architecture and kernel with no, each single and all capabilities; and hundreds of random sets. */
function* targets(random: Random): Generator<Machine> {
  const sets = [[], CAPABILITIES, ...CAPABILITIES.map(capability => [capability])];
  for (const arch of ARCHITECTURES) {
    for (const kernel of KERNELS) for (const capabilities of sets) yield { arch, kernel, capabilities };
    for (let i = 0; i < 150; i++) {
      const share = random.below(101) / 100;
      const capabilities = CAPABILITIES.filter(() => random.chance(share));
      yield { arch, kernel: random.pick(KERNELS), capabilities };
    }
  }
}

/** The action of a policy for a call that the ABI has, by name. */
function verdictOf(policy: Policy, abi: AbiName, call: string, args: readonly bigint[]): string {
  const syscall = syscallNumber(abi, call);
  assert(syscall !== undefined, `${abi} has no ${call}`);
  return actionName(evaluate(policy, { arch: ABIS[abi].audit, syscall, args, instructionPointer: 0n }));
}

function assertSamePolicy(ours: Policy, theirs: Policy, label: string): void {
  assert.equal(ours.defaultAction, theirs.defaultAction, label);
  assert.equal(ours.badArch, theirs.badArch, label);
  assert.deepEqual(
    ours.abis.map(({ abi, enosysAbove }) => [abi.name, enosysAbove]),
    theirs.abis.map(({ abi, enosysAbove }) => [abi.name, enosysAbove]),
    label,
  );
  for (const [index, { abi, syscalls }] of ours.abis.entries()) {
    const numbers = new Set([...syscalls.keys(), ...(theirs.abis[index]?.syscalls.keys() ?? [])]);
    for (let number = 0; number < 1024; number++) numbers.add(number + abi.numberBit);
    for (const number of numbers) {
      assertSameCall(ours, theirs, abi, number, `${label}, ${abi.name} ${number}`);
    }
  }
}

function assertSameCall(ours: Policy, theirs: Policy, abi: Abi, syscall: number, label: string): void {
  const mine = outcome(ours, abi.audit, syscall);
  const other = outcome(theirs, abi.audit, syscall);
  if (mine.rules.length === 0 && other.rules.length === 0) {
    assert.equal(mine.otherwise, other.otherwise, label);
    return;
  }
  // Equal rules are equivalent; other rules must have the same actions around every value that they compare.
  if (mine.otherwise === other.otherwise && sameRules(mine, other)) return;
  for (const args of boundaryArguments([...mine.rules, ...other.rules])) {
    const event = { arch: abi.audit, syscall, args, instructionPointer: 0n };
    assert.equal(evaluate(ours, event), evaluate(theirs, event), `${label}(${args.join(', ')})`);
  }
}

function sameRules(first: SyscallPolicy, second: SyscallPolicy): boolean {
  const written = (part: SyscallPolicy): string => part.rules.map(writeRule).sort().join('\n');
  return written(first) === written(second);
}

const writeRule = (rule: Rule): string =>
  [actionName(rule.action), ...rule.conditions.map(writeCondition).sort()].join(' ');

function writeCondition(condition: Condition): string {
  const mask = condition.op === 'SCMP_CMP_MASKED_EQ' ? `&${condition.mask}` : '';
  return `${condition.arg}/${condition.width}${mask} ${condition.op} ${condition.value}`;
}

/** Every combination of values at and next to the constants of the rules, for the arguments that they compare. */
function boundaryArguments(rules: readonly Rule[]): readonly (readonly bigint[])[] {
  const values = Array.from({ length: 6 }, () => new Set([0n]));
  for (const condition of rules.flatMap(rule => rule.conditions)) {
    const mask = condition.op === 'SCMP_CMP_MASKED_EQ' ? condition.mask : condition.value;
    const near = [
      condition.value,
      condition.value + 1n,
      condition.value - 1n,
      mask,
      ~mask,
      mask ^ 1n,
      1n << 32n,
    ];
    for (let bit = 0n; bit < 64n; bit++) if ((mask >> bit) & 1n) near.push(1n << bit);
    for (const value of near) values[condition.arg]?.add(BigInt.asUintN(64, value));
  }
  let combinations: bigint[][] = [[]];
  for (const choices of values)
    combinations = combinations.flatMap(head => [...choices].map(value => [...head, value]));
  return combinations;
}
