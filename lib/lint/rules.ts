// The table of lint rules: how bad each is, why it matters and what to do. docs/lint.md says the same.

/** How bad a finding is. `high`: the profile does not protect as it says; `info`: good to know. */
export type Severity = 'high' | 'medium' | 'low' | 'info';

/** A rule of `lint` and `lintProgram`, as docs/lint.md describes it. */
export interface LintRule {
  /** Of its findings, as a rule. */
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
  // What arguments are compared with.
  'wide-comparison': rule(
    'medium',
    'A 64-bit comparison of an argument of 32 bits',
    'The kernel reads the low half of the register. A program that leaves garbage in the high half is judged by a number that the kernel never sees, and so evades the condition',
    "Compare with SCMP_CMP_MASKED_EQ and the mask 4294967295, allow single values by SCMP_CMP_EQ, or compile with argWidth 'declared'",
  ),
  'pointer-compared': rule(
    'medium',
    'A pointer is compared',
    'A filter sees the address, not what lies there, and the program chooses the address',
    'Remove the condition: what is behind a pointer cannot be filtered',
  ),
  'no-such-argument': rule(
    'medium',
    'An argument is compared that the call does not have',
    'The register holds whatever the program left there, so that the condition decides nothing about the call',
    'Compare one of the arguments that the call has; the order of some differs between architectures',
  ),
  'impossible-condition': rule(
    'medium',
    'Conditions that no call meets',
    'The rule never matches, so that it does not allow or deny what its author wanted',
    'Correct the values, or remove the rule',
  ),
  'condition-always-true': rule(
    'medium',
    'A condition that every call meets',
    'The rule is wider than it looks',
    'Correct the value or the mask, or remove the condition',
  ),
  'repeated-argument': rule(
    'high',
    'One rule tests an argument twice',
    'Any one of its conditions is then enough: AND has become OR, as in runc',
    'Write one condition an argument, or rules of their own',
  ),
  'value-truncated': rule(
    'medium',
    'A value is wider than the argument',
    'Only the low half is compared, so that the rule matches other calls than it says',
    'Use a value that fits',
  ),
  'missing-index': rule(
    'medium',
    'A condition without an index',
    'It is taken for argument 0, which may not be the one that was meant',
    'Write the index',
  ),
  'missing-value': rule(
    'medium',
    'A condition without a value',
    'It is taken for 0, which may not be what was meant',
    'Write the value',
  ),
  'value-two-ignored': rule(
    'medium',
    'valueTwo beside a comparison that does not use it',
    'The condition tests less than it says',
    'Use SCMP_CMP_MASKED_EQ, or remove valueTwo',
  ),
  'bits-outside-mask': rule(
    'medium',
    'Bits of valueTwo that the mask lacks',
    'They are cleared, so that the condition compares with another value',
    'The mask is in value, the value in valueTwo',
  ),
  // Rules that do nothing, or contradict each other.
  'conditions-without-effect': rule(
    'medium',
    'Conditions beside a rule that allows or denies the same call anyway',
    'The rule without conditions decides: a restriction that someone wrote is not in force',
    'Remove the name from the rule without conditions, or the conditions',
  ),
  'shadowed-rule': rule(
    'medium',
    'Conditions beside a rule with another action and no conditions',
    'The rule without conditions decides: the other one is not in force',
    'Remove one of the two',
  ),
  'duplicate-rule': rule(
    'medium',
    'Two rules without conditions and with different actions for one call',
    'The first decides, the second does nothing',
    'Keep one',
  ),
  'conflicting-rules': rule(
    'medium',
    'Rules with different actions that can both match',
    'Here the most restrictive one wins; in other runtimes the choice follows no order that a reader could know',
    'Make their conditions exclude each other',
  ),
  'repeated-name': rule(
    'info',
    'A call is named twice to the same effect',
    'Whoever removes one of the two changes nothing, and may believe otherwise',
    'Keep one',
  ),
  'rule-equals-default': rule(
    'low',
    'A rule with the default action',
    'Runtimes drop it: the conditions and names in it have no effect, except that names count as known',
    'Remove it, or give it another action',
  ),
  'denial-dropped': rule(
    'high',
    'A denial with the default action beside a rule that allows the same call',
    'Runtimes drop rules with the default action: the other rule decides, and what was to be denied is allowed',
    'Write the conditions of the other rule so that they leave out what is to be denied, and remove the denial',
  ),
  'exception-dropped': rule(
    'medium',
    'An exception with the default action beside a rule that denies the same call',
    'Runtimes drop rules with the default action: the other rule decides, and the exception is denied too',
    'Give the denial the opposite condition, and remove the exception',
  ),
  'rule-never-applies': rule(
    'medium',
    'Restrictions that exclude each other',
    'No machine meets them: the rule is dropped everywhere',
    'Correct "includes" or "excludes"',
  ),
  'conflicts-unchecked': rule(
    'info',
    'Too many rules to search all pairs for conflicts',
    'There may be conflicts that are not reported',
    'Merge rules',
  ),
  'conditions-unchecked': rule(
    'info',
    'Too many conditions and names to look at all',
    'There may be conditions at fault that are not reported',
    'Merge rules',
  ),
  // Names and keys.
  'unknown-syscall': rule(
    'medium',
    'A call that no architecture has',
    'The rule does not apply to what was meant',
    'Correct the name',
  ),
  'denial-without-effect': rule(
    'high',
    'A denial of a call that an architecture lacks, while another that does the same is allowed',
    'What was to be denied is allowed there by another name; compiling for that architecture is an error',
    'Deny the other call too',
  ),
  'newer-calls-allowed': rule(
    'low',
    'The default allows calls that are newer than this package',
    'Each Linux brings calls that do what older ones do in another way: whoever lists what to deny has to follow',
    'List what to allow instead, or deny the numbers above the newest call',
  ),
  'quoted-number': rule(
    'medium',
    'The number of a call in quotes',
    'Docker and runc take it for a name that no architecture has and pass over it: a denial denies nothing there',
    'Write the name, or the number without quotes, which Docker refuses',
  ),
  'name-elsewhere': rule(
    'low',
    'A call that none of the covered interfaces has',
    'The name is passed over: another call of these architectures may be the one that matters',
    'Name the call that these architectures have, or cover the one that has it',
  ),
  'unknown-key': rule(
    'medium',
    'A key that no program reads',
    'What it says is not in force; a rule whose "args" are misspelt has no conditions',
    'Correct the key',
  ),
  'key-case': rule(
    'low',
    'A key in another case',
    'Docker accepts it, other readers need not',
    'Write it as documented',
  ),
  'containerd-drops': rule(
    'info',
    'Keys that containerd and Kubernetes do not read',
    'They take the file for the OCI form and drop these keys without a word: rules lose their restrictions and names',
    'For them, write the resolved profile: only "names", "architectures", and the rules that apply',
  ),
  'capability-spelling': rule(
    'medium',
    'A capability in a spelling that never matches',
    'The rule is dropped, or never excluded',
    'Write CAP_SYS_ADMIN as it is written here',
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
    'An architecture that this package makes no filters for',
    'What the profile means there was not looked at',
    'Nothing, if the profile is for several machines',
  ),
  'listener-metadata-ignored': rule(
    'low',
    'listenerMetadata without listenerPath',
    'Nobody receives it',
    'Name the listener, or remove it',
  ),
  // Answers.
  'errno-zero': rule(
    'medium',
    'A refused call that reports success',
    'The program goes on as if the call had been made: errors appear elsewhere, and data may be lost',
    'Give the errno of a failure, such as EPERM',
  ),
  'errno-ignored': rule(
    'low',
    'A number with an action that carries none',
    'It is not what the program gets',
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
    'clone3 is answered with something else than ENOSYS while clone is allowed',
    'C libraries try clone3 first and fall back to clone on ENOSYS alone: with any other error no thread starts',
    'Answer clone3 with SCMP_ACT_ERRNO and errnoRet 38 (ENOSYS)',
  ),
  'kill-on-probe': rule(
    'medium',
    'KILL for calls that programs and libraries try out',
    'Programs ask by such a call whether the kernel has it, and would go on without it; instead they die',
    'Answer them with SCMP_ACT_ERRNO and errnoRet 38 (ENOSYS)',
  ),
  'unknown-action': rule(
    'medium',
    'A program returns an action that the kernel does not know',
    'The kernel kills the process on it',
    'Return one of the SECCOMP_RET_* values',
  ),
  'silent-refusal': rule(
    'medium',
    'A refusal that Node or Bun does not report',
    'Output, input or messages are lost while the program exits with 0, or it waits without end: nothing tells that the profile is the cause',
    'Allow the call: without socket and connect it reaches no network. Where it has to be refused, kill instead, so that it is noticed',
  ),
  'nothing-starts': rule(
    'high',
    'A profile under which nothing can run',
    'A command or container ends before its first instruction, and a process that loads the profile itself cannot go on',
    'List what the program needs: seccomp run --report-only shows its calls',
  ),
  'only-self-applied': rule(
    'info',
    'A profile for processes that load it themselves',
    'Programs cannot be started under it, by this package or by a container runtime; a process or thread that is running already can load it',
    'Nothing, if that is what it is for; otherwise allow the calls that programs are started with',
  ),
  'no-dynamic-start': rule(
    'low',
    'A profile under which no dynamically linked program starts',
    'The loader of the C library ends the program before main; programs that are linked statically may start',
    'Allow these calls, or use the profile for static programs and for processes that load it themselves',
  ),
  // What is left open.
  'equivalent-open': rule(
    'high',
    'A call is restricted and another that does the same is not',
    'The restriction is evaded by making the other call',
    'Treat them alike; where arguments are in memory (clone3, openat2), answer ENOSYS',
  ),
  'equivalent-shut': rule(
    'low',
    'Calls that do the same are partly allowed',
    'C libraries move to newer calls, and programs fail where their old calls would have been allowed; nothing is gained by refusing some of them',
    'Allow all of them or none, or answer ENOSYS to newer ones so that libraries fall back',
  ),
  'io-uring-open': rule(
    'high',
    'io_uring is allowed while calls that it can make are not',
    'The operations of a ring never pass a filter: open, connect, send and others are made without a system call',
    'Answer io_uring_setup, io_uring_enter and io_uring_register with ENOSYS',
  ),
  'multiplexer-open': rule(
    'medium',
    "Conditions on a call that i386's socketcall or ipc makes without them",
    'The arguments lie in memory there, where no filter can look: 32-bit programs evade the conditions',
    'Refuse socketcall and ipc (libraries since 2016 use the direct calls), or leave SCMP_ARCH_X86 out',
  ),
  'i386-multiplexer': rule(
    'medium',
    'Conditions that are lost where i386 makes the call by socketcall or ipc',
    'The arguments lie in memory there, where no filter can look',
    'Leave SCMP_ARCH_X86 out of the profile where this matters',
  ),
  'x32-open': rule(
    'medium',
    'x32 is open although calls of x86_64 are refused',
    'x32 reaches nearly all calls by other numbers (bit 30); hardly any program needs it, and kernels built for distributions often have it off',
    'Refuse numbers from 0x40000000 on; in a profile, leave SCMP_ARCH_X32 out',
  ),
  'foreign-abi-open': rule(
    'high',
    'Calls of other architectures are not refused',
    'The same number means another call there: a 32-bit call on a 64-bit kernel evades the whole filter',
    'Look at the architecture first, and kill on one that is not expected',
  ),
  'ptrace-open': rule(
    'low',
    'Other processes can be looked into',
    'ptrace and process_vm_* read and write the memory of every process of the same user, and before Linux 4.8 a tracer could step around the filter',
    'Refuse them where nothing debugs; otherwise keep processes of one user in one sandbox',
  ),
  // About the linting itself.
  'unused-suppression': rule(
    'low',
    'A suppression that suppresses nothing',
    'What it was for is gone, and it may hide something new one day',
    'Remove it',
  ),
  'undecidable-program': rule(
    'info',
    'A program that cannot be followed',
    'It multiplies, divides or shifts by values that differ between calls, or tells too many calls apart: what it answers was not looked at',
    'Treat it as unknown',
  ),
  'unreachable-code': rule(
    'info',
    'Instructions that no call reaches',
    'They count against the limits of the kernel, and may be checks that someone believes to be made',
    'Remove them',
  ),
  'too-many-findings': rule(
    'info',
    'There are more findings than are kept',
    'Some are not shown',
    'Correct the ones shown first',
  ),
} as const satisfies Readonly<Record<string, LintRule>>;

/** Every rule by its code. */
export const RULES: Readonly<Record<RuleCode, LintRule>> = TABLE;

/** Whether a text is the code of a rule. */
export const isRuleCode = (text: string): text is RuleCode => Object.hasOwn(RULES, text);
