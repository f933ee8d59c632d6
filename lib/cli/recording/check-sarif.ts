// Converts the result of `seccomp check` to SARIF for code scanning.
import { topOf } from '../../util/place.js';
import type { LintRule } from '../../lint/rules.js';
import { sarifLog, type SarifFinding, type SarifLog } from '../../lint/sarif.js';
import type { CheckedCall, ProfileCheck } from '../../recording/check.js';

const RULES = {
  'recorded-call-refused': {
    severity: 'high',
    title: 'A recorded call would be refused',
    why: 'A program made this call in a recorded run, and would fail under the profile',
    remedy: 'Allow the call, or find out why the program makes it',
  },
  'recorded-call-uncertain': {
    severity: 'low',
    title: 'A recorded call may be refused',
    why: 'Whether the profile allows this call depends on arguments that the recording does not have',
    remedy: 'Record the call with its arguments',
  },
  'allowed-never-used': {
    severity: 'info',
    title: 'The profile allows a call that no run made',
    why: 'Calls that no program needs only help an attacker',
    remedy: 'Remove it, unless another input needs it',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

/** A SARIF log of calls that a profile refuses, and of allowed calls that no run used. */
export function checkSarif(check: ProfileCheck, version: string | undefined): SarifLog {
  const start = topOf(check.file);
  const finding = (
    code: keyof typeof RULES,
    call: string,
    message: string,
    rest: Partial<SarifFinding>,
  ): SarifFinding => ({
    code,
    severity: RULES[code].severity,
    message,
    remedy: RULES[code].remedy,
    fingerprint: `${code} ${call}`,
    at: start,
    ...rest,
  });
  const ofCall = (code: keyof typeof RULES, call: CheckedCall): SarifFinding => {
    const text = `${call.abi} ${call.syscall}(${call.arguments.join(', ')})`;
    return finding(code, text, `${text}, seen in ${call.runs} of ${check.runs} runs, gets ${call.action}`, {
      ...(call.at !== undefined && { at: call.at }),
      ...(call.remedy !== undefined && { remedy: `To allow it, ${call.remedy}` }),
    });
  };
  return sarifLog(
    [
      ...check.refused.map(call => ofCall('recorded-call-refused', call)),
      ...check.uncertain.map(call => ofCall('recorded-call-uncertain', call)),
      ...check.unused.map(({ abi, syscall }) =>
        finding(
          'allowed-never-used',
          `${abi} ${syscall}`,
          `${syscall} is allowed on ${abi}, and no run of ${check.runs} made it`,
          {},
        ),
      ),
    ],
    { rules: RULES, fingerprints: 'seccompCheck/v1' },
    version === undefined ? {} : { version },
  );
}
