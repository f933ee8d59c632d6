// A profile, parsed and checked, before it is resolved for a target.
import { type Diagnostic, type Location } from '../util/errors.js';
import { own } from '../util/own.js';
import type { Action } from '../kernel/action.js';
import type { CallGroup } from '../kernel/calls/call-groups.js';
import type { FilterFlag, Operator, Policy } from '../policy/policy.js';
import type { Target } from '../policy/target.js';
import type { KernelVersion } from '../kernel/kernel-version.js';
import { notExpressible } from '../util/failures.js';

/** A test of one argument as written in the profile: unsigned 64-bit numbers, whatever the width of the register. */
export type ProfileCondition =
  | {
      /** How the argument is compared with `value`. */
      readonly op: Exclude<Operator, 'SCMP_CMP_MASKED_EQ'>;
      /** Index of the argument, 0 to 5. */
      readonly arg: number;
      /** Unsigned, of up to 64 bits. */
      readonly value: bigint;
      /** The position of the condition. */
      readonly at: Location;
    }
  | {
      /** Whether the masked argument equals `value`. */
      readonly op: 'SCMP_CMP_MASKED_EQ';
      /** Index of the argument, 0 to 5. */
      readonly arg: number;
      /** The profile's `value`. */
      readonly mask: bigint;
      /** The profile's `valueTwo`, including bits outside of the mask. */
      readonly value: bigint;
      /** The position of the condition. */
      readonly at: Location;
    };

/** The requirements in a rule's `includes` or `excludes`. Empty lists require nothing. */
export interface Restriction {
  /** Capabilities by their exact names, e.g. `CAP_SYS_ADMIN`. */
  readonly caps: readonly string[];
  /** Architectures in dockerd's spelling, e.g. `amd64`. */
  readonly arches: readonly string[];
  /** The oldest kernel that matches. */
  readonly minKernel?: KernelVersion;
}

/** A system call that a profile names, with its position. */
export interface NamedSyscall {
  /** The name as written. */
  readonly name: string;
  /** The position of the name. */
  readonly at: Location;
  /** The group that is written there, e.g. `@network`. */
  readonly group?: CallGroup['name'];
}

/** One entry of `syscalls`. */
export interface ProfileRule {
  /** The calls that the rule applies to. */
  readonly names: readonly NamedSyscall[];
  /** With the errno of ERRNO or the message of TRACE merged in. */
  readonly action: Action;
  /** Combined with AND; with OR if an argument is tested twice. */
  readonly conditions: readonly ProfileCondition[];
  /** The rule applies only if all of this holds. */
  readonly includes: Restriction;
  /** The rule does not apply if any of this holds. */
  readonly excludes: Restriction;
  /** The author's comment. */
  readonly comment?: string;
  /** The position of the rule. */
  readonly at: Location;
}

/** An entry of `archMap`: `SCMP_ARCH_*` names. */
export interface ArchitectureMapping {
  /** The native architecture. */
  readonly architecture: string;
  /** The ABIs to cover in addition. */
  readonly subArchitectures: readonly string[];
}

/** The ABIs that a profile covers in addition to the native one. */
export type ProfileArchitectures =
  | {
      /** The profile lists none. */
      readonly kind: 'native';
    }
  | {
      /** `architectures`: the same ABIs on every machine. */
      readonly kind: 'list';
      /** `SCMP_ARCH_*` names. */
      readonly architectures: readonly string[];
    }
  | {
      /** `archMap`: the ABIs in the first entry for the native one. */
      readonly kind: 'map';
      /** In the order of the text. */
      readonly entries: readonly ArchitectureMapping[];
    };

/** The formats that parseProfile reads: Docker's, OCI's, words, and those of other tools. */
export type ProfileFormat =
  | 'docker'
  | 'oci'
  | 'words'
  | 'systemd'
  | 'minijail'
  | 'kafel'
  | 'lxc'
  | 'spo'
  | 'elastic'
  | 'easyseccomp'
  | 'pfc';

/** The context for resolving a text in a format other than Docker's. */
export interface WrittenContext {
  readonly target: Target;
  /** The options of resolveProfile, if given. */
  readonly badArch: Action | undefined;
  readonly argWidth: 'declared' | 'profile';
  /** Resolves an extended profile for the same target. */
  readonly resolve: (profile: Profile) => Policy;
}

/**
 * A text in a format other than Docker's, before it is resolved for a target. Throws ProfileError and
 * ConversionError.
 */
export type WrittenPolicy = (context: WrittenContext) => Omit<Policy, 'warnings'>;

/**
 * A validated profile, immutable and independent of a machine. Only parseProfile creates it. For formats other than
 * Docker's, OCI's and the operator's, `rules` is empty; resolveProfile returns their meaning.
 */
export interface Profile {
  /** The path it was read from, or `<string>`, `<buffer>`, `<object>`. */
  readonly file: string;
  /** `oci` for the `linux.seccomp` of a whole config.json. */
  readonly format: ProfileFormat;
  /** With its errno merged in. */
  readonly defaultAction: Action;
  /** The ABIs that it covers. */
  readonly architectures: ProfileArchitectures;
  /** In the order of the text. */
  readonly rules: readonly ProfileRule[];
  /** Flags of seccomp(2) that it requests. */
  readonly flags: readonly FilterFlag[];
  /** The socket to which an OCI runtime sends the descriptor of NOTIFY actions. */
  readonly listenerPath?: string;
  /** The data to send along with the descriptor. */
  readonly listenerMetadata?: string;
  /**
   * `process.capabilities.bounding` of a config.json. Nothing uses it unless a caller passes it on as
   * `capabilities` of the target.
   */
  readonly boundingCapabilities?: readonly string[];
  /** Warnings for readers of the profile. */
  readonly warnings: readonly Diagnostic[];
}

/** The source of a checked profile. */
interface Origin {
  /** Its text in Docker's or OCI's format, in which its rules have their positions. */
  readonly text?: () => string;
  /** Its content, if its format is not Docker's, OCI's or the operator's. */
  readonly policy?: WrittenPolicy;
}

const profiles = new WeakMap<object, Origin>();

/** Freezes a profile and marks it as checked, so that no other object is taken for one. */
export function sealProfile(profile: Profile, origin: Origin = {}): Profile {
  profiles.set(Object.freeze(profile), origin);
  return profile;
}

/** The content of a profile whose format is not Docker's, OCI's or the operator's. */
export const writtenPolicy = (profile: Profile): WrittenPolicy | undefined =>
  own(profiles.get(profile), 'policy');

/** The JSON text of a profile. Throws ConversionError (`not-expressible`) for a profile in another format. */
export function textOfProfile(profile: Profile): string {
  const text = own(profiles.get(profile), 'text');
  if (text !== undefined) return text();
  throw notExpressible(
    'the profile was not read from JSON',
    'Resolve it for a target, and convert the policy',
  );
}

/** Whether a value is a result of parseProfile, and not only an object of the same shape. */
export const isProfile = (value: unknown): value is Profile =>
  typeof value === 'object' && value !== null && profiles.has(value);

/**
 * The conjunctions of a rule's conditions. If an argument is tested twice, every condition becomes a separate
 * conjunction: they are combined with OR. Source: matchCall in libcontainer/seccomp of runc.
 */
export function alternatives(
  conditions: readonly ProfileCondition[],
): readonly (readonly ProfileCondition[])[] {
  const distinct = new Set(conditions.map(({ arg }) => arg));
  return distinct.size === conditions.length ? [conditions] : conditions.map(condition => [condition]);
}
