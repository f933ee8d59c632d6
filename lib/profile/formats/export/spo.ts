// Writes the resource of Kubernetes' Security Profiles Operator.
import type { ConversionError } from '../../../util/errors.js';
import { quote } from '../../../util/suggest.js';
import type { DocumentRule, SeccompDocument } from './document.js';
import { yamlText } from './yaml.js';
import { own, owned } from '../../../util/own.js';
import { optionError } from '../../../util/options.js';
import { notExpressible } from '../../../util/failures.js';

/** The part of the resource that contains the profile, with OCI's keys. */
type SpoSpec = Omit<SeccompDocument, 'defaultErrnoRet' | 'flags'> & {
  readonly flags?: readonly string[];
};

const MAX_INT64 = 0x7fff_ffff_ffff_ffffn;
const LISTENER = /^\/var\/run\/security-profiles-operator\/[a-zA-Z0-9_.-]+$/;

/**
 * The `spec` of a resource. Throws ConversionError (`not-expressible`) for values that its schema rejects: an errno of
 * the default action other than EPERM, an errno of 0, values above 2^63 - 1, listeners outside of the operator's
 * folder. Source: api/seccompprofile of the operator.
 */
export function spoSpec(whole: SeccompDocument): SpoSpec {
  const { defaultErrnoRet = 1, flags, listenerPath, listenerMetadata, ...document } = owned(whole);
  if (defaultErrnoRet !== 1)
    throw cannot(
      `have the errno ${defaultErrnoRet} for the default action ${document.defaultAction}, only 1`,
    );
  if (listenerPath !== undefined && !LISTENER.test(listenerPath))
    throw cannot(`have the listener ${quote(listenerPath)}, only one in /var/run/security-profiles-operator`);
  document.syscalls.forEach(checkRule);
  return {
    ...document,
    ...(listenerPath !== undefined && { listenerPath }),
    ...(listenerMetadata !== undefined && { listenerMetadata }),
    ...(flags.length > 0 && { flags }),
  };
}

function checkRule(rule: DocumentRule): void {
  const { names, action, errnoRet, args = [] } = owned(rule);
  if (errnoRet === 0) throw cannot(`have the errno 0 for ${action}, as for ${names.join(', ')}`);
  for (const argument of args) {
    const large = [argument.value, own(argument, 'valueTwo') ?? 0n].find(number => number > MAX_INT64);
    if (large !== undefined)
      throw cannot(`compare ${names.join(', ')} with ${large}: its largest number is 2^63 - 1`);
  }
}

const cannot = (what: string): ConversionError => notExpressible(`a SeccompProfile cannot ${what}`);

/** The YAML text. Throws UsageError (`bad-option`) for a name that Kubernetes rejects. */
export function spoText(spec: SpoSpec, name: string): string {
  if (name.length > 253 || !/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(name)) {
    throw optionError(
      `${quote(name)} is not a name for a resource`,
      'Use lower-case letters, digits, "-" and "."',
    );
  }
  return yamlText({
    apiVersion: 'security-profiles-operator.x-k8s.io/v1beta1',
    kind: 'SeccompProfile',
    metadata: { name },
    spec: {
      ...spec,
      syscalls: spec.syscalls.map(whole => {
        const { args, ...rule } = owned(whole);
        return { ...rule, ...(args !== undefined && { args: args.map(argument => ({ ...argument })) }) };
      }),
    },
  });
}
