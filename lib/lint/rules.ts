// The table of lint rules: severity, why it matters and what to do. docs/lint.md has the same texts.

/** The severity of a finding. `high`: the profile does not protect as intended; `info`: for information. */
export type Severity = 'high' | 'medium' | 'low' | 'info';

/** A rule of `lint` and `lintProgram`, as docs/lint.md describes it. */
export interface LintRule {
  /** The usual severity of its findings. */
  readonly severity: Severity;
  /** What the rule looks for, in a few words. */
  readonly title: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do about it. */
  readonly remedy: string;
}

const rule = (severity: Severity, title: string, why: string, remedy: string): LintRule =>
  Object.freeze({ severity, title, why, remedy });

/** The codes of the rules. */
export type RuleCode = keyof typeof TABLE;

const TABLE = {
  // Values and widths of comparisons.
  'wide-comparison': rule(
    'medium',
    'A 64-bit comparison of a 32-bit argument',
    'The kernel reads only the low half of the register, but the condition compares all of it. A program can evade the condition with garbage in the high half',
    "Compare with SCMP_CMP_MASKED_EQ and the mask 4294967295, allow single values with SCMP_CMP_EQ, or compile with argWidth 'declared'",
  ),
  'pointer-compared': rule(
    'medium',
    'A pointer is compared',
    'A filter sees the address, not the memory at the address, and the program chooses the address',
    'Remove the condition: a filter cannot read memory',
  ),
  'no-such-argument': rule(
    'medium',
    'A condition on an argument that the call does not have',
    'The register has an arbitrary value, so the condition says nothing about the call',
    'Compare an argument that the call has; the order of arguments can differ between architectures',
  ),
  'impossible-condition': rule(
    'medium',
    'Conditions that no call meets',
    'The rule never matches, so it does not allow or deny what its author intended',
    'Correct the values, or remove the rule',
  ),
  'condition-always-true': rule(
    'medium',
    'A condition that every call meets',
    'The rule matches more calls than it seems to',
    'Correct the value or the mask, or remove the condition',
  ),
  'repeated-argument': rule(
    'high',
    'One rule tests an argument twice',
    'Any one of its conditions is then enough: AND becomes OR, as in runc',
    'Write one condition for each argument, or separate rules',
  ),
  'value-truncated': rule(
    'medium',
    'A value is wider than the argument',
    'Only the low half is compared, so the rule matches other calls than it seems to',
    'Use a value that fits',
  ),
  'missing-index': rule(
    'medium',
    'A condition without an index',
    'The index defaults to 0, which may not be intended',
    'Write the index',
  ),
  'missing-value': rule(
    'medium',
    'A condition without a value',
    'The value defaults to 0, which may not be intended',
    'Write the value',
  ),
  'value-two-ignored': rule(
    'medium',
    'valueTwo with a comparison that does not use it',
    'The condition tests less than it seems to',
    'Use SCMP_CMP_MASKED_EQ, or remove valueTwo',
  ),
  'bits-outside-mask': rule(
    'medium',
    'Bits of valueTwo that the mask lacks',
    'They are cleared, so the condition compares with another value',
    'Put the mask into value, and the value into valueTwo',
  ),
  // Rules without effect, or in contradiction.
  'conditions-without-effect': rule(
    'medium',
    'Conditions in addition to a rule that allows or denies the same call unconditionally',
    'The rule without conditions decides, so the restriction has no effect',
    'Remove the name from the rule without conditions, or the conditions',
  ),
  'shadowed-rule': rule(
    'medium',
    'Conditions in addition to a rule with another action and no conditions',
    'The rule without conditions decides, so the other one has no effect',
    'Remove one of the two',
  ),
  'duplicate-rule': rule(
    'medium',
    'Two rules without conditions and with different actions for one call',
    'The first decides, the second has no effect',
    'Keep one',
  ),
  'conflicting-rules': rule(
    'medium',
    'Rules with different actions that can both match',
    'Here the most restrictive one applies; other runtimes choose in an unpredictable order',
    'Make their conditions exclude each other',
  ),
  'repeated-name': rule(
    'info',
    'A call is named twice with the same effect',
    'Removing one of the two has no effect, which is easy to overlook',
    'Keep one',
  ),
  'rule-equals-default': rule(
    'low',
    'A rule with the default action',
    'Runtimes drop it: its conditions and names have no effect, except that the names count as known',
    'Remove it, or give it another action',
  ),
  'denial-dropped': rule(
    'high',
    'A denial with the default action, and a rule that allows the same call',
    'Runtimes drop rules with the default action: the other rule decides, and the denied call is allowed',
    'Change the conditions of the other rule so that they exclude the denied calls, and remove the denial',
  ),
  'exception-dropped': rule(
    'medium',
    'An exception with the default action, and a rule that denies the same call',
    'Runtimes drop rules with the default action: the other rule decides, and the exception is denied',
    'Add the opposite condition to the denial, and remove the exception',
  ),
  'rule-never-applies': rule(
    'medium',
    'Restrictions that exclude each other',
    'No machine satisfies them: the rule is dropped everywhere',
    'Correct "includes" or "excludes"',
  ),
  'conflicts-unchecked': rule(
    'info',
    'Too many rules to check all pairs for conflicts',
    'Some conflicts may not be reported',
    'Merge rules',
  ),
  'conditions-unchecked': rule(
    'info',
    'Too many conditions and names to check all',
    'Some wrong conditions may not be reported',
    'Merge rules',
  ),
  // Names and keys.
  'unknown-syscall': rule(
    'medium',
    'A call that no architecture has',
    'The rule does not apply to the intended call',
    'Correct the name',
  ),
  'denial-without-effect': rule(
    'high',
    'A denial of a call that an architecture lacks, while another that does the same is allowed',
    'The denied operation is allowed there under another name; compiling for that architecture is an error',
    'Deny the other call too',
  ),
  'newer-calls-allowed': rule(
    'low',
    'The default allows calls that are newer than this package',
    'New kernels add calls that do the same as older ones, so a deny-list must be updated for each',
    'Use an allow-list, or deny the numbers above the newest call',
  ),
  'quoted-number': rule(
    'medium',
    'The number of a call in quotes',
    'Docker and runc read it as an unknown name and ignore it: a denial has no effect',
    'Write the name, or the number without quotes, which Docker rejects',
  ),
  'name-elsewhere': rule(
    'low',
    'A call that none of the covered ABIs has',
    'The name is ignored, and another call of these architectures may do the same',
    'Name the call of these architectures, or cover the architecture that has it',
  ),
  'unknown-key': rule(
    'medium',
    'A key that no runtime reads',
    'It has no effect; for example, a rule with misspelt "args" has no conditions',
    'Correct the key',
  ),
  'key-case': rule(
    'low',
    'A key in another case',
    'Docker accepts it, but other runtimes may not',
    'Write it as documented',
  ),
  'containerd-drops': rule(
    'info',
    'Keys that containerd and Kubernetes do not read',
    'They read the file as OCI and silently ignore these keys, so rules lose their restrictions and names',
    'For containerd and Kubernetes, use the output of seccomp convert --to oci, with only "names", "architectures", and the rules that apply',
  ),
  'group-in-names': rule(
    'medium',
    'A group of calls in a rule',
    'Docker, containerd and Podman ignore it there: a denial has no effect',
    'Give them the output of seccomp derive, or of convert for YAML: both write groups out',
  ),
  'capability-spelling': rule(
    'medium',
    'A capability in a spelling that never matches',
    'The rule is dropped, or never excluded',
    'Write capabilities as in CAP_SYS_ADMIN',
  ),
  'unknown-capability': rule(
    'medium',
    'A capability that Linux does not have',
    'The rule is dropped, or never excluded',
    'Correct the name',
  ),
  'arch-spelling': rule(
    'medium',
    'An architecture in a spelling that never matches',
    'The rule is dropped, or never excluded',
    "Write Go's names: amd64, arm64",
  ),
  'architecture-not-compiled': rule(
    'info',
    'An architecture that this package does not compile filters for',
    'The profile was not checked for it',
    'Nothing, if the profile is for several machines',
  ),
  'listener-metadata-ignored': rule(
    'low',
    'listenerMetadata without listenerPath',
    'No listener receives it',
    'Name the listener, or remove it',
  ),
  // Actions.
  'errno-zero': rule(
    'medium',
    'A refused call that reports success',
    'The program continues as if the call had succeeded: errors appear elsewhere, and data may be lost',
    'Use the errno of a failure, such as EPERM',
  ),
  'errno-ignored': rule(
    'low',
    'A number with an action that does not use it',
    'The program does not get it',
    'Remove it, or use SCMP_ACT_ERRNO',
  ),
  'errno-conflict': rule(
    'medium',
    'errno and errnoRet differ',
    'Docker returns one of them and Podman the other',
    'Make them agree',
  ),
  'clone3-answer': rule(
    'medium',
    'clone3 does not fail with ENOSYS, and clone is allowed',
    'C libraries try clone3 first and fall back to clone only on ENOSYS: with any other error no thread starts',
    'Use SCMP_ACT_ERRNO and errnoRet 38 (ENOSYS) for clone3',
  ),
  'kill-on-probe': rule(
    'medium',
    'KILL for calls that programs and libraries probe',
    'Programs make such a call to find out whether the kernel supports it, and are killed instead of continuing without it',
    'Use SCMP_ACT_ERRNO and errnoRet 38 (ENOSYS) for them',
  ),
  'unknown-action': rule(
    'medium',
    'A program returns an action that the kernel does not know',
    'The kernel kills the process',
    'Return one of the SECCOMP_RET_* values',
  ),
  'silent-refusal': rule(
    'medium',
    'A refusal that Node or Bun does not report',
    'Output, input or messages are lost although the program exits with 0, or the program hangs; nothing indicates that the profile is the cause',
    'Allow the call: without socket and connect it reaches no network. If it must be refused, use a kill, which is noticed',
  ),
  'nothing-starts': rule(
    'high',
    'A profile under which no program can run',
    'A command or container ends before its first instruction, and a process that loads the profile itself cannot continue',
    'Allow what the program needs: seccomp run --report-only shows its calls',
  ),
  'only-self-applied': rule(
    'info',
    'A profile for processes that load it themselves',
    'Neither this package nor a container runtime can start programs under it; a running process or thread can load it',
    'Nothing, if this is intended; otherwise allow the calls that starting a program needs',
  ),
  'no-dynamic-start': rule(
    'low',
    'A profile under which no dynamically linked program starts',
    'The loader of the C library fails before main; statically linked programs may start',
    'Allow these calls, or use the profile for static programs and for processes that load it themselves',
  ),
  // Calls left open.
  'not-filtered': rule(
    'medium',
    'A refusal of a call that reaches no filter',
    'Programs read the clock in the vDSO, without a system call, and the kernel handles uretprobe and uprobe before it runs filters: the rule has little or no effect',
    'Remove the rule; to hide the time, use a time namespace',
  ),
  'equivalent-open': rule(
    'high',
    'A call is restricted and another that does the same is not',
    'A program can evade the restriction with the other call',
    'Treat them alike; for calls with arguments in memory (clone3, openat2), use ENOSYS',
  ),
  'equivalent-refused': rule(
    'low',
    'Only some of several equivalent calls are allowed',
    'C libraries move to newer calls, and programs then fail although the old calls are allowed; refusing some of them gains nothing',
    'Allow all of them or none, or use ENOSYS for newer ones so that libraries fall back',
  ),
  'io-uring-open': rule(
    'high',
    'io_uring is allowed, but calls that it can replace are not',
    'Operations on a ring bypass filters: a ring can open files, connect and send without a system call',
    'Use ENOSYS for io_uring_setup, io_uring_enter and io_uring_register',
  ),
  'multiplexer-open': rule(
    'medium',
    'Conditions on a call that programs on i386 can also make through socketcall or ipc, without conditions',
    'There the arguments are in memory, which a filter cannot read: 32-bit programs can evade the conditions',
    'Refuse socketcall and ipc (libraries since 2016 use the direct calls), or leave SCMP_ARCH_X86 out',
  ),
  'i386-multiplexer': rule(
    'medium',
    'Conditions that do not apply if a program on i386 makes the call through socketcall or ipc',
    'There the arguments are in memory, which a filter cannot read',
    'Leave SCMP_ARCH_X86 out of the profile if this matters',
  ),
  'x32-open': rule(
    'medium',
    'x32 calls are allowed although x86_64 calls are refused',
    'x32 has nearly all calls, under other numbers (bit 30); few programs need it, and distributions often disable it in their kernels',
    'Refuse numbers from 0x40000000 on; in a profile, leave SCMP_ARCH_X32 out',
  ),
  'foreign-abi-open': rule(
    'high',
    'Calls of other architectures are not refused',
    'The same number is another call there: 32-bit calls on a 64-bit kernel evade the whole filter',
    'Test the architecture first, and kill if it is not the expected one',
  ),
  'ptrace-open': rule(
    'low',
    'Other processes can be inspected',
    'ptrace and process_vm_* can read and write the memory of every process of the same user, and before Linux 4.8 a tracer could bypass the filter',
    'Refuse them if nothing is debugged; otherwise keep all processes of a user in one sandbox',
  ),
  // Rules about linting itself.
  'unused-suppression': rule(
    'low',
    'A suppression that suppresses nothing',
    'The suppression may hide a new finding',
    'Remove it',
  ),
  'undecidable-program': rule(
    'info',
    'A program that cannot be analysed',
    'Its actions were not checked',
    'Treat it as unknown',
  ),
  'unreachable-code': rule(
    'info',
    'Instructions that no call reaches',
    'They count towards the limits of the kernel, and may be checks that never run',
    'Remove them',
  ),
  'too-many-findings': rule(
    'info',
    'There are more findings than are kept',
    'Some are not shown',
    'Correct the ones shown first',
  ),
} as const satisfies Readonly<Record<string, LintRule>>;

/** Every rule by code. */
export const RULES: Readonly<Record<RuleCode, LintRule>> = TABLE;

export const isRuleCode = (text: string): text is RuleCode => Object.hasOwn(RULES, text);
