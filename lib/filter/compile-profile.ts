// Compiles a profile to a proven filter, in steps that are also exported.
import { compilePolicy, type CompilePolicyOptions } from './compile.js';
import { COMPILE_OPTIONS, PROGRAM_OPTIONS, RESOLVE_OPTIONS, TARGET_OPTIONS } from './compile-options.js';
import type { Filter } from './filter.js';
import { optionError, givenOptions, ownOptions } from '../util/options.js';
import { isPolicy, type Policy } from '../policy/policy.js';
import { makeTarget, type Target, type TargetOptions } from '../policy/target.js';
import { parseProfile } from '../profile/parse.js';
import type { Profile } from '../profile/profile.js';
import type { ProfileSource } from '../profile/read-source.js';
import { LruCache } from '../util/lru-cache.js';
import { resolveProfile, type ResolveOptions } from '../profile/resolve/resolve.js';
import { own, type Own } from '../util/own.js';

/** Anything that `parseProfile` accepts. */
export type AnyProfile = ProfileSource | Profile;

/** All options are for profiles. A policy already has a target, so only those of `compilePolicy` are allowed. */
export interface CompileOptions extends TargetOptions, ResolveOptions, CompilePolicyOptions {}

/**
 * Compiles a profile or a policy to a filter that is proven to mean the same.
 *
 * The same profile and options give the same bytes on every machine. The defaults are the architecture of this process,
 * the newest kernel that the package knows, and no capabilities. Filters are immutable, so the same text and options may
 * return the same object again.
 *
 * Throws ProfileError for a profile with problems, CompileError if no program can be generated, VerificationError if a
 * program differs from its policy; UsageError for options that are unknown, or that cannot be used with a policy.
 */
export function compile(source: AnyProfile | Policy, options: CompileOptions = {}): Filter {
  const given = ownOptions(options, COMPILE_OPTIONS);
  const program = givenOptions<CompilePolicyOptions>(given, PROGRAM_OPTIONS);
  const meaning = givenOptions<CompileOptions>(given, RESOLVE_OPTIONS);
  if (isPolicy(source)) return compilePolicy(policyOf(source, meaning), program);
  const profile = parseProfile(source);
  const target = makeTarget(meaning);
  const make = (): Filter => compilePolicy(policyOf(profile, { ...meaning, ...target }), program);
  const key = keyOf(target, given);
  if (key === undefined) return make();
  const known = filters.get(profile) ?? new LruCache<Filter>(REMEMBERED_FILTERS);
  filters.set(profile, known);
  return known.get(key, make);
}

/** Filters by their input: an immutable profile, and all options. */
const filters = new WeakMap<Profile, LruCache<Filter>>();
const REMEMBERED_FILTERS = 16;

/** A key that differs for options that differ in meaning; undefined if an option has an unexpected type. */
function keyOf({ arch, kernel, capabilities }: Target, options: Own<CompileOptions>): string | undefined {
  const described: readonly string[] = TARGET_OPTIONS;
  const words: string[] = [];
  for (const name of [...RESOLVE_OPTIONS, ...PROGRAM_OPTIONS]) {
    if (described.includes(name)) continue;
    const value: unknown = options[name];
    if (!['string', 'number', 'boolean', 'undefined'].includes(typeof value)) return undefined;
    words.push(`${typeof value} ${value as string}`);
  }
  return JSON.stringify([arch, kernel.major, kernel.minor, [...capabilities].sort(), ...words]);
}

/** The policy of a profile, or the policy itself. Throws as resolveProfile does, and UsageError (`bad-option`). */
export function policyOf(source: AnyProfile | Policy, options: CompileOptions): Policy {
  if (!isPolicy(source)) return resolveProfile(source, options, options);
  const misplaced = RESOLVE_OPTIONS.find(name => own(options, name) !== undefined);
  if (misplaced === undefined) return source;
  throw optionError(
    `${misplaced} changes the meaning of a profile, and cannot be used with a policy`,
    'Pass it to resolveProfile, or compile the profile',
  );
}
