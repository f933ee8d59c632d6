// Formats a policy as lines of text for the programs over libseccomp, so that all of them get the same rules.
import * as scmp from '../../dist/kernel/constants.js';
import { syscallName } from '../../dist/kernel/abi.js';

/**
 * `default ACTION`, `badarch ACTION`, `arch TOKEN NAME` for each ABI, native first, and
 * `rule NAME ACTION COUNT`, followed by `ARG OP A B` for each comparison; all numbers decimal.
 *
 * As in container runtimes, one context covers all ABIs, and rules are added by name. Throws if that cannot express the
 * policy.
 */
export function libseccompRules(policy) {
  const rules = new Map();
  for (const { abi, syscalls } of policy.abis) {
    for (const [number, part] of syscalls) {
      const name = syscallName(abi.name, number);
      const lines = rulesOf(name, part, policy.defaultAction).join('\n');
      if ((rules.get(name) ?? lines) !== lines) {
        throw new Error(`the rules of ${name} differ between ABIs`);
      }
      rules.set(name, lines);
    }
  }
  const head = [
    `default ${policy.defaultAction}`,
    `badarch ${policy.badArch}`,
    ...policy.abis.map(
      ({ abi }) => `arch ${abi.token} ${abi.scmpName.replace('SCMP_ARCH_', '').toLowerCase()}`,
    ),
  ];
  return [...head, ...[...rules.values()].filter(lines => lines !== ''), ''].join('\n');
}

function rulesOf(name, { rules, otherwise }, defaultAction) {
  const all = rules.length === 0 ? [{ conditions: [], action: otherwise }] : rules;
  return all
    .filter(({ action }) => action !== defaultAction)
    .map(({ action, conditions }) =>
      [`rule ${name} ${action} ${conditions.length}`, ...conditions.map(comparison)].join(' '),
    );
}

function comparison({ arg, op, mask, value }) {
  const [a, b] = op === 'SCMP_CMP_MASKED_EQ' ? [mask, value] : [value, 0n];
  return `${arg} ${scmp[op]} ${a} ${b}`;
}
