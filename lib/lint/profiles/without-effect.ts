// Lint rules about rules, names and conditions that have no effect.
import { actionName } from '../../kernel/action.js';
import { kernelAtLeast } from '../../kernel/kernel-version.js';
import { verb, type Observation } from '../finding.js';
import { place } from '../../profile/findings.js';
import type { Profile, ProfileCondition, ProfileRule } from '../../profile/profile.js';
import { quote } from '../../util/suggest.js';
import type { LintContext } from './context.js';
import { own } from '../../util/own.js';

/** Rules that runtimes drop on every machine. */
export function* lintDropped({ rules, defaultAction }: Profile): Generator<Observation> {
  for (const rule of rules) {
    if (rule.action === defaultAction) {
      yield {
        code: 'rule-equals-default',
        at: rule.at,
        message: `this rule has the action ${actionName(rule.action)}, like the default`,
      };
    }
    const contradiction = contradictionOf(rule);
    if (contradiction !== undefined) {
      yield { code: 'rule-never-applies', at: rule.at, message: `this rule never applies: ${contradiction}` };
    }
  }
}

/** Why a rule's restrictions match no machine; undefined if they can match. */
function contradictionOf({ includes, excludes }: ProfileRule): string | undefined {
  const cap = includes.caps.find(name => excludes.caps.includes(name));
  if (cap !== undefined) return `it includes and excludes ${quote(cap)}`;
  if (includes.arches.length > 0 && includes.arches.every(name => excludes.arches.includes(name)))
    return 'it excludes every architecture that it includes';
  const [from, until] = [own(includes, 'minKernel'), own(excludes, 'minKernel')];
  if (from !== undefined && until !== undefined && kernelAtLeast(from, until))
    return `it needs Linux ${from.major}.${from.minor}, and is dropped since ${until.major}.${until.minor}`;
  return undefined;
}

/** Names for which another rule with the same action already decides. */
export function* lintRepeated({ rules, profile }: LintContext): Generator<Observation> {
  const unconditional = new Map<string, Named>();
  const conditional = new Map<string, Named>();
  for (const { rule, name, at } of named(rules, profile)) {
    if (rule.conditions.length > 0) continue;
    const first = unconditional.get(name);
    if (first === undefined) unconditional.set(name, { rule, name, at });
    else if (first.rule.action === rule.action)
      yield {
        code: 'repeated-name',
        at,
        calls: [name],
        about: [[quote(name)]],
        cause: `${rule.at.pointer} ${first.rule.at.pointer}`,
        message: names =>
          `${names.text} ${verb(names, 'is', 'are')} already named by the rule at ${place(first.rule.at)}`,
      };
  }
  for (const { rule, name, at } of named(rules, profile)) {
    if (rule.conditions.length === 0) continue;
    const decider = unconditional.get(name);
    if (decider !== undefined) {
      // For another action, resolving already warns.
      if (decider.rule.action !== rule.action) continue;
      yield {
        code: 'conditions-without-effect',
        at,
        calls: [name],
        about: [[quote(name)]],
        cause: `${rule.at.pointer} ${decider.rule.at.pointer}`,
        message: names =>
          `the conditions on ${names.text} have no effect: the rule at ${place(decider.rule.at)} has ${actionName(rule.action)} without conditions`,
      };
      continue;
    }
    const key = `${name} ${rule.action} ${rule.conditions.map(textOf).sort().join(' ')}`;
    const first = conditional.get(key);
    if (first === undefined) conditional.set(key, { rule, name, at });
    else
      yield {
        code: 'repeated-name',
        at,
        calls: [name],
        about: [[quote(name)]],
        cause: `conditions ${rule.at.pointer} ${first.rule.at.pointer}`,
        message: names =>
          `${names.text} ${verb(names, 'has', 'have')} the same conditions as in the rule at ${place(first.rule.at)}`,
      };
  }
}

type Named = { readonly rule: ProfileRule } & ProfileRule['names'][number];

function* named(rules: readonly ProfileRule[], { defaultAction }: Profile): Generator<Named> {
  for (const rule of rules) {
    if (rule.action === defaultAction) continue;
    for (const { name, at } of rule.names) yield { rule, name, at };
  }
}

const textOf = (condition: ProfileCondition): string =>
  condition.op === 'SCMP_CMP_MASKED_EQ'
    ? `${condition.arg}&${condition.mask}=${condition.value}`
    : `${condition.arg}${condition.op}${condition.value}`;
