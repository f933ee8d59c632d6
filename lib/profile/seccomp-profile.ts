// The types of a profile in JSON or as an object, for editors and compilers.
import type { ActionName } from '../kernel/action.js';
import type { CapabilityName } from '../kernel/capabilities.js';
import type { DockerArchitecture } from '../kernel/docker-architectures.js';
import type { ErrnoName } from '../kernel/errno.js';
import type { CallOrGroup } from '../policy/derive/changes.js';
import type { FilterFlag, Operator } from '../policy/policy.js';
import type { ArchitectureName } from '../kernel/scmp-archs.js';

// The comments of keys become the descriptions in profile.schema.json: scripts/generate-profile-schema.mjs.

/** Keys that are ignored, for human readers. */
export interface ProfileRemarks {
  /** A comment. */
  readonly [remark: `_${string}`]: unknown;
  /** A remark; `$schema` names the JSON Schema for editors. */
  readonly [remark: `$${string}`]: unknown;
  /** A comment. */
  readonly [remark: `#${string}`]: unknown;
  /** A comment. */
  readonly [remark: `//${string}`]: unknown;
  /** A comment. */
  readonly comment?: unknown;
  /** A comment. */
  readonly comments?: unknown;
  /** A comment. */
  readonly description?: unknown;
}

/** Names of C constants, joined with `|`, such as `CLONE_NEWUSER|CLONE_NEWNS`: they begin with a capital letter. */
export type ConstantNames =
  `${'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'N' | 'O' | 'P' | 'Q' | 'R' | 'S' | 'T' | 'U' | 'V' | 'W' | 'X' | 'Y' | 'Z'}${string}`;

/** A test of one argument of a call: an item of `args`. */
export interface SeccompCondition extends ProfileRemarks {
  /** Which argument of the call, counted from 0. */
  readonly index: 0 | 1 | 2 | 3 | 4 | 5;
  /**
   * The number to compare the argument with, unsigned, up to 2^64 - 1; for `SCMP_CMP_MASKED_EQ` the mask. Beyond 2^53 -
   * 1 as a bigint. Or names of constants, joined with `|`, which Docker does not read; `convert` writes numbers.
   */
  readonly value: number | bigint | ConstantNames;
  /** What the masked argument must equal; for `SCMP_CMP_MASKED_EQ` only. */
  readonly valueTwo?: number | bigint | ConstantNames | null;
  /** How the argument is compared with `value`. Comparisons are unsigned. */
  readonly op: Operator;
}

/** The restrictions in `includes` and `excludes`. */
export interface SeccompRestriction extends ProfileRemarks {
  /** Capabilities: `includes` needs all of them, `excludes` any of them. */
  readonly caps?: readonly CapabilityName[] | null;
  /** Native architectures in Go's spelling, one of which must match. */
  readonly arches?: readonly DockerArchitecture[] | null;
  /** The oldest kernel that matches, as major.minor. */
  readonly minKernel?: `${number}.${number}` | null;
}

/** Properties of all rules. */
export interface SeccompRuleBase extends ProfileRemarks {
  /** What happens to these calls if all of `args` hold. */
  readonly action: ActionName;
  /** The errno of `SCMP_ACT_ERRNO`, 0 to 4095, or the message of `SCMP_ACT_TRACE`, 0 to 65535. Default: 1 (EPERM). */
  readonly errnoRet?: number | null;
  /** The errno of `SCMP_ACT_ERRNO` as a name or as digits, as Podman writes it. Takes precedence over `errnoRet`; Docker ignores it. */
  readonly errno?: ErrnoName | `${number}` | '' | null;
  /** Conditions, all of which must hold. If an argument is tested twice, they are combined with OR instead of AND, as in runc. */
  readonly args?: readonly SeccompCondition[] | null;
  /** The rule applies only if all of this matches. */
  readonly includes?: SeccompRestriction | null;
  /** The rule does not apply if any of this matches. */
  readonly excludes?: SeccompRestriction | null;
  /** A comment for readers of the profile. */
  readonly comment?: string | null;
}

/** A rule for several calls: an item of `syscalls`. */
export interface SeccompNamesRule extends SeccompRuleBase {
  /**
   * System calls by name. As extensions also groups of calls, such as `@network`, whose names Docker ignores, and numbers,
   * which it rejects: 0 to 1073741823, without quotes. `derive` and `convert` write groups out.
   */
  readonly names: readonly (CallOrGroup | number)[];
  /** Cannot be combined with `names`. */
  readonly name?: '' | null;
}

/** A rule for one call, in the old format: an item of `syscalls`. */
export interface SeccompNameRule extends SeccompRuleBase {
  /** One system call, or a group, in the old format. Cannot be combined with `names`. */
  readonly name: CallOrGroup;
  /** Cannot be combined with `name`. */
  readonly names?: readonly never[] | null;
}

/** An item of `syscalls`. */
export type SeccompRule = SeccompNamesRule | SeccompNameRule;

/** The ABIs for a native architecture: an item of `archMap`. */
export interface SeccompArchitecture extends ProfileRemarks {
  /** The native architecture. The first item with the machine's architecture applies. */
  readonly architecture: ArchitectureName;
  /** ABIs that the filter covers in addition to the native one. */
  readonly subArchitectures?: readonly ArchitectureName[] | null;
}

/**
 * A profile in Docker's format, old or new, with the additions of containers/common and the extensions of this package
 * (docs/profiles.md). It also describes the `linux.seccomp` of an OCI configuration, which has fewer keys.
 *
 * With `const profile = { … } satisfies SeccompProfile`, the compiler reports wrong keys, actions, operators,
 * architectures, flags, capabilities and call names. For values that are not known at compile time, such as results of
 * JSON.parse or an imported JSON file, call parseProfile, which accepts and checks everything.
 */
export interface SeccompProfile extends ProfileRemarks {
  /** The JSON Schema with which editors check the profile, e.g. `./node_modules/seccomp/profile.schema.json`. */
  readonly $schema?: string;
  /** What happens to calls without a matching rule. */
  readonly defaultAction: Exclude<ActionName, 'SCMP_ACT_NOTIFY'>;
  /** The errno of `SCMP_ACT_ERRNO`, or the message of `SCMP_ACT_TRACE`, as the default action. Default: 1 (EPERM). */
  readonly defaultErrnoRet?: number | null;
  /** The errno as a name or as digits, as Podman writes it. Takes precedence over `defaultErrnoRet`; Docker ignores it. */
  readonly defaultErrno?: ErrnoName | `${number}` | '' | null;
  /** ABIs that the filter covers in addition to the native one. Cannot be combined with `archMap`. */
  readonly architectures?: readonly ArchitectureName[] | null;
  /**
   * The ABIs that the filter covers, for each native architecture: one profile for several machines. Cannot be combined
   * with `architectures`.
   */
  readonly archMap?: readonly SeccompArchitecture[] | null;
  /** The rules. If several match, the most restrictive action applies. */
  readonly syscalls?: readonly SeccompRule[] | null;
  /** Flags of seccomp(2). */
  readonly flags?: readonly FilterFlag[] | null;
  /** The socket to which a container runtime sends the descriptor of `SCMP_ACT_NOTIFY`. */
  readonly listenerPath?: string | null;
  /** Data that the runtime sends along with that descriptor. */
  readonly listenerMetadata?: string | null;
  /** Only a profile that extends another one has `extends`, and then has no default action. */
  readonly extends?: undefined;
}

/** A profile that extends another one; see `derive`. */
export interface ExtendingProfile extends ProfileRemarks {
  /** The JSON Schema with which editors check the profile, e.g. `./node_modules/seccomp/profile.schema.json`. */
  readonly $schema?: string;
  /** The base: the name of a profile that ships, or a path relative to the folder of the file. */
  readonly extends: string;
  /** Calls and groups, such as `@io_uring`, to allow with any arguments. */
  readonly allow?: readonly CallOrGroup[] | null;
  /** Calls and groups to refuse. */
  readonly deny?: readonly CallOrGroup[] | null;
  /** Calls and groups that keep their action, while all others are refused. */
  readonly only?: readonly CallOrGroup[] | null;
  /** Rules in addition to the remaining rules of the base, for example with conditions for calls in `deny`. */
  readonly syscalls?: readonly SeccompRule[] | null;
  /** Only a profile without `extends` has a default action. */
  readonly defaultAction?: undefined;
}

/** The `linux.seccomp` of an OCI configuration: a profile without the keys that only Docker reads. */
export interface OciSeccomp extends SeccompProfile {
  /** Only Docker reads it. */
  readonly archMap?: null;
  /** The rules. If several match, the most restrictive action applies. */
  readonly syscalls?: readonly OciRule[] | null;
}

/** An item of `syscalls` in an OCI configuration. */
export interface OciRule extends SeccompNamesRule {
  /** Only Docker reads it. */
  readonly name?: null;
  /** Only Docker reads it. */
  readonly includes?: null;
  /** Only Docker reads it. */
  readonly excludes?: null;
}

/** A whole `config.json` of an OCI runtime. Only `linux.seccomp` and `process.capabilities.bounding` are read. */
export interface OciConfig {
  /** The rest of the configuration. */
  readonly [key: string]: unknown;
  /** Only a profile has a default action. */
  readonly defaultAction?: undefined;
  /** Only a profile can extend another one. */
  readonly extends?: undefined;
  /** The Linux settings, which contain the filter. */
  readonly linux: {
    /** Other settings. */
    readonly [key: string]: unknown;
    /** The profile. */
    readonly seccomp: OciSeccomp;
  };
}
