// Policies of systemd, minijail, LXC, kafel, elastic, easyseccomp, libseccomp and Kubernetes: their meaning according to their
// documentation, and invalid ones.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import { actionName } from '#lib/kernel/action.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { ConversionError, ProfileError } from '#lib/util/errors.js';
import { parseProfile } from '#lib/profile/parse.js';
import type { ProfileFormat } from '#lib/profile/profile.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { Random, seed } from '../../support/random.js';

/** The number of texts with a mistake for each policy. */
const MISTAKES = Number(process.env['FORMAT_RUNS'] ?? 15);

/** The action for a call such as `socket(1, 2)` or `socket(1) on x86`. */
function verdict(policy: string, call: string): string {
  const [, name = '', list = '', abi = 'x86_64'] = /^(\w+)(?:\((.*)\))?(?: on (\w+))?$/.exec(call) ?? [];
  const syscall = syscallNumber(abi as AbiName, name) ?? 0;
  const args = list === '' ? [] : list.split(',').map(BigInt);
  const resolved = resolveProfile(Buffer.from(policy), { arch: 'x86_64' });
  return actionName(evaluate(resolved, { arch: ABIS[abi as AbiName].audit, syscall, args }));
}

const failure = (action: () => unknown): ProfileError => {
  try {
    action();
  } catch (error) {
    if (error instanceof ProfileError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'it was accepted' });
};

/** A format, a policy in this format, and the actions for calls. */
type Case = readonly [format: ProfileFormat, policy: string, verdicts: Readonly<Record<string, string>>];

const CASES: readonly Case[] = [
  // systemd.exec(5): an allow-list has @default, and everything else is killed.
  [
    'systemd',
    'SystemCallFilter=read write',
    { read: 'ALLOW', exit_group: 'ALLOW', open: 'KILL_PROCESS', 'open on x86': 'KILL_PROCESS' },
  ],
  [
    'systemd',
    '[Service]\n# a remark\nExecStart=/bin/x\nSystemCallFilter=@network-io \\\n  read\nSystemCallErrorNumber=EPERM\n',
    { socket: 'ALLOW', read: 'ALLOW', open: 'ERRNO(EPERM)' },
  ],
  [
    'systemd',
    'SystemCallFilter=~@mount reboot:EIO swapon:kill\nSystemCallErrorNumber=EACCES',
    { mount: 'ERRNO(EACCES)', reboot: 'ERRNO(EIO)', swapon: 'KILL_PROCESS', read: 'ALLOW' },
  ],
  // The first assignment determines the kind of list; later ones add and remove calls.
  [
    'systemd',
    'SystemCallFilter=@system-service\nSystemCallFilter=~@resources ptrace:ENOSYS',
    { read: 'ALLOW', setpriority: 'KILL_PROCESS', ptrace: 'ERRNO(ENOSYS)' },
  ],
  [
    'systemd',
    'SystemCallFilter=~mount\nSystemCallFilter=\nSystemCallFilter=mount',
    { mount: 'ALLOW', umount2: 'KILL_PROCESS' },
  ],
  [
    'systemd',
    'SystemCallFilter=~mount umount2\nSystemCallFilter=mount',
    { mount: 'ALLOW', umount2: 'KILL_PROCESS' },
  ],
  [
    'systemd',
    'SystemCallArchitectures=native',
    { read: 'ALLOW', 'read on x86': 'KILL_THREAD', 'read on x32': 'KILL_THREAD' },
  ],
  ['systemd', 'SystemCallArchitectures=native x86', { 'read on x86': 'ALLOW', 'read on x32': 'KILL_THREAD' }],

  // minijail0(5)
  [
    'minijail',
    'read: 1\nwrite: 1 # both\n',
    { read: 'ALLOW', open: 'KILL_PROCESS', 'read on x86': 'KILL_THREAD', 'read on x32': 'KILL_PROCESS' },
  ],
  [
    'minijail',
    'ioctl: arg1 == 0x1234 || arg1 == 7 && arg2 != 0\n',
    { 'ioctl(0,0x1234)': 'ALLOW', 'ioctl(0,7,0)': 'KILL_PROCESS', 'ioctl(0,7,1)': 'ALLOW' },
  ],
  [
    'minijail',
    'socket: arg0 == AF_UNIX; return EAFNOSUPPORT\nfork: return 1\n',
    { 'socket(1)': 'ALLOW', 'socket(2)': 'ERRNO(EAFNOSUPPORT)', fork: 'ERRNO(EPERM)' },
  ],
  [
    'minijail',
    'mmap: arg2 in ~PROT_EXEC || arg2 in ~PROT_WRITE\n',
    { 'mmap(0,0,3)': 'ALLOW', 'mmap(0,0,5)': 'ALLOW', 'mmap(0,0,7)': 'KILL_PROCESS' },
  ],
  [
    'minijail',
    'clone: arg0 & CLONE_THREAD|CLONE_VM\nlseek: arg1 < 10',
    {
      'clone(0x100)': 'ALLOW',
      'clone(0)': 'KILL_PROCESS',
      'lseek(0,9)': 'ALLOW',
      'lseek(0,10)': 'KILL_PROCESS',
    },
  ],
  [
    'minijail',
    '@denylist\nbpf: return EPERM\n',
    { bpf: 'ERRNO(EPERM)', read: 'ALLOW', 'bpf on x32': 'ALLOW' },
  ],
  // tools/parser.py: filters in braces are tried in order.
  [
    'minijail',
    '@default trap\n@frequency ./counts\n{read, write}: allow\nsocket: { arg0 == 1; allow, arg0 >= 16; return EIO, log }\n',
    { read: 'ALLOW', open: 'TRAP', 'socket(1)': 'ALLOW', 'socket(17)': 'ERRNO(EIO)', 'socket(2)': 'LOG' },
  ],
  ['minijail', 'read[arch=arm]: 1\nwrite: allow\n', { read: 'KILL_PROCESS', write: 'ALLOW' }],

  // lxc.container.conf(5)
  [
    'lxc',
    '1\nallowlist\n0\n1\n',
    { read: 'ALLOW', write: 'ALLOW', open: 'KILL_THREAD', 'read on x86': 'KILL_THREAD' },
  ],
  [
    'lxc',
    '2\ndenylist\nreject_force_umount  # do not allow umount -f\n[all]\nkexec_load errno 1\nopen_by_handle_at kill\n',
    {
      'umount2(0,1)': 'ERRNO(EACCES)',
      'umount2(0,2)': 'ALLOW',
      kexec_load: 'ERRNO(EPERM)',
      'kexec_load on x86': 'ERRNO(EPERM)',
      open_by_handle_at: 'KILL_THREAD',
    },
  ],
  [
    'lxc',
    '2\nallowlist errno 38\nread\nsocket allow [0,1,SCMP_CMP_EQ]\nmprotect [2,0,&=,4]\n[arm]\nwrite\n',
    {
      read: 'ALLOW',
      'socket(1)': 'ALLOW',
      'socket(2)': 'ERRNO(ENOSYS)',
      'mprotect(0,0,3)': 'ALLOW',
      'mprotect(0,0,7)': 'ERRNO(ENOSYS)',
      write: 'ERRNO(ENOSYS)',
    },
  ],

  // kafel's README: the first matching rule applies, a comma is an `or` of the lowest precedence, KILL is the default.
  [
    'kafel',
    'POLICY p { ALLOW { read, write { fd == 1, fd == 2 } } }\nUSE p DEFAULT KILL',
    { read: 'ALLOW', 'write(2)': 'ALLOW', 'write(3)': 'KILL_THREAD' },
  ],
  [
    'kafel',
    'ERRNO(1) { ptrace, mmap { (prot & PROT_EXEC) != 0 && !(prot & 1) == 0 } }\nDEFAULT ALLOW',
    { ptrace: 'ERRNO(EPERM)', 'mmap(0,0,5)': 'ERRNO(EPERM)', 'mmap(0,0,4)': 'ALLOW' },
  ],
  [
    'kafel',
    '/* a remark */ #define MINE 0b101\nPOLICY a { ALLOW { socket(x, y) { x == MINE|2 || 3 > y } }, KILL_PROCESS { socket } } // end\nUSE a',
    { 'socket(7,9)': 'ALLOW', 'socket(0,2)': 'ALLOW', 'socket(0,3)': 'KILL_PROCESS' },
  ],
  [
    'kafel',
    'POLICY a { ALLOW { SYSCALL[0] }, TRAP(3) { write } } POLICY b { USE a, LOG { close ON x86_64, open ON arm } } USE b DEFAULT KILL_PROCESS',
    { read: 'ALLOW', write: 'TRAP(3)', close: 'LOG', open: 'KILL_PROCESS', 'read on x32': 'KILL_PROCESS' },
  ],
  // nsjail's config.cc: each string is a line.
  [
    'kafel',
    'seccomp_string: "DEFAULT ALLOW // all but\\nKILL { ptrace }"\n',
    { ptrace: 'KILL_THREAD', read: 'ALLOW' },
  ],
  [
    'kafel',
    'mode: ONCE\nmount { src: "/" }\n# seccomp_string: "KILL { read }"\nseccomp_string: "ERRNO(1) { ptrace } // a remark"\nseccomp_string: \'DEFAULT\\nALLOW\'\n',
    { ptrace: 'ERRNO(EPERM)', read: 'ALLOW' },
  ],
  // An int argument has 32 bits.
  ['kafel', 'ALLOW { write { fd == 1 } } DEFAULT KILL', { 'write(0x100000001)': 'ALLOW' }],

  // go-seccomp-bpf: the first group with the call applies; x32 gets ENOSYS, other architectures get the default.
  [
    'elastic',
    'seccomp:\n  default_action: Allow\n  syscalls:\n  - action: errno\n    names: [connect, bind]\n    names_with_args:\n    - name: clone\n      arguments:\n      - argument: 0\n        operation: BitsNotSet\n        value: 0x10000000\n',
    {
      connect: 'ERRNO(EPERM)',
      'clone(0)': 'ERRNO(EPERM)',
      'clone(0x10000000)': 'ALLOW',
      'connect on x86': 'ALLOW',
      'read on x32': 'ERRNO(ENOSYS)',
      'openat2 on x32': 'ERRNO(ENOSYS)',
    },
  ],
  [
    'elastic',
    'default_action: kill_process\nsyscalls:\n- action: log\n  names_with_args:\n  - {name: write, arguments: [{operation: LessThan, value: 3}]}\n  - {name: write, arguments: [{position: 0, operation: bitsset, value: 0xf00000000}, {position: 2, operation: equal, value: 7}]}\n- {action: allow, names: [read, write]}\n- {action: trace, names: [read, open]}\n',
    {
      'write(2)': 'LOG',
      'write(3)': 'ALLOW',
      'write(0x100000009,0,7)': 'LOG',
      read: 'ALLOW',
      open: 'TRACE(0)',
      'read on x86': 'KILL_PROCESS',
    },
  ],

  // easyseccomp's README.md: the first rule whose condition holds applies; src/generator.c: only the low half of an argument.
  [
    'easyseccomp',
    '// a remark\n$syscall in (@read, @write@x86_64, 3) => ALLOW();\n$syscall == @socket && ($arg0 == 1) => ALLOW();\n$syscall == @mmap && $arg2 & 4 > 0 => ERRNO(EACCES);\n$syscall == @socket => TRAP();\n=> KILL();\n',
    {
      read: 'ALLOW',
      close: 'ALLOW',
      'socket(1)': 'ALLOW',
      'socket(0x100000001)': 'ALLOW',
      'socket(2)': 'TRAP',
      'mmap(0,0,5)': 'ERRNO(EACCES)',
      'mmap(0,0,3)': 'KILL_THREAD',
      // Numbers are those of the native ABI, even on other ABIs.
      'restart_syscall on x86': 'ALLOW',
      'read on x86': 'ALLOW',
      'read on x32': 'KILL_THREAD',
    },
  ],
  [
    'easyseccomp',
    '$arch not in (@x86_64) => KILL_PROCESS();\n$syscall >= 1073741824 => ERRNO(38);\n#ifdef CAP_SYS_ADMIN\n$syscall == @mount => ALLOW();\n#endif\n#ifndef CAP_SYS_ADMIN\n# ifdef ARCH_AMD64\n$syscall == @mount => LOG();\n# endif\n#endif\n$syscall not in KERNEL(5.1) => ALLOW();\n=> ALLOW();'.replace(
      '$syscall not in KERNEL(5.1) => ALLOW();\n',
      '$syscall in KERNEL(5.1) => TRACE(7);\n',
    ),
    {
      'read on x86': 'KILL_PROCESS',
      'read on x32': 'ERRNO(ENOSYS)',
      mount: 'LOG',
      mkdir: 'TRACE(7)',
      clone3: 'ALLOW',
      pidfd_open: 'ALLOW',
    },
  ],

  [
    'easyseccomp',
    '$syscall == @socket && $arg0 != 2 => ERRNO(1);\n$syscall == @socket && $arg1 == 2 => ERRNO(2);\n$syscall == @socket => ERRNO(1);\n=> ALLOW();',
    { 'socket(0,2)': 'ERRNO(EPERM)', 'socket(2,2)': 'ERRNO(ENOENT)', 'socket(2,3)': 'ERRNO(EPERM)' },
  ],

  // libseccomp's src/gen_pfc.c.
  [
    'pfc',
    '#\n# pseudo filter code start\n#\n# filter for arch x86_64 (3221225534)\nif ($arch == 3221225534)\n  # filter for syscall "socket" (41) [priority: 65533]\n  if ($syscall == 41)\n    if ($a0.hi32 > 0)\n      action TRAP;\n    if ($a0.lo32 & 0x000000f0 == 16)\n      action LOG;\n    else\n      if ($a1.lo32 >= 2)\n        action ERRNO(13);\n  # default action\n  action ALLOW;\n# invalid architecture action\naction KILL;\n#\n# pseudo filter code end\n#\n',
    {
      'socket(0x100000000)': 'TRAP',
      'socket(0x19)': 'LOG',
      'socket(9,2)': 'ERRNO(EACCES)',
      'socket(9,1)': 'ALLOW',
      read: 'ALLOW',
      'read on x86': 'KILL_THREAD',
      'read on x32': 'KILL_THREAD',
    },
  ],

  [
    'spo',
    'apiVersion: security-profiles-operator.x-k8s.io/v1\nkind: SeccompProfile\nmetadata: {name: x}\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n  syscalls:\n  - action: SCMP_ACT_ALLOW\n    names: [read]\n  - action: SCMP_ACT_ALLOW\n    names:\n    - socket\n    args:\n    - {index: 0, value: 0x1, op: SCMP_CMP_EQ}\n',
    { read: 'ALLOW', 'socket(1)': 'ALLOW', 'socket(2)': 'ERRNO(EPERM)' },
  ],
  [
    'spo',
    '{"apiVersion": "x/v1beta1", "kind": "SeccompProfile", "spec": {"defaultAction": "SCMP_ACT_LOG"}}',
    { read: 'LOG' },
  ],
  // Of several documents, the one that is no base of another, with the rules of its base in the same text.
  [
    'spo',
    'apiVersion: v1\nkind: ConfigMap\n---\napiVersion: x/v1\nkind: SeccompProfile\nmetadata: {name: base}\nspec: {defaultAction: SCMP_ACT_ERRNO, syscalls: [{names: [write], action: SCMP_ACT_ALLOW}]}\n---\napiVersion: x/v1\nkind: SeccompProfile\nmetadata: {name: app}\nspec: {defaultAction: SCMP_ACT_KILL_PROCESS, baseProfileName: base, syscalls: [{names: [zzz, read], action: SCMP_ACT_ALLOW}]}\n'.replace(
      'zzz, ',
      '',
    ),
    { read: 'ALLOW', write: 'ALLOW' },
  ],
  [
    'spo',
    '{"kind": "List", "apiVersion": "v1", "items": [{"kind": "Service"}, {"apiVersion": "x", "kind": "SeccompProfile", "spec": {"defaultAction": "SCMP_ACT_LOG"}}]}',
    { read: 'LOG' },
  ],
  [
    'docker',
    'defaultAction: SCMP_ACT_KILL_PROCESS\nsyscalls: [{names: [read], action: SCMP_ACT_ALLOW}]\n',
    { read: 'ALLOW' },
  ],
];

describe('policies of launchers', () => {
  for (const [format, policy, verdicts] of CASES) {
    it(`${format}: ${policy.replaceAll('\n', ' ').slice(0, 90)}`, () => {
      assert.equal(parseProfile(Buffer.from(policy)).format, format);
      for (const [call, expected] of Object.entries(verdicts))
        assert.equal(verdict(policy, call), expected, call);
    });
  }

  for (const [policy, code, says] of [
    ['SystemCallFilter=→@netwrok-io', 'unknown-group', /Did you mean "@network-io"/],
    ['SystemCallFilter=read →wirte', 'unknown-syscall', /Did you mean "write".*|settings of a unit/],
    ['SystemCallFilter=→read:EPERM', 'policy-syntax', /begins with ~/],
    ['SystemCallFilter=~read:→EPREM', 'unknown-errno', /Did you mean "EPERM"/],
    ['SystemCallArchitectures=→x86_64', 'unknown-architecture', /Did you mean "x86-64"/],
    ['→SystemCallLog=read', 'not-expressible', /another filter/],
    ['read: 1\n→wirte: 1', 'unknown-syscall', /Did you mean "write"/],
    ['read: 1\nwrite: →alow', 'unknown-action', /Did you mean "allow"/],
    ['read: 1\nwrite: →arg6 == 1', 'unknown-argument', /arg0 to arg5/],
    ['read: 1\nwrite: arg0 == →AF_UNXI', 'unknown-constant', /Did you mean "AF_UNIX"/],
    ['read: 1\n→read: 1', 'duplicate-statement', /line 1/],
    ['read: 1\n@include →./other.policy', 'include-refused', /read from a file/],
    ['read: 1\n→all@group: 1', 'not-expressible', /group/],
    ['2\nallowlist\n→raed', 'unknown-syscall', /Did you mean "read"/],
    ['2\nallowlist\n→[x68]', 'unknown-architecture', /LXC/],
    [
      'name: "x"\nseccomp_string: "ALLOW { →raed }"\nseccomp_string: "DEFAULT KILL"\n',
      'unknown-syscall',
      /Did you mean "read"/,
    ],
    ['→seccomp_policy_file: "a.policy"\n', 'not-expressible', /another file/],
    [
      'seccomp_string: "DEFAULT ALLOW"→ seccomp_string: "KILL { ptrace }"\n',
      'not-expressible',
      /its own line/,
    ],
    ['seccomp_string: "DEFAULT ALLOW "→\n  # more\n  "KILL { ptrace }"\n', 'not-expressible', /its own line/],
    [
      '→seccomp_string: ["DEFAULT ALLOW", "KILL { ptrace }"]\n',
      'not-expressible',
      /one setting with one string/,
    ],
    ['ALLOW { →raed }', 'unknown-syscall', /Did you mean "read"/],
    ['ALLOW { write { →df == 1 } }', 'unknown-argument', /It has fd, buf, count/],
    ['POLICY abc { }\nUSE →abd', 'unknown-name', /Did you mean "abc"/],
    ['ALLOW { write { →fd == count } }', 'not-expressible', /one argument/],
    [
      'kind: SeccompProfile\napiVersion: v1\nspec:\n  defaultAction: →SCMP_ACT_ALOW\n',
      'unknown-action',
      /SCMP_ACT_ALLOW/,
    ],
    [
      'default_action: allow\nsyscalls:\n- action: errno\n  names: [read, →wirte]\n',
      'unknown-syscall',
      /go-seccomp-bpf.*Did you mean "write"/,
    ],
    ['default_action: allow\nsyscalls:\n- action: errno\n  →name: [read]\n', 'unknown-key', /"names"/],
    [
      'default_action: allow\nsyscalls:\n- {action: log, names: [read], names_with_args: [{name: →read, arguments: [{operation: Equal}]}]}\n',
      'duplicate-statement',
      /already/,
    ],
    ['default_action: →alow\nsyscalls: []\n', 'unknown-action', /Did you mean "allow"/],
    ['default_action: allow\n→seccomp.syscalls: []\n', 'unknown-key', /below "seccomp:"/],
    [
      'seccomp:\n  enabled: →false\n  default_action: allow\n  syscalls: []\n',
      'no-seccomp-section',
      /disable the filter/,
    ],
    [
      'seccomp:\n  enabled: →no\n  default_action: allow\n  syscalls: []\n',
      'no-seccomp-section',
      /disable the filter/,
    ],
    [
      'default_action: allow\nsyscalls:\n- action: log\n  names: [→socketcall]\n',
      'unknown-syscall',
      /x86_64 has no/,
    ],
    ['$syscall == →@raed => LOG();\n=> ALLOW();', 'unknown-syscall', /Did you mean "read"/],
    ['$syscall == →@socketcall => LOG();\n=> ALLOW();', 'unknown-syscall', /x86_64 has no/],
    ['→$arg7 == 1 => LOG();\n=> ALLOW();', 'unknown-argument', /"\$arg0"/],
    ['→$arg0 == 1 => LOG();\n=> ALLOW();', 'not-expressible', /a policy lists/],
    ['→$syscall == @read => ALLOW();\n', 'missing-default-action', /End the policy/],
    ['→#ifdef X\n=> ALLOW();\n', 'policy-syntax', /#endif/],
    ['=> →ALOW();\n', 'unknown-action', /Did you mean "ALLOW"/],
    ['$syscall == 1 => ERRNO(→EPREM);\n=> ALLOW();', 'unknown-errno', /Did you mean "EPERM"/],
    [
      '# pseudo filter code start\n# filter for arch x86_64 (3221225534)\nif ($arch == 3221225534)\n  action ALLOW;\naction →STOP;\n',
      'unknown-action',
      /pseudo filter code/,
    ],
    [
      '# pseudo filter code start\n→# filter for arch aarch64 (3221225655)\nif ($arch == 3221225655)\n  action ALLOW;\naction KILL;\n',
      'abi-not-covered',
      /for aarch64, and not for x86_64/,
    ],
    [
      'kind: SeccompProfile\napiVersion: v1\nmetadata: {name: a}\n---\n→kind: SeccompProfile\napiVersion: v1\nmetadata: {name: b}\n',
      'several-profiles',
      /"a", "b".*its own file/,
    ],
    ['→kind: SeccompProfile\n---\nkind: Pod\n', 'not-a-profile', /several documents/],
    [
      'kind: SeccompProfile\napiVersion: v1\nmetadata: {name: a}\nspec: {baseProfileName: a}\n'.repeat(0) +
        '→kind: SeccompProfile\napiVersion: v1\nmetadata: {name: a}\nspec: {baseProfileName: b}\n---\nkind: SeccompProfile\napiVersion: v1\nmetadata: {name: b}\nspec: {baseProfileName: a}\n',
      'include-cycle',
      /base of another/,
    ],
    [
      'defaultAction: SCMP_ACT_ERRNO\n---\n→kind: SeccompProfile\napiVersion: v1\nspec: {baseProfileName: ""}\n',
      'several-profiles',
      /its own file/,
    ],
    ['defaultAction: SCMP_ACT_ALLOW\nflags: &a []\nsyscalls: →*a\n', 'yaml-syntax', /aliases/],
    ['defaultAction: SCMP_ACT_ALLOW\n→<<: { syscalls: [] }\n', 'yaml-syntax', /merge keys/],
    ['defaultAction: SCMP_ACT_ALLOW\ndefaultErrnoRet: →010\n', 'yaml-syntax', /octal for some readers/],
    ['defaultAction: SCMP_ACT_ALLOW\n→defaultAction: SCMP_ACT_ERRNO\n', 'yaml-syntax', /must be unique/],
  ] as const) {
    it(`refuses by ${code}: ${policy.slice(policy.lastIndexOf('\n') + 1)}`, () => {
      const error = failure(() => resolveProfile(Buffer.from(policy.replace('→', '')), { arch: 'x86_64' }));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, says);
      const before = (policy.split('→')[0] ?? '').split('\n');
      assert.deepEqual(
        [error.at?.line, error.at?.column],
        [before.length, (before.at(-1)?.length ?? 0) + 1],
        error.message,
      );
    });
  }

  it('include files only from the folder of the policy', () => {
    const folder = mkdtempSync(join(tmpdir(), 'policies-'));
    try {
      mkdirSync(join(folder, 'in'));
      const write = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      };
      write('outside.policy', 'write: 1\n');
      write('in/common.policy', 'read: 1\n');
      const good = write('in/good.policy', '@include ./common.policy\nwrite: 1\n');
      assert.deepEqual([...resolveProfile(good, { arch: 'x86_64' }).abis[0].syscalls.keys()], [0, 1]);
      const bad = write('in/bad.policy', '@include ../outside.policy\n');
      assert.equal(failure(() => parseProfile(bad)).code, 'include-refused');
      const circle = write('in/circle.policy', '@include ./circle.policy\n');
      assert.equal(failure(() => parseProfile(circle)).code, 'include-cycle');
      write(
        'in/base.yaml',
        'apiVersion: v1\nkind: SeccompProfile\nspec: {defaultAction: SCMP_ACT_ERRNO, syscalls: [{names: [read], action: SCMP_ACT_ALLOW}]}\n',
      );
      const child = write(
        'in/child.yaml',
        'apiVersion: v1\nkind: SeccompProfile\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n  baseProfileName: base\n',
      );
      write(
        'in/typo.yaml',
        'apiVersion: v1\nkind: SeccompProfile\nspec: {defaultAction: SCMP_ACT_ERRNO, syscalls: [{names: [read], action: SCMP_ACT_ALLOW, arg: []}]}\n',
      );
      const typo = write(
        'in/on-typo.yaml',
        'apiVersion: v1\nkind: SeccompProfile\nspec: {defaultAction: SCMP_ACT_ERRNO, baseProfileName: typo}\n',
      );
      assert.deepEqual(
        parseProfile(typo).warnings.map(({ code }) => code),
        ['unknown-key'],
      );
      assert.equal(failure(() => parseProfile(typo, { strict: true })).code, 'unknown-key');
      assert.deepEqual(
        [
          ...resolveProfile(
            child,
            { arch: 'x86_64' },
            { unknownSyscalls: 'default' },
          ).abis[0].syscalls.keys(),
        ],
        [0],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const start = seed();
  it(`with random mistakes are parsed, or cause an error (SEED=${start})`, () => {
    const random = new Random(start);
    const pieces = [...new Set(CASES.flatMap(([, policy]) => policy.match(/\w+|[^\w\s]|\s+/g) ?? []))];
    for (const [, policy] of CASES) {
      const words: readonly string[] = policy.match(/\w+|[^\w\s]|\s+/g) ?? [];
      for (let count = 0; count < MISTAKES; count++) {
        const place = random.below(words.length);
        const text = words.with(place, random.chance(0.3) ? '' : random.pick(pieces)).join('');
        try {
          resolveProfile(Buffer.from(text), { arch: 'x86_64' });
        } catch (error) {
          if (!(error instanceof ProfileError || error instanceof ConversionError))
            throw new Error(text, { cause: error });
        }
      }
    }
  });

  it('with hostile text cause an error', () => {
    const bomb = Array.from(
      { length: 40 },
      (_, index) => `POLICY p${index + 1} { USE p${index}, USE p${index} }`,
    ).join('\n');
    for (const [policy, code] of [
      [`POLICY p0 { ALLOW { read } }\n${bomb}\nUSE p40`, 'too-many-rules'],
      [`ALLOW { write { ${'('.repeat(5_000)}`, 'too-deep'],
      [`ALLOW { write { fd == 1 || ${'!'.repeat(5_000)}`, 'too-deep'],
      [`read: 1\nwrite: arg0 == ${'~'.repeat(5_000)}1`, 'too-deep'],
      [`default_action: allow\nsyscalls: ${'['.repeat(5_000)}`, 'too-deep'],
      [
        Array.from(
          { length: 900 },
          (_, index) => `$arg${index % 6} & 3 == ${index % 4} => ${index % 2 ? 'LOG' : 'TRAP'}();`,
        ).join('\n') + '\n=> ALLOW();',
        'too-many-rules',
      ],
      [`${'('.repeat(100_000)}$arg0 == 1 => ALLOW();`, 'unknown-argument'],
      [`${'#ifdef A\n'.repeat(5_000)}=> ALLOW();`, 'too-deep'],
      [
        `# pseudo filter code start\n# filter for arch x86_64 (3221225534)\nif ($arch == 3221225534)\n${Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth + 1)}if ($a0 == 1)\n`).join('')}`,
        'too-deep',
      ],
      [`kind: ${'['.repeat(5_000)}`, 'too-deep'],
      [`defaultAction: ${'x'.repeat(2_000_000)}`, 'profile-too-large'],
    ] as const) {
      assert.equal(failure(() => resolveProfile(Buffer.from(policy), { arch: 'x86_64' })).code, code);
    }
  });
});
