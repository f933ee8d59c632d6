// Resolves a filter of Firecracker's seccompiler for one architecture.
import { UsageError } from '../../../util/errors.js';
import { badArgument } from '../../../util/failures.js';
import { ABIS, syscallNumber } from '../../../kernel/abi.js';
import { noSuchCall } from '../../../kernel/calls/suggest-call.js';
import { isAction, type Action } from '../../../kernel/action.js';
import { SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD } from '../../../kernel/constants.js';
import { badOption, givenOptions, ownOptions } from '../../../util/options.js';
import type { Policy, Rule, SyscallPolicy } from '../../../policy/policy.js';
import { makeTarget, type TargetOptions } from '../../../policy/target.js';
import { Findings, place } from '../../findings.js';
import { quote } from '../../../util/suggest.js';
import type { FirecrackerFile, FirecrackerFilter } from './filters.js';
import { own } from '../../../util/own.js';
import { markPolicy } from '../../../policy/own-policy.js';

export interface FirecrackerOptions extends TargetOptions {
  /** The category of threads; optional if the file has only one. */
  readonly category?: string | undefined;
  /**
   * The action for ABIs other than the native one. Default: KILL_THREAD, as in Firecracker since 1.11, and KILL_PROCESS
   * for a filter with rust-vmm's keys.
   */
  readonly badArch?: Action | undefined;
  /** Turns every warning about the category into an error. */
  readonly strict?: boolean | undefined;
}

/**
 * The policy of one category: it covers only the native ABI, has no rule for newer calls, and a rule without conditions
 * takes precedence.
 *
 * Throws UsageError (`unknown-category`, `bad-option`, `bad-argument`), and ProfileError (`unknown-syscall`) for names
 * that the architecture lacks, because a file of this format is for one architecture. Source: the seccompiler of
 * Firecracker.
 */
export function resolveFirecracker(file: FirecrackerFile, options: FirecrackerOptions = {}): Policy {
  const { filters, warnings } = checkedFile(file);
  const given = ownOptions(options, ['category', 'badArch', ...TARGET], ['strict']);
  const { category, strict = false } = given;
  const filter = filterOf(filters, category);
  const { badArch = BAD_ARCH[filter.dialect] } = given;
  if (!isAction(badArch)) throw badOption('badArch', badArch, 'Give one of the SCMP_ACT_* values');
  const target = makeTarget(givenOptions<TargetOptions>(given, TARGET));
  const abi = ABIS[target.arch];
  const findings = new Findings();
  const calls = new Map<number, { readonly rules: Rule[]; name: string; always: Rule | undefined }>();
  for (const { syscall, conditions, at } of filter.rules) {
    const number = syscallNumber(abi.name, syscall);
    if (number === undefined) {
      findings.error(
        'unknown-syscall',
        at,
        noSuchCall(syscall, target.arch),
        'The file may be for another architecture',
      );
      continue;
    }
    const call = calls.get(number) ?? { rules: [], name: syscall, always: undefined };
    calls.set(number, call);
    const rule = { conditions, action: filter.filterAction, at };
    if (conditions.length === 0) call.always ??= rule;
    else call.rules.push(rule);
  }
  const syscalls = new Map<number, SyscallPolicy>();
  for (const [number, { rules, name, always }] of calls) {
    if (always === undefined) {
      syscalls.set(number, Object.freeze({ rules: Object.freeze(rules), otherwise: filter.defaultAction }));
      continue;
    }
    const first = own(always, 'at');
    for (const rule of rules) {
      findings.warning(
        'shadowed-rule',
        own(rule, 'at'),
        `the conditions on ${quote(name)} do nothing: ${first === undefined ? 'another rule' : place(first)} has none`,
        'Remove one of the two',
      );
    }
    const { action } = always;
    syscalls.set(
      number,
      Object.freeze({ rules: [], otherwise: action, ...(first !== undefined && { at: first }) }),
    );
  }
  const ofFilter = warnings.filter(warning =>
    own(warning, 'at')?.pointer.startsWith(`${filter.at.pointer}/`),
  );
  return markPolicy(
    Object.freeze({
      target,
      defaultAction: filter.defaultAction,
      badArch,
      abis: Object.freeze([Object.freeze({ abi, syscalls, enosysAbove: undefined })] as const),
      flags: Object.freeze([]),
      warnings: findings.conclude(strict, ofFilter),
    }),
  );
}

const BAD_ARCH: Readonly<Record<FirecrackerFilter['dialect'], Action>> = {
  firecracker: SCMP_ACT_KILL_THREAD,
  seccompiler: SCMP_ACT_KILL_PROCESS,
};

const TARGET = ['arch', 'kernel', 'capabilities'];

function checkedFile(file: FirecrackerFile): FirecrackerFile {
  const given: unknown = file;
  if (typeof given === 'object' && given !== null && own(file, 'filters') instanceof Map) return file;
  throw badArgument('a file of filters', given, 'Pass the result of parseFirecracker');
}

function filterOf(filters: FirecrackerFile['filters'], category: string | undefined): FirecrackerFilter {
  const [only, ...others] = filters.values();
  const filter = category !== undefined ? filters.get(category) : others.length === 0 ? only : undefined;
  if (filter !== undefined) return filter;
  throw new UsageError(
    'unknown-category',
    category === undefined
      ? 'the file has filters for several categories of threads'
      : `the file has no category ${quote(category)}`,
    `Choose one of: ${[...filters.keys()].join(', ')}`,
  );
}
