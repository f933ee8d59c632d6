// The whole way from a profile to a proven filter, each step of which is also there on its own.
import { compilePolicy, type CompilePolicyOptions } from './filter/compile.js';
import type { Filter } from './filter/filter.js';
import { checkOptions } from './policy/options.js';
import type { Policy } from './policy/policy.js';
import type { TargetOptions } from './policy/target.js';
import type { Profile } from './profile/profile.js';
import type { ProfileSource } from './profile/read-source.js';
import { UsageError } from './errors.js';
import { resolveProfile, type ResolveOptions } from './profile/resolve.js';

/** Anything a profile can be given as; see `parseProfile`. */
export type AnyProfile = ProfileSource | Profile;

/** For a profile, all of these; for a policy, which has its target, only those of `compilePolicy`. */
export interface CompileOptions extends TargetOptions, ResolveOptions, CompilePolicyOptions {}

/**
 * Compiles a profile or a policy to a filter that is proven to mean the same.
 *
 * On every machine the same profile and options give the same bytes: the architecture of this process, the newest
 * kernel the package knows and no capabilities, unless given.
 *
 * Throws ProfileError for a profile with problems, CompileError when no program can be made, VerificationError when a
 * program differs from its policy; UsageError for options that are unknown, or that a policy has settled already.
 */
export function compile(source: AnyProfile | Policy, options: CompileOptions = {}): Filter {
  checkOptions(options, COMPILE_OPTIONS);
  return compilePolicy(policyOf(source, options), options);
}

/** The policy of a profile, or the policy itself. Throws as resolveProfile does, and UsageError (`bad-option`). */
export function policyOf(source: AnyProfile | Policy, options: CompileOptions): Policy {
  if (!isPolicy(source)) return resolveProfile(source, options, options);
  const misplaced = RESOLVE_OPTIONS.find(name => options[name] !== undefined);
  if (misplaced === undefined) return source;
  throw new UsageError(
    'bad-option',
    `${misplaced} decides what a profile means, and a policy has that settled`,
    'Give it to resolveProfile, or compile the profile',
  );
}

/** Options that decide what a profile means. */
const RESOLVE_OPTIONS = [
  'arch',
  'kernel',
  'capabilities',
  'unknownSyscalls',
  'badArch',
  'argWidth',
  'strict',
] as const;

/** Every option of `compile`. */
export const COMPILE_OPTIONS: readonly string[] = [...RESOLVE_OPTIONS, 'codegen', 'weights', 'optimize'];

/** Whether a value is a policy: a profile's default action is a string, a policy's a number. */
export const isPolicy = (source: unknown): source is Policy =>
  typeof source === 'object' &&
  source !== null &&
  'abis' in source &&
  'defaultAction' in source &&
  typeof source.defaultAction === 'number';
